/*
 * PNG files to volumes, through libpng's own interface: the simplified one that
 * png.c uses would turn 16 bits into 8 and palettes into colours.
 *
 * A picture comes from outside.  Its size is checked against the cap and against
 * the size of the file (deflate packs at most 1032 : 1) before memory is taken, a
 * wrong CRC is an error in every chunk, and side chunks are limited, because a
 * packed text chunk can be a bomb of its own.
 *
 * libpng reports errors by longjmp().  Everything that must survive the jump lives
 * in struct png_job, which is not a local of the function that calls setjmp().
 */
#include "core/volume/picture.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

#define PNG_HEAD       33 /* signature and IHDR */
#define PNG_MAX_SIDE   65535
#define PNG_MAX_CHUNK  ((png_alloc_size_t)8 << 20)
#define DEFLATE_FACTOR 1032

struct png_job {
	const char *path;
	struct err *err;
	struct buf file;
	size_t at;
	png_structp png;
	png_infop info;
	uint8_t *pixels; /* rows as libpng gives them */
	uint8_t **rows;
	struct picture_info pic;
	size_t row_bytes;
	jmp_buf jump;
};

static void png_job_fail(png_structp png, const char *text)
{
	struct png_job *j = png_get_error_ptr(png);

	err_set(j->err, ERR_DATA, "'%s' is no readable PNG file: %s", j->path, text);
	longjmp(j->jump, 1);
}

static void png_job_quiet(png_structp png, const char *text)
{
	(void)png;
	(void)text;
}

static void png_job_bytes(png_structp png, png_bytep out, size_t n)
{
	struct png_job *j = png_get_io_ptr(png);

	if (n > j->file.len - j->at)
		png_error(png, "the file ends too early");
	memcpy(out, j->file.p + j->at, n);
	j->at += n;
}

/* Reads the header and says how pixels are to be unpacked.  May jump. */
static void png_job_start(struct png_job *j, bool labels)
{
	int type, bits;

	png_set_read_fn(j->png, j, png_job_bytes);
	png_set_crc_action(j->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
	png_set_user_limits(j->png, PNG_MAX_SIDE, PNG_MAX_SIDE);
	png_set_chunk_malloc_max(j->png, PNG_MAX_CHUNK);
	png_set_chunk_cache_max(j->png, 64);
	png_read_info(j->png, j->info);
	type = png_get_color_type(j->png, j->info);
	bits = png_get_bit_depth(j->png, j->info);
	if (labels && bits < 8)
		png_set_packing(j->png);
	if (!labels && type == PNG_COLOR_TYPE_PALETTE)
		png_set_palette_to_rgb(j->png);
	if (!labels && bits < 8 && type == PNG_COLOR_TYPE_GRAY)
		png_set_expand_gray_1_2_4_to_8(j->png);
	if (!labels && png_get_valid(j->png, j->info, PNG_INFO_tRNS))
		png_set_tRNS_to_alpha(j->png);
	png_set_interlace_handling(j->png);
	png_read_update_info(j->png, j->info);
	j->pic.dim[0] = (int)png_get_image_width(j->png, j->info);
	j->pic.dim[1] = (int)png_get_image_height(j->png, j->info);
	j->pic.dim[2] = 1;
	j->pic.channels = png_get_channels(j->png, j->info);
	j->pic.bits = png_get_bit_depth(j->png, j->info);
	j->row_bytes = png_get_rowbytes(j->png, j->info);
}

/* Size against the cap, and the rows of the file against what it can hold. */
static int png_job_check(struct png_job *j)
{
	uint64_t w = (uint64_t)j->pic.dim[0], h = (uint64_t)j->pic.dim[1];
	uint64_t packed_bits = w * h * (png_get_bit_depth(j->png, j->info) < 8 ? 1 : 8);

	if (w * h > PICTURE_MAX_PIXELS)
		return err_set(j->err, ERR_DATA,
			"'%s' has %d x %d pixels, more than the %d allowed", j->path, j->pic.dim[0],
			j->pic.dim[1], PICTURE_MAX_PIXELS);
	/* At least one bit per pixel in the file, packed 1032 times at the most. */
	if (packed_bits / 64 > j->file.len * DEFLATE_FACTOR)
		return err_set(j->err, ERR_DATA,
			"'%s' has %zu bytes, %d x %d pixels do not fit into them", j->path,
			j->file.len, j->pic.dim[0], j->pic.dim[1]);
	return 0;
}

static int png_job_pixels(struct png_job *j)
{
	size_t h = (size_t)j->pic.dim[1];

	j->pixels = mem_try_big(j->row_bytes * h, "a picture", j->err);
	if (!j->pixels)
		return -1;
	j->rows = mem_alloc(h * sizeof(*j->rows));
	for (size_t y = 0; y < h; y++)
		j->rows[y] = j->pixels + y * j->row_bytes;
	return 0;
}

/* The part that libpng may leave by a jump.  Only *j is used after it. */
static int png_job_run(struct png_job *j, bool labels, bool pixels)
{
	if (setjmp(j->jump))
		return -1;
	png_job_start(j, labels);
	if (png_job_check(j))
		return -1;
	if (!pixels)
		return 0;
	if (png_job_pixels(j))
		return -1;
	png_read_image(j->png, j->rows);
	png_read_end(j->png, NULL);
	return 0;
}

static void png_job_end(struct png_job *j)
{
	png_destroy_read_struct(&j->png, &j->info, NULL);
	free(j->rows);
	free(j->pixels);
	buf_release(&j->file);
	free(j);
}

static struct png_job *png_job_new(const char *path, struct err *err)
{
	struct png_job *j = mem_zalloc(sizeof(*j));

	j->path = path;
	j->err = err;
	j->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, j, png_job_fail, png_job_quiet);
	j->info = j->png ? png_create_info_struct(j->png) : NULL;
	if (j->info)
		return j;
	err_set(err, ERR_NOMEM, "no memory to read '%s'", path);
	png_job_end(j);
	return NULL;
}

/* Interleaved samples of 1 or 2 bytes (big endian) to one plane per channel. */
static struct volume *png_job_volume(const struct png_job *j)
{
	size_t w = (size_t)j->pic.dim[0], h = (size_t)j->pic.dim[1];
	size_t nc = (size_t)j->pic.channels;
	struct volume *v = volume_new(j->pic.channels, j->pic.dim, j->err);

	if (!v)
		return NULL;
	for (size_t c = 0; c < nc; c++) {
		for (size_t y = 0; y < h; y++) {
			const uint8_t *in = j->rows[y];
			float *out = v->data + (c * h + y) * w;

			for (size_t x = 0; x < w; x++) {
				const uint8_t *p = in + 2 * (x * nc + c);

				out[x] = j->pic.bits == 16 ? (float)(p[0] << 8 | p[1])
							   : (float)in[x * nc + c];
			}
		}
	}
	v->file = mem_strdup(j->path);
	return v;
}

struct volume *picture_png_read(const char *path, bool labels, struct err *err)
{
	struct png_job *j = png_job_new(path, err);
	struct volume *v = NULL;

	if (!j)
		return NULL;
	if (!sys_read_file(path, PICTURE_MAX_FILE, &j->file, err) && !png_job_run(j, labels, true))
		v = png_job_volume(j);
	png_job_end(j);
	return v;
}

int picture_png_info(const char *path, bool labels, struct picture_info *info, struct err *err)
{
	struct png_job *j = png_job_new(path, err);
	int rc = -1;

	if (!j)
		return -1;
	if (!sys_read_file(path, PICTURE_MAX_FILE, &j->file, err) &&
		!png_job_run(j, labels, false)) {
		*info = j->pic;
		rc = 0;
		if (j->file.len < PNG_HEAD + 12 || memcmp(j->file.p + j->file.len - 8, "IEND", 4))
			rc = err_set(err, ERR_DATA, "'%s' was cut: its end mark is missing", path);
	}
	png_job_end(j);
	return rc;
}
