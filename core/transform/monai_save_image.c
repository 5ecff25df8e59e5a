/*
 * SaveImaged: writes fields as NIfTI, OUTPUT_DIR/CASE/CASE_FIELD.nii.gz, on the grid that
 * they have.  In the post transforms of an evaluation it becomes a writer, which puts
 * them back on the grid of the image first.
 */
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/transform/monai.h"
#include "core/volume/nifti.h"

struct save_args {
	struct monai_keys k;
	char *output_dir, *output_postfix;
};

static const struct arg_def save_defs[] = {
	MONAI_KEYS_ARGS,
	{"output_dir", ARG_STRING, offsetof(struct save_args, output_dir), .def = "\"./\"",
		.help = "folder of the files"},
	{"output_postfix", ARG_STRING, offsetof(struct save_args, output_postfix),
		.help = "end of the file's name; absent: the field"},
	MONAI_IGNORED("meta_keys", "accepted; a volume carries its affine and file name"),
	MONAI_IGNORED("meta_key_postfix", "accepted; likewise"),
	MONAI_IGNORED("output_ext", "accepted; .nii.gz"),
	MONAI_IGNORED("output_dtype", "accepted; fp32"),
	MONAI_IGNORED("dtype", "accepted; fp32"),
	MONAI_IGNORED("resample", "accepted; a writer always uses the grid of the image"),
	MONAI_IGNORED("mode", "accepted; likewise"),
	MONAI_IGNORED("padding_mode", "accepted; likewise"),
	MONAI_IGNORED("scale", "accepted; values are written as they are"),
	MONAI_IGNORED("align_corners", "accepted; without effect"),
	MONAI_IGNORED("squeeze_end_dims", "accepted; axes of size 1 are never written"),
	MONAI_IGNORED("data_root_dir", "accepted; without effect"),
	MONAI_IGNORED("separate_folder", "accepted; each case has a folder"),
	MONAI_IGNORED("print_log", "accepted; without effect"),
	ARG_END,
};

static int save_one(const struct save_args *a, const struct volume *v, const char *field,
	const char *case_id, struct err *err)
{
	char *dir = sys_join(a->output_dir, case_id), *path;
	int rc = sys_mkdirs(dir, err);

	path = mem_printf(
		"%s/%s_%s.nii.gz", dir, case_id, a->output_postfix ? a->output_postfix : field);
	if (!rc)
		rc = nifti_write(path, v, NIFTI_OUT_FLOAT32, err);
	free(path);
	free(dir);
	return rc;
}

static int save_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct save_args *a = args;

	(void)rng;
	for (int i = 0; i < a->k.keys.n; i++) {
		struct volume *v;
		int have = keyed_key(&a->k, i, s, &v, err);

		if (have < 0 || (have && save_one(a, v, a->k.keys.v[i], s->case_id, err)))
			return -1;
	}
	return 0;
}

const struct component component_monai_save_image = {
	.name = "SaveImaged",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("SaveImage"),
	.help = "writes fields as NIfTI (fp32) to output_dir, a folder per case",
	.args = save_defs,
	.args_size = sizeof(struct save_args),
	.ops =
		&(const struct transform_ops){
			.apply = save_apply, .check = keyed_check, .reads = keyed_reads},
};
