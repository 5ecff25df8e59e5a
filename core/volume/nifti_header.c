/*
 * NIfTI headers: the one file that names nifticlib.
 *
 * Nothing in a header is believed.  Each field is checked here, in the order of
 * what depends on what, before the library sees it: size word (version and byte
 * order), magic, dimensions, data type, their product, data offset, scaling, voxel
 * size.  The library (libnifti2) then swaps bytes and turns quaternions into
 * matrices, which are the parts of the format that are easy to get wrong.
 *
 * Geometry: sform when set and not zero, else qform, else the voxel sizes alone,
 * as the standard's methods 3, 2 and 1 (nifti1.h).  A voxel size must lie
 * between 1e-3 and 1e3 mm.  Reference for the bad inputs: tests/unit/test_nifti.c.
 */
#include "core/volume/nifti_header.h"

#include <math.h>
#include <nifti2_io.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/volume/affine.h"

#define SPACING_MIN 1e-3
#define SPACING_MAX 1e3

/* Raw fields of either version in our byte order. */
struct nifti_fields {
	const char *path;
	int version;
	int64_t dim[8];
	int datatype, bitpix, qform_code, sform_code;
	double pixdim[8], vox_offset, slope, inter;
	double quat[3]; /* b, c, d */
	double srow[3][4];
	char magic[4];
	union {
		nifti_1_header n1;
		nifti_2_header n2;
	} raw;
};

/* Byte offset of a field in the version at hand, for messages. */
#define FIELD_AT(f, name) \
	((f)->version == 1 ? offsetof(nifti_1_header, name) : offsetof(nifti_2_header, name))

/* The library has one global, its verbosity; it must not print. */
static pthread_once_t nifti_quiet_once = PTHREAD_ONCE_INIT; /* lint: global, guards nifticlib */

static void nifti_quiet(void)
{
	nifti_set_debug_level(0);
}

/* Log lines show the path with its control bytes escaped. */
static void nifti_warn(const char *path, const char *text, double value)
{
	struct buf b = {0};

	buf_put_safe(&b, path);
	log_write(LOG_WARN, "'%s': %s (%g)", b.p ? b.p : "", text, value);
	buf_release(&b);
}

static int nifti_bad(const struct nifti_fields *f, const char *field, size_t at, double value,
	const char *rule, struct err *err)
{
	return err_set(err, ERR_DATA, "'%s': header field %s (byte %zu) is %.9g, %s", f->path,
		field, at, value, rule);
}

/* Lifts the fields of a header that has been swapped already. */
#define NIFTI_LIFT(f, h)                                   \
	do {                                               \
		for (int i = 0; i < 8; i++) {              \
			(f)->dim[i] = (h)->dim[i];         \
			(f)->pixdim[i] = (h)->pixdim[i];   \
		}                                          \
		for (int i = 0; i < 4; i++) {              \
			(f)->srow[0][i] = (h)->srow_x[i];  \
			(f)->srow[1][i] = (h)->srow_y[i];  \
			(f)->srow[2][i] = (h)->srow_z[i];  \
		}                                          \
		(f)->datatype = (h)->datatype;             \
		(f)->bitpix = (h)->bitpix;                 \
		(f)->qform_code = (h)->qform_code;         \
		(f)->sform_code = (h)->sform_code;         \
		(f)->vox_offset = (double)(h)->vox_offset; \
		(f)->slope = (h)->scl_slope;               \
		(f)->inter = (h)->scl_inter;               \
		(f)->quat[0] = (h)->quatern_b;             \
		(f)->quat[1] = (h)->quatern_c;             \
		(f)->quat[2] = (h)->quatern_d;             \
		memcpy((f)->magic, (h)->magic, 4);         \
	} while (0)

/* Finds version and byte order, and lifts the fields. */
static int nifti_lift(
	struct nifti_fields *f, const void *data, size_t len, bool *swapped, struct err *err)
{
	int32_t word;
	uint32_t other;

	if (len < sizeof(nifti_1_header))
		return err_set(err, ERR_DATA, "'%s': truncated header, needs %zu bytes, has %zu",
			f->path, sizeof(nifti_1_header), len);
	memcpy(&word, data, 4);
	other = __builtin_bswap32((uint32_t)word);
	*swapped = other == sizeof(nifti_1_header) || other == sizeof(nifti_2_header);
	if (word == sizeof(nifti_1_header) || other == sizeof(nifti_1_header))
		f->version = 1;
	else if (word == sizeof(nifti_2_header) || other == sizeof(nifti_2_header))
		f->version = 2;
	else if ((word & 0xffff) == 0x8b1f)
		return err_set(err, ERR_DATA, "'%s' is packed twice: gzip inside of gzip", f->path);
	else
		return err_set(err, ERR_DATA,
			"'%s' is not a NIfTI file: sizeof_hdr (byte 0) is %d, must be 348 or 540",
			f->path, (int)word);
	if (f->version == 2 && len < sizeof(nifti_2_header))
		return err_set(err, ERR_DATA, "'%s': truncated header, needs %zu bytes, has %zu",
			f->path, sizeof(nifti_2_header), len);
	memcpy(&f->raw, data, f->version == 1 ? sizeof(f->raw.n1) : sizeof(f->raw.n2));
	if (*swapped)
		swap_nifti_header(&f->raw, f->version);
	if (f->version == 1)
		NIFTI_LIFT(f, &f->raw.n1);
	else
		NIFTI_LIFT(f, &f->raw.n2);
	return 0;
}

static int nifti_check_magic(const struct nifti_fields *f, struct nifti_header *h, struct err *err)
{
	const char *n = f->magic;
	char digit = (char)('0' + f->version);

	if (n[0] != 'n' || (n[1] != '+' && n[1] != 'i') || n[2] != digit || n[3])
		return err_set(err, ERR_DATA,
			"'%s': magic (byte %zu) is not \"n+%c\" or \"ni%c\": not a NIfTI-%d file",
			f->path, FIELD_AT(f, magic), digit, digit, f->version);
	h->pair = n[1] == 'i';
	return 0;
}

static int nifti_check_dims(const struct nifti_fields *f, struct nifti_header *h, struct err *err)
{
	size_t n = 1, at = FIELD_AT(f, dim), step = f->version == 1 ? 2 : 8;
	char name[24];

	if (f->dim[0] < 1 || f->dim[0] > 7)
		return nifti_bad(f, "dim[0]", at, (double)f->dim[0], "must be 1 to 7", err);
	h->ndim = (int)f->dim[0];
	if (h->ndim < 3)
		return nifti_bad(f, "dim[0]", at, h->ndim, "a 3-D image is needed", err);
	for (int i = 0; i < 7; i++) {
		int64_t d = i < h->ndim ? f->dim[i + 1] : 1;

		snprintf(name, sizeof(name), "dim[%d]", i + 1);
		if (d < 1 || d > INT32_MAX)
			return nifti_bad(f, name, at + step * (size_t)(i + 1), (double)d,
				"must be 1 or more", err);
		if (i > 3 && d > 1)
			return nifti_bad(f, name, at + step * (size_t)(i + 1), (double)d,
				"only 3-D images and 4-D ones (channels) can be read", err);
		h->dim[i] = (int)d;
		if (mem_mul(n, (size_t)d, &n))
			return nifti_bad(f, name, at + step * (size_t)(i + 1), (double)d,
				"the image is impossibly large", err);
	}
	h->channels = h->dim[3];
	h->voxels = n;
	return 0;
}

static int nifti_check_type(const struct nifti_fields *f, struct nifti_header *h, struct err *err)
{
	size_t unused;

	h->type = voxel_type_find(f->datatype);
	if (!h->type)
		return nifti_bad(f, "datatype", FIELD_AT(f, datatype), f->datatype,
			"not a type of NIfTI", err);
	if (!h->type->readable)
		return err_set(err, ERR_DATA,
			"'%s': header field datatype (byte %zu) is %d (%s), only real numbers of 8 to 64 "
			"bits can be read",
			f->path, FIELD_AT(f, datatype), f->datatype, h->type->name);
	if (f->bitpix != h->type->bytes * 8)
		nifti_warn(f->path, "bitpix does not fit the data type and is ignored", f->bitpix);
	if (mem_mul(h->voxels, (size_t)h->type->bytes, &h->bytes) ||
		mem_mul(h->voxels, 64, &unused))
		return err_set(err, ERR_DATA,
			"'%s': the header describes an impossibly large image", f->path);
	return 0;
}

static int nifti_check_offset(const struct nifti_fields *f, struct nifti_header *h, struct err *err)
{
	double least = h->pair ? 0 : f->version == 1 ? 352 : 544, off = f->vox_offset;
	size_t at = FIELD_AT(f, vox_offset);

	if (!isfinite(off) || off < 0 || off > 1e15)
		return nifti_bad(f, "vox_offset", at, off, "no place in the file", err);
	if (off < least) {
		nifti_warn(f->path,
			"vox_offset points into the header, the end of the header is used", off);
		off = least;
	}
	if (off != floor(off))
		return nifti_bad(f, "vox_offset", at, off, "must be a whole number", err);
	h->offset = (size_t)off;
	return 0;
}

static int nifti_check_scale(const struct nifti_fields *f, struct nifti_header *h, struct err *err)
{
	double top = h->type->max > 0 ? h->type->max : 1;

	h->slope = 1;
	h->inter = 0;
	if (!isfinite(f->slope))
		return nifti_bad(f, "scl_slope", FIELD_AT(f, scl_slope), f->slope,
			"must be a number (0: no scaling)", err);
	if (f->slope == 0)
		return 0;
	if (!isfinite(f->inter))
		return nifti_bad(
			f, "scl_inter", FIELD_AT(f, scl_inter), f->inter, "must be a number", err);
	if (!(fabs(f->slope) * top + fabs(f->inter) < 3.4e38))
		return nifti_bad(f, "scl_slope", FIELD_AT(f, scl_slope), f->slope,
			"scaled voxels do not fit fp32", err);
	h->slope = f->slope;
	h->inter = f->inter;
	return 0;
}

static int nifti_check_spacing(const struct nifti_fields *f, struct err *err)
{
	size_t at = FIELD_AT(f, pixdim), step = f->version == 1 ? 4 : 8;
	char name[24];

	for (int i = 1; i <= 3; i++)
		if (!(f->pixdim[i] >= SPACING_MIN && f->pixdim[i] <= SPACING_MAX)) {
			snprintf(name, sizeof(name), "pixdim[%d]", i);
			return nifti_bad(f, name, at + step * (size_t)i, f->pixdim[i],
				"a voxel size must be 0.001 to 1000 mm", err);
		}
	return 0;
}

static bool nifti_srow_zero(const struct nifti_fields *f)
{
	for (int r = 0; r < 3; r++)
		for (int c = 0; c < 3; c++)
			if (f->srow[r][c] != 0)
				return false;
	return true;
}

/* Largest distance between the places that two affines give to the corners. */
static double nifti_corner_gap(
	const struct nifti_header *h, const nifti_dmat44 *a, const nifti_dmat44 *b)
{
	double worst = 0;

	for (int k = 0; k < 8; k++) {
		double d2 = 0;

		for (int r = 0; r < 3; r++) {
			double d = a->m[r][3] - b->m[r][3];

			for (int c = 0; c < 3; c++)
				if (k >> c & 1)
					d += (h->dim[c] - 1) * (a->m[r][c] - b->m[r][c]);
			d2 += d * d;
		}
		worst = fmax(worst, sqrt(d2));
	}
	return worst;
}

/* sform, else qform, else voxel sizes. */
static int nifti_find_affine(const struct nifti_fields *f, struct nifti_header *h, struct err *err)
{
	double q2 = f->quat[0] * f->quat[0] + f->quat[1] * f->quat[1] + f->quat[2] * f->quat[2];
	bool sform = f->sform_code > 0 && !nifti_srow_zero(f), qform = f->qform_code > 0;
	double inv[4][4], spacing[3];
	nifti_image *nim;

	if (qform && !isfinite(q2))
		return nifti_bad(
			f, "quatern_b, c, d", FIELD_AT(f, quatern_b), q2, "not a rotation", err);
	if (qform && q2 > 1.001)
		nifti_warn(f->path, "the quaternion is longer than 1 and was clamped", sqrt(q2));
	nim = f->version == 1 ? nifti_convert_n1hdr2nim(f->raw.n1, NULL)
			      : nifti_convert_n2hdr2nim(f->raw.n2, NULL);
	if (!nim)
		return err_set(
			err, ERR_DATA, "'%s': nifticlib does not accept the header", f->path);
	if (sform && qform && nifti_corner_gap(h, &nim->sto_xyz, &nim->qto_xyz) > 1.0)
		nifti_warn(f->path,
			"sform and qform disagree, the sform is used; largest distance mm",
			nifti_corner_gap(h, &nim->sto_xyz, &nim->qto_xyz));
	memcpy(h->affine, sform ? nim->sto_xyz.m : nim->qto_xyz.m, sizeof(h->affine));
	nifti_image_free(nim);
	if (affine_invert(h->affine, inv))
		return err_set(err, ERR_DATA, "'%s': the %s (byte %zu) is singular or not finite",
			f->path,
			sform   ? "sform matrix"
			: qform ? "qform"
				: "voxel size",
			sform ? FIELD_AT(f, srow_x) : FIELD_AT(f, quatern_b));
	affine_spacing(h->affine, spacing);
	for (int i = 0; i < 3; i++)
		if (!(spacing[i] >= SPACING_MIN && spacing[i] <= SPACING_MAX))
			return err_set(err, ERR_DATA,
				"'%s': the sform matrix (byte %zu) has voxels of %g mm, must be 0.001 to 1000",
				f->path, FIELD_AT(f, srow_x), spacing[i]);
	return 0;
}

int nifti_header_parse(
	const void *data, size_t len, const char *path, struct nifti_header *h, struct err *err)
{
	struct nifti_fields f = {.path = path};

	pthread_once(&nifti_quiet_once, nifti_quiet);
	*h = (struct nifti_header){0};
	if (nifti_lift(&f, data, len, &h->swapped, err))
		return -1;
	h->version = f.version;
	if (nifti_check_magic(&f, h, err) || nifti_check_dims(&f, h, err) ||
		nifti_check_type(&f, h, err) || nifti_check_offset(&f, h, err) ||
		nifti_check_scale(&f, h, err) || nifti_check_spacing(&f, err))
		return -1;
	return nifti_find_affine(&f, h, err);
}

int nifti_header_make(const int dim[3], int channels, const double affine[4][4],
	const struct voxel_type *type, uint8_t out[NIFTI_OUT_OFFSET], struct err *err)
{
	nifti_1_header h = {0};
	double spacing[3], b, c, d, x, y, z, dx, dy, dz, qfac;
	nifti_dmat44 m;

	for (int i = 0; i < 3; i++)
		if (dim[i] > INT16_MAX || channels > INT16_MAX)
			return err_set(err, ERR_DATA,
				"a NIfTI-1 file holds at most %d voxels along an axis, not %d",
				INT16_MAX, channels > INT16_MAX ? channels : dim[i]);
	memcpy(m.m, affine, sizeof(m.m));
	nifti_dmat44_to_quatern(m, &b, &c, &d, &x, &y, &z, &dx, &dy, &dz, &qfac);
	affine_spacing(affine, spacing);
	h.sizeof_hdr = sizeof(h);
	h.dim[0] = channels > 1 ? 4 : 3;
	for (int i = 0; i < 3; i++) {
		h.dim[i + 1] = (short)dim[i];
		h.pixdim[i + 1] = (float)spacing[i];
	}
	h.dim[4] = (short)channels;
	h.dim[5] = h.dim[6] = h.dim[7] = 1;
	h.pixdim[0] = (float)qfac;
	h.pixdim[4] = 1;
	h.datatype = (short)type->code;
	h.bitpix = (short)(type->bytes * 8);
	h.vox_offset = NIFTI_OUT_OFFSET;
	h.scl_slope = 1;
	h.xyzt_units = NIFTI_UNITS_MM;
	h.qform_code = h.sform_code = NIFTI_XFORM_SCANNER_ANAT;
	h.quatern_b = (float)b;
	h.quatern_c = (float)c;
	h.quatern_d = (float)d;
	h.qoffset_x = (float)x;
	h.qoffset_y = (float)y;
	h.qoffset_z = (float)z;
	for (int i = 0; i < 4; i++) {
		h.srow_x[i] = (float)affine[0][i];
		h.srow_y[i] = (float)affine[1][i];
		h.srow_z[i] = (float)affine[2][i];
	}
	memcpy(h.magic, "n+1", 4);
	memset(out, 0, NIFTI_OUT_OFFSET);
	memcpy(out, &h, sizeof(h));
	return 0;
}
