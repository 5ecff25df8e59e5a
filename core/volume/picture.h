#ifndef CORE_VOLUME_PICTURE_H
#define CORE_VOLUME_PICTURE_H

#include <stdbool.h>
#include "core/volume/volume.h"

/*
 * PNG and JPEG files as volumes of X x Y x 1 voxels: x runs along the columns, y down the
 * rows, colours are channels, values are those of the file (0 ... 255 or 0 ... 65535).  At
 * most 64 megapixels.  Faults: ERR_NOINPUT missing, ERR_DATA malformed, cut or damaged.
 */
#define PICTURE_MAX_PIXELS 64000000
#define PICTURE_MAX_FILE   ((size_t)256 << 20)

struct picture_info {
	int dim[3];
	int channels;
	int bits; /* per sample: 8 or 16 */
};

/*
 * Grey 1, grey with alpha 2, RGB 3, RGBA 4 channels.  labels: indices of a palette and
 * 1, 2 and 4-bit greys stay the numbers that they are; otherwise a palette gives its
 * colours and low greys are stretched to 0 ... 255.
 */
struct volume *picture_png_read(const char *path, bool labels, struct err *err) MUST_CHECK;

/* Grey 1 or RGB 3 channels. */
struct volume *picture_jpg_read(const char *path, bool labels, struct err *err) MUST_CHECK;

/* Headers only; a file that was cut is found nevertheless. */
int picture_png_info(
	const char *path, bool labels, struct picture_info *info, struct err *err) MUST_CHECK;
int picture_jpg_info(
	const char *path, bool labels, struct picture_info *info, struct err *err) MUST_CHECK;

#endif
