/*
 * SymmetricPadderDiv: zeros on both sides until every size is a multiple of the
 * divisor, so that a network can halve it; an odd plane goes to the end.
 */
#include "core/transform/crop.h"
#include "core/transform/fields.h"

struct padder_args {
	struct strlist fields;
	int64_t divisor[3];
};

static const struct arg_def padder_defs[] = {
	FIELDS_ARG,
	{.name = "divisor",
		.type = ARG_INT3,
		.offset = offsetof(struct padder_args, divisor),
		.def = "16",
		.min = 1,
		.max = 1024,
		.unit = "voxel",
		.alias = "k",
		.help = "sizes along x, y, z become multiples of it"},
	ARG_END,
};

static int padder_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct padder_args *a = args;

	(void)rng;
	for (int i = 0; i < a->fields.n; i++) {
		struct volume *v = sample_volume(s, a->fields.v[i], err);
		int start[3], size[3];

		if (!v)
			return -1;
		for (int k = 0; k < 3; k++) {
			int div = (int)a->divisor[k];

			size[k] = (v->dim[k] + div - 1) / div * div;
			start[k] = -((size[k] - v->dim[k]) / 2);
		}
		if (crop_box(v, start, size, err))
			return err_wrap(err, "field '%s'", a->fields.v[i]);
	}
	return 0;
}

const struct component component_symmetric_padder_div = {
	.name = "SymmetricPadderDiv",
	.kind = COMPONENT_TRANSFORM,
	.help = "pads with zeros on both sides until every size is a multiple of the divisor",
	.args = padder_defs,
	.args_size = sizeof(struct padder_args),
	.ops = &(const struct transform_ops){.apply = padder_apply,
		.flags = TRANSFORM_INVERTIBLE,
		.check = fields_check,
		.reads = fields_reads},
};
