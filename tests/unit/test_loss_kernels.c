/*
 * The CPU's loss kernels against the reference ops over many blocks and chunks: the random
 * examples of the op table fit in one block.  Classes 1, 2, 3, 5 and 17; sizes beside the
 * ends of blocks and chunks; options as the ops draw them.  And equal bits for one thread
 * and for several.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/mem.h"
#include "core/cpu/cpu.h"
#include "core/graph/losses.h"

struct trial {
	struct op_case c;
	size_t n, labels;
	float *x, *label;
};

struct result {
	float loss, *dx;
};

/* An example of the op with another shape; class weights as many as there are classes. */
static void trial_init(
	struct trial *t, const struct op *op, int64_t voxels, int64_t classes, struct rng *r)
{
	struct shape out;
	bool prob;

	do {
		memset(t, 0, sizeof(*t));
		op->example(r, &t->c);
		prob = t->c.fill[0] == FILL_PROB;
		t->c.in[1].d[4] = t->c.in[1].d[4] > 1 || t->c.fill[1] == FILL_PROB ? classes : 1;
		t->c.in[0] = shape5(2, 1, 1, voxels, classes);
		t->c.in[1] = shape5(2, 1, 1, voxels, t->c.in[1].d[4]);
	} while (op->shape(t->c.attr, 2, t->c.in, &out, NULL));
	t->n = shape_count(&t->c.in[0]);
	t->labels = shape_count(&t->c.in[1]);
	t->x = mem_alloc(t->n * sizeof(float));
	t->label = mem_alloc(t->labels * sizeof(float));
	for (size_t i = 0; i < t->n; i++)
		t->x[i] = (float)(prob ? rng_range(r, 0.05, 0.95) : 3 * rng_normal(r));
	for (size_t i = 0; i < t->labels; i++)
		t->label[i] =
			(float)(t->c.in[1].d[4] > 1
					? rng_range(r, 0, 1)
					: rng_below(r, (uint32_t)(classes > 1 ? classes : 2)));
}

static void trial_release(struct trial *t)
{
	free(t->x);
	free(t->label);
}

/* By a kernel of b, or by the reference where b is NULL; false: b has none. */
static bool trial_run(struct trial *t, const struct op *op, struct backend *b, struct result *r)
{
	struct kernel_spec s = {op, t->c.attr, 2, t->c.in, shape1(1), DTYPE_F32, true, OP_IN(0)};
	size_t save = op->save_bytes(t->c.attr, 2, t->c.in, &s.out);
	size_t fwd = op->work_bytes(t->c.attr, 2, t->c.in, &s.out, false);
	size_t bwd = op->work_bytes(t->c.attr, 2, t->c.in, &s.out, true);
	float weight = 1.5f;
	struct op_io io = {.attr = t->c.attr,
		.n_in = 2,
		.in_shape = t->c.in,
		.out_shape = s.out,
		.in = {t->x, t->label},
		.out = &r->loss,
		.dout = &weight,
		.training = true};
	struct kernel *k = NULL;
	struct err err = ERR_INIT;

	r->dx = NULL;
	if (b) {
		assert_int_equal(b->ops->kernel_new(b, &s, &k, &err), 0);
		if (!k)
			return false;
		save = k->save_bytes, fwd = k->fwd_work, bwd = k->bwd_work;
	}
	io.din[0] = r->dx = mem_zalloc(t->n * sizeof(float));
	io.save = mem_alloc(save + 1);
	io.work = mem_alloc((fwd > bwd ? fwd : bwd) + 1);
	for (int acc = 0; acc < 2; acc++) {
		io.acc = (unsigned)acc; /* twice: stored, then added */
		weight = 1.5f;
		if (k) {
			assert_int_equal(k->ops->forward(k, &io, &err), 0);
			assert_int_equal(k->ops->backward(k, &io, &err), 0);
		} else {
			op->forward(&io);
			op->backward(&io);
		}
	}
	free(io.save);
	free(io.work);
	if (k)
		k->ops->free(k);
	return true;
}

static void compare(const struct op *op, const struct trial *t, const struct result *got,
	const struct result *want)
{
	double top = 1e-12;

	if (!(fabs((double)(got->loss - want->loss)) <= 2e-5 * (1 + fabs((double)want->loss))))
		fail_msg("%s: loss %.9g, reference %.9g", op->name, (double)got->loss,
			(double)want->loss);
	for (size_t i = 0; i < t->n; i++)
		top = fmax(top, fabs((double)want->dx[i]));
	for (size_t i = 0; i < t->n; i++)
		if (!(fabs((double)(got->dx[i] - want->dx[i])) <= 1e-4 * top))
			fail_msg("%s %lld classes: gradient %zu of %zu: %.9g, reference %.9g",
				op->name, (long long)t->c.in[0].d[4], i, t->n, (double)got->dx[i],
				(double)want->dx[i]);
}

static void test_many_blocks(void **state)
{
	static const struct op *const ops[] = {
		&op_loss_dice, &op_loss_dice_logits, &op_loss_cross_entropy, &op_loss_focal};
	static const int64_t voxels[] = {1, 15, 255, 256, 257, 4096, 4097, 8500};
	static const int64_t classes[] = {1, 2, 3, 4, 5, 17};
	const struct backend_opts one = {.threads = 1};
	struct rng r = rng_stream(7, 0, 0, 0);
	struct backend *b[2] = {cpu_open(&one, NULL), cpu_open(NULL, NULL)};
	int kernels = 0;

	(void)state;
	for (size_t k = 0; k < 4 * 8 * 6 * 3; k++) {
		const struct op *op = ops[k % 4];
		struct result ref, got[2];
		struct trial t;

		trial_init(&t, op, voxels[k / 4 % 8], classes[k / 32 % 6], &r);
		trial_run(&t, op, NULL, &ref);
		for (int i = 0; i < 2; i++)
			if (trial_run(&t, op, b[i], &got[i])) {
				compare(op, &t, &got[i], &ref);
				kernels++;
			}
		if (got[0].dx) {
			assert_memory_equal(got[0].dx, got[1].dx, t.n * sizeof(float));
			assert_memory_equal(&got[0].loss, &got[1].loss, sizeof(float));
		}
		free(ref.dx);
		free(got[0].dx);
		free(got[1].dx);
		trial_release(&t);
	}
	assert_true(kernels > 1000);
	b[0]->ops->close(b[0]);
	b[1]->ops->close(b[1]);
}

/* A network that gives NaN must not look well: the loss is NaN in every form. */
static void test_nan(void **state)
{
	static const struct op *const ops[] = {
		&op_loss_dice, &op_loss_dice_logits, &op_loss_cross_entropy, &op_loss_focal};
	struct rng r = rng_stream(8, 0, 0, 0);
	struct backend *b = cpu_open(NULL, NULL);
	int kernels = 0;

	(void)state;
	for (size_t k = 0; k < 4 * 40; k++) {
		const struct op *op = ops[k % 4];
		struct result ref, got;
		struct trial t;

		trial_init(&t, op, 300, 3, &r);
		for (size_t i = 0; i < t.n; i++)
			t.x[i] = NAN;
		trial_run(&t, op, NULL, &ref);
		if (!isnan(ref.loss))
			fail_msg("%s: reference %.9g of NaN", op->name, (double)ref.loss);
		if (trial_run(&t, op, b, &got)) {
			kernels++;
			if (!isnan(got.loss))
				fail_msg("%s: kernel %.9g of NaN", op->name, (double)got.loss);
		}
		free(ref.dx);
		free(got.dx);
		trial_release(&t);
	}
	assert_true(kernels > 100);
	b->ops->close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_blocks), cmocka_unit_test(test_nan)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
