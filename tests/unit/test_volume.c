/* Volumes: sharing, copies on write, label and grid checks; affine helpers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/volume/affine.h"
#include "core/volume/volume.h"

static struct volume *make(int c, int x, int y, int z)
{
	struct err err = ERR_INIT;
	struct volume *v = volume_new(c, (int[3]){x, y, z}, &err);

	assert_non_null(v);
	for (size_t i = 0; i < volume_voxels(v) * (size_t)c; i++)
		v->data[i] = (float)(i % 5);
	return v;
}

static void test_new(void **state)
{
	struct err err = ERR_INIT;
	struct volume *v = make(2, 3, 4, 5);

	(void)state;
	assert_int_equal(volume_voxels(v), 60);
	assert_int_equal((uintptr_t)v->data % 64, 0);
	assert_true(v->affine[0][0] == 1 && v->affine[3][3] == 1 && v->affine[0][1] == 0);
	assert_int_equal(v->original.dim[2], 5);
	volume_free(v);
	assert_null(volume_new(1, (int[3]){0, 1, 1}, &err));
	assert_int_equal(err.code, ERR_NOMEM);
	assert_null(volume_new(2000000000, (int[3]){2000000000, 2000000000, 4}, &err));
	assert_int_equal(err.code, ERR_NOMEM);
	volume_free(NULL);
}

static void test_share(void **state)
{
	struct err err = ERR_INIT;
	struct volume *a = make(1, 4, 4, 4), *b;
	const float *before = a->data;

	(void)state;
	a->file = mem_strdup("a.nii");
	assert_int_equal(volume_make_writable(a, &err), 0);
	assert_ptr_equal(a->data, before); /* alone: no copy */
	b = volume_share(a);
	assert_ptr_equal(b->data, a->data);
	assert_string_equal(b->file, "a.nii");
	assert_int_equal(volume_make_writable(b, &err), 0);
	assert_ptr_not_equal(b->data, a->data);
	b->data[7] = 99;
	assert_true(a->data[7] == 2);
	assert_true(b->data[8] == a->data[8]);
	volume_free(a);
	assert_true(b->data[7] == 99);
	volume_free(b);
}

static void test_take(void **state)
{
	struct volume *a = make(1, 4, 4, 4), *b = make(3, 2, 2, 2), *s = volume_share(a);

	(void)state;
	a->file = mem_strdup("a.nii");
	b->affine[0][0] = 2.5;
	volume_take(a, b);
	assert_int_equal(a->channels, 3);
	assert_int_equal(a->dim[0], 2);
	assert_int_equal(a->original.dim[0], 4);
	assert_true(a->affine[0][0] == 2.5 && a->original.affine[0][0] == 1);
	assert_string_equal(a->file, "a.nii");
	assert_true(s->data[6] == 1); /* the old voxels live on in the share */
	volume_free(s);
	volume_free(a);
}

static void test_label(void **state)
{
	struct err err = ERR_INIT;
	struct volume *v = make(1, 3, 3, 3), *s;

	(void)state;
	assert_int_equal(volume_check_label(v, 4, &err), 0);
	assert_int_equal(volume_check_label(v, 3, &err), -1);
	assert_non_null(strstr(err.msg, "value 4 at voxel 4"));
	v->data[5] = 2.9996f;
	s = volume_share(v);
	assert_int_equal(volume_check_label(v, 4, &err), 0);
	assert_true(v->data[5] == 3);
	assert_true(s->data[5] == 2.9996f);
	volume_free(s);
	v->data[5] = 0.99f;
	assert_int_equal(volume_check_label(v, 4, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	v->data[5] = -1;
	assert_int_equal(volume_check_label(v, 4, &err), -1);
	v->data[5] = NAN;
	assert_int_equal(volume_check_label(v, 4, &err), -1);
	v->data[5] = 1;
	v->nonfinite = 3;
	assert_int_equal(volume_check_label(v, 4, &err), -1);
	assert_non_null(strstr(err.msg, "3 voxels"));
	volume_free(v);
}

static void test_same_grid(void **state)
{
	struct err err = ERR_INIT;
	struct volume *a = make(1, 10, 10, 10), *b = make(2, 10, 10, 10), *c = make(1, 10, 9, 10);

	(void)state;
	assert_int_equal(volume_check_same_grid(a, b, &err), 0);
	assert_int_equal(volume_check_same_grid(a, c, &err), -1);
	assert_non_null(strstr(err.msg, "10 x 9 x 10"));
	b->affine[1][3] = 0.9;
	assert_int_equal(volume_check_same_grid(a, b, &err), 0);
	b->affine[1][3] = 1.1;
	assert_int_equal(volume_check_same_grid(a, b, &err), -1);
	assert_non_null(strstr(err.msg, "1.1 mm apart"));
	b->affine[1][3] = 0;
	b->affine[2][2] = 1.5;
	assert_int_equal(volume_check_same_grid(a, b, &err), -1);
	assert_non_null(strstr(err.msg, "spacing"));
	volume_free(a);
	volume_free(b);
	volume_free(c);
}

static void test_affine_inverse(void **state)
{
	const double a[4][4] = {
		{-0.7, 0.1, 0.3, 12}, {0.2, 0.9, -0.2, -70}, {0, 0.15, 5, 33}, {0, 0, 0, 1}};
	double inv[4][4], id[4][4], zero[4][4] = {{0}}, p[3] = {3, 5, 7}, q[3];

	(void)state;
	assert_int_equal(affine_invert(a, inv), 0);
	affine_mul(a, inv, id);
	for (int r = 0; r < 4; r++)
		for (int c = 0; c < 4; c++)
			assert_true(fabs(id[r][c] - (r == c)) < 1e-12);
	affine_apply(a, p, q);
	affine_apply(inv, q, q);
	for (int i = 0; i < 3; i++)
		assert_true(fabs(p[i] - q[i]) < 1e-12);
	assert_int_equal(affine_invert(zero, inv), -1);
	memcpy(id, a, sizeof(id));
	for (int r = 0; r < 3; r++)
		id[r][2] = 3 * id[r][1];
	assert_int_equal(affine_invert(id, inv), -1);
	/* Tiny voxels are not singular. */
	affine_identity(id);
	for (int i = 0; i < 3; i++)
		id[i][i] = 1e-3;
	assert_int_equal(affine_invert(id, inv), 0);
}

static void test_affine_codes(void **state)
{
	const double lps[4][4] = {{-1, 0, 0, 0}, {0, -1, 0, 0}, {0, 0, 2, 0}, {0, 0, 0, 1}};
	const double sag[4][4] = {{0, 0, -2, 0}, {0.9, 0.1, 0, 0}, {-0.1, 1, 0, 0}, {0, 0, 0, 1}};
	/* Both first columns lean most towards x: the assignment must still be one to one. */
	const double lean[4][4] = {
		{0.8, 0.75, 0, 0}, {-0.6, 0.66, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};
	char codes[4];

	(void)state;
	affine_codes(lps, codes);
	assert_string_equal(codes, "LPS");
	affine_codes(sag, codes);
	assert_string_equal(codes, "ASL");
	affine_codes(lean, codes);
	assert_string_equal(codes, "RAS");
}

static void test_affine_moves(void **state)
{
	const double a[4][4] = {{-2, 0, 0, 100}, {0, 3, 0, -50}, {0, 0, 4, 7}, {0, 0, 0, 1}};
	const double scale[3] = {0.5, 2, 1}, start[3] = {5, -1, 2};
	double m[4][4], p[3];

	(void)state;
	affine_rescale(a, scale, m);
	/* The outer corner (index -0.5) stays where it is. */
	affine_apply(m, (double[3]){-0.5, -0.5, -0.5}, p);
	assert_true(fabs(p[0] - 101) < 1e-9 && fabs(p[1] + 51.5) < 1e-9 && fabs(p[2] - 5) < 1e-9);
	assert_true(m[0][0] == -1 && m[1][1] == 6 && m[2][2] == 4);
	affine_shift(a, start, m);
	affine_apply(m, (double[3]){0, 0, 0}, p);
	assert_true(p[0] == 90 && p[1] == -53 && p[2] == 15);
	affine_flip(a, 0, 11, m);
	affine_apply(m, (double[3]){10, 0, 0}, p);
	assert_true(p[0] == 100 && m[0][0] == 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_label),
		cmocka_unit_test(test_same_grid),
		cmocka_unit_test(test_affine_inverse),
		cmocka_unit_test(test_affine_codes),
		cmocka_unit_test(test_affine_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
