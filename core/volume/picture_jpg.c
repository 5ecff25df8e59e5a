/*
 * JPEG files to volumes, through libjpeg.
 *
 * Warnings count as errors: a cut file would otherwise give a picture whose lower
 * part is grey, and train nonsense without any other sign of it.  Before memory is
 * taken the claimed size is checked against the cap and the size of the file (a block
 * of 8 x 8 pixels takes at least one bit).  The number of scans of a
 * progressive file is limited, because each one costs a pass over all pixels.
 *
 * libjpeg reports errors by longjmp() from error_exit.  What must survive the jump
 * lives in struct jpg_job, which is not a local of the function that calls setjmp().
 */
#include "core/volume/picture.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

#define JPG_MAX_SCANS 200

struct jpg_job {
	struct jpeg_decompress_struct j; /* must be first: client_data is not used */
	struct jpeg_error_mgr mgr;
	struct jpeg_progress_mgr progress;
	const char *path;
	struct err *err;
	struct buf file;
	uint8_t *row;
	struct volume *v;
	jmp_buf jump;
};

static void jpg_fail(j_common_ptr c)
{
	struct jpg_job *job = c->client_data;
	char text[JMSG_LENGTH_MAX];

	job->mgr.format_message(c, text);
	err_set(job->err, ERR_DATA, "'%s' is no readable JPEG file: %s", job->path, text);
	longjmp(job->jump, 1);
}

/* level -1: a warning, the data are corrupt.  Others are traces. */
static void jpg_message(j_common_ptr c, int level)
{
	if (level < 0)
		jpg_fail(c);
}

static void jpg_scans(j_common_ptr c)
{
	struct jpg_job *job = c->client_data;

	if (job->j.input_scan_number <= JPG_MAX_SCANS)
		return;
	err_set(job->err, ERR_DATA, "'%s' has more than %d scans", job->path, JPG_MAX_SCANS);
	longjmp(job->jump, 1);
}

static int jpg_check(struct jpg_job *job)
{
	const struct jpeg_decompress_struct *j = &job->j;
	uint64_t w = j->image_width, h = j->image_height;

	if (!w || !h || w * h > PICTURE_MAX_PIXELS)
		return err_set(job->err, ERR_DATA, "'%s' has %u x %u pixels, allowed are 1 to %d",
			job->path, j->image_width, j->image_height, PICTURE_MAX_PIXELS);
	if (j->arith_code)
		return err_set(job->err, ERR_DATA, "'%s' uses arithmetic coding, which is not read",
			job->path);
	/* One bit per block of 64 pixels; of 256 where colours are stored at half size. */
	if (w * h / (256 * 8) > job->file.len)
		return err_set(job->err, ERR_DATA,
			"'%s' has %zu bytes, %u x %u pixels do not fit into them", job->path,
			job->file.len, j->image_width, j->image_height);
	if (j->jpeg_color_space == JCS_CMYK || j->jpeg_color_space == JCS_YCCK)
		return err_set(job->err, ERR_DATA,
			"'%s' is a CMYK picture for print; grey or RGB is needed", job->path);
	return 0;
}

static int jpg_pixels(struct jpg_job *job)
{
	struct jpeg_decompress_struct *j = &job->j;
	int channels = j->num_components == 1 ? 1 : 3;
	const int dim[3] = {(int)j->image_width, (int)j->image_height, 1};
	size_t w = (size_t)dim[0], plane = w * (size_t)dim[1];

	job->v = volume_new(channels, dim, job->err);
	if (!job->v)
		return -1;
	j->out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
	j->dct_method = JDCT_ISLOW; /* the same bits on every machine */
	jpeg_start_decompress(j);
	job->row = mem_alloc(w * 3);
	while (j->output_scanline < j->output_height) {
		size_t y = j->output_scanline;
		JSAMPROW row = job->row;

		jpeg_read_scanlines(j, &row, 1);
		for (size_t c = 0; c < (size_t)channels; c++)
			for (size_t x = 0; x < w; x++)
				job->v->data[c * plane + y * w + x] =
					(float)job->row[x * (size_t)channels + c];
	}
	jpeg_finish_decompress(j);
	return 0;
}

/* The part that libjpeg may leave by a jump.  Only *job is used after it. */
static int jpg_run(struct jpg_job *job, bool pixels, struct picture_info *info)
{
	if (setjmp(job->jump))
		return -1;
	jpeg_create_decompress(&job->j);
	job->j.progress = &job->progress;
	jpeg_mem_src(&job->j, (const unsigned char *)job->file.p, job->file.len);
	jpeg_read_header(&job->j, TRUE);
	if (jpg_check(job))
		return -1;
	info->dim[0] = (int)job->j.image_width;
	info->dim[1] = (int)job->j.image_height;
	info->dim[2] = 1;
	info->channels = job->j.num_components == 1 ? 1 : 3;
	info->bits = 8;
	return pixels ? jpg_pixels(job) : 0;
}

/* A file without bytes after its end mark, as cameras and programs write them. */
static bool jpg_whole(const struct buf *file)
{
	size_t n = file->len;

	/* Some writers pad: look for the mark in the last 64 bytes. */
	for (size_t i = 0; i < 64 && n >= i + 2; i++)
		if ((uint8_t)file->p[n - i - 2] == 0xff && (uint8_t)file->p[n - i - 1] == 0xd9)
			return true;
	return false;
}

static struct volume *jpg_open(
	const char *path, bool pixels, struct picture_info *info, struct err *err)
{
	struct jpg_job *job = mem_zalloc(sizeof(*job));
	struct volume *v = NULL;
	int rc = -1;

	job->path = path;
	job->err = err;
	job->j.err = jpeg_std_error(&job->mgr);
	job->j.client_data = job;
	job->mgr.error_exit = jpg_fail;
	job->mgr.emit_message = jpg_message;
	job->progress.progress_monitor = jpg_scans;
	if (!sys_read_file(path, PICTURE_MAX_FILE, &job->file, err)) {
		if (!job->file.len)
			err_set(err, ERR_DATA, "'%s' is no readable JPEG file: it is empty", path);
		else
			rc = jpg_run(job, pixels, info);
	}
	if (!rc && !pixels && !jpg_whole(&job->file))
		rc = err_set(err, ERR_DATA, "'%s' was cut: its end mark is missing", path);
	if (!rc && pixels) {
		v = job->v;
		v->file = mem_strdup(path);
	} else {
		volume_free(job->v);
	}
	if (rc)
		info->bits = 0;
	jpeg_destroy_decompress(&job->j);
	free(job->row);
	buf_release(&job->file);
	free(job);
	return v;
}

struct volume *picture_jpg_read(const char *path, bool labels, struct err *err)
{
	struct picture_info info;

	(void)labels;
	return jpg_open(path, true, &info, err);
}

int picture_jpg_info(const char *path, bool labels, struct picture_info *info, struct err *err)
{
	(void)labels;
	volume_free(jpg_open(path, false, info, err));
	return info->bits ? 0 : -1;
}
