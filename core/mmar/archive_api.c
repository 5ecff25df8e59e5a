/*
 * libarchive by dlopen(), as oneDNN in core/cpu/dnnl_api.c.
 */
#include "core/mmar/archive_api.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "core/base/mem.h"

static const struct {
	const char *name;
	size_t offset;
} archive_rows[] = {
#define ARCHIVE_FN(name) {"archive_" #name, offsetof(struct archive_api, name)},
#include "core/mmar/archive_functions.def"
#undef ARCHIVE_FN
};

int archive_load(struct archive_api *api, struct err *err)
{
	void *lib = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
	const char *missing = lib ? NULL : "libarchive.so.13";

	for (size_t i = 0; lib && i < ARRAY_SIZE(archive_rows); i++) {
		void *fn = dlsym(lib, archive_rows[i].name);

		if (!fn)
			missing = archive_rows[i].name;
		memcpy((char *)api + archive_rows[i].offset, &fn, sizeof(fn));
	}
	if (missing)
		return err_set(err, ERR_NODEVICE,
			"cannot load libarchive: '%s' is missing (Debian package libarchive13)",
			missing);
	return 0;
}
