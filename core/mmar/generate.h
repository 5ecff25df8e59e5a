#ifndef CORE_MMAR_GENERATE_H
#define CORE_MMAR_GENERATE_H

#include "core/mmar/config.h"

/*
 * Data that an MMAR makes itself.  Generator "phantom" (core/volume/phantom.h) has
 * the arguments dim [x, y, z], training, validation, seed; 0 and absent: its default.
 */
struct generator_args {
	int64_t dim[3];
	int64_t training, validation, seed;
};

/* Name and arguments; faults become rows of ps.  No name is fine.  Returns 0 or -1. */
int generator_args_read(const struct config_generator *generator, const char *file,
	struct generator_args *out, struct problems *ps) MUST_CHECK;

#endif
