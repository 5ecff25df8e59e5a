/*
 * NIfTI, gzip and file inputs that must be refused: each with its code, the field
 * in the message, and no time or memory spent on what a header merely claims.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/volume/nifti.h"
#include "tests/unit/nifti_file.h"

static char dir[] = "/tmp/axial-badnii-XXXXXX";

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

/* The file is refused with this code, and the message holds the path and every given word. */
static void refused(const char *path, int code, const char *word, const char *word2)
{
	struct err err = ERR_INIT;
	struct volume *v = nifti_read(path, &err);
	struct nifti_info info;

	if (v || err.code != code || (word && !strstr(err.msg, word)) ||
		(word2 && !strstr(err.msg, word2)) || !strstr(err.msg, path)) {
		fprintf(stderr, "%s: %s, code %d (want %d), words '%s' '%s', message: %s\n", path,
			v ? "accepted" : "refused", err.code, code, word ? word : "",
			word2 ? word2 : "", err.msg);
		fail();
	}
	(void)!nifti_read_info(path, &info, &err); /* must not crash either */
}

static void accepted(const char *path, float first)
{
	struct err err = ERR_INIT;
	struct volume *v = nifti_read(path, &err);

	if (!v)
		fprintf(stderr, "%s\n", err.msg);
	assert_non_null(v);
	assert_true(v->data[0] == first);
	volume_free(v);
}

static struct nifti_file fresh(int version)
{
	struct nifti_file f;

	nifti_file_init(&f, version, false, 4, 3, 2, 4, 2);
	nifti_file_i16(&f, nifti_file_voxels(&f), 7);
	return f;
}

static const char *put(const struct nifti_file *f)
{
	return nifti_file_put(dir, "bad.nii", f->p, f->len);
}

/* Row 1: too short for a header, too short for the data. */
static void test_short(void **state)
{
	struct nifti_file f = fresh(1);

	(void)state;
	refused(nifti_file_put(dir, "a.nii", f.p, 0), ERR_DATA, "needs 348 bytes, has 0", NULL);
	refused(nifti_file_put(dir, "a.nii", f.p, 1), ERR_DATA, "needs 348 bytes, has 1", NULL);
	refused(nifti_file_put(dir, "a.nii", f.p, 347), ERR_DATA, "truncated header", "has 347");
	refused(nifti_file_put(dir, "a.nii", f.p, 348), ERR_DATA, "needs 400 bytes", "has 348");
	refused(nifti_file_put(dir, "a.nii", f.p, 399), ERR_DATA, "needs 400 bytes", "has 399");
	accepted(nifti_file_put(dir, "a.nii", f.p, 400), 7);
	nifti_file_release(&f);
	f = fresh(2);
	refused(nifti_file_put(dir, "a.nii", f.p, 500), ERR_DATA, "needs 540 bytes, has 500", NULL);
	accepted(nifti_file_put(dir, "a.nii", f.p, f.len), 7);
	nifti_file_release(&f);
}

/* Rows 2, 3, 18 (magic): the size word, the number of dimensions, the magic. */
static void test_size_word(void **state)
{
	const int32_t words[] = {0, -1, 347, 1543569408};
	const int ndims[] = {0, 8, -1, 768};
	struct nifti_file f = fresh(1);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		nifti_file_i32(&f, 0, words[i]);
		if (words[i] == 1543569408) /* 348 swapped, but nothing else is */
			refused(put(&f), ERR_DATA, "dim[0]", NULL);
		else
			refused(put(&f), ERR_DATA, "sizeof_hdr", NULL);
	}
	nifti_file_i32(&f, 0, 540);
	refused(put(&f), ERR_DATA, "needs 540 bytes", NULL);
	nifti_file_i32(&f, 0, 348);
	for (size_t i = 0; i < ARRAY_SIZE(ndims); i++) {
		nifti_file_i16(&f, 40, ndims[i]);
		refused(put(&f), ERR_DATA, "dim[0] (byte 40)", "must be 1 to 7");
	}
	nifti_file_i16(&f, 40, 3);
	memcpy(f.p + 344, "xyz", 3);
	refused(put(&f), ERR_DATA, "magic (byte 344)", NULL);
	memcpy(f.p + 344, "ni1", 3);
	refused(put(&f), ERR_DATA, ".img", ".hdr");
	nifti_file_release(&f);
}

/* Rows 4, 19: sizes. */
static void test_dims(void **state)
{
	struct nifti_file f = fresh(1);

	(void)state;
	nifti_file_i16(&f, 42, 0);
	refused(put(&f), ERR_DATA, "dim[1] (byte 42) is 0", NULL);
	nifti_file_i16(&f, 42, -5);
	refused(put(&f), ERR_DATA, "dim[1] (byte 42) is -5", NULL);
	for (size_t i = 1; i < 8; i++)
		nifti_file_i16(&f, 40 + 2 * i, 32767);
	refused(put(&f), ERR_DATA, "too short", NULL);
	nifti_file_i16(&f, 40, 7);
	refused(put(&f), ERR_DATA, "dim[5]", NULL);
	nifti_file_release(&f);
	f = fresh(1);
	nifti_file_i16(&f, 40, 2);
	refused(put(&f), ERR_DATA, "dim[0]", "3-D");
	nifti_file_i16(&f, 40, 5);
	nifti_file_i16(&f, 50, 3);
	refused(put(&f), ERR_DATA, "dim[5] (byte 50) is 3", NULL);
	nifti_file_i16(&f, 50, 1);
	accepted(put(&f), 7);
	nifti_file_release(&f);
	f = fresh(2);
	nifti_file_i64(&f, 24, (int64_t)1 << 40);
	refused(put(&f), ERR_DATA, "dim[1] (byte 24)", NULL);
	for (size_t i = 0; i < 4; i++)
		nifti_file_i64(&f, 24 + 8 * i, INT32_MAX);
	nifti_file_i64(&f, 16, 4);
	refused(put(&f), ERR_DATA, "impossibly large", NULL);
	nifti_file_release(&f);
}

/* Rows 5, 6, 7th line of the issue: small files that claim gigabytes cost nothing. */
static void test_claims(void **state)
{
	const int claims[][5] = {{1059, 1024, 1024, 2, 1}, {1116, 461, 22469, 4, 2},
		{32767, 32767, 32767, 64, 8}, {2048, 1024, 1024, 2, 1}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(claims); i++)
		for (int k = 0; k < 4; k++) {
			struct nifti_file f;
			size_t rss;
			double start;
			const char *path;

			nifti_file_init(&f, 1, k & 1, 19, 1, 1, claims[i][3], 1);
			for (size_t d = 0; d < 3; d++)
				nifti_file_i16(&f, 42 + 2 * d, claims[i][d]);
			assert_int_equal(f.len, 371);
			path = k & 2 ? nifti_file_put_gz(dir, "claim.nii.gz", f.p, f.len, NULL)
				     : nifti_file_put(dir, "claim.nii", f.p, f.len);
			rss = sys_peak_rss();
			start = sys_now();
			for (int repeat = 0; repeat < 20; repeat++) {
				struct err err = ERR_INIT;

				assert_null(nifti_read(path, &err));
				assert_int_equal(err.code, ERR_DATA);
				assert_non_null(strstr(err.msg, "too short"));
			}
			assert_true(sys_now() - start < 20 * 0.02);
			assert_true(sys_peak_rss() - rss < (size_t)1 << 20);
			nifti_file_release(&f);
		}
}

/* Rows 7, 17: where the data begins; extensions are skipped, whatever they claim. */
static void test_offset(void **state)
{
	const double bad[] = {-1, NAN, INFINITY, 1e30, 352.5, 353, 1e9};
	const double good[] = {0, 348, 351.5, 352};
	const int32_t ext[] = {0, 7, -16, 1000000, INT32_MAX};
	struct nifti_file f = fresh(1);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		nifti_file_f32(&f, 108, bad[i]);
		refused(put(&f), ERR_DATA, i < 5 ? "vox_offset (byte 108)" : "too short", NULL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		nifti_file_f32(&f, 108, good[i]);
		accepted(put(&f), 7);
	}
	nifti_file_release(&f);
	nifti_file_init(&f, 1, false, 4, 3, 4, 4, 2); /* 48 bytes of extension, then 24 voxels */
	nifti_file_i16(&f, 46, 2);
	nifti_file_f32(&f, 108, 400);
	nifti_file_i16(&f, 400, 11);
	f.p[348] = 1;
	for (size_t i = 0; i < ARRAY_SIZE(ext); i++) {
		nifti_file_i32(&f, 352, ext[i]);
		accepted(put(&f), 11);
		accepted(nifti_file_put_gz(dir, "ext.nii.gz", f.p, f.len, NULL), 11);
	}
	nifti_file_release(&f);
}

/* Rows 8, 9, 10: type, bits, scaling. */
static void test_type_and_scale(void **state)
{
	static const struct {
		int code;
		const char *name;
	} types[] = {{0, "unknown"}, {1, "binary"}, {128, "RGB24"}, {32, "complex64"},
		{1792, "complex128"}, {2304, "RGBA32"}, {9999, "not a type"}, {-4, "not a type"}};
	struct nifti_file f = fresh(1);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		nifti_file_i16(&f, 70, types[i].code);
		refused(put(&f), ERR_DATA, "datatype (byte 70)", types[i].name);
	}
	nifti_file_i16(&f, 70, 4);
	nifti_file_i16(&f, 72, 32);
	accepted(put(&f), 7);
	nifti_file_f32(&f, 112, 0);
	nifti_file_f32(&f, 116, 5);
	accepted(put(&f), 7);
	nifti_file_f32(&f, 112, 2);
	accepted(put(&f), 19);
	nifti_file_f32(&f, 116, NAN);
	refused(put(&f), ERR_DATA, "scl_inter (byte 116)", NULL);
	nifti_file_f32(&f, 116, 0);
	nifti_file_f32(&f, 112, NAN);
	refused(put(&f), ERR_DATA, "scl_slope (byte 112)", NULL);
	nifti_file_f32(&f, 112, INFINITY);
	refused(put(&f), ERR_DATA, "scl_slope (byte 112)", NULL);
	nifti_file_f32(&f, 112, -1e38);
	refused(put(&f), ERR_DATA, "scl_slope (byte 112)", "fp32");
	nifti_file_release(&f);
}

/* Rows 11, 12: voxel size and matrices. */
static void test_bad_geometry(void **state)
{
	const double bad[] = {0, -1, NAN, INFINITY, 1e-30, 1e30, 1001};
	struct nifti_file f = fresh(1);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		nifti_file_f32(&f, 84, bad[i]);
		refused(put(&f), ERR_DATA, "pixdim[2] (byte 84)", "0.001 to 1000 mm");
	}
	nifti_file_f32(&f, 84, 1);
	nifti_file_i16(&f, 254, 1);
	for (size_t i = 0; i < 12; i++)
		nifti_file_f32(&f, 280 + 4 * i, (double)(i + 1)); /* rank 2 */
	refused(put(&f), ERR_DATA, "sform", "singular");
	nifti_file_f32(&f, 280, NAN);
	refused(put(&f), ERR_DATA, "sform", "not finite");
	for (size_t i = 0; i < 12; i++)
		nifti_file_f32(&f, 280 + 4 * i, i % 5 ? 0 : 5000);
	refused(put(&f), ERR_DATA, "sform", "0.001 to 1000");
	nifti_file_i16(&f, 254, 0);
	nifti_file_i16(&f, 252, 1);
	nifti_file_f32(&f, 256, NAN);
	refused(put(&f), ERR_DATA, "quatern_b", NULL);
	nifti_file_release(&f);
}

/* Row 14: NaN and Inf are counted and become 0. */
static void test_nonfinite(void **state)
{
	struct err err = ERR_INIT;
	struct nifti_file f;
	struct volume *v;

	(void)state;
	nifti_file_init(&f, 1, true, 4, 4, 4, 16, 4);
	nifti_file_f32(&f, 352, NAN);
	nifti_file_f32(&f, 356, 3);
	nifti_file_f32(&f, 352 + 4 * 63, -INFINITY);
	v = nifti_read(put(&f), &err);
	assert_non_null(v);
	assert_int_equal(v->nonfinite, 2);
	assert_true(v->data[0] == 0 && v->data[1] == 3 && v->data[63] == 0);
	assert_int_equal(volume_check_label(v, 255, &err), -1);
	volume_free(v);
	nifti_file_release(&f);
	nifti_file_init(&f, 1, false, 4, 4, 4, 64, 8);
	nifti_file_f64(&f, 352, 1e300); /* does not fit fp32 */
	v = nifti_read(put(&f), &err);
	assert_non_null(v);
	assert_int_equal(v->nonfinite, 1);
	assert_true(v->data[0] == 0);
	volume_free(v);
	nifti_file_release(&f);
}

static const char *put_bytes(const uint8_t *p, size_t len)
{
	return nifti_file_put(dir, "gz.nii.gz", p, len);
}

/* Row 20: broken gzip streams. */
static void test_gzip(void **state)
{
	struct err err = ERR_INIT;
	struct nifti_file f;
	struct buf b = {0};
	size_t n, half;
	uint8_t *p;

	(void)state;
	nifti_file_init(&f, 1, false, 20, 20, 20, 4, 2);
	for (size_t i = 0; i < 8000; i++)
		nifti_file_i16(&f, 352 + 2 * i, (int)((i * 7919) % 4001));
	assert_int_equal(sys_read_file(nifti_file_put_gz(dir, "x.nii.gz", f.p, f.len, &n), 1 << 20,
				 &b, &err),
		0);
	p = mem_zalloc(2 * n + 1000);
	memcpy(p, b.p, n);
	accepted(put_bytes(p, n), 0);
	refused(put_bytes(p, n - 9), ERR_DATA, "truncated", "needs 16352 unpacked bytes");
	refused(put_bytes(p, n / 2), ERR_DATA, "truncated", NULL);
	refused(put_bytes(p, 11), ERR_DATA, "truncated header", "has 0");
	p[n - 5] ^= 1;
	refused(put_bytes(p, n), ERR_DATA, "damaged", "data check");
	p[n - 5] ^= 1;
	p[n - 4] ^= 1;
	refused(put_bytes(p, n), ERR_DATA, "damaged", "length check");
	p[n - 4] ^= 1;
	p[n / 2] ^= 0x10;
	refused(put_bytes(p, n), ERR_DATA, "damaged", NULL);
	p[n / 2] ^= 0x10;
	accepted(put_bytes(p, n + 512), 0); /* zero padding */
	p[n] = 'x';
	refused(put_bytes(p, n + 100), ERR_DATA, "garbage after the gzip data", NULL);
	p[3] = 0xe0; /* reserved flags, row 22 */
	refused(put_bytes(p, n), ERR_DATA, "damaged", "flags");
	/* Two members. */
	buf_reset(&b);
	half = f.len / 2;
	assert_int_equal(
		sys_read_file(nifti_file_put_gz(dir, "x", f.p, half, NULL), 1 << 20, &b, &err), 0);
	assert_int_equal(sys_read_file(nifti_file_put_gz(dir, "y", f.p + half, f.len - half, NULL),
				 1 << 20, &b, &err),
		0);
	accepted(put_bytes((uint8_t *)b.p, b.len), 0);
	buf_release(&b);
	free(p);
	nifti_file_release(&f);
}

/* Row 21: bombs, gzip in gzip, raw data named .gz and the reverse; row 22: an endless name. */
static void test_gzip_tricks(void **state)
{
	struct err err = ERR_INIT;
	struct nifti_file f = fresh(1);
	size_t big = (size_t)48 << 20, n;
	uint8_t *p = mem_zalloc(big);
	struct buf b = {0};
	size_t rss;

	(void)state;
	memcpy(p, f.p, f.len);
	nifti_file_put_gz(dir, "bomb.nii.gz", p, big, NULL);
	rss = sys_peak_rss();
	refused(nifti_file_put(dir, "none", "", 0), ERR_DATA, "truncated header", NULL);
	{
		char *bomb = sys_join(dir, "bomb.nii.gz");

		refused(bomb, ERR_DATA, "unpacks to more than the 400 bytes", NULL);
		free(bomb);
	}
	assert_true(sys_peak_rss() - rss < (size_t)1 << 20);
	assert_int_equal(sys_read_file(nifti_file_put_gz(dir, "in.nii.gz", f.p, f.len, &n), 1 << 20,
				 &b, &err),
		0);
	refused(nifti_file_put_gz(dir, "twice.nii.gz", b.p, b.len, NULL), ERR_DATA, NULL, NULL);
	accepted(nifti_file_put(dir, "raw.nii.gz", f.p, f.len), 7);
	accepted(nifti_file_put(dir, "packed.nii", b.p, b.len), 7);
	memset(p, 'A', 1 << 20);
	memcpy(p, "\x1f\x8b\x08\x08\0\0\0\0\0\3", 10); /* FNAME without an end */
	refused(put_bytes(p, 1 << 20), ERR_DATA, "truncated header", "has 0");
	buf_release(&b);
	free(p);
	nifti_file_release(&f);
}

/* Row 23: odd names are names. */
static void test_names(void **state)
{
	const char *const names[] = {"new\nline.nii", "esc\x1b[2J.nii", "\xff\xfe.nii", "-rf.nii",
		"two  words.nii", "%s%n%x.nii", "$(id).nii"};
	struct nifti_file f = fresh(1);
	char longest[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		accepted(nifti_file_put(dir, names[i], f.p, f.len), 7);
		refused(nifti_file_put(dir, names[i], f.p, 100), ERR_DATA, "truncated header",
			NULL);
	}
	memset(longest, 'n', 255);
	memcpy(longest + 251, ".nii", 5);
	accepted(nifti_file_put(dir, longest, f.p, f.len), 7);
	nifti_file_release(&f);
}

/* Rows 18, 24, 25: what is no readable regular file. */
static void test_files(void **state)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	char *path = sys_join(dir, "odd.nii");
	struct nifti_file f = fresh(1);
	int fd;

	(void)state;
	refused(path, ERR_NOINPUT, NULL, NULL);
	refused(dir, ERR_DATA, "not a regular file", NULL);
	refused("/dev/zero", ERR_DATA, "not a regular file", NULL);
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(path, ERR_DATA, "not a regular file", NULL);
	unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	if (fd >= 0 && !bind(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		struct err err = ERR_INIT;

		assert_null(nifti_read(path, &err));
		unlink(path);
	}
	close(fd);
	assert_int_equal(symlink("nowhere.nii", path), 0);
	refused(path, ERR_NOINPUT, NULL, NULL);
	unlink(path);
	assert_int_equal(symlink("odd.nii", path), 0);
	{
		struct err err = ERR_INIT;

		assert_null(nifti_read(path, &err)); /* a loop */
		assert_int_not_equal(err.code, 0);
	}
	unlink(path);
	nifti_file_put(dir, "target.nii", f.p, f.len);
	assert_int_equal(symlink("target.nii", path), 0);
	accepted(path, 7);
	unlink(path);
	if (geteuid()) {
		nifti_file_put(dir, "odd.nii", f.p, f.len);
		assert_int_equal(chmod(path, 0), 0);
		refused(path, ERR_IO, NULL, NULL);
	}
	nifti_file_release(&f);
	free(path);
}

/* Any single damaged byte of the header, and any length, is refused or read: never a crash. */
static void test_every_byte(void **state)
{
	const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};

	(void)state;
	for (int version = 1; version <= 2; version++) {
		struct nifti_file f = fresh(version);
		size_t end = nifti_file_voxels(&f);

		for (size_t at = 0; at < end; at++)
			for (size_t k = 0; k < ARRAY_SIZE(values); k++) {
				struct err err = ERR_INIT;
				uint8_t was = f.p[at];
				struct volume *v;

				f.p[at] = values[k];
				v = nifti_read(put(&f), &err);
				assert_true(v || err.code == ERR_DATA || err.code == ERR_NOINPUT);
				if (v)
					assert_true(volume_voxels(v) * (size_t)v->channels <= 48);
				volume_free(v);
				f.p[at] = was;
			}
		nifti_file_release(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_size_word),
		cmocka_unit_test(test_dims),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_offset),
		cmocka_unit_test(test_type_and_scale),
		cmocka_unit_test(test_bad_geometry),
		cmocka_unit_test(test_nonfinite),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_gzip_tricks),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_every_byte),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
