/*
 * LoadNifti: reads the NIfTI file or files of each field.
 */
#include "core/transform/load.h"
#include "core/transform/reorient.h"

struct load_args {
	struct strlist fields;
	bool as_closest_canonical;
};

static const struct arg_def load_defs[] = {
	FIELDS_ARG,
	{.name = "as_closest_canonical",
		.type = ARG_BOOL,
		.offset = offsetof(struct load_args, as_closest_canonical),
		.def = "false",
		.help = "exchange and mirror voxel axes so that x runs to the right, y to anterior, z "
			"to superior (RAS+)"},
	ARG_END,
};

static int load_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	static const int axis[3] = {0, 1, 2}, sign[3] = {1, 1, 1};
	const struct load_args *a = args;

	(void)rng;
	if (load_fields(&a->fields, IMAGE_NIFTI, s, err))
		return -1;
	for (int i = 0; a->as_closest_canonical && i < a->fields.n; i++)
		if (reorient_closest(sample_volume(s, a->fields.v[i], err), axis, sign, err))
			return err_wrap(err, "field '%s'", a->fields.v[i]);
	return 0;
}

const struct component component_load_nifti = {
	.name = "LoadNifti",
	.kind = COMPONENT_TRANSFORM,
	.aliases = (const char *const[]){"LoadNiftid", NULL},
	.help = "reads the NIfTI file of each field; several files of one field become channels; "
		"label values must be whole",
	.args = load_defs,
	.args_size = sizeof(struct load_args),
	.ops = &(const struct transform_ops){.apply = load_apply,
		.check = fields_check,
		.reads = fields_reads,
		.writes = fields_reads},
};
