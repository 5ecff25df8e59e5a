/*
 * Loss ops: values and gradients against plain double versions (gradients by
 * central differences of those), over random shapes, arguments and labels; values
 * that can be worked out by hand; extreme inputs; equal bits for other numbers of
 * threads.
 */
#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/mem.h"
#include "core/loss/loss.h"
#include "tests/unit/loss_ref.h"
#include "tests/unit/use.h"

enum kind {
	DICE,
	CROSS_ENTROPY,
	FOCAL,
	KINDS,
};

struct trial {
	enum kind kind;
	union {
		struct dice_attr dice;
		struct entropy_attr entropy;
	} a;
	int items, voxels, classes;
	float *x, *label, *dx;
	float loss;
};

static const struct op *trial_op(const struct trial *t)
{
	static const char *const names[] = {"loss_dice", "loss_cross_entropy", "loss_focal"};
	const struct op *op = op_find(names[t->kind]);

	assert_non_null(op);
	return op;
}

static int trial_onehot(const struct trial *t)
{
	return t->kind == DICE ? t->a.dice.onehot : t->a.entropy.onehot;
}

/* Room for shape {items, 1, 1, voxels, classes}; x and label are for the caller to fill. */
static void trial_init(struct trial *t)
{
	size_t n = (size_t)(t->items * t->voxels * t->classes);

	t->x = mem_zalloc(n * sizeof(float));
	t->label = mem_zalloc(n * sizeof(float));
	t->dx = mem_zalloc(n * sizeof(float));
}

static void trial_release(struct trial *t)
{
	free(t->x);
	free(t->label);
	free(t->dx);
}

/* Forward and backward; the gradient of weight * loss is added to dx when acc, else stored. */
static void trial_run(struct trial *t, float weight, bool acc)
{
	const struct op *op = trial_op(t);
	struct shape in[2] = {shape5(t->items, 1, 1, t->voxels, t->classes),
		shape5(t->items, 1, 1, t->voxels, trial_onehot(t) ? t->classes : 1)};
	struct op_io io = {.attr = &t->a,
		.n_in = 2,
		.in_shape = in,
		.in = {t->x, t->label},
		.out = &t->loss,
		.dout = &weight,
		.din = {t->dx},
		.acc = acc,
		.training = true};
	struct err err = ERR_INIT;
	void *work;

	if (op->shape(&t->a, 2, in, &io.out_shape, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(shape_count(&io.out_shape), 1);
	io.save = op->save_bytes ? mem_zalloc(op->save_bytes(&t->a, 2, in, &io.out_shape)) : NULL;
	work = mem_alloc(op->work_bytes(&t->a, 2, in, &io.out_shape, false));
	io.work = work;
	op->forward(&io);
	free(work);
	io.work = NULL;
	op->backward(&io);
	free(io.save);
}

static double trial_reference(const struct trial *t, const double *x)
{
	int voxels = t->items * t->voxels;

	if (t->kind == DICE)
		return loss_ref_dice(&t->a.dice, x, t->label, t->items, t->voxels, t->classes);
	if (t->kind == CROSS_ENTROPY)
		return loss_ref_cross_entropy(&t->a.entropy, x, t->label, voxels, t->classes);
	return loss_ref_focal(&t->a.entropy, x, t->label, voxels, t->classes);
}

static bool wants_probabilities(const struct trial *t)
{
	return t->kind == DICE || t->a.entropy.form == ENTROPY_SOFTMAX_PROB ||
	       t->a.entropy.form == ENTROPY_SIGMOID_PROB;
}

/* Labels: of class 0 only, without the last class, or of every class. */
static void trial_fill(struct trial *t, struct rng *r)
{
	int voxels = t->items * t->voxels, absent = (int)rng_below(r, 3);
	int range = t->classes == 1 ? 2 : t->classes;

	if (absent == 1 && range > 2)
		range--;
	for (int i = 0; i < voxels; i++) {
		int k = absent == 0 ? 0 : (int)rng_below(r, (uint32_t)range);
		double sum = 0;

		if (!trial_onehot(t))
			t->label[i] = (float)k;
		for (int c = 0; c < t->classes; c++) {
			float v = wants_probabilities(t) ? (float)rng_range(r, 0.05, 0.95)
							 : (float)(3 * rng_normal(r));

			if (trial_onehot(t))
				t->label[i * t->classes + c] = (c == k) ^ (t->classes == 1);
			t->x[i * t->classes + c] = v;
			sum += (double)v;
		}
		for (int c = 0; wants_probabilities(t) && t->classes > 1 && c < t->classes; c++)
			t->x[i * t->classes + c] /= (float)sum;
	}
}

static void trial_draw(struct trial *t, struct rng *r)
{
	static const int classes[] = {1, 2, 3, 7};

	*t = (struct trial){.kind = rng_below(r, KINDS)};
	t->items = 1 + (int)rng_below(r, 2);
	t->voxels = 1 + (int)rng_below(r, 45);
	t->classes = classes[rng_below(r, 4)];
	if (t->kind == DICE) {
		t->a.dice = (struct dice_attr){.onehot = (int)rng_below(r, 2),
			.skip_background = (int)rng_below(r, 2),
			.squared = (int)rng_below(r, 2),
			.jaccard = (int)rng_below(r, 2),
			.smooth = rng_below(r, 2) ? 1e-5f : 0.7f,
			.top_smooth = rng_below(r, 2) ? 0 : 0.3f};
	} else {
		t->a.entropy = (struct entropy_attr){.form = (int)rng_below(r, 4),
			.onehot = (int)rng_below(r, 2),
			.skip_background = (int)rng_below(r, 2),
			.gamma = rng_below(r, 3) ? 2 : 0.5f,
			.n_alpha = t->kind == CROSS_ENTROPY || rng_below(r, 2) ? 0
				   : rng_below(r, 2)                           ? 1
									       : t->classes};
		for (int i = 0; i < t->a.entropy.n_alpha; i++)
			t->a.entropy.alpha[i] = (float)rng_range(r, 0.1, 0.9);
		if (t->classes == 1)
			t->a.entropy.form |= 1; /* softmax needs two classes */
	}
	trial_init(t);
	trial_fill(t, r);
}

static void test_random(void **state)
{
	struct rng r = rng_stream(2024, 0, 0, 0);
	double worst = 0;

	(void)state;
	for (int round = 0; round < 250; round++) {
		struct trial t;
		int n;
		double *x, want;

		trial_draw(&t, &r);
		n = t.items * t.voxels * t.classes;
		x = mem_alloc((size_t)n * sizeof(*x));
		for (int i = 0; i < n; i++)
			x[i] = (double)t.x[i];
		want = trial_reference(&t, x);
		trial_run(&t, 1.5f, false);
		if (!(fabs((double)t.loss - want) <= 4e-6 * (1 + fabs(want))))
			fail_msg("round %d kind %d: loss %.9g, expected %.9g", round, t.kind,
				(double)t.loss, want);
		for (int i = 0; i < n; i++) {
			double h = 1e-5, up, down, g;

			x[i] += h;
			up = trial_reference(&t, x);
			x[i] -= 2 * h;
			down = trial_reference(&t, x);
			x[i] += h;
			g = 1.5 * (up - down) / (2 * h);
			worst = fmax(worst, fabs((double)t.dx[i] - g));
			if (!(fabs((double)t.dx[i] - g) <= 2e-5 * (1 + fabs(g))))
				fail_msg("round %d kind %d form %d classes %d element %d: "
					 "gradient %.9g, expected %.9g",
					round, t.kind, t.kind ? t.a.entropy.form : -1, t.classes, i,
					(double)t.dx[i], g);
		}
		free(x);
		trial_release(&t);
	}
	print_message("worst gradient error %.3g\n", worst);
}

static struct trial two_class(enum kind kind, int voxels)
{
	struct trial t = {.kind = kind, .items = 1, .voxels = voxels, .classes = 2};

	if (kind == DICE)
		t.a.dice = (struct dice_attr){.smooth = 1e-5f};
	else
		t.a.entropy = (struct entropy_attr){.smooth = 1e-8f, .gamma = 2};
	trial_init(&t);
	return t;
}

static void near(double x, double want, double tolerance)
{
	if (!(fabs(x - want) <= tolerance))
		fail_msg("%.9g, expected %.9g", x, want);
}

/* Four voxels, two of them foreground, one found: by hand. */
static void test_dice_by_hand(void **state)
{
	static const float label[] = {0, 1, 1, 0}, found[] = {0, 1, 0, 0};
	struct trial t = two_class(DICE, 4);

	(void)state;
	for (int i = 0; i < 4; i++) {
		t.label[i] = label[i];
		t.x[2 * i + 1] = found[i];
		t.x[2 * i] = 1 - found[i];
	}
	trial_run(&t, 1, false);
	near((double)t.loss, 1 - (4.0 / 5 + 2.0 / 3) / 2, 1e-5);
	t.a.dice.skip_background = 1;
	trial_run(&t, 1, false);
	near((double)t.loss, 1 - 2.0 / 3, 1e-5);
	t.a.dice.jaccard = 1;
	trial_run(&t, 1, false);
	near((double)t.loss, 1 - 2.0 / 2, 1e-5);
	t.a.dice.jaccard = 0;
	t.a.dice.top_smooth = 1;
	trial_run(&t, 1, false);
	near((double)t.loss, 1 - 3.0 / 3, 1e-5);
	trial_release(&t);
}

static void test_entropy_by_hand(void **state)
{
	struct trial t = two_class(CROSS_ENTROPY, 2);

	(void)state;
	t.label[0] = 1; /* logits 0, 0: p = 1/2 everywhere */
	trial_run(&t, 1, false);
	near((double)t.loss, log(2), 1e-6);
	near((double)t.dx[1], -0.25, 1e-6);
	near((double)t.dx[2], -0.25, 1e-6);
	t.kind = FOCAL; /* 1/4 log 2 for each of two classes */
	trial_run(&t, 1, false);
	near((double)t.loss, log(2) / 2, 1e-6);
	t.a.entropy.skip_background = 1;
	trial_run(&t, 1, false);
	near((double)t.loss, log(2) / 4, 1e-6);
	trial_release(&t);
}

/* Certain and right, certain and wrong, empty classes: finite, and the sign is right. */
static void test_extremes(void **state)
{
	static const int forms[] = {ENTROPY_SOFTMAX_LOGITS, ENTROPY_SIGMOID_LOGITS,
		ENTROPY_SOFTMAX_PROB, ENTROPY_SIGMOID_PROB};

	(void)state;
	for (int kind = DICE; kind < KINDS; kind++) {
		for (int f = 0; f < (kind == DICE ? 1 : 4); f++) {
			for (int wrong = 0; wrong < 2; wrong++) {
				struct trial t = two_class(kind, 8);
				bool logits = kind != DICE && f < 2;
				float one = logits ? 3e4f : 1, zero = logits ? -3e4f : 0;

				if (kind == DICE)
					t.a.dice.smooth = 0;
				else
					t.a.entropy.form = forms[f];
				for (int i = 0; i < 8; i++) {
					t.x[2 * i] = wrong ? zero : one; /* all background */
					t.x[2 * i + 1] = wrong ? one : zero;
				}
				trial_run(&t, 1, false);
				assert_true(isfinite(t.loss));
				assert_true(wrong ? t.loss > 0.4f : t.loss < 0.51f);
				for (int i = 0; i < 16; i++)
					assert_true(isfinite(t.dx[i]));
				if (wrong)
					assert_true(
						t.dx[0] <= 0 && t.dx[1] >= 0 && t.dx[0] < t.dx[1]);
				trial_release(&t);
			}
		}
	}
}

/* NaN in, NaN out: the trainer has to see it. */
static void test_nan(void **state)
{
	(void)state;
	for (int kind = DICE; kind < KINDS; kind++) {
		struct trial t = two_class(kind, 300);

		t.x[401] = NAN;
		trial_run(&t, 1, false);
		assert_true(isnan(t.loss));
		trial_release(&t);
	}
}

static void test_accumulates(void **state)
{
	struct rng r = rng_stream(5, 0, 0, 0);

	(void)state;
	for (int round = 0; round < 30; round++) {
		struct trial t;
		float once;

		trial_draw(&t, &r);
		trial_run(&t, 1, false);
		once = t.dx[0];
		trial_run(&t, 1, true);
		assert_true(t.dx[0] == 2 * once);
		trial_release(&t);
	}
}

static void test_threads(void **state)
{
	int before = omp_get_max_threads();

	(void)state;
	for (int kind = DICE; kind < KINDS; kind++) {
		struct rng r = rng_stream(6, 0, (uint64_t)kind, 0);
		struct trial t = {.kind = kind, .items = 2, .voxels = 21001, .classes = 3};
		size_t n = (size_t)(t.items * t.voxels * t.classes);
		float *first = mem_alloc(n * sizeof(float)), loss = 0;

		if (kind == DICE)
			t.a.dice = (struct dice_attr){.smooth = 1e-5f};
		else
			t.a.entropy = (struct entropy_attr){.gamma = 2};
		trial_init(&t);
		trial_fill(&t, &r);
		for (int threads = 1; threads <= 3; threads++) {
			omp_set_num_threads(threads);
			trial_run(&t, 1, false);
			if (threads == 1) {
				memcpy(first, t.dx, n * sizeof(float));
				loss = t.loss;
			}
			assert_memory_equal(first, t.dx, n * sizeof(float));
			assert_true(loss == t.loss);
		}
		free(first);
		trial_release(&t);
	}
	omp_set_num_threads(before);
}

static void test_shapes(void **state)
{
	struct dice_attr d = {0};
	struct entropy_attr e = {.n_alpha = 3};
	struct shape in[2] = {shape5(1, 2, 3, 4, 2), shape5(1, 2, 3, 4, 1)}, out;
	struct err err = ERR_INIT;
	const struct op *dice = op_find("loss_dice"), *focal = op_find("loss_focal");

	(void)state;
	assert_int_equal(dice->shape(&d, 2, in, &out, &err), 0);
	d.onehot = 1;
	assert_int_equal(dice->shape(&d, 2, in, &out, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.msg, "1x2x3x4x2"));
	in[1] = shape5(1, 2, 3, 5, 1);
	d.onehot = 0;
	assert_int_equal(dice->shape(&d, 2, in, &out, &err), -1);
	in[1] = shape5(1, 2, 3, 4, 1);
	assert_int_equal(focal->shape(&e, 2, in, &out, &err), -1);
	assert_non_null(strstr(err.msg, "alpha"));
	e.n_alpha = 0;
	in[0] = in[1];
	assert_int_equal(focal->shape(&e, 2, in, &out, &err), -1);
	assert_non_null(strstr(err.msg, "softmax of one channel"));
}

/* Through the component table into a graph, as a configuration does it. */
static void test_components(void **state)
{
	static const struct {
		const char *name, *json, *op;
		enum loss_activation activation;
		int form;
	} rows[] = {
		{"Dice", "{\"skip_background\": true, \"smooth\": 1e-5, \"squared_pred\": true}",
			"loss_dice", LOSS_SOFTMAX, -1},
		{"CrossEntropy", NULL, "loss_cross_entropy", LOSS_SOFTMAX, ENTROPY_SOFTMAX_LOGITS},
		{"CrossEntropy", NULL, "loss_cross_entropy", LOSS_SIGMOID, ENTROPY_SIGMOID_LOGITS},
		{"Focal", "{\"alpha\": [0.25, 0.75]}", "loss_focal", LOSS_LINEAR,
			ENTROPY_SOFTMAX_LOGITS},
		{"CrossEntropyDice", NULL, "add", LOSS_SOFTMAX, -1},
		{"FocalDice", "{\"gamma\": 1}", "add", LOSS_SOFTMAX, -1},
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct component_use u = use_of(COMPONENT_LOSS, rows[k].name, rows[k].json);
		struct shape two = shape5(1, 2, 3, 4, 2), one = shape5(1, 2, 3, 4, 1);
		struct graph *g = graph_new();
		struct err err = ERR_INIT;
		struct node *loss = NULL;
		struct loss_input in = {.activation = rows[k].activation};

		in.prediction = graph_input(g, "prediction", &two, &err);
		in.logits = graph_input(g, "logits", &two, &err);
		in.label = graph_input(g, "label", &one, &err);
		if (loss_build(&u, g, &in, &loss, &err))
			fail_msg("%s", err.msg);
		assert_string_equal(loss->op->name, rows[k].op);
		assert_int_equal(shape_count(&loss->shape), 1);
		if (rows[k].form >= 0)
			assert_int_equal(((struct entropy_attr *)loss->attr)->form, rows[k].form);
		if (rows[k].form >= 0 && in.activation != LOSS_LINEAR)
			assert_ptr_equal(loss->in[0], in.logits);
		in.label = in.prediction;
		assert_int_equal(loss_build(&u, g, &in, &loss, &err), -1);
		assert_int_equal(err.code, ERR_DATA);
		assert_non_null(strstr(err.msg, rows[k].name));
		graph_free(g);
		component_use_release(&u);
	}
	assert_int_equal(use_faults(COMPONENT_LOSS, "Dice", "{\"smoth\": 1}"), 1);
	assert_int_equal(use_faults(COMPONENT_LOSS, "DiceLoss", "{\"reduction\": \"none\"}"), 1);
	assert_int_equal(use_faults(COMPONENT_LOSS, "Focal", "{\"alpha\": [2]}"), 1);
}

/* What to_onehot_y says and what the label is; sigmoid with softmax. */
static void test_monai_faults(void **state)
{
	static const char *const names[] = {"DiceLoss", "DiceCELoss", "DiceFocalLoss", "FocalLoss",
		"GeneralizedDiceLoss", "TverskyLoss"};

	(void)state;
	for (size_t k = 0; k < 2 * ARRAY_SIZE(names); k++) {
		bool ask = k % 2;
		struct component_use u = use_of(
			COMPONENT_LOSS, names[k / 2], ask ? "{\"to_onehot_y\": true}" : "{}");
		struct shape two = shape5(1, 2, 3, 4, 2), one = shape5(1, 2, 3, 4, 1);
		struct graph *g = graph_new();
		struct err err = ERR_INIT;
		struct node *loss;
		struct loss_input in = {.activation = LOSS_LINEAR};

		in.prediction = in.logits = graph_input(g, "prediction", &two, &err);
		in.label = graph_input(g, "label", ask ? &two : &one, &err);
		assert_int_equal(loss_build(&u, g, &in, &loss, &err), -1);
		assert_non_null(
			strstr(err.msg, ask ? "\"to_onehot_y\": false" : "\"to_onehot_y\": true"));
		graph_free(g);
		component_use_release(&u);
	}
}

/* 32 weights without the background's are for 33 classes, which the attribute has no room for. */
static void test_many_weights(void **state)
{
	struct shape x = shape5(1, 1, 1, 2, ENTROPY_ALPHA_MAX + 1), one = shape5(1, 1, 1, 2, 1);
	struct buf json = {0};
	struct component_use u;
	struct graph *g = graph_new();
	struct err err = ERR_INIT;
	struct node *loss;
	struct loss_input in = {.activation = LOSS_LINEAR};

	(void)state;
	buf_puts(&json, "{\"to_onehot_y\": true, \"include_background\": false, \"weight\": [1");
	for (int i = 1; i < ENTROPY_ALPHA_MAX; i++)
		buf_puts(&json, ", 1");
	buf_puts(&json, "]}");
	u = use_of(COMPONENT_LOSS, "FocalLoss", json.p);
	in.prediction = in.logits = graph_input(g, "prediction", &x, &err);
	in.label = graph_input(g, "label", &one, &err);
	assert_int_equal(loss_build(&u, g, &in, &loss, &err), -1);
	assert_non_null(strstr(err.msg, "32 class weights for 33 classes"));
	graph_free(g);
	component_use_release(&u);
	buf_release(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_dice_by_hand),
		cmocka_unit_test(test_entropy_by_hand),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_nan),
		cmocka_unit_test(test_accumulates),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_components),
		cmocka_unit_test(test_monai_faults),
		cmocka_unit_test(test_many_weights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
