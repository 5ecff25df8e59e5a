#ifndef CORE_BASE_JSON_H
#define CORE_BASE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include "core/base/buf.h"
#include "core/base/err.h"

/*
 * Strict JSON through cJSON.  A tree is used on one thread at a time; free it
 * with cJSON_Delete().  name goes into messages ("FILE: line 3, column 7: ...").
 * Refused: trailing text, nesting above 64, duplicate keys, numbers that are not
 * finite, a NUL or lone surrogate in a string.  Accepted: a byte order mark, CRLF.
 */
cJSON *json_parse(const char *text, size_t len, const char *name, struct err *err) MUST_CHECK;

/* The same for a file of at most 64 MiB. */
cJSON *json_read(const char *path, struct err *err) MUST_CHECK;

/* Writes the tree as indented text, atomically. */
int json_write(const char *path, const cJSON *root, struct err *err) MUST_CHECK;

/* Looked-up members of an object; def when absent or of another type. */
const char *json_str(const cJSON *obj, const char *key, const char *def);
double json_num(const cJSON *obj, const char *key, double def);
bool json_bool(const cJSON *obj, const char *key, bool def);

/* "bool", "number", "string", "list", "object" or "null". */
const char *json_type_name(const cJSON *v);

/* Adds s as a JSON string literal with its quotes (for lines built by hand). */
void json_quote(struct buf *out, const char *s);

/* Adds a number: shortest text that reads back as the same double; NaN and infinities as null. */
void json_add_num(struct buf *out, double v);

#endif
