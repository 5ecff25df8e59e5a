#ifndef CORE_TRANSFORM_LOAD_H
#define CORE_TRANSFORM_LOAD_H

#include "core/transform/fields.h"
#include "core/volume/image_file.h"

/* What the transforms that read files share. */
enum { LOAD_MAX_LABEL = 65535 };

enum load_kind {
	LOAD_BY_NAME = -1, /* by the end of the file's name */
};

/*
 * Reads the file or files of each field; several of one field become channels in their
 * order.  kind: enum image_kind or LOAD_BY_NAME.  A field whose name begins with "label" must
 * hold whole numbers, and all fields of a case that come from files must have one size.
 */
int load_fields(
	const struct strlist *fields, int kind, struct sample *s, struct err *err) MUST_CHECK;

#endif
