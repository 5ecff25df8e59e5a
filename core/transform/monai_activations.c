/*
 * Activationsd: sigmoid or softmax over the channels, of what a network gave.
 */
#include <math.h>

#include "core/transform/monai.h"

struct activations_args {
	struct monai_keys k;
	cJSON *sigmoid, *softmax;
};

static const struct arg_def activations_defs[] = {
	MONAI_KEYS_ARGS,
	{"sigmoid", ARG_JSON, offsetof(struct activations_args, sigmoid),
		.help = "1 / (1 + exp(-x)): true or false, for all keys or one each"},
	{"softmax", ARG_JSON, offsetof(struct activations_args, softmax),
		.help = "softmax over the channels, likewise"},
	MONAI_IGNORED("other", "accepted when null; functions of Python are not run"),
	ARG_END,
};

static void activations_softmax(struct volume *v)
{
	size_t n = volume_voxels(v);

	for (size_t i = 0; i < n; i++) {
		float top = v->data[i], sum = 0;

		for (int c = 1; c < v->channels; c++) {
			float x = v->data[(size_t)c * n + i];

			top = x > top ? x : top;
		}
		for (int c = 0; c < v->channels; c++) {
			float *x = &v->data[(size_t)c * n + i];

			*x = expf(*x - top);
			sum += *x;
		}
		for (int c = 0; c < v->channels; c++)
			v->data[(size_t)c * n + i] /= sum;
	}
}

static int activations_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	const struct activations_args *a = ctx;
	size_t n = volume_voxels(v) * (size_t)v->channels;

	if (keyed_flag(a->sigmoid, i, false)) {
		for (size_t k = 0; k < n; k++)
			v->data[k] = 1 / (1 + expf(-v->data[k]));
	} else if (keyed_flag(a->softmax, i, false)) {
		if (v->channels < 2)
			return err_set(err, ERR_DATA, "softmax needs 2 or more channels, found %d",
				v->channels);
		activations_softmax(v);
	}
	return 0;
}

static int activations_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct activations_args *a = args;

	(void)rng;
	return keyed_each(&a->k, s, true, activations_one, a, err);
}

static void activations_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct activations_args *a = args;

	keyed_check(args, file, path, ps);
	for (int i = 0; i < a->k.keys.n; i++)
		if (keyed_flag(a->sigmoid, i, false) && keyed_flag(a->softmax, i, false)) {
			keyed_fault(file, path, "softmax", "leave one", ps,
				"sigmoid and softmax exclude each other");
			return;
		}
}

const struct component component_monai_activations = {
	.name = "Activationsd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("Activations"),
	.help = "sigmoid, or softmax over the channels, for each key",
	.args = activations_defs,
	.args_size = sizeof(struct activations_args),
	.ops = &(const struct transform_ops){.apply = activations_apply,
		.check = activations_check,
		.reads = keyed_reads},
};
