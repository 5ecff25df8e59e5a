/*
 * AsDiscreted: argmax over the channels, then one-hot, then a threshold, then rounding,
 * each where it is asked for, in this order.
 *
 * The spellings of MONAI 0.6 to 0.9 are read: "to_onehot" is the number of classes, or
 * true with "n_classes" ("num_classes"); "threshold" is the value, or
 * "threshold_values" is true with "logit_thresh".
 */
#include <math.h>
#include <string.h>

#include "core/transform/monai.h"

struct discrete_args {
	struct monai_keys k;
	cJSON *argmax, *to_onehot, *n_classes, *threshold, *threshold_values, *logit_thresh;
	cJSON *rounding;
};

#define DISCRETE_ARG(name_, member_, help_)                                      \
	{                                                                        \
		.name = name_, .type = ARG_JSON,                                 \
		.offset = offsetof(struct discrete_args, member_), .help = help_ \
	}

static const struct arg_def discrete_defs[] = {
	MONAI_KEYS_ARGS,
	DISCRETE_ARG("argmax", argmax, "number of the largest channel; for all keys or one each"),
	DISCRETE_ARG(
		"to_onehot", to_onehot, "one channel per class: how many, or true with n_classes"),
	{.name = "n_classes",
		.type = ARG_JSON,
		.offset = offsetof(struct discrete_args, n_classes),
		.alias = "num_classes",
		.help = "how many classes, when to_onehot is true"},
	DISCRETE_ARG("threshold", threshold, "1 where x >= threshold, else 0"),
	DISCRETE_ARG("threshold_values", threshold_values, "true: the threshold is logit_thresh"),
	DISCRETE_ARG("logit_thresh", logit_thresh, "see threshold_values (default 0.5)"),
	DISCRETE_ARG("rounding", rounding, "\"torchrounding\": half to even"),
	ARG_END,
};

static int discrete_argmax(struct volume *v, struct err *err)
{
	size_t n = volume_voxels(v);
	struct volume *out = volume_new(1, v->dim, err);

	if (!out)
		return -1;
	memcpy(out->affine, v->affine, sizeof(out->affine));
	for (size_t i = 0; i < n; i++) {
		float best = v->data[i], at = 0;

		for (int c = 1; c < v->channels; c++) {
			float x = v->data[(size_t)c * n + i];

			if (x > best) {
				best = x;
				at = (float)c;
			}
		}
		out->data[i] = at;
	}
	volume_take(v, out);
	return 0;
}

static int discrete_onehot(struct volume *v, int classes, struct err *err)
{
	size_t n = volume_voxels(v);
	struct volume *out;

	if (v->channels != 1)
		return err_set(err, ERR_DATA, "one-hot needs 1 channel of class numbers, found %d",
			v->channels);
	out = volume_new(classes, v->dim, err);
	if (!out)
		return -1;
	memcpy(out->affine, v->affine, sizeof(out->affine));
	for (int c = 0; c < classes; c++)
		for (size_t i = 0; i < n; i++)
			out->data[(size_t)c * n + i] = v->data[i] == (float)c ? 1.0f : 0.0f;
	volume_take(v, out);
	return 0;
}

/* How many classes key i is spread over; 0: not at all. */
static int discrete_classes(const struct discrete_args *a, int i)
{
	const cJSON *v = a->to_onehot;

	if (cJSON_IsArray(v))
		v = cJSON_GetArrayItem(v, cJSON_GetArraySize(v) == 1 ? 0 : i);
	if (cJSON_IsNumber(v))
		return (int)v->valuedouble;
	return cJSON_IsTrue(v) ? (int)keyed_number(a->n_classes, i, 0) : 0;
}

/* False when key i has no threshold. */
static bool discrete_threshold(const struct discrete_args *a, int i, float *out)
{
	const cJSON *v = a->threshold;

	if (cJSON_IsArray(v))
		v = cJSON_GetArrayItem(v, cJSON_GetArraySize(v) == 1 ? 0 : i);
	*out = (float)keyed_number(a->logit_thresh, i, 0.5);
	if (cJSON_IsNumber(v))
		*out = (float)v->valuedouble;
	return cJSON_IsNumber(v) || cJSON_IsTrue(v) || keyed_flag(a->threshold_values, i, false);
}

static int discrete_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	const struct discrete_args *a = ctx;
	int classes = discrete_classes(a, i);
	size_t n;
	float t;

	if (keyed_flag(a->argmax, i, false) && discrete_argmax(v, err))
		return -1;
	if (classes > 0 && discrete_onehot(v, classes, err))
		return -1;
	n = volume_voxels(v) * (size_t)v->channels;
	if (volume_make_writable(v, err))
		return -1;
	if (discrete_threshold(a, i, &t))
		for (size_t k = 0; k < n; k++)
			v->data[k] = v->data[k] >= t ? 1.0f : 0.0f;
	if (cJSON_IsString(a->rounding))
		for (size_t k = 0; k < n; k++)
			v->data[k] = rintf(v->data[k]);
	return 0;
}

static int discrete_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct discrete_args *a = args;

	(void)rng;
	return keyed_each(&a->k, s, false, discrete_one, a, err);
}

static void discrete_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct discrete_args *a = args;

	keyed_check(args, file, path, ps);
	for (int i = 0; i < a->k.keys.n; i++) {
		const cJSON *v = a->to_onehot;
		int classes = discrete_classes(a, i);

		if (cJSON_IsArray(v))
			v = cJSON_GetArrayItem(v, cJSON_GetArraySize(v) == 1 ? 0 : i);
		if (cJSON_IsTrue(v) && classes < 1)
			keyed_fault(file, path, "n_classes", "such as 2", ps,
				"to_onehot needs the number of classes");
		else if (classes < 0 || classes > 4096)
			keyed_fault(file, path, "to_onehot", NULL, ps, "%d classes", classes);
	}
	if (cJSON_IsString(a->rounding) && strcmp(a->rounding->valuestring, "torchrounding"))
		keyed_fault(file, path, "rounding", "use \"torchrounding\"", ps,
			"'rounding' has no choice '%s'", a->rounding->valuestring);
}

const struct component component_monai_as_discrete = {
	.name = "AsDiscreted",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("AsDiscrete"),
	.help = "argmax over the channels, one-hot, threshold and rounding, in this order, each "
		"where it is asked for",
	.args = discrete_defs,
	.args_size = sizeof(struct discrete_args),
	.ops =
		&(const struct transform_ops){
			.apply = discrete_apply, .check = discrete_check, .reads = keyed_reads},
};
