/*
 * Editing configurations: what was not edited stays byte for byte, what was typed is
 * checked by the same tables as a training, and the tree shows what the tables know.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "tui/config_file.h"
#include "tui/config_rows.h"

static const char sample[] =
	"{\n"
	"  \"epochs\": 1,\n"
	"  \"learning_rate\": 1e-4,\r\n"
	"  \"_note\" : \"kept \\u00e4 {as} is\",\n"
	"  \"use_amp\": false,   \"odd\":[1,2 ,3],\n"
	"  \"train\": {\"loss\": {\"name\": \"Dice\"},\n"
	"    \"pre_transforms\": [\n"
	"      { \"name\": \"ScaleIntensityRange#A\",\n"
	"        \"args\": {\n"
	"          \"fields\": \"image\",\n"
	"          \"a_min\": -57, \"a_max\": 164.0,\n"
	"          \"b_min\": 0.0, \"b_max\": 1.0,\n"
	"          \"clip\": true\n"
	"        }\n"
	"      },\n"
	"      { \"name\": \"RandomSpatialFlip\", \"disabled\": true, \"x\": {} }\n"
	"    ]\n"
	"  }\n"
	"}\n";

static void open_sample(struct json_text *t)
{
	struct err err = ERR_INIT;

	assert_int_equal(json_text_init(t, sample, strlen(sample), "sample", &err), 0);
}

static int at(const struct json_text *t, const char *path)
{
	int node = json_text_find(t, path);
	char *back = json_text_path(t, node);

	assert_string_equal(back, path);
	free(back);
	return node;
}

/* The text must be the sample with one piece exchanged. */
static void expect(const struct json_text *t, const char *was, const char *is)
{
	const char *p = strstr(sample, was);
	struct buf b = {0};

	assert_non_null(p);
	buf_add(&b, sample, (size_t)(p - sample));
	buf_puts(&b, is);
	buf_puts(&b, p + strlen(was));
	assert_string_equal(t->text, b.p);
	buf_release(&b);
}

static void test_replace_keeps_the_rest(void **state)
{
	struct json_text t;
	struct err err = ERR_INIT;

	(void)state;
	open_sample(&t);
	assert_int_equal(json_text_replace(&t, at(&t, "epochs"), "250", &err), 0);
	expect(&t, "\"epochs\": 1,", "\"epochs\": 250,");
	json_text_release(&t);
	open_sample(&t);
	assert_int_equal(
		json_text_replace(&t, at(&t, "train.pre_transforms.#1.args.a_max"), "2e2", &err),
		0);
	expect(&t, "164.0", "2e2");
	json_text_release(&t);
}

static void test_add(void **state)
{
	struct json_text t;
	struct err err = ERR_INIT;

	(void)state;
	open_sample(&t);
	/* On a line of its own, as its sibling; on the same line, as its sibling; first of all. */
	assert_int_equal(json_text_add(&t, at(&t, "train.pre_transforms.#1.args"), "dtype",
				 "\"float\"", &err),
		0);
	expect(&t, "\"clip\": true\n", "\"clip\": true,\n          \"dtype\": \"float\"\n");
	json_text_release(&t);
	open_sample(&t);
	assert_int_equal(json_text_add(&t, at(&t, "train.loss"), "disabled", "true", &err), 0);
	expect(&t, "{\"name\": \"Dice\"}", "{\"name\": \"Dice\", \"disabled\": true}");
	json_text_release(&t);
	open_sample(&t);
	assert_int_equal(json_text_add(&t, at(&t, "train.pre_transforms.#2.x"), "y", "1", &err), 0);
	expect(&t, "\"x\": {}", "\"x\": {\"y\": 1}");
	json_text_release(&t);
}

static void test_remove(void **state)
{
	struct json_text t;
	struct err err = ERR_INIT;

	(void)state;
	open_sample(&t);
	assert_int_equal(json_text_remove(&t, at(&t, "use_amp"), &err), 0);
	expect(&t, ",\n  \"use_amp\": false", "");
	json_text_release(&t);
	open_sample(&t);
	assert_int_equal(json_text_remove(&t, at(&t, "epochs"), &err), 0);
	expect(&t, "\"epochs\": 1,\n  ", "");
	json_text_release(&t);
	open_sample(&t);
	assert_int_equal(json_text_remove(&t, at(&t, "train.loss.name"), &err), 0);
	expect(&t, "{\"name\": \"Dice\"}", "{}");
	assert_int_not_equal(json_text_remove(&t, 0, &err), 0);
	json_text_release(&t);
}

static void test_refused_edit_changes_nothing(void **state)
{
	static const char *const bad[] = {"", "1 2", "{", "nan", "\"open", "1}, \"x\": {", "tru"};
	struct json_text t;
	struct err err = ERR_INIT;

	(void)state;
	open_sample(&t);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int node = at(&t, "epochs");

		assert_int_not_equal(json_text_replace(&t, node, bad[i], &err), 0);
		assert_string_equal(t.text, sample);
	}
	json_text_release(&t);
	assert_int_not_equal(json_text_init(&t, "{\"a\":1,}", 8, "broken.json", &err), 0);
	assert_non_null(strstr(err.msg, "broken.json"));
}

/* Every value of the tree replaced by itself must give the same bytes. */
static void test_identity(void **state)
{
	struct json_text t;
	struct err err = ERR_INIT;

	(void)state;
	open_sample(&t);
	for (int i = 0; i < t.n; i++) {
		char *raw = json_text_raw(&t, i);

		assert_int_equal(json_text_replace(&t, i, raw, &err), 0);
		assert_string_equal(t.text, sample);
		free(raw);
	}
	json_text_release(&t);
}

static void parse(const struct arg_def *def, const char *old, const char *typed, const char *want)
{
	struct err err = ERR_INIT;
	char *json = NULL;
	int rc = schema_parse(def, old, typed, &json, &err);

	if (want) {
		assert_int_equal(rc, 0);
		assert_string_equal(json, want);
	} else {
		assert_int_not_equal(rc, 0);
		assert_true(strlen(err.msg) > 4);
	}
	free(json);
}

static void test_typed_values(void **state)
{
	static const char *const modes[] = {"constant", "gaussian", NULL};
	static const struct arg_def b = {"flag", ARG_BOOL}, s = {"text", ARG_STRING},
				    i = {"n", ARG_INT, .min = 1, .max = 10},
				    f = {"x", ARG_FLOAT, .min = 0, .max = 1},
				    i3 = {"size", ARG_INT3, .min = 1, .max = 512},
				    c = {"mode", ARG_CHOICE, .choices = modes},
				    l = {"fields", ARG_STRLIST}, n = {"nf", ARG_INTLIST};

	(void)state;
	parse(&b, "true", "no", "false");
	parse(&b, "true", "maybe", NULL);
	parse(&i, "1", "7", "7");
	parse(&i, "1", "11", NULL);
	parse(&i, "1", "1.5", NULL);
	parse(&i, "1", "seven", NULL);
	parse(&i, "1", "{EPOCHS}", "\"{EPOCHS}\"");
	parse(&f, "0.1", "1e-4", "1e-4");
	parse(&f, "0.1", "2", NULL);
	parse(&i3, "[1, 1, 1]", "64 64 32", "[64, 64, 32]");
	parse(&i3, "[1, 1, 1]", "[64,64,32]", "[64,64,32]");
	parse(&i3, "[1, 1, 1]", "64 64", NULL);
	parse(&i3, "[1, 1, 1]", "64 0 64", NULL);
	parse(&c, "\"constant\"", "gaussian", "\"gaussian\"");
	parse(&c, "\"constant\"", "gauss", NULL);
	parse(&l, "[\"image\"]", "image,label", "\"image,label\"");
	parse(&n, "\"32,64\"", "16,32,64", "\"16,32,64\"");
	parse(&s, "\"a\"", "with \"quotes\"", "\"with \\\"quotes\\\"\"");
	parse(NULL, "\"a\"", "word", "\"word\"");
	parse(NULL, "1", "word", NULL);
	parse(NULL, "1", "{\"a\": 1}", "{\"a\": 1}");
}

static const struct config_row *row(const struct config_rows *r, const char *path)
{
	for (int i = 0; i < r->n; i++)
		if (!strcmp(r->v[i].path, path))
			return &r->v[i];
	return NULL;
}

static void test_rows(void **state)
{
	struct config_rows r = {0};
	struct folds f = {0};
	struct problems ps = {0};
	struct json_text t;
	const struct config_row *x;

	(void)state;
	open_sample(&t);
	problems_add(&ps, PROBLEM_ERROR, ERR_DATA, "c.json", "train.pre_transforms.#1.args.a_min",
		NULL, "wrong");
	config_rows_build(&r, &t, CONFIG_TRAIN, &f, true, &ps, "c.json");
	assert_non_null(row(&r, "epochs")->def);
	assert_int_equal(row(&r, "num_training_epoch_per_valid")->kind, ROW_DEFAULT);
	x = row(&r, "train.pre_transforms.#1");
	assert_int_equal(x->kind, ROW_COMPONENT);
	assert_non_null(x->c);
	assert_true(x->folded);
	assert_int_equal(x->problems, 1);
	assert_true(row(&r, "train.pre_transforms.#2")->disabled);
	assert_null(row(&r, "train.pre_transforms.#1.args.a_min"));
	/* Going to a place opens what is above it. */
	config_unfold_to(&t, &f, "train.pre_transforms.#1.args.a_min");
	config_rows_build(&r, &t, CONFIG_TRAIN, &f, true, &ps, "c.json");
	x = row(&r, "train.pre_transforms.#1.args.a_min");
	assert_non_null(x);
	assert_int_equal(x->problems, 1);
	assert_ptr_equal(&r.v[config_rows_find(&r, "train.pre_transforms.#1.args.a_min")], x);
	config_rows_release(&r);
	folds_release(&f);
	problems_release(&ps);
	json_text_release(&t);
}

static char *temp_dir(void)
{
	char *dir = mem_strdup("/tmp/axial-test-config-XXXXXX");

	assert_non_null(mkdtemp(dir));
	return dir;
}

static struct config_save *saving(const char *path, const char *before, const char *text)
{
	struct config_save *s = mem_zalloc(sizeof(*s));

	s->path = mem_strdup(path);
	buf_puts(&s->before, before);
	buf_puts(&s->text, text);
	return s;
}

static void expect_file(const char *path, const char *text)
{
	struct buf b = {0};
	struct err err = ERR_INIT;

	assert_int_equal(sys_read_file(path, 1 << 20, &b, &err), 0);
	assert_string_equal(b.p, text);
	buf_release(&b);
}

static void test_save_keeps_a_backup(void **state)
{
	char *dir = temp_dir(), *path = sys_join(dir, "c.json"), *bak = sys_join(dir, "c.json.bak");
	struct err err = ERR_INIT;
	struct config_save *s;

	(void)state;
	assert_int_equal(sys_write_file(path, "{}", 2, &err), 0);
	s = saving(path, "{}", "{\"a\": 1}");
	config_save_work(s);
	assert_int_equal(s->err.code, 0);
	expect_file(path, "{\"a\": 1}");
	expect_file(bak, "{}");
	config_save_drop(s);
	/* Somebody else wrote it in the meantime. */
	s = saving(path, "{}", "{\"b\": 2}");
	config_save_work(s);
	assert_true(s->changed);
	expect_file(path, "{\"a\": 1}");
	s->force = true;
	s->changed = false;
	config_save_work(s);
	assert_false(s->changed);
	expect_file(path, "{\"b\": 2}");
	expect_file(bak, "{\"a\": 1}");
	config_save_drop(s);
	assert_int_equal(sys_remove_tree(dir, &err), 0);
	free(bak);
	free(path);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replace_keeps_the_rest),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_refused_edit_changes_nothing),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_typed_values),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_save_keeps_a_backup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
