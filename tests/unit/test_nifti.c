/* Reading and writing NIfTI: types, byte orders, versions, scaling, geometry, real files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/volume/affine.h"
#include "core/volume/nifti.h"
#include "tests/unit/nifti_file.h"

static char dir[] = "/tmp/axial-nifti-XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	return sys_remove_tree(dir, &err);
}

static struct volume *must_read(const char *path)
{
	struct err err = ERR_INIT;
	struct volume *v = nifti_read(path, &err);

	if (!v)
		fprintf(stderr, "%s\n", err.msg);
	assert_non_null(v);
	return v;
}

static void put_voxel(struct nifti_file *f, int code, size_t i, double v)
{
	size_t at = nifti_file_voxels(f);

	switch (code) {
	case 2:
	case 256:
		f->p[at + i] = (uint8_t)(int)v;
		break;
	case 4:
	case 512:
		nifti_file_i16(f, at + 2 * i, (int)v);
		break;
	case 8:
	case 768:
		nifti_file_i32(f, at + 4 * i, (int32_t)(int64_t)v);
		break;
	case 1024:
	case 1280:
		nifti_file_i64(f, at + 8 * i, (int64_t)v);
		break;
	case 16:
		nifti_file_f32(f, at + 4 * i, v);
		break;
	case 64:
		nifti_file_f64(f, at + 8 * i, v);
		break;
	}
}

static const struct {
	int code, bytes;
	double low, high;
} types[] = {
	{2, 1, 0, 255},
	{256, 1, -128, 127},
	{4, 2, -32768, 32767},
	{512, 2, 0, 65535},
	{8, 4, -2147483648.0, 2147483392.0},
	{768, 4, 0, 4294967040.0},
	{1024, 8, -9e18, 9e18},
	{1280, 8, 0, 9e18},
	{16, 4, -1.5e30, 3.25},
	{64, 8, -1.5e30, 3.25},
};

/* Every type in both byte orders, both versions, raw and packed, without and with scaling. */
static void check_type(size_t t, int version, bool swap, bool gz, double slope, double inter)
{
	const int n = 5 * 4 * 301; /* more than one conversion block */
	struct nifti_file f;
	struct volume *v;

	nifti_file_init(&f, version, swap, 5, 4, 301, types[t].code, types[t].bytes);
	for (int i = 0; i < n; i++)
		put_voxel(&f, types[t].code, (size_t)i, i % 100);
	put_voxel(&f, types[t].code, 3, types[t].low);
	put_voxel(&f, types[t].code, (size_t)n - 1, types[t].high);
	if (version == 1) {
		nifti_file_f32(&f, 112, slope);
		nifti_file_f32(&f, 116, inter);
	} else {
		nifti_file_f64(&f, 176, slope);
		nifti_file_f64(&f, 184, inter);
	}
	v = must_read(gz ? nifti_file_put_gz(dir, "t.nii.gz", f.p, f.len, NULL)
			 : nifti_file_put(dir, "t.nii", f.p, f.len));
	assert_int_equal(v->dim[0], 5);
	assert_int_equal(v->dim[2], 301);
	assert_int_equal(v->channels, 1);
	assert_int_equal(v->nonfinite, 0);
	for (int i = 0; i < n; i++) {
		double raw = i == 3 ? types[t].low : i == n - 1 ? types[t].high : i % 100;

		assert_true(v->data[i] == (float)(slope != 0 ? raw * slope + inter : raw));
	}
	volume_free(v);
	nifti_file_release(&f);
}

static void test_types(void **state)
{
	(void)state;
	for (size_t t = 0; t < ARRAY_SIZE(types); t++)
		for (int k = 0; k < 8; k++) {
			check_type(t, 1 + (k & 1), k & 2, k & 4, 0, 0);
			check_type(t, 1 + (k & 1), k & 2, k & 4, 0.5, -1024);
		}
}

static void test_channels(void **state)
{
	struct nifti_file f;
	struct volume *v;

	(void)state;
	nifti_file_init(&f, 1, false, 3, 4, 10, 2, 1); /* 3 x 4 x 5, two channels */
	nifti_file_i16(&f, 40, 4);
	nifti_file_i16(&f, 46, 5);
	nifti_file_i16(&f, 48, 2);
	for (size_t i = 0; i < 120; i++)
		f.p[352 + i] = (uint8_t)i;
	v = must_read(nifti_file_put(dir, "c.nii", f.p, f.len));
	assert_int_equal(v->channels, 2);
	assert_int_equal(v->dim[2], 5);
	assert_true(v->data[((1 * 5 + 2) * 4 + 3) * 3 + 1] == 60 + 24 + 9 + 1);
	volume_free(v);
	/* 4-D with one frame is an ordinary image. */
	nifti_file_i16(&f, 46, 10);
	nifti_file_i16(&f, 48, 1);
	v = must_read(nifti_file_put(dir, "c.nii", f.p, f.len));
	assert_int_equal(v->channels, 1);
	assert_int_equal(v->dim[2], 10);
	volume_free(v);
	nifti_file_release(&f);
}

static void assert_affine(const double a[4][4], const double want[12], double tol)
{
	for (int i = 0; i < 12; i++)
		assert_true(fabs(a[i / 4][i % 4] - want[i]) <= tol);
	assert_true(a[3][0] == 0 && a[3][1] == 0 && a[3][2] == 0 && a[3][3] == 1);
}

static void set_srow(struct nifti_file *f, const double m[12])
{
	for (size_t i = 0; i < 12; i++)
		nifti_file_f32(f, 280 + 4 * i, m[i]);
}

/* sform before qform before voxel sizes. */
static void test_geometry(void **state)
{
	const double srow[12] = {-2, 0, 0, 90, 0, 2, 0, -126, 0, 0, 2.5, -72};
	const double zero[12] = {0};
	const double pix[12] = {2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4, 0};
	/* b = 1: half a turn about x; qfac -1 turns z once more. */
	const double quat[12] = {2, 0, 0, 10, 0, -3, 0, 20, 0, 0, 4, 30};
	struct nifti_file f;
	struct volume *v;

	(void)state;
	nifti_file_init(&f, 1, false, 2, 2, 2, 2, 1);
	nifti_file_f32(&f, 80, 2);
	nifti_file_f32(&f, 84, 3);
	nifti_file_f32(&f, 88, 4);
	v = must_read(nifti_file_put(dir, "g.nii", f.p, f.len));
	assert_affine(v->affine, pix, 0);
	volume_free(v);
	nifti_file_f32(&f, 76, -1);
	nifti_file_i16(&f, 252, 1);
	nifti_file_f32(&f, 256, 1);
	nifti_file_f32(&f, 268, 10);
	nifti_file_f32(&f, 272, 20);
	nifti_file_f32(&f, 276, 30);
	v = must_read(nifti_file_put(dir, "g.nii", f.p, f.len));
	assert_affine(v->affine, quat, 1e-6);
	volume_free(v);
	/* A quaternion longer than 1 is clamped to the rotation it points at. */
	nifti_file_f32(&f, 256, 1.5);
	v = must_read(nifti_file_put(dir, "g.nii", f.p, f.len));
	assert_affine(v->affine, quat, 1e-6);
	volume_free(v);
	/* sform set but all zero: still the qform. */
	nifti_file_i16(&f, 254, 2);
	set_srow(&f, zero);
	v = must_read(nifti_file_put(dir, "g.nii", f.p, f.len));
	assert_affine(v->affine, quat, 1e-6);
	volume_free(v);
	set_srow(&f, srow);
	v = must_read(nifti_file_put(dir, "g.nii", f.p, f.len));
	assert_affine(v->affine, srow, 0);
	assert_affine(v->original.affine, srow, 0);
	volume_free(v);
	nifti_file_release(&f);
}

static void test_pair(void **state)
{
	struct err err = ERR_INIT;
	struct nifti_file f;
	struct volume *v;

	(void)state;
	nifti_file_init(&f, 1, true, 3, 3, 3, 4, 2);
	memcpy(f.p + 344, "ni1", 4);
	nifti_file_f32(&f, 108, 0);
	nifti_file_i16(&f, 352 + 2 * 26, -77);
	nifti_file_put(dir, "p.hdr", f.p, 348);
	assert_null(nifti_read(nifti_file_put(dir, "p.hdr", f.p, 348), &err));
	assert_int_equal(err.code, ERR_NOINPUT);
	assert_non_null(strstr(err.msg, "p.img"));
	nifti_file_put(dir, "p.img", f.p + 352, 53);
	assert_null(nifti_read(nifti_file_put(dir, "p.hdr", f.p, 348), &err));
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.msg, "needs 54 bytes, the file has 53"));
	nifti_file_put(dir, "p.img", f.p + 352, 54);
	v = must_read(nifti_file_put(dir, "p.hdr", f.p, 348));
	assert_true(v->data[26] == -77);
	volume_free(v);
	nifti_file_release(&f);
}

/* What is written comes back; equal volumes give equal files; no text, no name, no time. */
static void test_write(void **state)
{
	const double affine[4][4] = {{-0.7, 0.01, 0.2, 100}, {0.02, 0.8, -0.3, -90},
		{0.1, 0.2, 4.9, -500}, {0, 0, 0, 1}};
	struct err err = ERR_INIT;
	struct volume *v = volume_new(2, (int[3]){7, 5, 3}, &err), *r;
	struct buf a = {0}, b = {0};
	char *nii = sys_join(dir, "w.nii"), *gz = sys_join(dir, "w.nii.gz");

	(void)state;
	assert_non_null(v);
	memcpy(v->affine, affine, sizeof(affine));
	for (int i = 0; i < 210; i++)
		v->data[i] = (float)i * 1.25f - 40.5f;
	assert_int_equal(nifti_write(nii, v, NIFTI_OUT_FLOAT32, &err), 0);
	r = must_read(nii);
	assert_int_equal(r->channels, 2);
	assert_memory_equal(r->data, v->data, 210 * sizeof(float));
	for (int i = 0; i < 12; i++)
		assert_true(r->affine[i / 4][i % 4] == (double)(float)affine[i / 4][i % 4]);
	volume_free(r);
	assert_int_equal(nifti_write(gz, v, NIFTI_OUT_INT16, &err), 0);
	assert_int_equal(sys_read_file(gz, 1 << 20, &a, &err), 0);
	assert_int_equal(nifti_write(gz, v, NIFTI_OUT_INT16, &err), 0);
	assert_int_equal(sys_read_file(gz, 1 << 20, &b, &err), 0);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.p, b.p, a.len);
	assert_int_equal(a.p[3], 0);                 /* no FNAME */
	assert_memory_equal(a.p + 4, "\0\0\0\0", 4); /* no time */
	r = must_read(gz);
	assert_true(r->data[0] == -40 && r->data[1] == -39 && r->data[2] == -38);
	volume_free(r);
	v->data[0] = 1e9f;
	assert_int_equal(nifti_write(gz, v, NIFTI_OUT_UINT8, &err), 0);
	r = must_read(gz);
	assert_true(r->data[0] == 255 && r->data[1] == 0 && r->data[200] == 210);
	volume_free(r);
	assert_int_equal(nifti_write("/nowhere/x.nii", v, NIFTI_OUT_UINT8, &err), -1);
	assert_int_equal(nifti_write("x.mha", v, NIFTI_OUT_UINT8, &err), -1);
	volume_free(v);
	buf_release(&a);
	buf_release(&b);
	free(nii);
	free(gz);
}

/* The qform of a written file describes the same place as its sform. */
static void test_write_qform(void **state)
{
	const double affine[4][4] = {{0.8125, 0, 0, -69}, {0, 0.779041, 0.680799, -134},
		{0, -0.2307625, 2.2983384, -13.5}, {0, 0, 0, 1}};
	struct err err = ERR_INIT;
	struct volume *v = volume_new(1, (int[3]){4, 4, 4}, &err), *r;
	struct buf b = {0};
	char *nii = sys_join(dir, "q.nii");

	(void)state;
	assert_non_null(v);
	memcpy(v->affine, affine, sizeof(affine));
	for (int flip = 0; flip < 2; flip++) {
		v->affine[0][0] = flip ? -0.8125 : 0.8125;
		memset(v->data, 0, 64 * sizeof(float));
		assert_int_equal(nifti_write(nii, v, NIFTI_OUT_UINT8, &err), 0);
		buf_reset(&b);
		assert_int_equal(sys_read_file(nii, 1 << 20, &b, &err), 0);
		b.p[254] = 0; /* sform_code: now the qform counts */
		r = must_read(nifti_file_put(dir, "q2.nii", b.p, b.len));
		for (int i = 0; i < 12; i++)
			assert_true(fabs(r->affine[i / 4][i % 4] - v->affine[i / 4][i % 4]) < 1e-4);
		volume_free(r);
	}
	for (int i = 148; i < 252; i++)
		assert_int_equal(b.p[i], 0); /* descrip, aux_file */
	volume_free(v);
	buf_release(&b);
	free(nii);
}

/* Expected numbers: nibabel 5.0.0, get_fdata() in float64. */
static const struct {
	const char *file;
	int dim[3], voxel[3];
	double value, sum, min, max;
	const char *codes, *type;
	double affine[12];
} real[] = {
	{"spleen_ct/imagesTr/spleen_8.nii.gz", {512, 512, 32}, {170, 170, 10}, 34, -2755114944.0,
		-1024, 1166, "LAS", "int16",
		{-0.7851560115814209, 0, 0, 200.60736083984375, 0, 0.7851560115814209, 0,
			-200.60736083984375, 0, 0, 7.5, -112.5}},
	{"spleen_ct/labelsTr/spleen_8.nii.gz", {512, 512, 32}, {256, 256, 16}, 0, 163456, 0, 1,
		"LAS", "uint8",
		{-0.7851560115814209, 0, 0, 200.60736083984375, 0, 0.7851560115814209, 0,
			-200.60736083984375, 0, 0, 7.5, -112.5}},
	{"task04_hippocampus/imagesTr/hippocampus_015.nii.gz", {42, 51, 28}, {14, 17, 9},
		465.453125, 26365046.141197205, 0, 1682.280517578125, "RAS", "float32",
		{1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1}},
	{"task04_hippocampus/labelsTr/hippocampus_015.nii.gz", {42, 51, 28}, {14, 17, 9}, 0, 4127,
		0, 2, "RAS", "uint8", {1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1}},
	{"viewer/CT_AVM.nii.gz", {256, 242, 154}, {85, 80, 51}, 0, 49383836.6660285, 0,
		563.2000029087067, "RAS", "uint8",
		{0.719942569732666, 0, 0, -73.39768981933594, 0, 0.7209135890007019, 0,
			-69.69419860839844, 0, 0, 1, -64.11000061035156}},
	{"viewer/CT_pitch.nii.gz", {175, 248, 58}, {58, 82, 19}, 124, 95678796, 0, 255, "RAS",
		"uint8",
		{0.8125, 0, 0, -69.02075958251953, 0, 0.779041051864624, 0.6807987689971924,
			-134.38560485839844, 0, -0.23076248168945312, 2.2983384132385254,
			-13.56882095336914}},
	{"viewer/MR_Gd.nii.gz", {176, 188, 144}, {58, 62, 48}, 557.4823350906372, 730302610.9216518,
		0, 1652.9999470710754, "RAS", "uint8",
		{0.976284384727478, 0.022005438804626465, -0.007811427116394043, -85.712646484375,
			-0.02101755142211914, 0.9702104330062866, 0.1121056079864502,
			-112.45329284667969, 0.01001960039138794, -0.10899937152862549,
			0.9962821006774902, -56.81804656982422}},
	{"viewer/abdomen_ct_sm.nii.gz", {122, 101, 30}, {40, 33, 10}, 43, -130894872, -1100, 1207,
		"RAS", "int16",
		{3, 0, 0, -177.95632934570312, 0, 3, 0, 11.319000244140625, 0, 0, 3,
			94.3017578125}},
	{"viewer/example_seg.nii.gz", {122, 101, 30}, {40, 33, 10}, 3, 2734697, 0, 117, "RAS",
		"uint8",
		{3, 0, 0, -177.95632934570312, 0, 3, 0, 11.319000244140625, 0, 0, 3,
			94.3017578125}},
};

static void test_real(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(real); k++) {
		const char *path = nifti_test_data(real[k].file);
		double sum = 0, min = 1e30, max = -1e30, start, took;
		struct nifti_info info;
		struct volume *v;
		char codes[4];
		const int *p = real[k].voxel;

		if (!path)
			skip();
		assert_int_equal(nifti_read_info(path, &info, &err), 0);
		assert_string_equal(info.type_name, real[k].type);
		start = sys_now();
		v = must_read(path);
		took = sys_now() - start;
		assert_memory_equal(v->dim, real[k].dim, sizeof(v->dim));
		assert_memory_equal(info.dim, real[k].dim, sizeof(v->dim));
		for (size_t i = 0; i < volume_voxels(v); i++) {
			sum += v->data[i];
			min = fmin(min, v->data[i]);
			max = fmax(max, v->data[i]);
		}
		assert_true(fabs(sum - real[k].sum) <= 1e-6 * fabs(real[k].sum));
		assert_true(min == (double)(float)real[k].min && max == (double)(float)real[k].max);
		assert_true(v->data[((size_t)p[2] * (size_t)v->dim[1] + (size_t)p[1]) *
					    (size_t)v->dim[0] +
				    (size_t)p[0]] == (float)real[k].value);
		assert_affine(v->affine, real[k].affine, 0);
		affine_codes(v->affine, codes);
		assert_string_equal(codes, real[k].codes);
		printf("  %s: %.1f ms\n", real[k].file, took * 1e3);
		volume_free(v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_channels),
		cmocka_unit_test(test_geometry),
		cmocka_unit_test(test_pair),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_qform),
		cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
