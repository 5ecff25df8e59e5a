/*
 * Components from outside: every type of argument, volumes of another size, random
 * numbers, a network that does not fit, and paths that are refused.  The component is
 * compiled by the test into an MMAR of its own.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/custom/custom.h"
#include "core/loss/loss.h"
#include "core/net/net.h"
#include "core/transform/transform.h"

static const char source[] =
	"#include <string.h>\n"
	"#include \"axial_custom.h\"\n"
	"enum { FIELDS, FLAG, COUNT, RATIO, WORD, NUMBERS, WORDS, TWICE };\n"
	"static const struct axial_arg args[] = {\n"
	" {.name = \"fields\", .type = AXIAL_FIELDS, .required = 1},\n"
	" {.name = \"flag\", .type = AXIAL_BOOL, .def = \"true\"},\n"
	" {.name = \"count\", .type = AXIAL_INT, .def = \"3\", .min = 0, .max = 9},\n"
	" {.name = \"ratio\", .type = AXIAL_FLOAT},\n"
	" {.name = \"word\", .type = AXIAL_STRING},\n"
	" {.name = \"numbers\", .type = AXIAL_NUMBERS, .def = \"[1, 2.5]\"},\n"
	" {.name = \"words\", .type = AXIAL_STRINGS},\n"
	" {.name = \"twice\", .type = AXIAL_BOOL},\n"
	" {0}};\n"
	/* Writes what it was given into the first voxels; with twice, doubles the size in x. */
	"static void apply(const struct axial_value *a, struct axial_volume *v, int n,\n"
	" float *(*resize)(struct axial_volume *, int, const int *), struct axial_call *call)\n"
	"{\n"
	" if (a[WORD].text && !strcmp(a[WORD].text, \"fail\")) {\n"
	"  call->fail(call, \"told to\");\n"
	"  return;\n"
	" }\n"
	" for (int i = 0; i < n; i++) {\n"
	"  float *d = v[i].data;\n"
	"  if (a[TWICE].number) {\n"
	"   int size[3] = {2 * v[i].size[0], v[i].size[1], v[i].size[2]};\n"
	"   d = resize(&v[i], v[i].channels, size);\n"
	"   memset(d, 0, sizeof(*d) * (size_t)(size[0] * size[1] * size[2] * v[i].channels));\n"
	"   v[i].affine[0][0] /= 2;\n"
	"  }\n"
	"  d[0] = (float)a[FLAG].number, d[1] = (float)a[COUNT].number, d[2] = (float)a[RATIO].number;\n"
	"  d[3] = (float)a[NUMBERS].n, d[4] = a[NUMBERS].n ? (float)a[NUMBERS].list[1] : 0;\n"
	"  d[5] = (float)a[WORDS].n, d[6] = a[WORDS].n ? (float)strlen(a[WORDS].texts[0]) : 0;\n"
	"  d[7] = (float)call->uniform(call);\n"
	" }\n"
	"}\n"
	"static const struct axial_transform random = {.random = 1, .apply = apply};\n"
	"static const struct axial_transform fixed = {.apply = apply};\n"
	"AXIAL_COMPONENT(Random, .kind = AXIAL_TRANSFORM, .args = args, .transform = &random);\n"
	"AXIAL_COMPONENT(Fixed, .kind = AXIAL_TRANSFORM, .args = args, .transform = &fixed);\n"
	"AXIAL_COMPONENT(Empty, .kind = AXIAL_LOSS, .args = args);\n"
	"static const struct axial_arg wrong[] = {{.name = \"a\", .type = AXIAL_INT, .def = \"x\"}, {0}};\n"
	"AXIAL_COMPONENT(Wrong, .kind = AXIAL_TRANSFORM, .args = wrong, .transform = &fixed);\n"
	"static int classes(const struct axial_value *a) { (void)a; return 2; }\n"
	"static struct axial_node *build(const struct axial_value *a, const struct axial_layers *l,\n"
	" struct axial_node *x, struct axial_node **p, struct axial_call *call)\n"
	"{\n"
	" (void)a, (void)call;\n"
	" x = l->relu(l, l->conv(l, x, \"c\", 3, 99, 1, 1));\n"
	" return *p = l->softmax(l, x);\n"
	"}\n"
	"static const struct axial_network net = {.classes = classes, .build = build};\n"
	"AXIAL_COMPONENT(Net, .kind = AXIAL_NETWORK, .network = &net);\n";

static char root[64]; /* lint: global, set up once */

static int setup(void **state)
{
	struct err err = ERR_INIT;
	char *dir, *path;

	(void)state;
	strcpy(root, "/tmp/axial-custom-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	dir = sys_join(root, "custom");
	path = sys_join(dir, "own.c");
	if (sys_mkdirs(dir, &err) || sys_write_file(path, source, strlen(source), &err) ||
		custom_compile(root, "own", &err)) {
		print_message("%s\n", err.msg);
		return -1;
	}
	free(dir);
	free(path);
	return 0;
}

static int teardown(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	return sys_remove_tree(root, &err);
}

static struct component_use own(enum component_kind kind, const char *name, const char *json)
{
	char *text = mem_printf("custom/own.so:%s", name);
	struct component_use u = {0};
	struct problems ps = {0};
	struct err err = ERR_INIT;
	const struct component *c = custom_load(kind, root, text, &err);
	cJSON *args = cJSON_Parse(json);

	if (!c)
		fail_msg("%s", err.msg);
	if (component_use_init(&u, c, args, NULL, "file", "path", &ps))
		fail_msg("%s", ps.v[0].text);
	problems_release(&ps);
	cJSON_Delete(args);
	free(text);
	return u;
}

static struct sample *small_sample(void)
{
	struct err err = ERR_INIT;
	struct sample *s = sample_new("case");
	struct volume *v = volume_new(1, (int[3]){2, 2, 2}, &err);

	assert_non_null(v);
	memset(v->data, 0, 8 * sizeof(float));
	assert_int_equal(sample_set(s, "image", v, &err), 0);
	return s;
}

static void test_arguments(void **state)
{
	struct component_use u = own(COMPONENT_TRANSFORM, "Random",
		"{\"fields\": \"image\", \"flag\": false, \"ratio\": 0.5, \"words\": [\"four\", \"x\"]}");
	struct rng r = rng_stream(1, 2, 3, 4), same = r;
	struct sample *s = small_sample();
	struct err err = ERR_INIT;
	const float *d;

	(void)state;
	if (transform_apply(&u, s, &r, &err))
		fail_msg("%s", err.msg);
	d = s->field[0].vol->data;
	assert_true(d[0] == 0 && d[1] == 3 && d[2] == 0.5f);
	assert_true(d[3] == 2 && d[4] == 2.5f && d[5] == 2 && d[6] == 4);
	assert_true(d[7] == (float)rng_uniform(&same));
	assert_false(transform_is_deterministic(&u));
	sample_free(s);
	component_use_release(&u);
}

static void test_size(void **state)
{
	struct component_use u = own(COMPONENT_TRANSFORM, "Random",
		"{\"fields\": [\"image\"], \"twice\": true, \"count\": 7}");
	struct rng r = rng_stream(1, 2, 3, 4);
	struct sample *s = small_sample();
	struct err err = ERR_INIT;
	struct volume *v;

	(void)state;
	if (transform_apply(&u, s, &r, &err))
		fail_msg("%s", err.msg);
	v = sample_volume(s, "image", &err);
	assert_int_equal(v->dim[0], 4);
	assert_int_equal(v->dim[1], 2);
	assert_true(v->affine[0][0] == 0.5 && v->data[1] == 7 && v->data[15] == 0);
	sample_free(s);
	component_use_release(&u);
}

static void test_faults(void **state)
{
	struct component_use u =
		own(COMPONENT_TRANSFORM, "Random", "{\"fields\": \"image\", \"word\": \"fail\"}");
	struct rng r = rng_stream(1, 2, 3, 4);
	struct sample *s = small_sample();
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(transform_apply(&u, s, &r, &err), -1);
	assert_non_null(strstr(err.msg, "told to"));
	component_use_release(&u);
	u = own(COMPONENT_TRANSFORM, "Random", "{\"fields\": \"nothing\"}");
	err = (struct err)ERR_INIT;
	assert_int_equal(transform_apply(&u, s, &r, &err), -1);
	assert_non_null(strstr(err.msg, "nothing"));
	component_use_release(&u);
	u = own(COMPONENT_TRANSFORM, "Fixed", "{\"fields\": \"image\"}");
	err = (struct err)ERR_INIT;
	assert_true(transform_is_deterministic(&u));
	assert_int_equal(transform_apply(&u, s, &r, &err), -1);
	assert_non_null(strstr(err.msg, ".random = 1"));
	component_use_release(&u);
	sample_free(s);
}

static void test_network(void **state)
{
	struct component_use u = own(COMPONENT_NETWORK, "Net", "{}");
	const struct net_ops *ops = u.c->ops;
	struct graph *g = graph_new();
	struct shape s = shape5(1, 4, 4, 4, 1);
	struct err err = ERR_INIT;
	struct node *image = graph_input(g, "image", &s, &err);
	struct net_out out;

	(void)state;
	assert_int_equal(ops->classes(u.args), 2);
	assert_int_equal(ops->build(u.args, g, image, &out, &err), -1);
	assert_non_null(strstr(err.msg, "kernel and stride in 1 .. 31"));
	graph_free(g);
	component_use_release(&u);
}

static void refused(enum component_kind kind, const char *text, const char *why)
{
	struct err err = ERR_INIT;

	assert_null(custom_load(kind, root, text, &err));
	if (!strstr(err.msg, why))
		fail_msg("'%s' is refused with: %s", text, err.msg);
}

static void test_refusals(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	refused(COMPONENT_LOSS, "custom/own.so:Empty", "lacks the functions of a loss");
	refused(COMPONENT_TRANSFORM, "custom/own.so:Wrong", "the default is no JSON");
	refused(COMPONENT_METRIC, "custom/own.so:Net", "it is a network, a metric is expected");
	refused(COMPONENT_INFERER, "custom/own.so:Net", "it is a network");
	refused(COMPONENT_LOSS, "custom/own.so:", "only files in the folder custom");
	refused(COMPONENT_LOSS, "custom/own.so:a.b", "only files in the folder custom");
	refused(COMPONENT_LOSS, "custom/none.so:X", "axial custom build");
	refused(COMPONENT_LOSS, "custom/..so:X", "only files in the folder custom");
	refused(COMPONENT_LOSS, "custom/../custom/own.so:Empty", "only files in the folder custom");
	custom_set_root(NULL);
	assert_null(custom_find(COMPONENT_NETWORK, "custom/own.so:Net", &err));
	assert_non_null(strstr(err.msg, "name it with -m"));
	custom_set_root(root);
	assert_non_null(custom_find(COMPONENT_NETWORK, "custom/own.so:Net", &err));
	custom_set_root(NULL);
}

static void test_exports(void **state)
{
	struct err err = ERR_INIT;
	char **names;
	int n = custom_exports(root, "own", &names, &err);

	(void)state;
	assert_int_equal(n, 5);
	assert_string_equal(names[0], "Random");
	assert_string_equal(names[4], "Net");
	sys_free_names(names, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_exports),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
