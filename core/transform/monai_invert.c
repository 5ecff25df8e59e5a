/*
 * Invertd: puts a field back on the grid of the file that another field was read from.
 *
 * MONAI undoes the recorded transforms one by one; here crops, spacings, flips and
 * orientations all kept the affine, so one resampling by both affines does it.
 * Where the prediction did not reach the value is 0.
 */
#include <string.h>

#include "core/transform/monai.h"

struct invert_args {
	struct monai_keys k;
	struct strlist orig_keys;
	cJSON *nearest_interp;
};

static const struct arg_def invert_defs[] = {
	MONAI_KEYS_ARGS,
	{"orig_keys", ARG_STRLIST, offsetof(struct invert_args, orig_keys), .def = "\"image\"",
		.help = "field whose file has the grid; for all keys or one each"},
	{"nearest_interp", ARG_JSON, offsetof(struct invert_args, nearest_interp), .def = "true",
		.help = "nearest voxel; false: trilinear (for probabilities)"},
	MONAI_IGNORED("transform", "accepted; the affines tell what has been done"),
	MONAI_IGNORED("meta_keys", "accepted; a volume carries its affine"),
	MONAI_IGNORED("orig_meta_keys", "accepted; likewise"),
	MONAI_IGNORED("meta_key_postfix", "accepted; likewise"),
	MONAI_IGNORED("to_tensor", "accepted; without effect"),
	MONAI_IGNORED("device", "accepted; without effect"),
	MONAI_IGNORED("post_func", "accepted; functions of Python are not run"),
	ARG_END,
};

static int invert_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct invert_args *a = args;

	(void)rng;
	for (int i = 0; i < a->k.keys.n; i++) {
		const struct volume *orig = sample_volume(s, keyed_item(&a->orig_keys, i), err);
		bool nearest = keyed_flag(a->nearest_interp, i, true);
		struct volume *v, *out;
		int have = orig ? keyed_key(&a->k, i, s, &v, err) : -1;

		if (have < 0)
			return -1;
		if (!have || (!memcmp(v->dim, orig->original.dim, sizeof(v->dim)) &&
				     !memcmp(v->affine, orig->original.affine, sizeof(v->affine))))
			continue;
		out = resample_to_grid(
			v, &orig->original, nearest ? RESAMPLE_NEAREST : RESAMPLE_LINEAR, err);
		if (!out)
			return err_wrap(err, "field '%s'", a->k.keys.v[i]);
		volume_take(v, out);
	}
	return 0;
}

static void invert_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct invert_args *a = args;

	keyed_check(args, file, path, ps);
	if (!a->orig_keys.n || (a->orig_keys.n > 1 && a->orig_keys.n != a->k.keys.n))
		keyed_fault(file, path, "orig_keys", "one for all keys, or one each", ps,
			"'orig_keys' has %d entries for %d keys", a->orig_keys.n, a->k.keys.n);
}

static void invert_reads(const void *args, const char **names, int max, int *n)
{
	const struct invert_args *a = args;

	keyed_reads(args, names, max, n);
	for (int i = 0; i < a->orig_keys.n; i++)
		fields_add_name(a->orig_keys.v[i], names, max, n);
}

const struct component component_monai_invert = {
	.name = "Invertd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("Invert"),
	.help = "puts fields back on the grid of the file of orig_keys by their affines",
	.args = invert_defs,
	.args_size = sizeof(struct invert_args),
	.ops =
		&(const struct transform_ops){
			.apply = invert_apply, .check = invert_check, .reads = invert_reads},
};
