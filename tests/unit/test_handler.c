/*
 * Aux ops and handlers: values of a small batch by hand, the console line.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/handler/aux.h"
#include "core/handler/handler.h"
#include "tests/unit/use.h"

static void near(double x, double want)
{
	if (!(fabs(x - want) <= 1e-9))
		fail_msg("%.12g, expected %.12g", x, want);
}

static void test_neg_loss(void **state)
{
	struct component_use u = use_of(COMPONENT_AUX, "NegLoss", "{\"tag\": \"minus\"}");
	struct aux_input in = {.loss = 0.75};
	double v;

	(void)state;
	assert_int_equal(aux_ops(&u)->count(u.args), 1);
	assert_string_equal(aux_ops(&u)->tag(u.args, 0), "minus");
	aux_ops(&u)->values(u.args, &in, &v);
	near(v, -0.75);
	component_use_release(&u);
}

/* Two items of three voxels, three channels; predicted 0 1 2 | 1 1 0, label 0 1 1 | 1 0 0. */
static void test_dice_masked(void **state)
{
	static const float prediction[18] = {.9f, .1f, 0, 0, .8f, .2f, .1f, .2f, .7f, /* item 0 */
		.3f, .6f, .1f, 0, .9f, .1f, .8f, .1f, .1f};
	static const float label[6] = {0, 1, 1, 1, 0, 0};
	struct component_use u = use_of(COMPONENT_AUX, "DiceMaskedOutput",
		"{\"tags\": [\"dice\", \"dice_1\", \"dice_2\", \"dice_3\"], "
		"\"skip_background\": true}");
	struct aux_input in = {.prediction = prediction,
		.label = label,
		.n = 2,
		.voxels = 3,
		.channels = 3,
		.label_channels = 1};
	double v[4];

	(void)state;
	assert_int_equal(aux_ops(&u)->count(u.args), 4);
	assert_string_equal(aux_ops(&u)->tag(u.args, 2), "dice_2");
	aux_ops(&u)->values(u.args, &in, v);
	near(v[1], (2.0 / 3 + 2.0 / 3) / 2);
	near(v[0], v[1]); /* class 2 is in no label */
	assert_true(isnan(v[2]) && isnan(v[3]));
	in.prediction = NULL;
	aux_ops(&u)->values(u.args, &in, v);
	assert_true(isnan(v[0]) && isnan(v[1]));
	component_use_release(&u);
	assert_int_equal(use_faults(COMPONENT_AUX, "DiceMaskedOutput", NULL), 1);
}

static void test_stats(void **state)
{
	struct component_use u = use_of(COMPONENT_HANDLER, "StatsHandler", NULL);
	struct handler_epoch e = {
		.epoch = 3, .epochs = 20, .images = 64, .seconds = 12.5, .loader_wait = 0.25};
	struct buf b = {0};

	(void)state;
	handler_epoch(&u, &e, &b);
	assert_string_equal(
		b.p, "epoch 3/20: 5.1 images/s, 2.0 % of 12.5 s waiting for the loader");
	buf_release(&b);
	component_use_release(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_neg_loss),
		cmocka_unit_test(test_dice_masked),
		cmocka_unit_test(test_stats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
