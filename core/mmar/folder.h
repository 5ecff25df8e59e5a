#ifndef CORE_MMAR_FOLDER_H
#define CORE_MMAR_FOLDER_H

#include "core/base/err.h"

/* ERR_USAGE unless dst is missing or an empty folder (which rename() replaces). */
int folder_check_free(const char *dst, struct err *err) MUST_CHECK;

/* Name of the folder beside dst in which it is built; the caller frees. */
char *folder_tmp(const char *dst);

/* After rc == 0 moves tmp to dst, else removes it and passes rc on. */
int folder_finish(const char *tmp, const char *dst, int rc, struct err *err) MUST_CHECK;

#endif
