#ifndef CORE_HANDLER_HANDLER_H
#define CORE_HANDLER_HANDLER_H

#include <stdint.h>
#include "core/base/buf.h"
#include "core/component.h"

/* What a handler is told at the end of an epoch. */
struct handler_epoch {
	int64_t epoch, epochs; /* epochs done, of how many */
	int64_t images;        /* trained on in this epoch */
	double seconds;        /* duration of the epoch */
	double loader_wait;    /* seconds of it that the step waited for the loader */
	double loss;           /* mean training loss of the epoch */
	double lr;
};

struct handler_ops {
	/* Adds a line without newline to out for the console and the log; may add nothing. */
	void (*epoch)(const void *args, const struct handler_epoch *e, struct buf *out);
};

void handler_epoch(const struct component_use *u, const struct handler_epoch *e, struct buf *out);

#endif
