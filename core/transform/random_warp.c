/*
 * Random mappings: drawing one from ranges, and seeing all fields of a sample
 * through it.
 */
#include "core/transform/random_warp.h"

#include <math.h>
#include <string.h>

#include "core/volume/affine.h"

const char *const warp_paddings[] = {"zeros", "border", NULL};

void random_warp_mm(const struct volume *v, const double mm[3], double voxels[3])
{
	double spacing[3];

	volume_spacing(v, spacing);
	for (int i = 0; i < 3; i++)
		voxels[i] = spacing[i] > 0 ? mm[i] / spacing[i] : mm[i];
}

void random_warp_draw(const struct random_warp *r, const struct volume *v, const int start[3],
	const int size[3], struct rng *rng, struct warp *w)
{
	double spacing[3], angle[3], scale[3], shift[3], strength[3];

	volume_spacing(v, spacing);
	for (int i = 0; i < 3; i++) {
		int a = (i + 1) % 3, b = (i + 2) % 3;
		bool flat = v->dim[i] == 1, across = v->dim[a] == 1 || v->dim[b] == 1;
		double deg = rng_range(rng, -r->degree[i], r->degree[i]);
		double factor = rng_range(rng, 1 - r->scale[i], 1 + r->scale[i]);
		double by = rng_range(rng, -r->shift[i], r->shift[i]);

		angle[i] = across ? 0 : deg * (acos(-1.0) / 180);
		scale[i] = flat ? 1 : factor;
		shift[i] = flat ? 0 : by;
		strength[i] = flat ? 0 : r->deform;
		if (!(spacing[i] > 0))
			spacing[i] = 1;
	}
	warp_init(w, start);
	warp_affine(w, size, spacing, angle, scale, shift);
	if (r->deform > 0)
		warp_deform(w, size, r->spacing, strength, rng);
}

int random_warp_volume(struct volume *v, const int start[3], const int size[3],
	const struct warp *w, bool nearest, enum warp_padding padding, struct err *err)
{
	double at[3] = {start[0], start[1], start[2]};
	struct volume *out =
		warp_volume(v, size, w, nearest ? RESAMPLE_NEAREST : RESAMPLE_LINEAR, padding, err);

	if (!out)
		return -1;
	affine_shift(v->affine, at, out->affine);
	volume_take(v, out);
	return 0;
}

static bool random_warp_is_label(const struct warp_args *a, const char *field)
{
	for (int i = 0; i < a->label_fields.n; i++)
		if (!strcmp(a->label_fields.v[i], field))
			return true;
	return false;
}

int random_warp_fields(const struct warp_args *a, const struct random_warp *r, struct sample *s,
	struct rng *rng, struct err *err)
{
	static const int start[3];
	struct warp w;
	int dim[3], rc = 0;

	if (fields_same_dim(&a->fields, s, dim, err))
		return -1;
	if (rng_uniform(rng) >= a->probability)
		return 0;
	random_warp_draw(r, sample_volume(s, a->fields.v[0], err), start, dim, rng, &w);
	for (int i = 0; i < a->fields.n && !rc; i++) {
		const char *name = a->fields.v[i];

		rc = random_warp_volume(sample_volume(s, name, err), start, dim, &w,
			random_warp_is_label(a, name), (enum warp_padding)a->padding, err);
		if (rc)
			err_wrap(err, "field '%s'", name);
	}
	warp_release(&w);
	return rc;
}
