/*
 * LoadImaged: reads the file of each field, whatever its kind.
 */
#include <stdlib.h>

#include "core/transform/load.h"
#include "core/transform/monai.h"

struct load_imaged_args {
	struct monai_keys k;
};

static const struct arg_def load_imaged_defs[] = {
	MONAI_KEYS_ARGS,
	MONAI_IGNORED("reader", "accepted; the reader is chosen by the end of the file's name"),
	MONAI_IGNORED("dtype", "accepted; voxels are fp32"),
	MONAI_IGNORED("meta_keys", "accepted; a volume carries its affine and file name"),
	MONAI_IGNORED("meta_key_postfix", "accepted; likewise"),
	MONAI_IGNORED("overwriting", "accepted; likewise"),
	MONAI_IGNORED("image_only", "accepted; likewise"),
	MONAI_IGNORED("ensure_channel_first", "accepted; channels always come first"),
	ARG_END,
};

static int load_imaged_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct load_imaged_args *a = args;
	struct strlist present = keyed_present(&a->k, s);
	int rc = load_fields(&present, LOAD_BY_NAME, s, err);

	(void)rng;
	free(present.v);
	return rc;
}

const struct component component_monai_load_imaged = {
	.name = "LoadImaged",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("LoadImage"),
	.help = "reads the file of each field by the end of its name: .nii, .nii.gz, .png, .jpg, "
		".npy; several files of one field become channels; label values must be whole",
	.args = load_imaged_defs,
	.args_size = sizeof(struct load_imaged_args),
	.ops = &(const struct transform_ops){.apply = load_imaged_apply,
		.check = keyed_check,
		.reads = fields_reads,
		.writes = fields_reads},
};
