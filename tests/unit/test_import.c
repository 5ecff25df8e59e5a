/*
 * Weights of PyTorch modules: the state dicts of tests/ref/modules.py (MONAI's nesting)
 * are imported, and our output equals the module's; what is missing, left over or of
 * another shape is listed; pickles are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/tensor/safetensors_read.h"
#include "core/tensor/safetensors_write.h"
#include "core/train/import.h"
#include "core/train/model.h"
#include "tests/unit/ref.h"

static struct err err;
static char dir[] = "/tmp/axial-import-XXXXXX";

static char *in_dir(const char *name)
{
	return mem_printf("%s/%s", dir, name);
}

/* The network that the file of state says it is. */
static cJSON *network_of(const char *path)
{
	struct safetensors *st = safetensors_open(path, &err);
	const char *text;
	cJSON *json;

	if (!st)
		fail_msg("%s", err.msg);
	text = safetensors_meta(st, "network");
	json = json_parse(text, strlen(text), path, &err);
	assert_non_null(json);
	safetensors_close(st);
	return json;
}

static int import(const char *path, const cJSON *network, bool zyx, const char *out,
	struct import_result *r, struct problems *ps)
{
	const struct import_options opt = {.network = network, .zyx = zyx};

	err = (struct err)ERR_INIT;
	*ps = (struct problems){0};
	return import_weights(path, &opt, out, r, ps, &err);
}

/* Error of the imported network's output. */
static double error_of(const char *weights, const char *dump)
{
	char *path = mem_printf("tests/ref/data/%s.safetensors", dump);
	struct safetensors *st = safetensors_open(path, &err);
	const struct plan_opts opts = {.training = false};
	struct node *image, *pred, *logits;
	struct graph *g = graph_new();
	struct model m;
	struct plan *p;
	struct ref *r;
	int size[3];
	double e;
	size_t n;

	if (!st || model_init_from_file(&m, weights, "cpu", &err))
		fail_msg("%s", err.msg);
	assert_int_equal(
		sscanf(safetensors_meta(st, "size"), "%d,%d,%d", &size[0], &size[1], &size[2]), 3);
	if (model_build(&m, g, 1, size, &image, &pred, &logits, &err))
		fail_msg("%s", err.msg);
	p = plan_new(g, m.params, m.backend, &opts, &err);
	assert_non_null(p);
	ref_values("image", plan_value(p, image), shape_count(&image->shape), 1);
	assert_int_equal(plan_forward(p, false, 0, 0, &err), 0);
	r = ref_open(dump);
	n = shape_count(&pred->shape);
	e = ref_error(plan_value(p, pred), ref_f32(r, "out", n), n);
	ref_close(r);
	plan_free(p);
	graph_free(g);
	model_release(&m);
	safetensors_close(st);
	free(path);
	return e;
}

static void outputs_are_the_modules(void **state)
{
	static const char *const names[] = {
		"unet", "unet_plain", "segresnet", "basic_unet", "dynunet"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *from = mem_printf("tests/ref/data/import_%s.safetensors", names[i]);
		char *dump = mem_printf("imported_%s", names[i]), *to = in_dir("w.safetensors");
		cJSON *network = network_of(from);
		struct import_result r;
		struct problems ps;
		struct buf text = {0};
		double e;

		if (import(from, network, false, to, &r, &ps)) {
			problems_format(&ps, &text);
			fail_msg("%s\n%s", err.msg, text.p ? text.p : "");
		}
		e = error_of(to, dump);
		print_message("%-12s %d tensors, %d left out, error %.1e\n", names[i], r.tensors,
			r.ignored, e);
		assert_true(e < 1e-5);
		assert_string_equal(r.prefix, strcmp(names[i], "unet") ? "" : "module.");
		assert_int_equal(
			r.ignored > 0, !strcmp(names[i], "unet") || !strcmp(names[i], "dynunet"));
		import_result_release(&r);
		problems_release(&ps);
		/* axes that stay as they are give another network */
		if (!strcmp(names[i], "unet_plain")) {
			assert_int_equal(import(from, network, true, to, &r, &ps), 0);
			assert_true(error_of(to, dump) > 0.01);
			import_result_release(&r);
			problems_release(&ps);
		}
		cJSON_Delete(network);
		free(from);
		free(dump);
		free(to);
	}
}

static bool says(const struct problems *ps, const char *path, const char *text)
{
	for (int i = 0; i < ps->n; i++)
		if (!strcmp(ps->v[i].path, path) && strstr(ps->v[i].text, text))
			return true;
	return false;
}

static void every_difference_is_listed(void **state)
{
	static const char from[] = "tests/ref/data/import_unet_plain.safetensors";
	static const char json[] = "{\"name\":\"UNet\",\"args\":{\"in_channels\":1,"
				   "\"out_channels\":4,\"channels\":[3,4],\"strides\":[2],"
				   "\"norm\":[\"instance\",{\"affine\":true}]}}";
	cJSON *network = json_parse(json, strlen(json), "test", &err);
	char *to = in_dir("none.safetensors");
	struct import_result r;
	struct problems ps;

	(void)state;
	assert_int_equal(import(from, network, false, to, &r, &ps), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.msg, "6 tensors differ"));
	assert_true(says(&ps, "model.0.adn.N.weight", "missing"));
	assert_true(says(&ps, "model.1.submodule.adn.N.bias", "missing"));
	assert_true(says(&ps, "model.2.conv.weight", "the network wants 7x4x3x3x3"));
	assert_true(says(&ps, "model.2.conv.bias", "its shape is 2"));
	assert_int_equal(ps.n, 6);
	assert_false(sys_exists(to));
	import_result_release(&r);
	problems_release(&ps);
	cJSON_Delete(network);
	free(to);
}

/* A 2-D kernel Co Ci x y becomes Co Ci 1 y x. */
static void flat_kernels_turn(void **state)
{
	static const char json[] = "{\"name\":\"SegResNet\",\"args\":{\"spatial_dims\":2,"
				   "\"init_filters\":1,\"out_channels\":1,\"blocks_down\":[0],"
				   "\"blocks_up\":[]}}";
	static const float w[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, one = 1;
	static const float turned[9] = {1, 4, 7, 2, 5, 8, 3, 6, 9};
	const struct st_item items[] = {
		{"convInit.conv.weight", DTYPE_F32, {4, {1, 1, 3, 3}}, w},
		{"conv_final.0.weight", DTYPE_F32, {1, {1}}, &one},
		{"conv_final.0.bias", DTYPE_F32, {1, {1}}, &one},
		{"conv_final.2.conv.weight", DTYPE_F32, {4, {1, 1, 1, 1}}, &one},
		{"conv_final.2.conv.bias", DTYPE_F32, {1, {1}}, &one},
	};
	char *path = in_dir("odd.safetensors"), *to = in_dir("w.safetensors");
	cJSON *network = json_parse(json, strlen(json), "test", &err);
	const struct shape want = shape5(1, 1, 1, 3, 3);
	struct import_result r;
	struct safetensors *st;
	struct problems ps;
	float got[9];

	(void)state;
	for (int zyx = 0; zyx < 2; zyx++) {
		assert_int_equal(safetensors_write(path, items, 5, NULL, 0, &err), 0);
		if (import(path, network, zyx, to, &r, &ps))
			fail_msg("%s", err.msg);
		st = safetensors_open(to, &err);
		assert_non_null(st);
		assert_int_equal(safetensors_load_named(
					 st, "convInit.conv.weight", DTYPE_F32, &want, got, &err),
			0);
		assert_memory_equal(got, zyx ? w : turned, sizeof(got));
		assert_non_null(strstr(safetensors_meta(st, "network"), "\"spatial_dims\":2"));
		safetensors_close(st);
		import_result_release(&r);
		problems_release(&ps);
	}
	cJSON_Delete(network);
	free(path);
	free(to);
}

/* Tensors that the network does not have, and one that cannot be a weight. */
static void other_files(void **state)
{
	const float extra = 1;
	const struct st_item items[] = {
		{"enc.weight", DTYPE_F32, {1, {1}}, &extra},
		{"final_conv.weight", DTYPE_I32, {1, {1}}, &extra},
	};
	char *path = in_dir("odd.safetensors"), *to = in_dir("none.safetensors");
	cJSON *network = json_parse("{\"name\":\"BasicUNet\"}", 20, "test", &err);
	struct import_result r;
	struct problems ps;

	(void)state;
	assert_int_equal(safetensors_write(path, items, 2, NULL, 0, &err), 0);
	assert_int_equal(import(path, network, false, to, &r, &ps), -1);
	assert_true(says(&ps, "enc.weight", "unexpected"));
	assert_true(says(&ps, "final_conv.weight", "its type is I32"));
	import_result_release(&r);
	problems_release(&ps);
	cJSON_Delete(network);
	free(path);
	free(to);
}

static void pickles_are_refused(void **state)
{
	static const unsigned char zip[] = "PK\003\004model/data.pkl", pickle[] = "\200\002}q\001.";
	const struct {
		const void *data;
		size_t n;
	} files[] = {{zip, sizeof(zip)}, {pickle, sizeof(pickle)}};
	cJSON *network = json_parse("{\"name\":\"BasicUNet\"}", 20, "test", &err);
	char *path = in_dir("model.pt"), *to = in_dir("none.safetensors");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		FILE *f = fopen(path, "wb");
		struct import_result r;
		struct problems ps;

		assert_non_null(f);
		assert_int_equal(fwrite(files[i].data, 1, files[i].n, f), files[i].n);
		fclose(f);
		assert_int_equal(import(path, network, false, to, &r, &ps), -1);
		assert_int_equal(err.code, ERR_DATA);
		assert_non_null(strstr(err.msg, "convert it with: python3 -c"));
		import_result_release(&r);
		problems_release(&ps);
	}
	assert_int_equal(import_check_format("tests/ref/data/import_unet.safetensors", &err), 0);
	cJSON_Delete(network);
	free(path);
	free(to);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = {"w.safetensors", "odd.safetensors", "model.pt"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *path = in_dir(names[i]);

		unlink(path);
		free(path);
	}
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outputs_are_the_modules),
		cmocka_unit_test(every_difference_is_listed),
		cmocka_unit_test(flat_kernels_turn),
		cmocka_unit_test(other_files),
		cmocka_unit_test(pickles_are_refused),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
