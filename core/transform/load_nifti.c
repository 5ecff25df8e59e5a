/*
 * LoadNifti: reads the NIfTI file or files of each field.
 */
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/transform/load.h"

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
		.help = "reorient to RAS+ (not built yet: only false)"},
	ARG_END,
};

static int load_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct load_args *a = args;

	(void)rng;
	return load_fields(&a->fields, IMAGE_NIFTI, s, err);
}

static void load_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct load_args *a = args;

	fields_check(args, file, path, ps);
	if (a->as_closest_canonical) {
		char *at = mem_printf("%s.as_closest_canonical", path);

		problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, at, "set it to false",
			"LoadNifti cannot reorient yet");
		free(at);
	}
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
		.check = load_check,
		.reads = fields_reads,
		.writes = fields_reads},
};
