/*
 * PNG files through libpng's simplified interface, which needs no setjmp().
 *
 * The picture is encoded in memory and then put in place atomically.  No text, time
 * or other chunks that could carry a name are written.
 */
#include "core/volume/png.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

#define PNG_MAX_PIXELS 64000000
#define PNG_MAX_FILE   ((size_t)256 << 20)

int png_file_write(const char *path, int width, int height, int channels, const uint8_t *pixels,
	struct err *err)
{
	png_image img = {.version = PNG_IMAGE_VERSION};
	png_alloc_size_t size;
	void *mem;
	int rc = -1;

	if (width < 1 || height < 1 || (int64_t)width * height > PNG_MAX_PIXELS)
		return err_set(err, ERR_DATA, "'%s': a picture of %d x %d pixels cannot be written",
			path, width, height);
	img.width = (png_uint_32)width;
	img.height = (png_uint_32)height;
	img.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
	size = PNG_IMAGE_PNG_SIZE_MAX(img);
	mem = mem_try_big(size, "a PNG file", err);
	if (!mem)
		return -1;
	if (png_image_write_to_memory(&img, mem, &size, 0, pixels, width * channels, NULL))
		rc = sys_write_file(path, mem, size, err);
	else
		err_set(err, ERR_IO, "cannot encode '%s': %s", path, img.message);
	png_image_free(&img);
	free(mem);
	return rc;
}

uint8_t *png_file_read(const char *path, int channels, int *width, int *height, struct err *err)
{
	png_image img = {.version = PNG_IMAGE_VERSION};
	png_color black = {0, 0, 0};
	struct buf file = {0};
	uint8_t *out = NULL;

	if (sys_read_file(path, PNG_MAX_FILE, &file, err)) {
		buf_release(&file);
		return NULL;
	}
	if (!png_image_begin_read_from_memory(&img, file.p, file.len)) {
		err_set(err, ERR_DATA, "'%s' is not a readable PNG file: %s", path, img.message);
	} else if ((uint64_t)img.width * img.height > PNG_MAX_PIXELS) {
		err_set(err, ERR_DATA, "'%s' has %u x %u pixels, more than the %d allowed", path,
			img.width, img.height, PNG_MAX_PIXELS);
	} else {
		img.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
		out = mem_try_big(PNG_IMAGE_SIZE(img), "a picture", err);
		if (out && !png_image_finish_read(&img, &black, out, 0, NULL)) {
			err_set(err, ERR_DATA, "'%s' is damaged: %s", path, img.message);
			free(out);
			out = NULL;
		}
		*width = (int)img.width;
		*height = (int)img.height;
	}
	png_image_free(&img);
	buf_release(&file);
	return out;
}
