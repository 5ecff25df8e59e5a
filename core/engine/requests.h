#ifndef CORE_ENGINE_REQUESTS_H
#define CORE_ENGINE_REQUESTS_H

#include "core/base/args.h"
#include "core/base/err.h"
#include "core/engine/loop.h"

/* One row of the request table: the socket uses it now, HTTP can use the same. */
struct request_def {
	const char *name;
	const char *method, *path; /* HTTP */
	const char *help;
	const struct arg_def *args; /* NULL: none */
	size_t args_size;
	/* Returns the reply's data, or NULL with err.  At most 10 ms. */
	cJSON *(*run)(
		struct engine *e, struct engine_peer *peer, const void *args, struct err *err);
};

const struct request_def *request_at(int i); /* NULL at the end */

/* Answers one line of a client: parses, checks the arguments, runs, queues the reply. */
void request_handle(struct engine *e, struct engine_peer *peer, const struct buf *line);

#endif
