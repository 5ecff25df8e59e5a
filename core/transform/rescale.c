/*
 * Resampling fields of a sample to another size or voxel size.
 */
#include "core/transform/rescale.h"

#include <math.h>

static enum resample_mode rescale_mode(bool is_label)
{
	return is_label ? RESAMPLE_NEAREST : RESAMPLE_LINEAR;
}

int rescale_field(
	struct sample *s, const char *name, const int dim[3], bool is_label, struct err *err)
{
	struct volume *v = sample_volume(s, name, err), *out;

	if (!v)
		return -1;
	out = resample_to_dim(v, dim, rescale_mode(is_label), err);
	if (!out || sample_set(s, name, out, err))
		return err_wrap(err, "field '%s'", name);
	return 0;
}

int rescale_spacing(
	const struct rescale_args *a, const double target[3], struct sample *s, struct err *err)
{
	for (int i = 0; i < a->fields.n; i++) {
		struct volume *v = sample_volume(s, a->fields.v[i], err), *out;
		double spacing[3];
		bool same = true;

		if (!v)
			return -1;
		volume_spacing(v, spacing);
		for (int k = 0; k < 3; k++)
			same = same && fabs(spacing[k] - target[k]) < 1e-5;
		if (same)
			continue;
		out = resample_to_spacing(v, target, rescale_mode(a->is_label), err);
		if (!out || sample_set(s, a->fields.v[i], out, err))
			return err_wrap(err, "field '%s'", a->fields.v[i]);
	}
	return 0;
}
