/*
 * ScaleIntensityd: the field's own range to minv ... maxv, or x * (1 + factor).
 */
#include "core/transform/intensity.h"
#include "core/transform/monai.h"

struct scale_args {
	struct monai_keys k;
	cJSON *minv, *maxv, *factor;
};

static const struct arg_def scale_defs[] = {
	MONAI_KEYS_ARGS,
	{"minv", ARG_JSON, offsetof(struct scale_args, minv), .def = "0",
		.help = "what the smallest value becomes; null: use factor"},
	{"maxv", ARG_JSON, offsetof(struct scale_args, maxv), .def = "1",
		.help = "what the largest value becomes; null: use factor"},
	{"factor", ARG_JSON, offsetof(struct scale_args, factor),
		.help = "x * (1 + factor), when minv and maxv are null"},
	MONAI_IGNORED("dtype", "accepted; voxels are fp32"),
	ARG_END,
};

static int scale_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	const struct scale_args *a = ctx;
	size_t n = volume_voxels(v) * (size_t)v->channels;
	float lo, hi, to, k = 0;

	(void)i, (void)err;
	if (!cJSON_IsNumber(a->minv) || !cJSON_IsNumber(a->maxv)) {
		k = (float)(1 + keyed_number(a->factor, 0, 0));
		for (size_t j = 0; j < n; j++)
			v->data[j] *= k;
		return 0;
	}
	intensity_range(v->data, n, &lo, &hi);
	to = (float)a->minv->valuedouble;
	if (hi > lo)
		k = (float)((a->maxv->valuedouble - a->minv->valuedouble) / ((double)hi - lo));
	for (size_t j = 0; j < n; j++)
		v->data[j] = (v->data[j] - lo) * k + to;
	return 0;
}

static int scale_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct scale_args *a = args;

	(void)rng;
	return keyed_each(&a->k, s, true, scale_one, a, err);
}

static void scale_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct scale_args *a = args;
	bool range = cJSON_IsNumber(a->minv) && cJSON_IsNumber(a->maxv);

	keyed_check(args, file, path, ps);
	if (!range && !cJSON_IsNumber(a->factor))
		keyed_fault(file, path, "factor", "give minv and maxv, or factor", ps,
			"neither minv with maxv nor factor is a number");
}

const struct component component_monai_scale_intensity = {
	.name = "ScaleIntensityd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("ScaleIntensity"),
	.help = "the field's own range (all channels together) to minv ... maxv, a constant field to "
		"minv; or x * (1 + factor)",
	.args = scale_defs,
	.args_size = sizeof(struct scale_args),
	.ops =
		&(const struct transform_ops){
			.apply = scale_apply, .check = scale_check, .reads = keyed_reads},
};
