/*
 * One way to read any image file, chosen by the end of its name, and to look at its
 * size without reading it.  The names are the ones that data lists have.
 */
#include "core/volume/image_file.h"

#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/volume/affine.h"
#include "core/volume/nifti.h"
#include "core/volume/npy.h"
#include "core/volume/picture.h"

static const struct {
	const char *end;
	enum image_kind kind;
} image_ends[] = {
	{".nii.gz", IMAGE_NIFTI},
	{".nii", IMAGE_NIFTI},
	{".png", IMAGE_PNG},
	{".jpg", IMAGE_JPG},
	{".jpeg", IMAGE_JPG},
	{".npy", IMAGE_NPY},
};

/* Row of image_ends, or -1. */
static int image_end(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(image_ends); i++) {
		size_t k = strlen(image_ends[i].end);

		if (n > k && !strcasecmp(name + n - k, image_ends[i].end))
			return (int)i;
	}
	return -1;
}

enum image_kind image_file_kind(const char *path)
{
	int i = image_end(path);

	return i < 0 ? IMAGE_NIFTI : image_ends[i].kind;
}

size_t image_file_stem(const char *name)
{
	int i = image_end(name);

	return strlen(name) - (i < 0 ? 0 : strlen(image_ends[i].end));
}

char *image_file_id(const char *name)
{
	char *id = mem_strndup(name, image_file_stem(name));
	bool dots = !strcmp(id, ".") || !strcmp(id, "..");

	for (char *c = id; *c; c++)
		if (dots || *c == '/' || (unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '_';
	return id;
}

struct volume *image_file_read(const char *path, enum image_kind kind, bool labels, struct err *err)
{
	switch (kind) {
	case IMAGE_PNG:
		return picture_png_read(path, labels, err);
	case IMAGE_JPG:
		return picture_jpg_read(path, labels, err);
	case IMAGE_NPY:
		return npy_read(path, err);
	default:
		return nifti_read(path, err);
	}
}

static void image_set(struct image_info *info, const int dim[3], int channels)
{
	memcpy(info->dim, dim, sizeof(info->dim));
	info->channels = channels;
	affine_identity(info->affine);
}

int image_file_info(const char *path, struct image_info *info, struct err *err)
{
	struct picture_info pic;
	struct nifti_info nifti;
	struct npy_info npy;

	info->kind = image_file_kind(path);
	switch (info->kind) {
	case IMAGE_PNG:
	case IMAGE_JPG:
		if (info->kind == IMAGE_PNG ? picture_png_info(path, false, &pic, err)
					    : picture_jpg_info(path, false, &pic, err))
			return -1;
		image_set(info, pic.dim, pic.channels);
		return 0;
	case IMAGE_NPY:
		if (npy_read_info(path, &npy, err))
			return -1;
		image_set(info, npy.dim, npy.channels);
		return 0;
	default:
		if (nifti_read_info(path, &nifti, err))
			return -1;
		image_set(info, nifti.dim, nifti.dim[3]);
		memcpy(info->affine, nifti.affine, sizeof(info->affine));
		return 0;
	}
}
