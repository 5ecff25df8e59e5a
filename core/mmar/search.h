#ifndef CORE_MMAR_SEARCH_H
#define CORE_MMAR_SEARCH_H

#include "core/mmar/reader.h"

/*
 * Outside of an AutoML search a configuration stands for the first point of its search
 * space: tags of the first level ("search" with an enum) get their first choice, and
 * components that "apply" such a tag get it as attribute ("@disabled") or argument,
 * unless they say it themselves.  One warning names what was chosen.
 */
void search_first_point(struct config_reader *r);

#endif
