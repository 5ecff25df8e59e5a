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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_constant),
		cmocka_unit_test(test_poly),
		cmocka_unit_test(test_decay),
		cmocka_unit_test(test_cosine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
