/*
 * The parts of the bench that a wrong figure could come from: the noise guard on texts as
 * the kernel writes them, medians and spreads, and the choice of sections.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "tests/bench/lib/bench.h"
#include "tests/bench/lib/noise.h"

static void busy_is_all_but_idle_and_waiting(void **state)
{
	/* user nice system idle iowait irq softirq steal guest guest_nice */
	static const char stat[] = "cpu  1000 200 300 99999 8888 10 20 70 500 5\n"
				   "cpu0 500 100 150 50000 4444 5 10 35 250 2\n";

	(void)state;
	assert_float_equal(noise_busy(stat, 100), 16.0, 1e-9); /* guests are in user already */
	assert_float_equal(noise_busy("cpu  100 0 0 7 7 0 0\n", 100), 1.0, 1e-9);
	assert_true(noise_busy("cpu0 1 2 3 4 5 6 7 8\n", 100) < 0);
	assert_true(noise_busy("", 100) < 0);
	assert_true(noise_busy("cpu 1 2 3\n", 100) < 0);
}

static void process_time_is_found_after_any_name(void **state)
{
	static const char plain[] = "42 (python3) S 1 42 42 0 -1 4194304 100 0 0 0 300 50 7 3 20 0";
	static const char odd[] =
		"42 (a) R 9 (b) S 1 42 42 0 -1 4194304 100 0 0 0 300 50 7 3 20 0 1";

	(void)state;
	assert_float_equal(noise_process(plain, 100), 3.6, 1e-9);
	assert_float_equal(noise_process(odd, 100), 3.6, 1e-9);
	assert_true(noise_process("42 (python3) S 1", 100) < 0);
	assert_true(noise_process("", 100) < 0);
}

static void others_are_what_is_not_ours(void **state)
{
	const struct noise begin = {.wall = 100, .busy = 50, .own = 7};
	struct noise end = {.wall = 110, .busy = 68, .own = 24};
	volatile double sink = 0;

	(void)state;
	assert_float_equal(noise_between(&begin, &end), 0.1, 1e-9);
	end.own = 30; /* ticks are coarse: never below 0 */
	assert_float_equal(noise_between(&begin, &end), 0, 1e-9);
	end.busy = -1;
	assert_float_equal(noise_between(&begin, &end), 0, 1e-9);
	for (int i = 0; i < 30000000; i++)
		sink += i;
	noise_begin(&end, 0);
	assert_true(end.own > 0 && end.busy > 0); /* this system says both */
}

static void medians_and_spreads(void **state)
{
	struct samples s = {0};
	cJSON *json;

	(void)state;
	assert_true(isnan(samples_at(&s, 0.5)));
	for (int i = 10; i >= 0; i--)
		samples_add(&s, i);
	assert_float_equal(samples_at(&s, 0.5), 5, 1e-12);
	assert_float_equal(samples_at(&s, 0.1), 1, 1e-12);
	assert_float_equal(samples_at(&s, 0.95), 9.5, 1e-12);
	assert_float_equal(samples_at(&s, 1), 10, 1e-12);
	json = samples_json(&s);
	assert_float_equal(cJSON_GetObjectItem(json, "p90")->valuedouble, 9, 1e-12);
	assert_int_equal(cJSON_GetObjectItem(json, "n")->valueint, 11);
	report_number(json, "none", NAN);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "none")));
	cJSON_Delete(json);
	samples_release(&s);
}

static void ratios_are_judged(void **state)
{
	struct bench b = {.report = cJSON_CreateObject()};
	const cJSON *text;

	(void)state;
	cJSON_AddObjectToObject(b.report, "targets");
	text = cJSON_AddArrayToObject(b.report, "text");
	bench_ratio(&b, "good", 3.0, 3);
	bench_ratio(&b, "bad", 2.99, 3);
	bench_ratio(&b, "none", NAN, 3);
	assert_int_equal(cJSON_GetArraySize(text), 2);
	assert_non_null(strstr(cJSON_GetArrayItem(text, 0)->valuestring, ": met"));
	assert_non_null(strstr(cJSON_GetArrayItem(text, 1)->valuestring, ": not met"));
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(b.report, "none")));
	cJSON_Delete(b.report);
}

static void lists_of_words(void **state)
{
	(void)state;
	assert_true(bench_chosen(NULL, "step"));
	assert_true(bench_chosen("data,step", "step"));
	assert_true(bench_chosen("step,data", "step"));
	assert_false(bench_chosen("steps,data", "step"));
	assert_false(bench_chosen("data", "step"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(busy_is_all_but_idle_and_waiting),
		cmocka_unit_test(process_time_is_found_after_any_name),
		cmocka_unit_test(others_are_what_is_not_ours),
		cmocka_unit_test(medians_and_spreads),
		cmocka_unit_test(ratios_are_judged),
		cmocka_unit_test(lists_of_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
