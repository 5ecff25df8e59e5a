#ifndef CORE_CPU_DNNL_API_H
#define CORE_CPU_DNNL_API_H

#include <oneapi/dnnl/dnnl.h>
#include "core/base/err.h"

/* oneDNN's functions, found when the first CPU backend is opened. */
struct dnnl_api {
#define DNNL_FN(name) __typeof__(dnnl_##name) *name;
#include "core/cpu/dnnl_functions.def"
#undef DNNL_FN
};

extern struct dnnl_api dnnl;

/* Fills dnnl, once per process.  ERR_NODEVICE when the library is not there. */
int dnnl_load(struct err *err) MUST_CHECK;

#endif
