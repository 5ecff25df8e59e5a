#ifndef CORE_VOLUME_PNG_H
#define CORE_VOLUME_PNG_H

#include <stdint.h>
#include "core/base/err.h"

/*
 * 8-bit PNG files through libpng, written atomically, without text or time
 * chunks.  channels: 1 grey, 3 RGB; rows are packed, top first.
 */
int png_file_write(const char *path, int width, int height, int channels, const uint8_t *pixels,
	struct err *err) MUST_CHECK;

/*
 * Reads any PNG as 8-bit with the given number of channels (1 or 3; alpha is laid
 * over black).  At most 64 megapixels.  The caller frees the pixels; NULL on error.
 */
uint8_t *png_file_read(
	const char *path, int channels, int *width, int *height, struct err *err) MUST_CHECK;

#endif
