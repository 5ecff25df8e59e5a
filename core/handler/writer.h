#ifndef CORE_HANDLER_WRITER_H
#define CORE_HANDLER_WRITER_H

#include "core/component.h"

/* Kind WRITER: which field of an evaluated case is written where. */
struct write_nifti_args {
	char *field;
	int dtype;        /* index into write_nifti_dtypes = enum nifti_dtype */
	char *write_path; /* folder, absolute after validate_config_load() */
};

extern const char *const write_nifti_dtypes[]; /* "uint8", "int16", "float32", NULL */

#endif
