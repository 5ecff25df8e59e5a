/*
 * NIfTI files to volumes and back.
 *
 * Reading: open (a regular file, whatever its name says), unpack the header,
 * check it (nifti_header.c), compare its claim with the size of the file, and only
 * then take memory - one buffer, which is the volume itself:
 *
 *     |<------------- max(fp32 voxels, offset + packed voxels) ------------->|
 *     | volume data, fp32, written forward ...   | header | voxels as in file |
 *
 * The file's bytes are unpacked into the end of it and converted forward in place
 * (voxel.c), so a 16-bit CT costs its fp32 size and no more.  64-bit types do
 * not fit this and get a buffer of their own.
 *
 * Writing: integers are rounded and clamped; the header carries no text, the gzip
 * member no name and no time, so equal volumes give equal files and no patient's
 * name travels with them.
 */
#include "core/volume/nifti.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/volume/gz.h"
#include "core/volume/nifti_header.h"
#include "core/volume/voxel.h"

#define NIFTI_MAX_BYTES ((size_t)8 << 30) /* of packed voxels */

static bool nifti_has_suffix(const char *path, const char *suffix)
{
	size_t n = strlen(path), k = strlen(suffix);

	return n >= k && !strcasecmp(path + n - k, suffix);
}

static void nifti_log_path(enum log_level level, const char *path, const char *text, size_t n)
{
	struct buf b = {0};

	buf_put_safe(&b, path);
	log_write(level, "'%s': %s (%zu)", b.p ? b.p : "", text, n);
	buf_release(&b);
}

/* X.img for X.hdr, with or without ".gz"; NULL when path does not end in .hdr.  The caller frees.
 */
static char *nifti_img_path(const char *path)
{
	size_t n = strlen(path), tail = nifti_has_suffix(path, ".gz") ? 7 : 4;
	char *img;

	if (n < tail || strncasecmp(path + n - tail, ".hdr", 4))
		return NULL;
	img = mem_strdup(path);
	memcpy(img + n - tail, path[n - tail + 1] == 'H' ? ".IMG" : ".img", 4);
	return img;
}

/*
 * Opens the file and checks its header.  g is then the file that holds the voxels
 * (*img, which the caller frees, when that is another one).
 */
static int nifti_open(
	struct gz_file *g, const char *path, struct nifti_header *h, char **img, struct err *err)
{
	uint8_t head[NIFTI_HEADER_MAX];
	size_t len;

	*img = NULL;
	if (gz_open(g, path, err))
		return -1;
	if (g->gz != nifti_has_suffix(path, ".gz"))
		nifti_log_path(LOG_WARN, path,
			g->gz ? "gzip data in a file not named .gz, size"
			      : "named .gz but not packed, size",
			g->size);
	if (gz_head(g, head, sizeof(head), &len, err) ||
		nifti_header_parse(head, len, path, h, err))
		return -1;
	if (h->pair) {
		*img = nifti_img_path(path);
		if (!*img)
			return err_set(err, ERR_DATA,
				"'%s': the magic \"ni%d\" says that the voxels are in an .img file, but "
				"the file is not named .hdr",
				path, h->version);
		gz_close(g);
		if (gz_open(g, *img, err))
			return err_wrap(err, "'%s' needs its voxels", path);
	}
	return gz_check_total(g, h->offset + h->bytes, NIFTI_MAX_BYTES, err);
}

/* The volume's buffer doubles as the place to unpack to; see above. */
static float *nifti_load(
	struct gz_file *g, const struct nifti_header *h, size_t *bad, struct err *err)
{
	size_t want = h->voxels * sizeof(float), total = h->offset + h->bytes;
	bool in_place = h->type->bytes <= 4;
	size_t size = in_place && total > want ? total : want;
	float *out = mem_try_big(size, "the voxels of an image", err);
	char *raw = NULL;

	if (!out)
		return NULL;
	raw = in_place ? (char *)out + size - total : mem_try_big(total, "a packed image", err);
	if (!raw || gz_read(g, raw, h->offset, total, err)) {
		mem_free_big(out);
		out = NULL;
	} else {
		*bad = voxel_to_float(
			h->type, h->swapped, h->slope, h->inter, raw + h->offset, out, h->voxels);
	}
	if (!in_place)
		mem_free_big(raw);
	return out;
}

struct volume *nifti_read(const char *path, struct err *err)
{
	struct gz_file g = {.fd = -1};
	struct nifti_header h;
	struct volume *v = NULL;
	float *voxels = NULL;
	char *img = NULL;
	size_t bad = 0;

	if (!nifti_open(&g, path, &h, &img, err))
		voxels = nifti_load(&g, &h, &bad, err);
	gz_close(&g);
	free(img);
	if (!voxels)
		return NULL;
	v = volume_wrap(h.channels, h.dim, voxels);
	memcpy(v->affine, h.affine, sizeof(v->affine));
	memcpy(v->original.affine, h.affine, sizeof(v->affine));
	v->file = mem_strdup(path);
	v->nonfinite = bad;
	if (bad)
		nifti_log_path(LOG_WARN, path, "NaN or infinite voxels replaced by 0", bad);
	return v;
}

int nifti_read_info(const char *path, struct nifti_info *info, struct err *err)
{
	struct gz_file g = {.fd = -1};
	struct nifti_header h;
	char *img = NULL;
	int rc = nifti_open(&g, path, &h, &img, err);

	if (!rc)
		rc = gz_check_whole(&g, h.offset + h.bytes, err);
	gz_close(&g);
	free(img);
	if (rc)
		return -1;
	info->ndim = h.ndim;
	memcpy(info->dim, h.dim, sizeof(info->dim));
	memcpy(info->affine, h.affine, sizeof(info->affine));
	info->datatype = h.type->code;
	info->type_name = h.type->name;
	info->bytes = h.bytes;
	return 0;
}

static int nifti_write_out(const char *path, const void *data, size_t len, struct err *err)
{
	void *packed;
	size_t packed_len;
	int rc;

	if (!nifti_has_suffix(path, ".gz"))
		return sys_write_file(path, data, len, err);
	if (gz_pack(data, len, &packed, &packed_len, err))
		return err_wrap(err, "'%s'", path);
	rc = sys_write_file(path, packed, packed_len, err);
	free(packed);
	return rc;
}

int nifti_write(const char *path, const struct volume *v, enum nifti_dtype type, struct err *err)
{
	static const int codes[] = {
		[NIFTI_OUT_UINT8] = 2, [NIFTI_OUT_INT16] = 4, [NIFTI_OUT_FLOAT32] = 16};
	const struct voxel_type *t = voxel_type_find(codes[type]);
	size_t n = volume_voxels(v) * (size_t)v->channels, len;
	uint8_t *file;
	int rc;

	if (!nifti_has_suffix(path, ".nii") && !nifti_has_suffix(path, ".nii.gz"))
		return err_set(err, ERR_USAGE, "'%s' must end in .nii or .nii.gz", path);
	len = NIFTI_OUT_OFFSET + n * (size_t)t->bytes;
	file = mem_try_big(len, "an image file", err);
	if (!file)
		return -1;
	if (nifti_header_make(v->dim, v->channels, v->affine, t, file, err)) {
		free(file);
		return err_wrap(err, "'%s'", path);
	}
	if (type == NIFTI_OUT_UINT8)
		voxel_to_uint8(v->data, file + NIFTI_OUT_OFFSET, n);
	else if (type == NIFTI_OUT_INT16)
		voxel_to_int16(v->data, (short *)(void *)(file + NIFTI_OUT_OFFSET), n);
	else
		memcpy(file + NIFTI_OUT_OFFSET, v->data, n * sizeof(float));
	rc = nifti_write_out(path, file, len, err);
	free(file);
	return rc;
}
