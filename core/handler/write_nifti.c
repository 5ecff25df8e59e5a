/*
 * WriteNifti: which field of an evaluated case is written, and as what.  The
 * evaluator does the writing, because it knows the case.
 */
#include <stddef.h>

#include "core/handler/writer.h"

/* In the order of enum nifti_dtype. */
const char *const write_nifti_dtypes[] = {"uint8", "int16", "float32", NULL};

static const struct arg_def write_nifti_defs[] = {
	{"field", ARG_STRING, offsetof(struct write_nifti_args, field), .flags = ARG_REQUIRED,
		.help = "'model', or a field that a post transform made"},
	{"dtype", ARG_CHOICE, offsetof(struct write_nifti_args, dtype), .def = "\"float32\"",
		.choices = write_nifti_dtypes, .help = "voxel type of the file"},
	{"write_path", ARG_STRING, offsetof(struct write_nifti_args, write_path),
		.flags = ARG_REQUIRED, .help = "folder; each case gets a folder of its own in it"},
	ARG_END,
};

const struct component component_write_nifti = {
	.name = "WriteNifti",
	.kind = COMPONENT_WRITER,
	.help = "writes a field of every case as NIfTI on the grid of the original image",
	.args = write_nifti_defs,
	.args_size = sizeof(struct write_nifti_args),
};
