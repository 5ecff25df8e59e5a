/*
 * ToTensord, ToNumpyd, CastToTyped, EnsureTyped, SqueezeDimd: the type and the axes of
 * Python arrays.  Volumes here are fp32 with a channel axis, so these only check that
 * the fields are loaded.
 */
#include "core/transform/monai.h"

struct to_tensor_args {
	struct monai_keys k;
};

static const struct arg_def to_tensor_defs[] = {
	MONAI_KEYS_ARGS,
	MONAI_IGNORED("dtype", "accepted; voxels are fp32"),
	MONAI_IGNORED("data_type", "accepted; likewise"),
	MONAI_IGNORED("device", "accepted; the engine chooses where data lie"),
	MONAI_IGNORED("wrap_sequence", "accepted; without effect"),
	MONAI_IGNORED("dim", "accepted; axes are not taken away"),
	ARG_END,
};

static int to_tensor_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	(void)v, (void)i, (void)ctx, (void)err;
	return 0;
}

static int to_tensor_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct to_tensor_args *a = args;

	(void)rng;
	return keyed_each(&a->k, s, false, to_tensor_one, NULL, err);
}

const struct component component_monai_to_tensor = {
	.name = "ToTensord",
	.kind = COMPONENT_TRANSFORM,
	.aliases = (const char *const[]){"ToTensorD", "ToTensorDict", "ToNumpyd", "ToNumpyD",
		"ToNumpyDict", "CastToTyped", "CastToTypeD", "CastToTypeDict", "EnsureTyped",
		"EnsureTypeD", "EnsureTypeDict", "SqueezeDimd", "SqueezeDimD", "SqueezeDimDict",
		"ToDeviced", "ToDeviceD", "ToDeviceDict", NULL},
	.help = "types and axes of Python arrays: a volume is fp32 with a channel axis, so this "
		"only checks that the fields are loaded",
	.args = to_tensor_defs,
	.args_size = sizeof(struct to_tensor_args),
	.ops =
		&(const struct transform_ops){
			.apply = to_tensor_apply, .check = keyed_check, .reads = keyed_reads},
};
