#ifndef CORE_MMAR_KNOWN_H
#define CORE_MMAR_KNOWN_H

#include <stdbool.h>
#include "core/component.h"

/* Component names that Clara Train v3 published, whether this build has them or not. */
bool known_in_v3(enum component_kind kind, const char *name);

/* The nearest one of this kind, built or only known from v3; NULL when none is near. */
const char *known_nearest(enum component_kind kind, const char *name);

/* The first kind that has this name, built or known from v3; COMPONENT_KINDS when none has. */
enum component_kind known_other_kind(const char *name);

#endif
