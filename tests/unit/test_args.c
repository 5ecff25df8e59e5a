/*
 * Argument tables and strict JSON: values, defaults, and every kind of fault.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/args.h"
#include "core/base/json.h"
#include "core/base/mem.h"

struct demo {
	int64_t size[3];
	struct strlist fields;
	struct numlist nf;
	double prob;
	bool on;
	int64_t count;
	char *name;
	int mode;
};

static const char *const demo_modes[] = {"constant", "gaussian", NULL};

static const struct arg_def demo_defs[] = {
	{"size", ARG_INT3, offsetof(struct demo, size), .flags = ARG_REQUIRED, .min = 1,
		.max = 512},
	{"fields", ARG_STRLIST, offsetof(struct demo, fields), .def = "\"image\"", .alias = "keys"},
	{"nf", ARG_INTLIST, offsetof(struct demo, nf), .def = "\"1,2\""},
	{"probability", ARG_FLOAT, offsetof(struct demo, prob), .def = "0.5", .min = 0, .max = 1},
	{"on", ARG_BOOL, offsetof(struct demo, on), .def = "true"},
	{"count", ARG_INT, offsetof(struct demo, count)},
	{"name", ARG_STRING, offsetof(struct demo, name)},
	{"mode", ARG_CHOICE, offsetof(struct demo, mode), .choices = demo_modes},
	ARG_END,
};

static int parse(const char *text, struct demo *d, struct problems *ps)
{
	struct err e = ERR_INIT;
	cJSON *j = json_parse(text, strlen(text), "t.json", &e);
	int rc;

	assert_non_null(j);
	*d = (struct demo){0};
	rc = args_parse(demo_defs, j, d, "Demo", "t.json", "train.x.args", ps);
	cJSON_Delete(j);
	return rc;
}

static void test_values_and_defaults(void **state)
{
	struct problems ps = {0};
	struct demo d;

	(void)state;
	assert_int_equal(parse("{\"size\": [4,5,6], \"keys\": [\"a\",\"b\"], \"nf\": \"32, 64\", "
			       "\"mode\": \"gaussian\", \"name\": \"n\", \"__off\": 3}",
				 &d, &ps),
		0);
	assert_int_equal(ps.n, 0);
	assert_int_equal(d.size[2], 6);
	assert_int_equal(d.fields.n, 2);
	assert_string_equal(d.fields.v[1], "b");
	assert_int_equal(d.nf.n, 2);
	assert_true(d.nf.v[1] == 64);
	assert_true(d.prob == 0.5);
	assert_true(d.on);
	assert_int_equal(d.mode, 1);
	assert_string_equal(d.name, "n");
	args_release(demo_defs, &d);
	assert_null(d.name);
}

static void test_all_faults_are_reported(void **state)
{
	struct problems ps = {0};
	struct buf b = {0};
	struct demo d;

	(void)state;
	assert_int_equal(
		parse("{\"probabilty\": 1, \"count\": \"4\", \"on\": 1, \"mode\": \"gausian\","
		      " \"a_offset\": 200}",
			&d, &ps),
		-1);
	assert_int_equal(problems_errors(&ps), 5); /* size missing as well */
	assert_int_equal(problems_warnings(&ps), 1);
	problems_format(&ps, &b);
	assert_non_null(strstr(b.p, "t.json: train.x.args.probabilty: error: unknown argument "
				    "'probabilty' of Demo (did you mean 'probability'?)"));
	assert_non_null(strstr(b.p, "whole number expected for 'count' of Demo, found string"));
	assert_non_null(strstr(b.p, "did you mean 'gaussian'?"));
	assert_non_null(strstr(b.p, "Demo needs the argument 'size'"));
	assert_non_null(strstr(b.p, "warning: Demo has no argument 'a_offset'"));
	args_release(demo_defs, &d);
	problems_release(&ps);
	buf_release(&b);
}

static void test_ranges(void **state)
{
	struct problems ps = {0};
	struct demo d;

	(void)state;
	assert_int_equal(parse("{\"size\": 0}", &d, &ps), -1);
	args_release(demo_defs, &d);
	assert_int_equal(parse("{\"size\": [1.5,1,1]}", &d, &ps), -1);
	args_release(demo_defs, &d);
	assert_int_equal(parse("{\"size\": [1,1], \"probability\": 1.5}", &d, &ps), -1);
	args_release(demo_defs, &d);
	assert_int_equal(problems_errors(&ps), 4);
	problems_release(&ps);
}

static void expect_refused(const char *text, const char *what)
{
	struct err e = ERR_INIT;
	cJSON *j = json_parse(text, strlen(text), "t.json", &e);

	assert_null(j);
	assert_int_equal(e.code, ERR_DATA);
	if (!strstr(e.msg, what))
		fail_msg("'%s' does not say '%s'", e.msg, what);
}

static void test_json_is_strict(void **state)
{
	char deep[200];

	(void)state;
	expect_refused("", "empty");
	expect_refused("{\n  \"use_amp\": ture\n}", "line 2, column 14");
	expect_refused("{\"a\": 1,}", "line 1");
	expect_refused("{\"a\": 1} x", "column 10");
	expect_refused("{\"a\": 1, \"b\": {\"c\": 1, \"c\": 2}}", "'c' stands twice");
	expect_refused(
		"{\"a\": \"\\\"c\\\":\",\n\"c\": {\"c\": 0},\n\n\"c\": 2}", "in lines 2 and 4");
	expect_refused("{\"d\": 1, \"\\u0064\": 2}", "'d' stands twice");
	expect_refused("{\"a\": 1e999}", "out of range");
	expect_refused("{\"a\": \"x\\u0000y\"}", "\\u0000");
	memset(deep, '[', 100);
	memset(deep + 100, ']', 99);
	deep[199] = '\0';
	expect_refused(deep, "deeper than 64");
}

static void test_json_accepts_bom_and_crlf(void **state)
{
	const char *text = "\xef\xbb\xbf{\r\n\"a\": [1, 2]\r\n}\r\n";
	struct err e = ERR_INIT;
	cJSON *j = json_parse(text, strlen(text), "t.json", &e);

	(void)state;
	assert_non_null(j);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "a")), 2);
	cJSON_Delete(j);
}

static void test_json_numbers_read_back(void **state)
{
	const double values[] = {0.1, 1e-4, 1.0 / 3.0, 123456789.0, 5e-324, -0.25};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct buf b = {0};

		json_add_num(&b, values[i]);
		assert_true(strtod(b.p, NULL) == values[i]);
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_and_defaults),
		cmocka_unit_test(test_all_faults_are_reported),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_json_is_strict),
		cmocka_unit_test(test_json_accepts_bom_and_crlf),
		cmocka_unit_test(test_json_numbers_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
