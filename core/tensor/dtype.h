#ifndef CORE_TENSOR_DTYPE_H
#define CORE_TENSOR_DTYPE_H

#include <stddef.h>

/* Element types that files may hold.  The compute path uses F32 and, for operands of convolutions,
 * BF16. */
enum dtype {
	DTYPE_F32,
	DTYPE_BF16,
	DTYPE_F16,
	DTYPE_F64,
	DTYPE_I64,
	DTYPE_I32,
	DTYPE_I16,
	DTYPE_I8,
	DTYPE_U8,
	DTYPE_BOOL,
	DTYPE_COUNT,
};

size_t dtype_size(enum dtype t);      /* bytes of one element */
const char *dtype_name(enum dtype t); /* safetensors spelling: "F32", "I64" ... */

/* The type of a safetensors name, or -1. */
int dtype_find(const char *name);

#endif
