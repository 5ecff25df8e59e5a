/*
 * Element types and their safetensors names: one row each.
 */
#include "core/tensor/dtype.h"

#include <string.h>

static const struct {
	const char *name;
	size_t size;
} dtypes[DTYPE_COUNT] = {
	[DTYPE_F32] = {"F32", 4},
	[DTYPE_BF16] = {"BF16", 2},
	[DTYPE_F16] = {"F16", 2},
	[DTYPE_F64] = {"F64", 8},
	[DTYPE_I64] = {"I64", 8},
	[DTYPE_I32] = {"I32", 4},
	[DTYPE_I16] = {"I16", 2},
	[DTYPE_I8] = {"I8", 1},
	[DTYPE_U8] = {"U8", 1},
	[DTYPE_BOOL] = {"BOOL", 1},
};

size_t dtype_size(enum dtype t)
{
	return dtypes[t].size;
}

const char *dtype_name(enum dtype t)
{
	return dtypes[t].name;
}

int dtype_find(const char *name)
{
	for (int i = 0; i < DTYPE_COUNT; i++)
		if (!strcmp(dtypes[i].name, name))
			return i;
	return -1;
}
