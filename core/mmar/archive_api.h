#ifndef CORE_MMAR_ARCHIVE_API_H
#define CORE_MMAR_ARCHIVE_API_H

#include <archive.h>
#include <archive_entry.h>
#include "core/base/err.h"

/* libarchive, loaded when an archive is packed or unpacked: linked it would slow every start. */
struct archive_api {
#define ARCHIVE_FN(name) __typeof__(archive_##name) *name;
#include "core/mmar/archive_functions.def"
#undef ARCHIVE_FN
};

/* Fills *api.  ERR_NODEVICE: the library is not installed. */
int archive_load(struct archive_api *api, struct err *err) MUST_CHECK;

#endif
