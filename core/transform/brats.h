#ifndef CORE_TRANSFORM_BRATS_H
#define CORE_TRANSFORM_BRATS_H

#include "core/transform/sample.h"

/*
 * The nested classes of the BraTS challenge from its labels 1 (necrotic and
 * non-enhancing core), 2 (oedema) and 4 (enhancing): 0 tumour core = 1 or 4,
 * 1 whole tumour = 1, 2 or 4, 2 enhancing tumour = 4.
 */
enum { BRATS_CLASSES = 3 };

/* One channel of 0 and 1 per class, in that order.  ERR_DATA at any other value. */
struct volume *brats_channels(const struct volume *label, struct err *err) MUST_CHECK;

#endif
