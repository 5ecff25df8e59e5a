/*
 * ScaleByResolution: resamples to a voxel size in mm.
 *
 * Images trilinearly, labels to the nearest voxel, so that no new label values
 * appear.  The new size is round(dim * spacing / target); the affine follows.
 */
#include <math.h>

#include "core/transform/fields.h"
#include "core/volume/resample.h"

struct resolution_args {
	struct strlist fields;
	double target_resolution[3];
	bool is_label;
};

static const struct arg_def resolution_defs[] = {
	FIELDS_ARG,
	{.name = "target_resolution",
		.type = ARG_FLOAT3,
		.offset = offsetof(struct resolution_args, target_resolution),
		.flags = ARG_REQUIRED,
		.min = 0.001,
		.max = 1000,
		.unit = "mm",
		.help = "voxel size along x, y, z"},
	{.name = "is_label",
		.type = ARG_BOOL,
		.offset = offsetof(struct resolution_args, is_label),
		.def = "false",
		.help = "nearest voxel instead of trilinear interpolation"},
	ARG_END,
};

static int resolution_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct resolution_args *a = args;
	enum resample_mode mode = a->is_label ? RESAMPLE_NEAREST : RESAMPLE_LINEAR;

	(void)rng;
	for (int i = 0; i < a->fields.n; i++) {
		struct volume *v = sample_volume(s, a->fields.v[i], err), *out;
		double spacing[3];
		bool same = true;

		if (!v)
			return -1;
		volume_spacing(v, spacing);
		for (int k = 0; k < 3; k++)
			same = same && fabs(spacing[k] - a->target_resolution[k]) < 1e-5;
		if (same)
			continue;
		out = resample_to_spacing(v, a->target_resolution, mode, err);
		if (!out || sample_set(s, a->fields.v[i], out, err))
			return err_wrap(err, "field '%s'", a->fields.v[i]);
	}
	return 0;
}

const struct component component_scale_by_resolution = {
	.name = "ScaleByResolution",
	.kind = COMPONENT_TRANSFORM,
	.help = "resamples to a voxel size in mm: images trilinearly, labels (is_label) to the "
		"nearest voxel",
	.args = resolution_defs,
	.args_size = sizeof(struct resolution_args),
	.ops = &(const struct transform_ops){.apply = resolution_apply,
		.flags = TRANSFORM_INVERTIBLE,
		.check = fields_check,
		.reads = fields_reads},
};
