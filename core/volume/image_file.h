#ifndef CORE_VOLUME_IMAGE_FILE_H
#define CORE_VOLUME_IMAGE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include "core/volume/volume.h"

/* Any image file by the end of its name: .png, .jpg or .jpeg, .npy, else NIfTI. */
enum image_kind {
	IMAGE_NIFTI,
	IMAGE_PNG,
	IMAGE_JPG,
	IMAGE_NPY,
};

struct image_info {
	enum image_kind kind;
	int dim[3];
	int channels;
	double affine[4][4]; /* the identity where the file has none */
};

enum image_kind image_file_kind(const char *path);

/* How many bytes of a file's name come before its ending; the whole when it is none of ours. */
size_t image_file_stem(const char *name);

/*
 * What a case is called after its file, safe as the name of a file or folder: name without
 * its ending, '_' for each '/' and control byte, and for the dots of '.' and '..'.  The
 * caller frees.
 */
char *image_file_id(const char *name);

/* labels: values are class numbers, see picture_png_read(). */
struct volume *image_file_read(
	const char *path, enum image_kind kind, bool labels, struct err *err) MUST_CHECK;

/* Headers only, and whether the file is whole. */
int image_file_info(const char *path, struct image_info *info, struct err *err) MUST_CHECK;

#endif
