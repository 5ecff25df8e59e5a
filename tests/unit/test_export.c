/*
 * Export: half-width numbers, folded batch norms give the same outputs, files of
 * every type load again, weights of other programs are named, partial loading.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/export/export.h"
#include "core/graph/fold.h"
#include "core/graph/layers.h"
#include "core/tensor/convert.h"
#include "core/tensor/safetensors_read.h"
#include "core/tensor/safetensors_write.h"
#include "core/train/infer_config.h"
#include "tests/unit/use.h"

static struct err err;
static char dir[] = "/tmp/axial-export-XXXXXX"; /* lint: global, scratch folder of the test */

#define NETWORK(args)                                                                            \
	"{\"name\":\"Unet\",\"args\":{\"nf_enc\":\"4,8,8,8\",\"nf_dec\":\"8,8,8,8,8,4,4\"," args \
	"},\"in_channels\":2}"
static const char batch_norm[] = NETWORK("\"num_classes\":3,\"use_batch_norm\":true");
static const char group_norm[] =
	NETWORK("\"num_classes\":3,\"use_group_norm\":true,\"use_group_normG\":4");

static char *at(const char *name)
{
	return sys_join(dir, name);
}

static void fill(float *v, size_t n, struct rng *r, float base, float spread)
{
	for (size_t i = 0; i < n; i++)
		v[i] = base + spread * (float)rng_normal(r);
}

/* A model with weights and statistics that look trained. */
static void model_of(struct model *m, const char *spec)
{
	cJSON *j = json_parse(spec, strlen(spec), "spec", &err);
	struct rng r = rng_stream(5, 0, 0, 0);

	if (model_init(m, j, 3, "cpu", &err))
		fail_msg("%s", err.msg);
	cJSON_Delete(j);
	for (int i = 0; i < m->params->n; i++) {
		const struct param *p = &m->params->param[i];

		if (strstr(p->name, ".gamma"))
			fill(m->params->w + p->offset, p->count, &r, 1, 0.3f);
		else if (p->shape.n == 1)
			fill(m->params->w + p->offset, p->count, &r, 0, 0.3f);
	}
	for (int i = 0; i < m->params->n_state; i++) {
		const struct param *p = &m->params->state[i];
		float *s = m->params->s + p->offset;

		fill(s, p->count, &r, 0, 0.3f);
		for (size_t k = 0; strstr(p->name, ".var") && k < p->count; k++)
			s[k] = 0.5f + fabsf(s[k]);
	}
	params_touch(m->params);
}

static float *predict(struct model *m, size_t *n)
{
	struct component_use u = use_of(COMPONENT_INFERER, "TFSimpleInferer", "{}");
	struct rng r = rng_stream(9, 0, 0, 0);
	const int dim[3] = {20, 16, 12};
	struct volume *image = volume_new(2, dim, &err), *out;
	float *copy;

	assert_non_null(image);
	fill(image->data, 2 * volume_voxels(image), &r, 0, 1);
	out = model_predict(m, &u, image, NULL, NULL, &err);
	if (!out)
		fail_msg("%s", err.msg);
	*n = volume_voxels(out) * (size_t)out->channels;
	copy = mem_alloc(*n * sizeof(float));
	memcpy(copy, out->data, *n * sizeof(float));
	volume_free(out);
	volume_free(image);
	component_use_release(&u);
	return copy;
}

static double worst(const float *a, const float *b, size_t n)
{
	double d = 0;

	for (size_t i = 0; i < n; i++)
		d = fmax(d, fabs((double)a[i] - (double)b[i]));
	return d;
}

static void test_half_floats(void **state)
{
	static const struct {
		float x;
		uint16_t h;
	} f16[] = {{0, 0}, {-0.0f, 0x8000}, {1, 0x3c00}, {-2, 0xc000}, {65504, 0x7bff},
		{65519, 0x7bff}, {65520, 0x7c00}, {INFINITY, 0x7c00}, {5.9604645e-8f, 1},
		{2.9802322e-8f, 0}, {2.9802326e-8f, 1}, {6.1035156e-5f, 0x0400},
		{6.097555e-5f, 0x03ff}, {1.00048828125f, 0x3c00}, {1.00146484375f, 0x3c02}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(f16); i++)
		assert_int_equal(convert_to_f16(f16[i].x), f16[i].h);
	for (uint32_t h = 0; h < 0x10000; h++) {
		float x = convert_from_f16((uint16_t)h), y = convert_from_bf16((uint16_t)h);

		if (isnan(x))
			assert_true(isnan(convert_from_f16(convert_to_f16(x))));
		else
			assert_int_equal(convert_to_f16(x), h);
		if (isnan(y))
			assert_true(isnan(convert_from_bf16(convert_to_bf16(y))));
		else
			assert_int_equal(convert_to_bf16(y), h);
	}
	assert_int_equal(convert_to_bf16(1.00390625f), 0x3f80); /* a tie goes to even */
	assert_int_equal(convert_to_bf16(1.01171875f), 0x3f82);
}

static void check_export(const char *spec, enum dtype dtype, int folded, double tolerance)
{
	char *weights = at("model.safetensors"), *out = at("out.safetensors");
	struct export_options opt = {.weights = weights, .out = out, .dtype = dtype};
	struct export_result res = {0};
	struct model m, e;
	float *a, *b;
	size_t na, nb;

	model_of(&m, spec);
	assert_int_equal(model_save(&m, weights, NULL, &err), 0);
	if (export_safetensors(&opt, &res, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(res.folded, folded);
	assert_int_equal(res.not_folded, 0);
	if (model_init_from_file(&e, out, "cpu", &err))
		fail_msg("%s", err.msg);
	assert_int_equal(e.params->n_state, 0);
	assert_int_equal(e.activation, m.activation);
	a = predict(&m, &na);
	b = predict(&e, &nb);
	assert_int_equal(na, nb);
	if (worst(a, b, na) > tolerance)
		fail_msg("outputs differ by %g", worst(a, b, na));
	assert_true(dtype == DTYPE_F32 || worst(a, b, na) > 0);
	free(a);
	free(b);
	model_release(&m);
	model_release(&e);
	free(weights);
	free(out);
}

static void test_folded_equals_unfolded(void **state)
{
	(void)state;
	check_export(batch_norm, DTYPE_F32, 11, 1e-5);
}

static void test_half_files_load(void **state)
{
	(void)state;
	check_export(batch_norm, DTYPE_F16, 11, 2e-2);
	check_export(group_norm, DTYPE_BF16, 0, 1e-1);
}

static void test_folding_leaves_what_it_must(void **state)
{
	struct graph *g = graph_new();
	struct shape s = shape5(1, 4, 4, 4, 3);
	struct node *x = graph_input(g, "image", &s, &err), *conv, *n1, *n2, *sum;
	struct graph_folds folds = {0};

	(void)state;
	conv = layer_conv(g, x, "a", 4, 3, 1, true, &err);
	n1 = layer_norm(g, conv, "read_twice", NORM_BATCH, 1, &err);
	sum = layer_add(g, conv, n1, &err);
	n2 = layer_norm(g, sum, "after_sum", NORM_BATCH, 1, &err);
	conv = layer_conv(g, n2, "b", 4, 3, 1, true, &err);
	n1 = layer_norm(g, conv, "group", NORM_GROUP, 2, &err);
	conv = layer_conv(g, n1, "c", 4, 3, 1, true, &err);
	n1 = layer_norm(g, conv, "last", NORM_BATCH, 1, &err);
	assert_int_equal(layer_l2(g, conv->in[1], 0.1, &err), 0);
	graph_output(g, n1);
	graph_fold(g, &folds);
	assert_int_equal(folds.n, 1);
	assert_string_equal(folds.v[0].weight, "c.weight");
	assert_string_equal(folds.v[0].bias, "c.bias");
	assert_int_equal(g->n_loss, 0);
	assert_null(graph_find(g, "c.bias"));
	assert_null(graph_find(g, "last.var"));
	assert_non_null(graph_find(g, "last.beta"));
	assert_non_null(graph_find(g, "after_sum.var"));
	assert_true(n1->op == &op_conv3d && n1->in[2] == graph_find(g, "last.beta"));
	for (int i = 0; i < g->n; i++)
		assert_int_equal(g->node[i]->id, i);
	graph_folds_release(&folds);
	graph_free(g);
}

static void test_training_branches_stay_behind(void **state)
{
	char *weights = at("vae.safetensors"), *out = at("out.safetensors");
	struct export_options opt = {.weights = weights, .out = out, .dtype = DTYPE_F32};
	struct export_result res = {0};
	struct model m, e;

	(void)state;
	model_of(&m,
		"{\"name\":\"SegResnet\",\"in_channels\":2,\"spatial_dims\":3,\"input_size\":[16,16,16],"
		"\"args\":{\"num_classes\":2,\"blocks_down\":\"1,1\",\"blocks_up\":\"1\",\"use_vae\":true}}");
	assert_int_equal(model_save(&m, weights, NULL, &err), 0);
	if (export_safetensors(&opt, &res, &err) || model_init_from_file(&e, out, "cpu", &err))
		fail_msg("%s", err.msg);
	assert_true(e.params->n < m.params->n);
	for (int i = 0; i < e.params->n; i++)
		assert_null(strstr(e.params->param[i].name, "vae"));
	assert_true(params_count(e.params) < params_count(m.params));
	model_release(&m);
	model_release(&e);
	free(weights);
	free(out);
}

static void test_too_large_for_fp16(void **state)
{
	char *weights = at("model.safetensors"), *out = at("big.safetensors");
	struct export_options opt = {.weights = weights, .out = out, .dtype = DTYPE_F16};
	struct export_result res = {0};
	struct model m;

	(void)state;
	model_of(&m, group_norm);
	m.params->w[params_find(m.params, "dec3.conv.weight")->offset + 7] = 1e5f;
	assert_int_equal(model_save(&m, weights, NULL, &err), 0);
	assert_int_equal(export_safetensors(&opt, &res, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.msg, "dec3.conv.weight"));
	assert_non_null(strstr(err.msg, "bf16"));
	assert_false(sys_exists(out));
	opt.dtype = DTYPE_BF16;
	assert_int_equal(export_safetensors(&opt, &res, &err), 0);
	model_release(&m);
	free(weights);
	free(out);
}

static void test_training_from_an_export_is_refused(void **state)
{
	char *weights = at("model.safetensors"), *out = at("out.safetensors");
	struct export_options opt = {.weights = weights, .out = out, .dtype = DTYPE_F32};
	struct export_result res = {0};
	struct model m;

	(void)state;
	model_of(&m, batch_norm);
	assert_int_equal(model_save(&m, weights, NULL, &err), 0);
	assert_int_equal(export_safetensors(&opt, &res, &err), 0);
	assert_int_equal(model_load(&m, out, &err), -1);
	assert_non_null(strstr(err.msg, "exported for inference"));
	assert_non_null(strstr(err.msg, "enc0.norm.gamma"));
	model_release(&m);
	free(weights);
	free(out);
}

static void test_partial_loading(void **state)
{
	char *weights = at("model.safetensors");
	struct model_partial part;
	struct model m, other;

	(void)state;
	model_of(&m, group_norm);
	assert_int_equal(model_save(&m, weights, NULL, &err), 0);
	model_of(
		&other, NETWORK("\"num_classes\":2,\"use_group_norm\":true,\"use_group_normG\":4"));
	m.params->w[params_find(m.params, "enc0.conv.weight")->offset] += 1;
	memset(other.params->w, 0, other.params->len * sizeof(float));
	assert_int_equal(model_load(&other, weights, &err), -1);
	assert_non_null(strstr(err.msg, "2 tensors differ"));
	assert_non_null(strstr(err.msg, "'out.conv.bias' is 3, the network has 2"));
	if (model_load_partial(&other, weights, &part, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(part.loaded, other.params->n - 2);
	assert_int_equal(part.fresh, 2);
	assert_int_equal(part.left, 2);
	assert_non_null(strstr(part.fresh_text.p, "'out.conv.weight' is 3x4x1x1x1"));
	assert_non_null(strstr(part.left_text.p, "out.conv.weight"));
	assert_true(other.params->w[params_find(other.params, "dec0.norm.gamma")->offset] != 0);
	assert_true(other.params->w[params_find(other.params, "out.conv.bias")->offset] == 0);
	model_partial_release(&part);
	model_release(&other);
	model_release(&m);
	free(weights);
}

static void test_nothing_fits(void **state)
{
	char *weights = at("foreign.safetensors");
	const float x[4] = {1, 2, 3, 4};
	struct st_item item = {"conv.weight", DTYPE_F32, shape1(4), x};
	struct model_partial part;
	struct model m;

	(void)state;
	assert_int_equal(safetensors_write(weights, &item, 1, NULL, 0, &err), 0);
	model_of(&m, group_norm);
	assert_int_equal(model_load_partial(&m, weights, &part, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.msg, "no tensor of the network's"));
	model_partial_release(&part);
	model_release(&m);
	free(weights);
}

static void test_foreign_files_are_named(void **state)
{
	static const struct {
		const char *head;
		size_t n;
		const char *said;
	} files[] = {
		{"PK\3\4\x14\0\0\0\0\0\0\0", 12, "zip archive"},
		{"\x80\2ctorch\n...", 12, "Python pickle"},
		{"\x80\4\x95\0\0\0\0\0\0\0\0\0", 12, "Python pickle"},
		{"\x89HDF\r\n\x1a\n\0\0\0\0", 12, "HDF5"},
		{"\x1f\x8b\x08\x08\x12\x34\x56\x78....", 12, "gzip"},
		{"\x08\x07\x12\x05tensorflow", 14, "header"},
	};
	char *path = at("model.pt");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct model m;

		err_clear(&err);
		assert_int_equal(sys_write_file(path, files[i].head, files[i].n, &err), 0);
		assert_int_equal(model_init_from_file(&m, path, "cpu", &err), -1);
		assert_int_equal(err.code, ERR_DATA);
		if (!strstr(err.msg, files[i].said) || !strstr(err.msg, "model.pt"))
			fail_msg("%s", err.msg);
		model_release(&m);
	}
	free(path);
}

/* A file with one tensor and this metadata. */
static void refused(const char *format, const char *network, const char *said)
{
	char *path = at("odd.safetensors");
	const float x[4] = {1, 2, 3, 4};
	struct st_item item = {"conv.weight", DTYPE_F32, shape1(4), x};
	struct st_meta meta[2] = {{"format", format}, {"network", network}};
	struct model m;

	err_clear(&err);
	assert_int_equal(safetensors_write(path, &item, 1, meta, network ? 2 : 1, &err), 0);
	assert_int_equal(model_init_from_file(&m, path, "cpu", &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	if (!strstr(err.msg, said))
		fail_msg("%s", err.msg);
	model_release(&m);
	free(path);
}

static void test_files_of_another_kind(void **state)
{
	(void)state;
	refused("axial-2", group_norm, "newer version");
	refused("axial-checkpoint-1", NULL, "model_final.safetensors");
	refused("pt", NULL, "axial weights import");
	refused("axial-1", "{\"name\":\"Umet\",\"args\":{}}", "unknown network 'Umet'");
	refused("axial-1", "{\"name\":", "line 1");
	refused("axial-1", group_norm, "'enc0.conv.weight' (4x2x3x3x3) is missing");
}

static void test_a_flipped_bit_is_found(void **state)
{
	char *weights = at("model.safetensors"), *out = at("out.safetensors");
	struct export_options opt = {.weights = weights, .out = out, .dtype = DTYPE_BF16};
	struct export_result res = {0};
	struct buf file = {0};
	struct model m;

	(void)state;
	model_of(&m, group_norm);
	assert_int_equal(model_save(&m, weights, NULL, &err), 0);
	model_release(&m);
	assert_int_equal(export_safetensors(&opt, &res, &err), 0);
	assert_int_equal(sys_read_file(out, 1 << 24, &file, &err), 0);
	file.p[file.len - 100] ^= 4;
	assert_int_equal(sys_write_file(out, file.p, file.len, &err), 0);
	assert_int_equal(model_init_from_file(&m, out, "cpu", &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	if (!strstr(err.msg, "checksum"))
		fail_msg("%s", err.msg);
	model_release(&m);
	buf_release(&file);
	free(weights);
	free(out);
}

static int clean(void **state)
{
	(void)state;
	return sys_remove_tree(dir, &err);
}

/* Numbers of a spec that no network has, also beyond an int. */
static void test_spec_numbers(void **state)
{
	static const char *const bad[][2] = {{"\"in_channels\":1e300", "1e+300 input channels"},
		{"\"in_channels\":1.5", "1.5 input channels"},
		{"\"in_channels\":-1", "-1 input channels"},
		{"\"in_channels\":1,\"spatial_dims\":1e300", "1e+300 dimensions"},
		{"\"in_channels\":1,\"spatial_dims\":2.5", "2.5 dimensions"},
		{"\"in_channels\":1,\"input_size\":[16,16.5,16]", "whole numbers"},
		{"\"in_channels\":1,\"input_size\":[1e300,16,16]", "whole numbers"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *spec = mem_printf(
			"{\"name\":\"Unet\",\"args\":{\"num_classes\":2},%s}", bad[i][0]);
		cJSON *j = json_parse(spec, strlen(spec), "spec", &err);
		struct model m;

		assert_int_equal(model_init(&m, j, 1, "cpu", &err), -1);
		assert_int_equal(err.code, ERR_DATA);
		if (!strstr(err.msg, bad[i][1]))
			fail_msg("'%s' is not in: %s", bad[i][1], err.msg);
		model_release(&m);
		cJSON_Delete(j);
		free(spec);
	}
}

/* A folder gives the files that single paths may be. */
static void test_infer_folder(void **state)
{
	static const char *const names[] = {
		"a.nii", "b.nii.gz", "c.png", "d.JPG", "e.jpeg", "f.npy", ".g.npy", "h.txt"};
	char *folder = at("images");
	const char *inputs[] = {folder};
	struct infer_list l;

	(void)state;
	assert_int_equal(sys_mkdirs(folder, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *path = sys_join(folder, names[i]);

		assert_int_equal(sys_write_file(path, "x", 1, &err), 0);
		free(path);
	}
	assert_int_equal(infer_list_read(&l, inputs, 1, &err), 0);
	assert_int_equal(l.n, 6);
	assert_string_equal(l.v[5].name, "f");
	infer_list_release(&l);
	free(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_half_floats),
		cmocka_unit_test(test_folded_equals_unfolded),
		cmocka_unit_test(test_half_files_load),
		cmocka_unit_test(test_folding_leaves_what_it_must),
		cmocka_unit_test(test_training_branches_stay_behind),
		cmocka_unit_test(test_too_large_for_fp16),
		cmocka_unit_test(test_training_from_an_export_is_refused),
		cmocka_unit_test(test_partial_loading),
		cmocka_unit_test(test_nothing_fits),
		cmocka_unit_test(test_foreign_files_are_named),
		cmocka_unit_test(test_files_of_another_kind),
		cmocka_unit_test(test_a_flipped_bit_is_found),
		cmocka_unit_test(test_spec_numbers),
		cmocka_unit_test(test_infer_folder),
	};

	if (!mkdtemp(dir))
		return 1;
	return cmocka_run_group_tests(tests, NULL, clean);
}
