/*
 * The harness behind test_gradcheck.c and test_parity.c.
 *
 * Gradient: with random weights r, L = sum(r * out) in double; the derivative of L
 * by sampled elements is taken by a fourth-order central difference and compared
 * with backward(dout = r), with smaller steps when they disagree.  Beside a kink
 * (ReLU) no difference is right, so an element that disagrees is moved away and
 * looked at again; a wrong gradient disagrees everywhere.
 */
#include "tests/unit/op_harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

struct run {
	struct op_case c;
	struct op_io io;
	size_t n[OP_MAX_IN], n_out;
	float *in[OP_MAX_IN], *din[OP_MAX_IN], *out, *dout, *r;
	void *save, *fwd_work, *bwd_work;
	unsigned diff, needs;
};

static float *floats(size_t n)
{
	float *p = mem_try_big((n + 16) * sizeof(float), "test", NULL);

	memset(p, 0, (n + 16) * sizeof(float));
	return p;
}

static void fill_probabilities(struct rng *r, float *v, size_t n, int64_t c)
{
	for (size_t i = 0; i < n; i += (size_t)c) {
		float sum = 0;

		for (int64_t k = 0; k < c; k++)
			sum += v[i + (size_t)k] = (float)rng_range(r, 0.1, 1);
		for (int64_t k = 0; k < c; k++)
			v[i + (size_t)k] /= sum;
	}
}

static void fill(struct rng *r, const struct op_case *c, int i, float *v, size_t n)
{
	if (c->fill[i] == FILL_PROB)
		fill_probabilities(r, v, n, shape_channels(&c->in[i]));
	for (size_t k = 0; k < n; k++) {
		switch (c->fill[i]) {
		case FILL_NORMAL:
			v[k] = (float)rng_normal(r);
			break;
		case FILL_POSITIVE:
			v[k] = (float)rng_range(r, 0.5, 1.5);
			break;
		case FILL_LABEL:
			v[k] = (float)rng_below(r, (uint32_t)(c->classes > 0 ? c->classes : 2));
			break;
		case FILL_SMALL:
			v[k] = (float)(0.3 * rng_normal(r));
			break;
		case FILL_PROB:
			break;
		}
	}
}

static void run_init(struct run *t, const struct op *op, struct rng *r)
{
	memset(t, 0, sizeof(*t));
	t->c.training = true;
	op->example(r, &t->c);
	t->io.attr = t->c.attr;
	t->io.n_in = t->c.n_in;
	t->io.in_shape = t->c.in;
	t->io.training = t->c.training;
	t->io.seed = 5;
	t->io.step = 7;
	t->io.param_version = 1;
	if (op->shape(t->c.attr, t->c.n_in, t->c.in, &t->io.out_shape, NULL)) {
		fprintf(stderr, "%s: example does not pass its own shape rule\n", op->name);
		abort();
	}
	t->diff = op->diff(t->c.attr, t->c.n_in);
	t->needs = op->bwd_needs(t->c.attr, t->c.n_in);
	for (int i = 0; i < t->c.n_in; i++) {
		t->n[i] = shape_count(&t->c.in[i]);
		t->in[i] = floats(t->n[i]);
		t->din[i] = floats(t->n[i]);
		fill(r, &t->c, i, t->in[i], t->n[i]);
	}
	t->n_out = shape_count(&t->io.out_shape);
	t->out = floats(t->n_out);
	t->dout = floats(t->n_out);
	t->r = floats(t->n_out);
	for (size_t i = 0; i < t->n_out; i++)
		t->r[i] = (float)rng_normal(r);
}

static void run_memory(struct run *t, size_t save, size_t fwd, size_t bwd)
{
	t->save = floats(save / 4);
	t->fwd_work = floats(fwd / 4);
	t->bwd_work = floats(bwd / 4);
}

static void run_release(struct run *t)
{
	for (int i = 0; i < t->c.n_in; i++) {
		free(t->in[i]);
		free(t->din[i]);
	}
	free(t->out);
	free(t->dout);
	free(t->r);
	free(t->save);
	free(t->fwd_work);
	free(t->bwd_work);
}

static void ref_memory(struct run *t, const struct op *op)
{
	const struct op_case *c = &t->c;
	size_t save = 0, fwd = 0, bwd = 0;

	if (op->save_bytes)
		save = op->save_bytes(c->attr, c->n_in, c->in, &t->io.out_shape);
	if (op->work_bytes) {
		fwd = op->work_bytes(c->attr, c->n_in, c->in, &t->io.out_shape, false);
		bwd = op->work_bytes(c->attr, c->n_in, c->in, &t->io.out_shape, true);
	}
	run_memory(t, save, fwd, bwd);
}

static void bind_forward(struct run *t, float *out)
{
	for (int i = 0; i < t->c.n_in; i++)
		t->io.in[i] = t->in[i];
	t->io.out = out;
	t->io.save = t->save;
	t->io.work = t->fwd_work;
}

/* Only what bwd_needs() names is there; the rest is NULL, as in a plan that dropped it. */
static void bind_backward(struct run *t)
{
	for (int i = 0; i < t->c.n_in; i++) {
		t->io.in[i] = t->needs & OP_IN(i) ? t->in[i] : NULL;
		t->io.din[i] = t->diff & OP_IN(i) ? t->din[i] : NULL;
	}
	t->io.out = t->needs & OP_NEEDS_OUT ? t->out : NULL;
	memcpy(t->dout, t->r, t->n_out * sizeof(float));
	t->io.dout = t->dout;
	t->io.work = t->bwd_work;
}

static double loss_of(struct run *t, const struct op *op)
{
	double sum = 0;

	bind_forward(t, t->out);
	op->forward(&t->io);
	for (size_t i = 0; i < t->n_out; i++)
		sum += (double)t->r[i] * (double)t->out[i];
	return sum;
}

/* noise: what rounding of out to float alone may add to the result. */
static double difference(struct run *t, const struct op *op, float *x, double h, double *noise)
{
	static const double at[4] = {1, -1, 2, -2};
	float keep = *x;
	double l[4], d[4], square = 0;

	for (size_t i = 0; i < t->n_out; i++)
		square += pow((double)t->r[i] * (double)t->out[i], 2);
	*noise = 6e-8 * sqrt(square) / h;
	for (int i = 0; i < 4; i++) {
		*x = (float)((double)keep + at[i] * h);
		d[i] = (double)*x;
		l[i] = loss_of(t, op);
	}
	*x = keep;
	return 4.0 / 3 * (l[0] - l[1]) / (d[0] - d[1]) - 1.0 / 3 * (l[2] - l[3]) / (d[2] - d[3]);
}

static void note(struct op_report *r, double error, double limit, const char *fmt, const char *op,
	int input, size_t at, double a, double b)
{
	if (!(error <= r->worst) || !r->what[0]) {
		r->worst = error;
		snprintf(r->what, sizeof(r->what), fmt, op, input, at, a, b);
	}
	if (!(error <= limit))
		r->ok = false;
}

static double typical(const float *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)v[i] * (double)v[i];
	return n ? sqrt(sum / (double)n) : 0;
}

static void backward_of(struct run *t, const struct op *op)
{
	loss_of(t, op);
	bind_backward(t);
	op->backward(&t->io);
}

/* The error at one element, and the difference that comes nearest. */
static double check_element(struct run *t, const struct op *op, int i, size_t at, double *shown)
{
	double have = (double)t->din[i][at], best = HUGE_VAL, rms = typical(t->din[i], t->n[i]);

	for (double h = 1e-2; h > 5e-5 && best > GRAD_TOLERANCE / 4; h /= 5) {
		double noise, want = difference(t, op, &t->in[i][at], h, &noise);
		double size = fmax(fmax(fabs(have), fabs(want)), 0.3 * rms + 1e-4);
		double error = fmax(0, fabs(have - want) - noise) / size;

		if (error < best) {
			best = error;
			*shown = want;
		}
	}
	return best;
}

static void check_input(
	struct run *t, const struct op *op, int i, struct rng *rng, struct op_report *r)
{
	int samples = t->n[i] < 12 ? (int)t->n[i] : 12;

	for (int k = 0; k < samples; k++) {
		size_t at = t->n[i] <= 12 ? (size_t)k : rng_below(rng, (uint32_t)t->n[i]);
		float keep = t->in[i][at];
		double shown = 0, error = check_element(t, op, i, at, &shown);

		for (int again = 0; again < 3 && !(error <= GRAD_TOLERANCE); again++) {
			t->in[i][at] += 0.07f;
			backward_of(t, op);
			error = check_element(t, op, i, at, &shown);
		}
		note(r, error, GRAD_TOLERANCE,
			"%s: input %d, element %zu: backward %g, difference %g", op->name, i, at,
			(double)t->din[i][at], shown);
		if (t->in[i][at] != keep) {
			t->in[i][at] = keep;
			backward_of(t, op);
		}
	}
}

/* Compares got with want to a tolerance relative to the largest value. */
static void compare(struct op_report *r, const char *fmt, const char *op, int i, const float *got,
	const float *want, size_t n, double limit)
{
	double top = 1e-6;

	for (size_t k = 0; k < n; k++)
		top = fmax(top, fabs((double)want[k]));
	for (size_t k = 0; k < n; k++) {
		double e = fabs((double)got[k] - (double)want[k]) / top;

		if (!(e <= r->worst) || !(e <= limit))
			note(r, e, limit, fmt, op, i, k, (double)got[k], (double)want[k]);
	}
}

/* Adding to what is there, and din[0] in the memory of dout. */
static void check_contract(struct run *t, const struct op *op, struct op_report *r)
{
	float *got[OP_MAX_IN] = {NULL};

	for (int i = 0; i < t->c.n_in; i++) {
		got[i] = t->din[i];
		t->din[i] = floats(t->n[i]);
		for (size_t k = 0; k < t->n[i]; k++)
			t->din[i][k] = 1;
	}
	bind_backward(t);
	t->io.acc = t->diff;
	op->backward(&t->io);
	t->io.acc = 0;
	for (int i = 0; i < t->c.n_in; i++) {
		for (size_t k = 0; k < t->n[i]; k++)
			t->din[i][k] -= 1;
		if (t->diff & OP_IN(i))
			compare(r, "%s: adding to din[%d], element %zu: %g, alone %g", op->name, i,
				t->din[i], got[i], t->n[i], 1e-3);
	}
	if (op->flags & OP_BWD_INPLACE) {
		bind_backward(t);
		t->io.din[0] = t->dout;
		op->backward(&t->io);
		compare(r, "%s: din[%d] in place of dout, element %zu: %g, apart %g", op->name, 0,
			t->dout, got[0], t->n[0], 1e-5);
	}
	for (int i = 0; i < t->c.n_in; i++)
		free(got[i]);
}

static void check_inplace(struct run *t, const struct op *op, struct op_report *r)
{
	float *x = floats(t->n[0]);

	memcpy(x, t->in[0], t->n[0] * sizeof(float));
	bind_forward(t, t->out);
	op->forward(&t->io);
	bind_forward(t, x);
	t->io.in[0] = x;
	op->forward(&t->io);
	compare(r, "%s: out in place of in[%d], element %zu: %g, apart %g", op->name, 0, x, t->out,
		t->n_out, 1e-5);
	free(x);
}

void gradcheck_op(const struct op *op, uint64_t seed, int cases, struct op_report *r)
{
	struct rng rng = rng_stream(seed, 0, rng_hash(op->name), 1);
	struct run t;

	*r = (struct op_report){.ok = true};
	for (int k = 0; k < cases && op->backward; k++) {
		run_init(&t, op, &rng);
		ref_memory(&t, op);
		backward_of(&t, op);
		for (int i = 0; i < t.c.n_in; i++)
			if (t.diff & OP_IN(i))
				check_input(&t, op, i, &rng, r);
		backward_of(&t, op);
		check_contract(&t, op, r);
		if (op->flags & OP_INPLACE)
			check_inplace(&t, op, r);
		run_release(&t);
		r->cases++;
	}
}

static int kernel_run(struct run *t, struct kernel *k, struct err *err)
{
	run_memory(t, k->save_bytes, k->fwd_work, k->bwd_work);
	k->keep = k->keep_bytes ? floats(k->keep_bytes / 4) : NULL;
	bind_forward(t, t->out);
	if (k->ops->forward(k, &t->io, err))
		return -1;
	bind_backward(t);
	return k->ops->backward(k, &t->io, err);
}

/* The kernel adding where it can (to the gradient itself, which doubles), and with din[0] in the
 * memory of dout. */
static void kernel_contract(
	struct run *t, struct kernel *k, const struct op *op, struct run *ref, struct op_report *r)
{
	unsigned acc = k->can_acc & t->diff;

	bind_backward(t);
	t->io.acc = acc;
	for (int i = 0; i < t->c.n_in; i++)
		for (size_t j = 0; j < t->n[i]; j++)
			t->din[i][j] = ref->din[i] ? ref->din[i][j] : 0;
	if (k->ops->backward(k, &t->io, NULL))
		note(r, HUGE_VAL, 0, "%s: kernel failed (%d, %zu, %g, %g)", op->name, 0, 0, 0, 0);
	t->io.acc = 0;
	for (int i = 0; i < t->c.n_in; i++) {
		for (size_t j = 0; j < t->n[i] && (acc & OP_IN(i)); j++)
			t->din[i][j] -= ref->din[i] ? ref->din[i][j] : 0;
		if (t->diff & OP_IN(i))
			compare(r, "%s: din[%d], element %zu: kernel added %g, reference %g",
				op->name, i, t->din[i], ref->din[i], t->n[i], 1e-3);
	}
	if (!(op->flags & OP_BWD_INPLACE))
		return;
	bind_backward(t);
	t->io.din[0] = t->dout;
	if (k->ops->backward(k, &t->io, NULL))
		note(r, HUGE_VAL, 0, "%s: kernel failed (%d, %zu, %g, %g)", op->name, 0, 0, 0, 0);
	compare(r, "%s: din[%d] in place of dout, element %zu: kernel %g, reference %g", op->name,
		0, t->dout, ref->din[0], t->n[0], PARITY_TOLERANCE);
}

static void parity_case(struct backend *b, const struct op *ref, const struct op *made,
	struct rng *rng, struct op_report *r)
{
	struct rng again = *rng;
	struct run x, y;
	struct err err = ERR_INIT;
	struct kernel *k = NULL;
	struct kernel_spec s;

	run_init(&x, ref, rng);
	run_init(&y, ref, &again);
	s = (struct kernel_spec){
		made, x.c.attr, x.c.n_in, x.c.in, x.io.out_shape, DTYPE_F32, true, x.diff};
	if (b->ops->kernel_new(b, &s, &k, &err)) {
		note(r, HUGE_VAL, 0, "%s: kernel_new failed (%d, %zu, %g, %g)", ref->name, 0, 0, 0,
			0);
		k = NULL;
	}
	if (k) {
		r->kernels++;
		ref_memory(&x, ref);
		loss_of(&x, ref);
		bind_backward(&x);
		ref->backward(&x.io);
		if (kernel_run(&y, k, &err))
			note(r, HUGE_VAL, 0, "%s: kernel failed (%d, %zu, %g, %g)", ref->name, 0, 0,
				0, 0);
		compare(r, "%s: out (%d), element %zu: kernel %g, reference %g", ref->name, 0,
			y.out, x.out, x.n_out, PARITY_TOLERANCE);
		for (int i = 0; i < x.c.n_in; i++) {
			compare(r, "%s: din[%d], element %zu: kernel %g, reference %g", ref->name,
				i, y.din[i], x.din[i], x.n[i], PARITY_TOLERANCE);
			compare(r, "%s: in[%d], element %zu: kernel left %g, reference %g",
				ref->name, i, y.in[i], x.in[i], x.n[i], PARITY_TOLERANCE);
		}
		kernel_contract(&y, k, ref, &x, r);
		free(k->keep);
		k->ops->free(k);
	}
	run_release(&x);
	run_release(&y);
}

void parity_op(struct backend *b, const struct op *ref, const struct op *made, uint64_t seed,
	int cases, struct op_report *r)
{
	struct rng rng = rng_stream(seed, 0, rng_hash(ref->name), 2);

	*r = (struct op_report){.ok = true};
	for (int k = 0; k < cases; k++) {
		parity_case(b, ref, made, &rng, r);
		r->cases++;
	}
}
