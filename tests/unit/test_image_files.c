/* PNG, JPEG and NumPy files as volumes; what is damaged is refused; data lists of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/data/datalist.h"
#include "core/volume/image_file.h"
#include "core/volume/npy.h"
#include "tests/unit/nifti_file.h"
#include "tests/unit/transform_rig.h"

static char dir[] = "/tmp/axial-image-XXXXXX";

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

static char *in_dir(const char *name)
{
	return sys_join(dir, name);
}

/* A PNG whose packed rows are i * step modulo 256, of any colour type and depth. */
static void put_png(const char *name, int w, int h, int type, int bits, bool interlaced, int step)
{
	static const png_color colours[4] = {{10, 20, 30}, {40, 50, 60}, {70, 80, 90}, {1, 2, 3}};
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	char *path = in_dir(name);
	FILE *f = fopen(path, "wb");
	uint8_t rows[64][512], *p[64];

	assert_non_null(f);
	for (int y = 0; y < 64; y++) {
		p[y] = rows[y];
		for (int i = 0; i < 512; i++)
			rows[y][i] = (uint8_t)((y * 512 + i) * step);
	}
	png_init_io(png, f);
	png_set_IHDR(png, info, (png_uint_32)w, (png_uint_32)h, bits, type,
		interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
		PNG_FILTER_TYPE_DEFAULT);
	if (type == PNG_COLOR_TYPE_PALETTE)
		png_set_PLTE(png, info, colours, 4);
	png_write_info(png, info);
	png_write_image(png, p);
	png_write_end(png, NULL);
	png_destroy_write_struct(&png, &info);
	fclose(f);
	free(path);
}

/* One 8-bit row value of put_png(). */
static float byte_at(int y, int i, int step)
{
	return (float)(uint8_t)((y * 512 + i) * step);
}

static struct volume *read_it(const char *name, bool labels)
{
	struct err err = ERR_INIT;
	char *path = in_dir(name);
	struct volume *v = image_file_read(path, image_file_kind(path), labels, &err);

	if (!v)
		print_message("%s\n", err.msg);
	assert_non_null(v);
	assert_string_equal(v->file, path);
	free(path);
	return v;
}

static float at(const struct volume *v, int c, int x, int y, int z)
{
	size_t row = (size_t)((c * v->dim[2] + z) * v->dim[1] + y);

	return v->data[row * (size_t)v->dim[0] + (size_t)x];
}

static void test_png(void **state)
{
	static const struct {
		int type, bits, channels;
	} kinds[] = {{PNG_COLOR_TYPE_GRAY, 8, 1}, {PNG_COLOR_TYPE_GRAY, 16, 1},
		{PNG_COLOR_TYPE_GRAY_ALPHA, 8, 2}, {PNG_COLOR_TYPE_RGB, 8, 3},
		{PNG_COLOR_TYPE_RGB, 16, 3}, {PNG_COLOR_TYPE_RGB_ALPHA, 8, 4}};

	(void)state;
	for (size_t k = 0; k < 2 * ARRAY_SIZE(kinds); k++) {
		int nc = kinds[k / 2].channels, bytes = kinds[k / 2].bits / 8;
		struct volume *v;

		put_png("a.png", 19, 11, kinds[k / 2].type, kinds[k / 2].bits, k % 2, 37);
		v = read_it("a.png", false);
		rig_check_dim(v, 19, 11, 1);
		assert_int_equal(v->channels, nc);
		for (int c = 0; c < nc; c++)
			for (int y = 0; y < 11; y++)
				for (int x = 0; x < 19; x++) {
					int i = (x * nc + c) * bytes;
					float want = byte_at(y, i, 37);

					if (bytes == 2)
						want = want * 256 + byte_at(y, i + 1, 37);
					assert_true(at(v, c, x, y, 0) == want);
				}
		volume_free(v);
	}
}

/* A label keeps the numbers of palette and low greys; an image shows what is meant. */
static void test_png_palette(void **state)
{
	struct volume *v;

	(void)state;
	put_png("p.png", 4, 2, PNG_COLOR_TYPE_PALETTE, 2, false, 27); /* 27 = 0 1 2 3 */
	v = read_it("p.png", true);
	assert_int_equal(v->channels, 1);
	assert_true(at(v, 0, 0, 0, 0) == 0 && at(v, 0, 1, 0, 0) == 0);
	volume_free(v);
	put_png("p.png", 4, 2, PNG_COLOR_TYPE_PALETTE, 8, false, 1);
	v = read_it("p.png", true);
	for (int x = 0; x < 4; x++)
		assert_true(at(v, 0, x, 0, 0) == (float)x);
	volume_free(v);
	v = read_it("p.png", false);
	assert_int_equal(v->channels, 3);
	assert_true(at(v, 0, 1, 0, 0) == 40 && at(v, 1, 1, 0, 0) == 50 && at(v, 2, 1, 0, 0) == 60);
	volume_free(v);
	put_png("g.png", 8, 2, PNG_COLOR_TYPE_GRAY, 1, false, 1);  /* row 1: 512 -> 0 */
	put_png("g.png", 16, 1, PNG_COLOR_TYPE_GRAY, 1, false, 1); /* bytes 0, 1 */
	v = read_it("g.png", true);
	assert_true(at(v, 0, 15, 0, 0) == 1 && at(v, 0, 14, 0, 0) == 0);
	volume_free(v);
	v = read_it("g.png", false);
	assert_true(at(v, 0, 15, 0, 0) == 255 && at(v, 0, 14, 0, 0) == 0);
	volume_free(v);
}

static void put_jpg(const char *name, int w, int h, int channels)
{
	struct jpeg_compress_struct c = {0};
	struct jpeg_error_mgr mgr;
	char *path = in_dir(name);
	FILE *f = fopen(path, "wb");
	uint8_t row[512], *p = row;

	assert_non_null(f);
	c.err = jpeg_std_error(&mgr);
	jpeg_create_compress(&c);
	jpeg_stdio_dest(&c, f);
	c.image_width = (unsigned)w;
	c.image_height = (unsigned)h;
	c.input_components = channels;
	c.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
	jpeg_set_defaults(&c);
	jpeg_set_quality(&c, 100, TRUE);
	jpeg_start_compress(&c, TRUE);
	for (int y = 0; y < h; y++) {
		for (int x = 0; x < w * channels; x++)
			row[x] = (uint8_t)(40 + 3 * y + 50 * (x % channels) + 2 * (x / channels));
		jpeg_write_scanlines(&c, &p, 1);
	}
	jpeg_finish_compress(&c);
	jpeg_destroy_compress(&c);
	fclose(f);
	free(path);
}

static void test_jpg(void **state)
{
	(void)state;
	for (int nc = 1; nc <= 3; nc += 2) {
		struct volume *v;

		put_jpg("a.jpeg", 21, 13, nc);
		v = read_it("a.jpeg", false);
		rig_check_dim(v, 21, 13, 1);
		assert_int_equal(v->channels, nc);
		for (int c = 0; c < nc; c++)
			for (int y = 0; y < 13; y++)
				for (int x = 0; x < 21; x++)
					assert_true(fabs(at(v, c, x, y, 0) -
							    (40 + 3 * y + 50 * c + 2 * x)) <= 6);
		volume_free(v);
	}
}

/* header: the dictionary; values follow. */
static void put_npy(const char *name, int version, const char *header, const void *values, size_t n)
{
	size_t len = strlen(header), head = version == 1 ? 10 : 12;
	uint8_t *b = mem_zalloc(head + len + n);

	memcpy(b, "\x93NUMPY", 6);
	b[6] = (uint8_t)version;
	b[8] = (uint8_t)len;
	b[9] = (uint8_t)(len >> 8);
	memcpy(b + head, header, len);
	memcpy(b + head + len, values, n);
	nifti_file_put(dir, name, b, head + len + n);
	free(b);
}

static void test_npy(void **state)
{
	float f4[48];
	int16_t i2[24];
	struct volume *v;

	(void)state;
	for (int i = 0; i < 48; i++)
		f4[i] = (float)i * 0.5f;
	for (int i = 0; i < 24; i++)
		i2[i] = (int16_t)__builtin_bswap16((uint16_t)(i - 7));
	put_npy("a.npy", 1,
		"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 4, 2), }          \n", f4,
		sizeof(f4));
	v = read_it("a.npy", false);
	rig_check_dim(v, 2, 3, 4);
	assert_int_equal(v->channels, 2);
	/* index [1, 2, 3, 0] is the value 1 * 24 + 2 * 8 + 3 * 2 */
	assert_true(at(v, 0, 1, 2, 3) == 46 * 0.5f && at(v, 1, 0, 1, 0) == 9 * 0.5f);
	volume_free(v);
	put_npy("a.npy", 2, "{'descr': '>i2', 'fortran_order': True, 'shape': (4, 6), }\n", i2,
		sizeof(i2));
	v = read_it("a.npy", false);
	rig_check_dim(v, 4, 6, 1);
	assert_true(at(v, 0, 1, 2, 0) == 1 + 2 * 4 - 7);
	volume_free(v);
}

static void npy_refused(const char *header, size_t bytes, const char *why)
{
	struct err err = ERR_INIT;
	uint8_t values[64] = {0};
	struct npy_info info;
	char *path = in_dir("bad.npy");

	put_npy("bad.npy", 1, header, values, bytes);
	assert_int_equal(npy_read_info(path, &info, &err), -1);
	assert_null(npy_read(path, &err));
	assert_int_equal(err.code, ERR_DATA);
	if (!strstr(err.msg, why))
		fail_msg("%s: %s", header, err.msg);
	free(path);
}

static void test_npy_refused(void **state)
{
	static const char good[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }";

	(void)state;
	npy_refused(good, 15, "15 bytes of values");
	npy_refused(good, 17, "17 bytes of values");
	npy_refused("{'descr': '|O', 'fortran_order': False, 'shape': (4,), }", 16, "'|O'");
	npy_refused("{'descr': '<c8', 'fortran_order': False, 'shape': (4,), }", 32, "'<c8'");
	npy_refused("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,), }", 16,
		"records");
	npy_refused("{'descr': '<f4', 'fortran_order': 0, 'shape': (4,), }", 16, "fortran_order");
	npy_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (4), }", 16, "shape");
	npy_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }", 0, "empty");
	npy_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", 4, "single number");
	npy_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (-4,), }", 16, "shape");
	npy_refused(
		"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,2,2), }", 16, "shape");
	npy_refused("{'descr': '<f4', 'shape': (4,), }", 16, "lacks a key");
	npy_refused("{'descr': '<f4', 'descr': '<f4', 'shape': (4,), }", 16, "key too many");
	npy_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), } + x", 16, "follows");
	npy_refused("{'descr': '<f4', 'fortran_order': False, "
		    "'shape': (999999, 999999, 999999, 999999), }",
		16, "impossible size");
}

/* Every cut and every flipped byte: an error or a volume of the same size, nothing else. */
static void test_damage(void **state)
{
	static const char *const names[] = {"d.png", "d.jpg", "d.npy"};
	float values[32] = {0};

	(void)state;
	put_png("d.png", 17, 9, PNG_COLOR_TYPE_RGB, 8, false, 37);
	put_jpg("d.jpg", 24, 24, 3);
	put_npy("d.npy", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 8), }\n", values,
		sizeof(values));
	for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
		char *path = in_dir(names[k]), *bad = mem_printf("%s/bad%s", dir, names[k] + 1);
		const char *bad_name = sys_basename(bad);
		struct err err = ERR_INIT;
		struct image_info info;
		struct buf b = {0};
		struct volume *v;

		assert_int_equal(sys_read_file(path, 1 << 20, &b, &err), 0);
		for (size_t n = 0; n < b.len; n++) {
			nifti_file_put(dir, bad_name, b.p, n);
			err_clear(&err);
			assert_int_equal(image_file_info(bad, &info, &err), -1);
			assert_int_equal(err.code, ERR_DATA);
			v = image_file_read(bad, image_file_kind(bad), false, &err);
			assert_true(!v || (k < 2 && n > b.len - 13));
			volume_free(v);
		}
		for (size_t n = 0; n < b.len; n++) {
			b.p[n] ^= 0x55;
			nifti_file_put(dir, bad_name, b.p, b.len);
			err_clear(&err);
			v = image_file_read(bad, image_file_kind(bad), false, &err);
			assert_true(v || err.code == ERR_DATA);
			if (k == 0 && n >= 8)
				assert_null(v); /* a CRC covers it, or is it */
			volume_free(v);
			b.p[n] ^= 0x55;
		}
		buf_release(&b);
		free(path);
		free(bad);
	}
}

/* A header that claims millions of pixels over a few bytes takes no memory. */
static void test_bombs(void **state)
{
	static const uint8_t jpg[] = {0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0x1f, 0x40, 0x1f, 0x40, 1,
		1, 0x11, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0xff, 0xd9};
	uint8_t png[64] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x1f\x40\0\0\x1f\x40\x08\x06\0\0\0";
	struct err err = ERR_INIT;
	char *path = in_dir("b.png");
	uint32_t crc = 0xffffffffu;

	(void)state;
	for (int i = 12; i < 29; i++) {
		crc ^= png[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	for (int i = 0; i < 4; i++)
		png[29 + i] = (uint8_t)(~crc >> (24 - 8 * i));
	memcpy(png + 33, "\0\0\0\1IDAT\0", 9);
	nifti_file_put(dir, "b.png", png, 46);
	assert_null(image_file_read(path, IMAGE_PNG, false, &err));
	if (!strstr(err.msg, "do not fit"))
		fail_msg("%s", err.msg);
	png[18] = 0x7f; /* 32576 x 8000 pixels: the CRC is wrong now */
	nifti_file_put(dir, "b.png", png, 46);
	assert_null(image_file_read(path, IMAGE_PNG, false, &err));
	nifti_file_put(dir, "b.png", jpg, sizeof(jpg));
	assert_null(image_file_read(path, IMAGE_JPG, false, &err));
	if (!strstr(err.msg, "do not fit"))
		fail_msg("%s", err.msg);
	free(path);
}

static void test_transforms(void **state)
{
	static const struct {
		const char *transform, *file;
	} rows[] = {{"LoadPng", "t.png"}, {"LoadJpg", "t.jpg"},
		{"LoadImageMasksFromNumpy", "t.npy"}, {"LoadImaged", "t.png"},
		{"LoadImaged", "t.jpg"}, {"LoadImaged", "t.npy"}};
	float values[20] = {0};

	(void)state;
	put_png("t.png", 4, 5, PNG_COLOR_TYPE_GRAY, 8, false, 0);
	put_jpg("t.jpg", 4, 5, 1);
	put_npy("t.npy", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 5), }\n", values,
		sizeof(values));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sample *s = sample_new("t");
		struct err err = ERR_INIT;
		char *path = in_dir(rows[i].file);

		assert_int_equal(sample_add_file(s, "image", path, &err), 0);
		rig_must(s, rows[i].transform, "{\"fields\": \"image\"}", 0);
		rig_check_dim(sample_find(s, "image")->vol, 4, 5, 1);
		sample_free(s);
		free(path);
	}
}

static void test_datalist(void **state)
{
	static const char json[] = "{\"training\": [{\"image\": \"l.png\", \"label\": \"l.npy\"}, "
				   "{\"image\": \"m.jpg\", \"label\": \"l.npy\"}]}";
	float values[20] = {0};
	struct problems ps = {0};
	struct datalist *l;
	char *path = in_dir("list.json");

	(void)state;
	nifti_file_put(dir, "list.json", json, sizeof(json) - 1);
	put_png("l.png", 4, 5, PNG_COLOR_TYPE_GRAY, 8, false, 1);
	put_jpg("m.jpg", 5, 5, 3);
	put_npy("l.npy", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 5), }\n", values,
		sizeof(values));
	l = datalist_read(path, dir, "training", &ps);
	assert_non_null(l);
	assert_string_equal(l->v[0].case_id, "l");
	assert_string_equal(l->v[1].case_id, "m");
	assert_int_equal(datalist_check(l, true, &ps), -1);
	assert_int_equal(problems_errors(&ps), 1);
	assert_non_null(strstr(ps.v[ps.n - 1].text, "4 x 5 x 1 voxels, but image"));
	problems_release(&ps);
	datalist_free(l);
	free(path);
}

/* Names of cases are names of files: no way up, no folder, no control byte. */
static void test_case_names(void **state)
{
	static const char *const names[][2] = {{"a.nii.gz", "a"}, {"a.b.NPY", "a.b"},
		{"...nii.gz", "__"}, {"..nii", "_"}, {"..", "__"}, {"....png", "..."},
		{"x/y.jpg", "x_y"}, {"a\nb\033[2J\177.png", "a_b_[2J_"}, {".nii", ".nii"}};
	struct problems ps = {0};
	struct datalist *l;
	char *path = in_dir("odd.json");
	static const char json[] =
		"{\"training\": [\"...nii.gz\", {\"image\": \"d/..nii\"}, \"a\\u0001.png\"]}";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *id = image_file_id(names[i][0]);

		assert_string_equal(id, names[i][1]);
		free(id);
	}
	nifti_file_put(dir, "odd.json", json, sizeof(json) - 1);
	l = datalist_read(path, dir, "training", &ps);
	assert_non_null(l);
	assert_string_equal(l->v[0].case_id, "__");
	assert_string_equal(l->v[1].case_id, "_");
	assert_string_equal(l->v[2].case_id, "a_");
	datalist_free(l);
	problems_release(&ps);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_png),
		cmocka_unit_test(test_png_palette),
		cmocka_unit_test(test_jpg),
		cmocka_unit_test(test_npy),
		cmocka_unit_test(test_npy_refused),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_transforms),
		cmocka_unit_test(test_datalist),
		cmocka_unit_test(test_case_names),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
