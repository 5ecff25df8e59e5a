/*
 * Learning-rate policies at points whose values follow from their formulas.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/schedule/schedule.h"
#include "tests/unit/use.h"

static double rate(const char *name, const char *json, struct schedule_at at)
{
	struct component_use u = use_of(COMPONENT_SCHEDULE, name, json);
	double lr = schedule_lr(&u, 0.1, &at);

	component_use_release(&u);
	return lr;
}

static void near(double x, double want)
{
	if (!(fabs(x - want) <= 1e-12))
		fail_msg("%.15g, expected %.15g", x, want);
}

static void test_constant(void **state)
{
	struct schedule_at at = {.step = 7, .steps_total = 9, .epoch = 1, .epochs = 2};
	struct component_use none = {0};

	(void)state;
	near(schedule_lr(NULL, 0.25, &at), 0.25);
	near(schedule_lr(&none, 0.25, &at), 0.25);
	near(rate("Constant", NULL, at), 0.1);
}

static void test_poly(void **state)
{
	(void)state;
	near(rate("ReducePoly", NULL, (struct schedule_at){.step = 0, .steps_total = 100}), 0.1);
	near(rate("ReducePoly", NULL, (struct schedule_at){.step = 50, .steps_total = 100}),
		0.1 * pow(0.5, 0.99));
	near(rate("ReducePoly", "{\"poly_power\": 2}",
		     (struct schedule_at){.step = 75, .steps_total = 100}),
		0.1 * 0.0625);
	near(rate("ReducePoly", NULL, (struct schedule_at){.step = 100, .steps_total = 100}), 0);
	near(rate("ReducePoly", NULL, (struct schedule_at){.step = 101, .steps_total = 100}), 0);
	near(rate("ReducePoly", NULL, (struct schedule_at){0}), 0.1);
}

static void test_decay(void **state)
{
	const char *json = "{\"decay_ratio\": 0.5, \"decay_freq\": 10}";

	(void)state;
	near(rate("DecayOnStep", json, (struct schedule_at){.step = 9}), 0.1);
	near(rate("DecayOnStep", json, (struct schedule_at){.step = 10}), 0.05);
	near(rate("DecayOnStep", json, (struct schedule_at){.step = 39}), 0.0125);
	assert_int_equal(use_faults(COMPONENT_SCHEDULE, "DecayOnStep", NULL), 2);
	assert_int_equal(use_faults(COMPONENT_SCHEDULE, "DecayOnStep",
				 "{\"decay_ratio\": 0.5, \"decay_freq\": 0}"),
		1);
}

static void test_cosine(void **state)
{
	(void)state;
	near(rate("ReduceCosine", NULL, (struct schedule_at){.epoch = 0, .epochs = 10}), 0.1);
	near(rate("ReduceCosine", NULL, (struct schedule_at){.epoch = 5, .epochs = 10}), 0.05);
	near(rate("ReduceCosine", NULL, (struct schedule_at){.epoch = 10, .epochs = 10}), 0);
	near(rate("ReduceCosine", "{\"rate\": 0.25}",
		     (struct schedule_at){.epoch = 0, .epochs = 10}),
		0.05);
	near(rate("ReduceCosine", NULL, (struct schedule_at){0}), 0.1);
}

static struct schedule_at epoch_at(int64_t epoch)
{
	return (struct schedule_at){
		.epoch = epoch, .epochs = 20, .step = 10 * epoch, .steps_total = 200};
}

static void test_torch(void **state)
{
	(void)state;
	near(rate("StepLR", "{\"step_size\": 3, \"gamma\": 0.5}", epoch_at(2)), 0.1);
	near(rate("StepLR", "{\"step_size\": 3, \"gamma\": 0.5}", epoch_at(3)), 0.05);
	near(rate("StepLR", "{\"step_size\": 5000, \"optimizer\": \"@optimizer\"}", epoch_at(19)),
		0.1);
	near(rate("MultiStepLR", "{\"milestones\": [2, 5], \"gamma\": 0.1}", epoch_at(1)), 0.1);
	near(rate("MultiStepLR", "{\"milestones\": [2, 5], \"gamma\": 0.1}", epoch_at(2)), 0.01);
	near(rate("MultiStepLR", "{\"milestones\": [2, 5], \"gamma\": 0.1}", epoch_at(9)), 0.001);
	near(rate("ExponentialLR", "{\"gamma\": 0.9}", epoch_at(3)), 0.1 * 0.729);
	near(rate("CosineAnnealingLR", "{\"T_max\": 10, \"eta_min\": 0.02}", epoch_at(0)), 0.1);
	near(rate("CosineAnnealingLR", "{\"T_max\": 10, \"eta_min\": 0.02}", epoch_at(5)), 0.06);
	near(rate("CosineAnnealingLR", "{\"T_max\": 10, \"eta_min\": 0.02}", epoch_at(10)), 0.02);
	near(rate("PolynomialLR", "{\"total_iters\": 4, \"power\": 2}", epoch_at(1)), 0.1 * 0.5625);
	near(rate("PolynomialLR", "{\"total_iters\": 4}", epoch_at(7)), 0);
	assert_int_equal(use_faults(COMPONENT_SCHEDULE, "StepLR", "{\"step_size\": 0}"), 1);
}

/* Rates after each of n values of the key metric. */
static void plateau(
	const char *name, const char *json, const double *metric, const double *want, int n)
{
	struct component_use u = use_of(COMPONENT_SCHEDULE, name, json);
	double numbers[SCHEDULE_STATE] = {0};
	struct schedule_at at = {.state = numbers};

	near(schedule_lr(&u, 0.1, &(struct schedule_at){0}), 0.1);
	near(schedule_lr(&u, 0.1, &at), 0.1);
	for (int i = 0; i < n; i++) {
		schedule_validated(&u, metric[i], numbers);
		if (fabs(schedule_lr(&u, 0.1, &at) - want[i]) > 1e-12)
			fail_msg("%s, validation %d: %.9g, expected %.9g", name, i,
				schedule_lr(&u, 0.1, &at), want[i]);
	}
	component_use_release(&u);
}

static void test_plateau(void **state)
{
	(void)state;
	plateau("ReduceOnPlateau", "{\"plateau_count_trigger\": 2, \"reduction_rate\": 0.5}",
		(double[]){-3, -3, -4, -2, NAN, -2, -2, -2, -1},
		(double[]){.1, .1, .05, .05, .05, .025, .025, .0125, .0125}, 9);
	plateau("ReduceOnPlateau", "{\"plateau_count_trigger\": 1, \"reduction_rate\": 0.5}",
		(double[]){NAN, 1, 2}, (double[]){.05, .05, .05}, 3);
	/* torch.optim.lr_scheduler.ReduceLROnPlateau(mode="max", factor=0.5, patience=1) */
	plateau("ReduceLROnPlateau", "{\"factor\": 0.5, \"patience\": 1, \"mode\": \"max\"}",
		(double[]){1, 1.00005, 1, 1, 1, 2, 2, 2},
		(double[]){.1, .1, .05, .05, .025, .025, .025, .0125}, 8);
	/* a negated loss that sinks by less than the threshold is no improvement */
	plateau("ReduceLROnPlateau", "{\"factor\": 0.5, \"patience\": 1}",
		(double[]){-1, -1.00005, -1.00009}, (double[]){.1, .1, .05}, 3);
	/* ... cooldown=2, threshold=0.1, threshold_mode="abs", min_lr=0.04 */
	plateau("ReduceLROnPlateau",
		"{\"factor\": 0.5, \"patience\": 0, \"cooldown\": 2, \"threshold\": 0.1, "
		"\"threshold_mode\": \"abs\", \"min_lr\": 0.04}",
		(double[]){1, 1.05, 1, 1, 1, 1.2, 1, 1},
		(double[]){.1, .05, .05, .05, .04, .04, .04, .04}, 8);
}

static void test_warm_up(void **state)
{
	const char *poly =
		"{\"warmup_epochs\": 2, \"policy\": {\"name\": \"ReducePoly\", \"args\": "
		"{\"poly_power\": 1}}}";
	const char *plateau_json =
		"{\"warmup_steps\": 4, \"start_factor\": 0.5, \"policy\": {\"name\": "
		"\"ReduceOnPlateau\", \"args\": {\"plateau_count_trigger\": 1, "
		"\"reduction_rate\": 0.5}}}";
	struct component_use u = use_of(COMPONENT_SCHEDULE, "WarmUp", plateau_json);
	double numbers[SCHEDULE_STATE] = {0};
	struct schedule_at at = {.step = 3, .steps_total = 10, .epochs = 1, .state = numbers};

	(void)state;
	near(rate("WarmUp", poly, (struct schedule_at){0, 200, 0, 20, NULL}), 0.1 / 20);
	near(rate("WarmUp", poly, (struct schedule_at){19, 200, 1, 20, NULL}), 0.1);
	near(rate("WarmUp", poly, (struct schedule_at){20, 200, 2, 20, NULL}), 0.1);
	near(rate("WarmUp", poly, (struct schedule_at){110, 200, 11, 20, NULL}), 0.05);
	near(rate("WarmUp", "{\"warmup_steps\": 10}", (struct schedule_at){50, 200, 5, 20, NULL}),
		0.1);
	near(rate("WarmUp",
		     "{\"warmup_epochs\": 2, \"policy\": {\"name\": \"StepLR\", \"args\": "
		     "{\"step_size\": 3}}}",
		     (struct schedule_at){50, 200, 5, 20, NULL}),
		0.01);
	near(schedule_lr(&u, 0.1, &(struct schedule_at){.step = 1, .steps_total = 10}), 0.075);
	schedule_validated(&u, 1, numbers);
	schedule_validated(&u, 1, numbers);
	near(schedule_lr(&u, 0.1, &at), 0.1);
	at.step = 4;
	near(schedule_lr(&u, 0.1, &at), 0.05);
	component_use_release(&u);
}

static int check_faults(const char *json)
{
	struct component_use u = use_of(COMPONENT_SCHEDULE, "WarmUp", json);
	struct problems ps = {0};
	int n;

	((const struct schedule_ops *)u.c->ops)->check(u.args, "file", "path", &ps);
	n = problems_errors(&ps);
	problems_release(&ps);
	component_use_release(&u);
	return n;
}

static void test_warm_up_faults(void **state)
{
	(void)state;
	assert_int_equal(check_faults("{\"warmup_steps\": 1}"), 0);
	assert_int_equal(check_faults(NULL), 1);
	assert_int_equal(check_faults("{\"warmup_steps\": 1, \"warmup_epochs\": 1}"), 1);
	assert_int_equal(check_faults("{\"warmup_steps\": 1, \"policy\": \"ReducePoly\"}"), 1);
	assert_int_equal(
		check_faults("{\"warmup_steps\": 1, \"policy\": {\"name\": \"WarmUp\"}}"), 1);
	assert_int_equal(
		check_faults("{\"warmup_steps\": 1, \"policy\": {\"name\": \"StepLR\"}}"), 1);
	assert_int_equal(check_faults("{\"warmup_steps\": 1, \"policy\": {\"name\": \"StepLR\", "
				      "\"args\": {\"step_size\": 3}}}"),
		0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_constant),
		cmocka_unit_test(test_poly),
		cmocka_unit_test(test_decay),
		cmocka_unit_test(test_cosine),
		cmocka_unit_test(test_torch),
		cmocka_unit_test(test_plateau),
		cmocka_unit_test(test_warm_up),
		cmocka_unit_test(test_warm_up_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
