/*
 * Volumes: a header by value (sizes, affine, where it came from) over voxels that
 * are shared and counted.
 *
 * A case passes through many hands: the loader, a cache that keeps the
 * deterministic prefix of the transforms, several crops of one epoch, the slice
 * view.  Most of them only read, so a volume_share() costs one small allocation
 * and the one that writes pays for the copy (volume_make_writable).  The count is
 * atomic because loader threads and the view drop their shares independently;
 * the header itself belongs to one thread at a time.
 *
 * Voxels start on a 64-byte boundary so that loops over whole rows vectorise.
 */
#include "core/volume/volume.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/volume/affine.h"

enum { LABEL_BLOCK = 4096 };

struct volume_data {
	atomic_int refs;
	float *voxels;
};

static struct volume_data *volume_data_new(float *voxels)
{
	struct volume_data *d = mem_alloc(sizeof(*d));

	atomic_init(&d->refs, 1);
	d->voxels = voxels;
	return d;
}

static void volume_data_drop(struct volume_data *d)
{
	if (!d || atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) != 1)
		return;
	mem_free_big(d->voxels);
	free(d);
}

/* Bytes of channels * dim[0] * dim[1] * dim[2] floats; -1 when a size is not positive or the
 * product overflows. */
static int volume_bytes(int channels, const int dim[3], size_t *bytes)
{
	size_t n = sizeof(float);

	if (channels < 1 || dim[0] < 1 || dim[1] < 1 || dim[2] < 1)
		return -1;
	if (mem_mul(n, (size_t)channels, &n) || mem_mul(n, (size_t)dim[0], &n) ||
		mem_mul(n, (size_t)dim[1], &n) || mem_mul(n, (size_t)dim[2], &n))
		return -1;
	*bytes = n;
	return 0;
}

struct volume *volume_wrap(int channels, const int dim[3], float *voxels)
{
	struct volume *v = mem_zalloc(sizeof(*v));

	v->channels = channels;
	for (int i = 0; i < 3; i++)
		v->dim[i] = v->original.dim[i] = dim[i];
	for (int i = 0; i < 4; i++)
		v->affine[i][i] = v->original.affine[i][i] = 1;
	v->owner = volume_data_new(voxels);
	v->data = voxels;
	return v;
}

struct volume *volume_new(int channels, const int dim[3], struct err *err)
{
	size_t bytes = 0;
	float *voxels;

	if (volume_bytes(channels, dim, &bytes)) {
		err_set(err, ERR_NOMEM,
			"a volume of %d x %d x %d voxels and %d channels is impossible", dim[0],
			dim[1], dim[2], channels);
		return NULL;
	}
	voxels = mem_try_big(bytes, "a volume", err);
	return voxels ? volume_wrap(channels, dim, voxels) : NULL;
}

struct volume *volume_share(const struct volume *v)
{
	struct volume *s = mem_alloc(sizeof(*s));

	*s = *v;
	s->file = v->file ? mem_strdup(v->file) : NULL;
	atomic_fetch_add_explicit(&v->owner->refs, 1, memory_order_relaxed);
	return s;
}

void volume_free(struct volume *v)
{
	if (!v)
		return;
	volume_data_drop(v->owner);
	free(v->file);
	free(v);
}

int volume_make_writable(struct volume *v, struct err *err)
{
	size_t bytes = volume_voxels(v) * (size_t)v->channels * sizeof(float);
	float *copy;

	if (atomic_load_explicit(&v->owner->refs, memory_order_acquire) == 1)
		return 0;
	copy = mem_try_big(bytes, "a copy of a volume", err);
	if (!copy)
		return -1;
	memcpy(copy, v->data, bytes);
	volume_data_drop(v->owner);
	v->owner = volume_data_new(copy);
	v->data = copy;
	return 0;
}

void volume_take(struct volume *v, struct volume *from)
{
	volume_data_drop(v->owner);
	v->channels = from->channels;
	memcpy(v->dim, from->dim, sizeof(v->dim));
	memcpy(v->affine, from->affine, sizeof(v->affine));
	v->nonfinite = from->nonfinite;
	v->data = from->data;
	v->owner = from->owner;
	from->owner = NULL;
	volume_free(from);
}

size_t volume_voxels(const struct volume *v)
{
	return (size_t)v->dim[0] * (size_t)v->dim[1] * (size_t)v->dim[2];
}

void volume_spacing(const struct volume *v, double spacing[3])
{
	affine_spacing(v->affine, spacing);
}

/* Are n values whole numbers from 0 to max? */
static bool volume_is_label(const float *x, size_t n, float max)
{
	int32_t other = 0;

	for (size_t i = 0; i < n; i++)
		other |= !(x[i] >= 0.0f && x[i] <= max) | (x[i] != (float)(int32_t)x[i]);
	return !other;
}

int volume_check_label(struct volume *v, int max_label, struct err *err)
{
	size_t n = volume_voxels(v) * (size_t)v->channels;
	const char *file = v->file ? v->file : "label";
	float top = (float)max_label + 1e-3f;
	bool exact = true;

	if (v->nonfinite)
		return err_set(err, ERR_DATA, "label '%s' has %zu voxels that are NaN or infinite",
			file, v->nonfinite);
	for (size_t i = 0; i < n; i++) {
		float x, whole;

		/* Nearly all are good: a loop over blocks that vectorises. */
		while (i % LABEL_BLOCK == 0 && n - i >= LABEL_BLOCK &&
			volume_is_label(v->data + i, LABEL_BLOCK, (float)max_label))
			i += LABEL_BLOCK;
		if (i == n)
			break;
		x = v->data[i];
		whole = rintf(x);

		if (!(fabsf(x - whole) <= 1e-3f))
			return err_set(err, ERR_DATA,
				"label '%s' has the value %g at voxel %zu, labels are whole numbers",
				file, (double)x, i);
		if (whole < 0 || x > top)
			return err_set(err, ERR_DATA,
				"label '%s' has the value %g at voxel %zu, allowed are 0 to %d",
				file, (double)x, i, max_label);
		exact = exact && x == whole;
	}
	if (exact)
		return 0;
	if (volume_make_writable(v, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		v->data[i] = rintf(v->data[i]);
	return 0;
}

int volume_check_same_grid(const struct volume *a, const struct volume *b, struct err *err)
{
	const char *fa = a->file ? a->file : "image", *fb = b->file ? b->file : "label";
	double sa[3], sb[3], worst = 0;

	if (memcmp(a->dim, b->dim, sizeof(a->dim)))
		return err_set(err, ERR_DATA,
			"'%s' has %d x %d x %d voxels, but '%s' has %d x %d x %d", fa, a->dim[0],
			a->dim[1], a->dim[2], fb, b->dim[0], b->dim[1], b->dim[2]);
	volume_spacing(a, sa);
	volume_spacing(b, sb);
	for (int i = 0; i < 3; i++)
		if (fabs(sa[i] - sb[i]) > 1e-2 * sa[i])
			return err_set(err, ERR_DATA,
				"'%s' has a spacing of %g x %g x %g mm, but '%s' has %g x %g x %g",
				fa, sa[0], sa[1], sa[2], fb, sb[0], sb[1], sb[2]);
	for (int corner = 0; corner < 8; corner++) {
		double d2 = 0;

		for (int r = 0; r < 3; r++) {
			double d = a->affine[r][3] - b->affine[r][3];

			for (int c = 0; c < 3; c++)
				if (corner >> c & 1)
					d += (a->dim[c] - 1) * (a->affine[r][c] - b->affine[r][c]);
			d2 += d * d;
		}
		worst = fmax(worst, sqrt(d2));
	}
	if (worst > 1.0)
		return err_set(err, ERR_DATA,
			"'%s' and '%s' lie up to %.1f mm apart (their affines differ)", fa, fb,
			worst);
	return 0;
}
