/*
 * Orientationd: exchanges and mirrors the voxel axes so that they run along the
 * patient's: "RAS" means x to the right, y to anterior, z to superior.  No voxel is
 * interpolated.
 */
#include <string.h>

#include "core/transform/monai.h"
#include "core/transform/reorient.h"

struct orientation_args {
	struct monai_keys k;
	char *axcodes;
	bool closest;
};

static const struct arg_def orientation_defs[] = {
	MONAI_KEYS_ARGS,
	{"axcodes", ARG_STRING, offsetof(struct orientation_args, axcodes),
		.help = "where x, y, z run to: three of R L, A P, S I, such as \"RAS\""},
	{"as_closest_canonical", ARG_BOOL, offsetof(struct orientation_args, closest),
		.def = "false", .help = "the same as axcodes RAS"},
	MONAI_IGNORED("labels", "accepted; axes are named R/L, A/P, S/I"),
	MONAI_IGNORED("meta_keys", "accepted; a volume carries its affine"),
	MONAI_IGNORED("meta_key_postfix", "accepted; likewise"),
	ARG_END,
};

/* Patient axis (0 ... 2) and sign of a letter; false when it is none. */
static bool orientation_letter(char c, int *axis, int *sign)
{
	static const char up[] = "RAS", down[] = "LPI";

	for (int i = 0; i < 3; i++) {
		if (c != up[i] && c != down[i])
			continue;
		*axis = i;
		*sign = c == up[i] ? 1 : -1;
		return true;
	}
	return false;
}

static bool orientation_parse(const struct orientation_args *a, int axis[3], int sign[3])
{
	const char *codes = a->axcodes ? a->axcodes : "RAS";
	int seen = 0;

	if (strlen(codes) != 3)
		return false;
	for (int i = 0; i < 3; i++) {
		if (!orientation_letter(codes[i], &axis[i], &sign[i]))
			return false;
		seen |= 1 << axis[i];
	}
	return seen == 7;
}

static int orientation_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	int axis[3], sign[3];

	(void)i;
	if (!orientation_parse(ctx, axis, sign))
		return err_set(err, ERR_DATA, "'axcodes' is no orientation");
	return reorient_closest(v, axis, sign, err);
}

static int orientation_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct orientation_args *a = args;

	(void)rng;
	return keyed_each(&a->k, s, false, orientation_one, a, err);
}

static void orientation_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct orientation_args *a = args;
	int axis[3], sign[3];

	keyed_check(args, file, path, ps);
	if (!a->axcodes && !a->closest)
		keyed_fault(file, path, "axcodes", "such as \"RAS\"", ps,
			"Orientationd needs the argument 'axcodes'");
	else if (!orientation_parse(a, axis, sign))
		keyed_fault(file, path, "axcodes", "one letter each of R L, A P and S I", ps,
			"'%s' is no orientation", a->axcodes);
}

const struct component component_monai_orientation = {
	.name = "Orientationd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("Orientation"),
	.help = "exchanges and mirrors voxel axes so that they run as axcodes says, without "
		"interpolation",
	.args = orientation_defs,
	.args_size = sizeof(struct orientation_args),
	.ops = &(const struct transform_ops){.apply = orientation_apply,
		.flags = TRANSFORM_INVERTIBLE,
		.check = orientation_check,
		.reads = keyed_reads},
};
