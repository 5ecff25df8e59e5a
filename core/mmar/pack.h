#ifndef CORE_MMAR_PACK_H
#define CORE_MMAR_PACK_H

#include <stdint.h>
#include "core/base/err.h"

#define PACK_MAX_BYTES (64ll << 30) /* of an archive unpacked */
#define PACK_MAX_FILES 100000

/*
 * Packs an MMAR into one file, .zip or .tar.gz by its name: everything but data/,
 * the contents of eval/, the runs in models/ and compiled code (.so; sources stay).  weights: a
 * .safetensors file that becomes models/model.safetensors, or NULL.  All times are 0 and files are
 * in order of their names, so equal folders give equal archives.
 */
int mmar_pack(const char *dir, const char *out, const char *weights, struct err *err) MUST_CHECK;

/*
 * Unpacks such a file (or any zip, tar or tar.gz with an MMAR in it, also one folder
 * down) into dst, which must be free.  Refused, and nothing stays: paths that are
 * absolute or have "..", links, devices, compiled code (.so), more than PACK_MAX_FILES files or
 * PACK_MAX_BYTES bytes, an archive without an MMAR.
 */
int mmar_unpack(const char *file, const char *dst, struct err *err) MUST_CHECK;

#endif
