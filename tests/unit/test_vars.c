/*
 * Variables of a configuration: layers, values of --set, substitution, faults.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/mmar/vars.h"

static cJSON *json(const char *text)
{
	struct err e = ERR_INIT;
	cJSON *j = json_parse(text, strlen(text), "t", &e);

	if (!j)
		fail_msg("%s", e.msg);
	return j;
}

/* Variables from texts; NULL: none. */
static int build(struct vars *v, const char *config, const char *env, const char *const *sets,
	int nsets, struct problems *ps)
{
	cJSON *c = config ? json(config) : NULL, *e = env ? json(env) : NULL;
	struct vars_input in = {.mmar_root = "/m",
		.config = c,
		.config_file = "config.json",
		.env = e,
		.env_file = "env.json",
		.sets = sets,
		.nsets = nsets};
	int rc = vars_build(v, &in, ps);

	cJSON_Delete(c);
	cJSON_Delete(e);
	return rc;
}

static void test_set_values(void **state)
{
	static const struct {
		const char *text;
		char kind; /* n number, b bool, s string */
		double value;
	} rows[] = {{"3", 'n', 3}, {"-1", 'n', -1}, {"1", 'n', 1}, {"0", 'n', 0},
		{"1e-4", 'n', 1e-4}, {"0.5", 'n', 0.5}, {"true", 'b', 1}, {"False", 'b', 0},
		{"YES", 'b', 1}, {"off", 'b', 0}, {"t", 'b', 1}, {"n", 'b', 0}, {"", 's', 0},
		{"0x10", 's', 0}, {"3 ", 's', 0}, {"models/a", 's', 0}, {"truely", 's', 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cJSON *v = vars_parse_value(rows[i].text);

		switch (rows[i].kind) {
		case 'n':
			assert_true(cJSON_IsNumber(v));
			assert_true(v->valuedouble == rows[i].value);
			break;
		case 'b':
			assert_true(cJSON_IsBool(v));
			assert_int_equal(cJSON_IsTrue(v), (int)rows[i].value);
			break;
		default:
			assert_true(cJSON_IsString(v));
			assert_string_equal(v->valuestring, rows[i].text);
		}
		cJSON_Delete(v);
	}
}

static void test_rightmost_wins(void **state)
{
	static const char *const sets[] = {"epochs=3", "C=set", "C=again", "E"};
	struct problems ps = {0};
	struct vars v;

	(void)state;
	assert_int_equal(build(&v,
				 "{\"epochs\": 1, \"A\": \"conf\", \"B\": \"conf\", \"list\": [1], "
				 "\"_x\": 1, \"determinism\": {\"random_seed\": 7}}",
				 "{\"B\": \"env\", \"C\": \"env\", \"_y\": 2}", sets, 4, &ps),
		0);
	assert_int_equal((int)vars_num(&v, "epochs", 0), 3);
	assert_string_equal(vars_str(&v, "A", ""), "conf");
	assert_string_equal(vars_str(&v, "B", ""), "env");
	assert_string_equal(vars_str(&v, "C", ""), "again");
	assert_string_equal(vars_str(&v, "E", "x"), ""); /* no '=': empty */
	assert_null(vars_get(&v, "list"));
	assert_null(vars_get(&v, "_x"));
	assert_null(vars_get(&v, "_y"));
	assert_int_equal((int)json_num(vars_get(&v, "determinism"), "random_seed", 0), 7);
	assert_int_equal(vars_origin_of(&v, "epochs"), VARS_SET);
	assert_int_equal(vars_origin_of(&v, "A"), VARS_CONFIG);
	assert_int_equal(vars_origin_of(&v, "B"), VARS_ENV);
	assert_int_equal(vars_origin_of(&v, "nothing"), VARS_NONE);
	assert_int_equal(ps.n, 0);
	vars_release(&v);
}

static void test_mmar_prefix(void **state)
{
	static const char *const sets[] = {"MMAR_CKPT=models/a.safetensors", "MMAR_X="};
	struct problems ps = {0};
	struct vars v;

	(void)state;
	assert_int_equal(build(&v, "{\"MMAR_RAW\": \"raw\"}",
				 "{\"MMAR_CKPT_DIR\": \"models\", \"MMAR_ABS\": \"/abs\", "
				 "\"DATA_ROOT\": \"data\", \"IN\": \"{MMAR_CKPT_DIR}/x\"}",
				 sets, 2, &ps),
		0);
	assert_string_equal(vars_str(&v, "MMAR_ROOT", ""), "/m");
	assert_string_equal(vars_str(&v, "MMAR_CKPT_DIR", ""), "/m/models");
	assert_string_equal(vars_str(&v, "MMAR_ABS", ""), "/abs");
	assert_string_equal(vars_str(&v, "MMAR_CKPT", ""), "/m/models/a.safetensors");
	assert_string_equal(vars_str(&v, "MMAR_X", "?"), "");
	assert_string_equal(
		vars_str(&v, "MMAR_RAW", ""), "raw"); /* of the configuration: not joined */
	assert_string_equal(vars_str(&v, "DATA_ROOT", ""), "data");
	assert_string_equal(vars_str(&v, "IN", ""), "/m/models/x");
	vars_release(&v);
	problems_release(&ps);
}

static void test_substitute(void **state)
{
	static const char text[] =
		"{\"a\": \"{N}\", \"b\": [\"{B}\", {\"c\": \"x{S}y{N}z{F}\"}], \"d\": \"{{{S}}}\","
		" \"e\": \"{MISSING}\", \"f\": \"plain\", \"_g\": \"{\", \"h\": \"{S}\"}";
	struct problems ps = {0};
	struct vars v;
	cJSON *tree = json(text), *want;

	(void)state;
	assert_int_equal(build(&v, "{\"N\": 4, \"B\": true, \"S\": \"s\", \"F\": 0.0001}", NULL,
				 NULL, 0, &ps),
		0);
	assert_int_equal(vars_substitute(&v, tree, "t", "", &ps), 0);
	want = json(
		"{\"a\": 4, \"b\": [true, {\"c\": \"xsy4z0.0001\"}], \"d\": \"{s}\", \"e\": null,"
		" \"f\": \"plain\", \"_g\": \"{\", \"h\": \"s\"}");
	assert_true(cJSON_Compare(tree, want, 1));
	assert_int_equal(problems_errors(&ps), 0);
	assert_int_equal(problems_warnings(&ps), 1); /* {MISSING} alone: null, not silently */
	assert_string_equal(ps.v[0].path, "e");
	cJSON_Delete(want);
	cJSON_Delete(tree);
	vars_release(&v);
	problems_release(&ps);
}

static void test_substitute_faults(void **state)
{
	struct problems ps = {0};
	struct vars v;
	cJSON *tree = json("{\"p\": {\"q\": [1, \"{DATA_ROT}/x\"]}, \"r\": \"a{b\", \"s\": \"a}b\","
			   " \"t\": \"{0}\", \"u\": \"{L}/x\", \"ok\": \"{L}\"}");

	(void)state;
	assert_int_equal(
		build(&v, NULL, "{\"DATA_ROOT\": \"/d\", \"L\": [1, 2]}", NULL, 0, &ps), 0);
	assert_int_equal(vars_substitute(&v, tree, "t.json", "", &ps), -1);
	assert_int_equal(problems_errors(&ps), 5);
	assert_string_equal(ps.v[0].file, "t.json");
	assert_string_equal(ps.v[0].path, "p.q.#2");
	assert_non_null(strstr(ps.v[0].text, "'DATA_ROT'"));
	assert_non_null(strstr(ps.v[0].fix, "{DATA_ROOT}"));
	assert_string_equal(ps.v[1].path, "r");
	assert_string_equal(ps.v[2].path, "s");
	assert_string_equal(ps.v[3].path, "t");
	assert_string_equal(ps.v[4].path, "u");
	assert_true(cJSON_IsArray(cJSON_GetObjectItem(tree, "ok")));
	cJSON_Delete(tree);
	vars_release(&v);
	problems_release(&ps);
}

static void test_recursion_shows_chain(void **state)
{
	static const char *const sets[] = {"SELF={SELF}"};
	struct problems ps = {0};
	struct vars v;

	(void)state;
	assert_int_equal(
		build(&v, "{\"A\": \"x{B}\"}", "{\"B\": \"{C}\", \"C\": \"{A}/y\"}", sets, 1, &ps),
		-1);
	assert_int_equal(problems_errors(&ps), 4);
	assert_non_null(strstr(ps.v[0].text, "A -> B -> C -> A"));
	assert_string_equal(ps.v[0].file, "config.json");
	assert_string_equal(ps.v[3].file, "--set");
	assert_non_null(strstr(ps.v[3].text, "SELF -> SELF"));
	vars_release(&v);
	problems_release(&ps);
}

static void test_bad_sets(void **state)
{
	static const char *const sets[] = {"=3", "a b=1", "1x=2", "good=1"};
	struct problems ps = {0};
	struct vars v;

	(void)state;
	assert_int_equal(build(&v, NULL, NULL, sets, 4, &ps), -1);
	assert_int_equal(problems_errors(&ps), 3);
	assert_int_equal(problems_code(&ps), ERR_USAGE);
	assert_true(vars_bool(&v, "good", false));
	vars_release(&v);
	problems_release(&ps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_values),
		cmocka_unit_test(test_rightmost_wins),
		cmocka_unit_test(test_mmar_prefix),
		cmocka_unit_test(test_substitute),
		cmocka_unit_test(test_substitute_faults),
		cmocka_unit_test(test_recursion_shows_chain),
		cmocka_unit_test(test_bad_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
