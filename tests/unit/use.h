#ifndef TESTS_UNIT_USE_H
#define TESTS_UNIT_USE_H

#include "core/component.h"

/* A component with arguments from JSON text (NULL: defaults); fails the test when refused. */
struct component_use use_of(enum component_kind kind, const char *name, const char *json);

/* How many faults the arguments have (the component must exist). */
int use_faults(enum component_kind kind, const char *name, const char *json);

#endif
