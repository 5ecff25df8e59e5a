#ifndef CORE_HANDLER_HANDLER_H
#define CORE_HANDLER_HANDLER_H

#include <stdint.h>
#include "core/base/buf.h"
#include "core/component.h"

/* What a handler is told at the end of an epoch. */
struct handler_value {
	const char *name;
	double value;
};

struct handler_epoch {
	int64_t epoch, epochs;     /* epochs done, of how many */
	int64_t step, steps_total; /* steps done, of how many */
	double loss;               /* mean training loss of the epoch */
	double lr;
	double seconds;                     /* duration of the epoch */
	const struct handler_value *values; /* validation values; n_values 0: none this time */
	int n_values;
};

struct handler_ops {
	/* Adds a line without newline to out for the console and the log; may add nothing. */
	void (*epoch)(const void *args, const struct handler_epoch *e, struct buf *out);
};

void handler_epoch(const struct component_use *u, const struct handler_epoch *e, struct buf *out);

#endif
