/*
 * oneDNN by dlopen().
 *
 * Linked, the library and what hangs on it cost every start of the program 12 ms
 * and 5 MB, the workbench's and those of all commands that compute nothing.  So
 * its functions are looked up in a table when the first backend is opened.  The
 * library stays loaded: its threads and kernels outlive any backend.
 */
#include "core/cpu/dnnl_api.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "core/base/mem.h"

struct dnnl_api dnnl; /* lint: global, filled once, then only read */

static const struct {
	const char *name;
	size_t offset;
} dnnl_rows[] = {
#define DNNL_FN(name) {"dnnl_" #name, offsetof(struct dnnl_api, name)},
#include "core/cpu/dnnl_functions.def"
#undef DNNL_FN
};

static pthread_once_t dnnl_once = PTHREAD_ONCE_INIT; /* lint: global, guards dnnl */
static const char *dnnl_missing = "not tried";       /* lint: global, set once with dnnl */

static void dnnl_fill(void)
{
	void *lib = dlopen("libdnnl.so.2", RTLD_NOW | RTLD_LOCAL);

	dnnl_missing = lib ? NULL : "libdnnl.so.2";
	for (size_t i = 0; lib && i < ARRAY_SIZE(dnnl_rows); i++) {
		void *fn = dlsym(lib, dnnl_rows[i].name);

		if (!fn)
			dnnl_missing = dnnl_rows[i].name;
		memcpy((char *)&dnnl + dnnl_rows[i].offset, &fn, sizeof(fn));
	}
}

int dnnl_load(struct err *err)
{
	pthread_once(&dnnl_once, dnnl_fill);
	if (dnnl_missing)
		return err_set(err, ERR_NODEVICE,
			"cannot load oneDNN: '%s' is missing (Debian package libdnnl2)",
			dnnl_missing);
	return 0;
}
