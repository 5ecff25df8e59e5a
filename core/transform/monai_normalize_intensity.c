/*
 * NormalizeIntensityd: (x - subtrahend) / divisor; what is not given is mean and
 * deviation of the field itself.
 */
#include "core/transform/intensity.h"
#include "core/transform/monai.h"

struct normal_args {
	struct monai_keys k;
	cJSON *subtrahend, *divisor;
	bool nonzero, channel_wise;
};

static const struct arg_def normal_defs[] = {
	MONAI_KEYS_ARGS,
	{"subtrahend", ARG_JSON, offsetof(struct normal_args, subtrahend),
		.help = "a number, or one per channel with channel_wise; absent: the mean"},
	{"divisor", ARG_JSON, offsetof(struct normal_args, divisor),
		.help = "likewise; absent: the deviation; 0 counts as 1"},
	{"nonzero", ARG_BOOL, offsetof(struct normal_args, nonzero), .def = "false",
		.help = "only voxels that are not 0: for mean and deviation, and to be changed"},
	{"channel_wise", ARG_BOOL, offsetof(struct normal_args, channel_wise), .def = "false",
		.help = "each channel by itself; false: all together"},
	MONAI_IGNORED("dtype", "accepted; voxels are fp32"),
	ARG_END,
};

static void normal_part(const struct normal_args *a, float *x, size_t n, int channel)
{
	double mean = 0, dev = 1;
	float shift, scale;

	if (!a->subtrahend || cJSON_IsNull(a->subtrahend) || !a->divisor ||
		cJSON_IsNull(a->divisor))
		intensity_moments(x, n, a->nonzero, &mean, &dev);
	mean = keyed_number(a->subtrahend, channel, mean);
	dev = keyed_number(a->divisor, channel, dev);
	shift = (float)mean;
	scale = (float)(1 / (dev != 0 ? dev : 1));
	intensity_center(x, n, a->nonzero, shift, scale);
}

static int normal_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	const struct normal_args *a = ctx;
	size_t n = volume_voxels(v);

	(void)i, (void)err;
	if (!a->channel_wise)
		normal_part(a, v->data, n * (size_t)v->channels, 0);
	else
		for (int c = 0; c < v->channels; c++)
			normal_part(a, v->data + (size_t)c * n, n, c);
	return 0;
}

static int normal_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct normal_args *a = args;

	(void)rng;
	return keyed_each(&a->k, s, true, normal_one, a, err);
}

static void normal_check_value(const struct normal_args *a, const char *name, const cJSON *v,
	const char *file, const char *path, struct problems *ps)
{
	if (!v || cJSON_IsNull(v) || cJSON_IsNumber(v))
		return;
	if (!a->channel_wise || !cJSON_IsArray(v))
		keyed_fault(file, path, name, "a list needs channel_wise", ps, "'%s' is no number",
			name);
}

static void normal_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct normal_args *a = args;

	keyed_check(args, file, path, ps);
	normal_check_value(a, "subtrahend", a->subtrahend, file, path, ps);
	normal_check_value(a, "divisor", a->divisor, file, path, ps);
}

const struct component component_monai_normalize_intensity = {
	.name = "NormalizeIntensityd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("NormalizeIntensity"),
	.help = "(x - subtrahend) / divisor, by default mean and deviation of the field; nonzero: "
		"voxels of 0 are left out and stay; channel_wise: each channel by itself",
	.args = normal_defs,
	.args_size = sizeof(struct normal_args),
	.ops =
		&(const struct transform_ops){
			.apply = normal_apply, .check = normal_check, .reads = keyed_reads},
};
