#ifndef CORE_ENGINE_LOOP_H
#define CORE_ENGINE_LOOP_H

#include "core/engine/conn.h"
#include "core/engine/engine.h"
#include "core/engine/table.h"

/* The state of the engine's loop, for its request handlers. Loop thread only. */
struct engine_peer {
	struct conn conn;
	bool greeted;
	bool subscribed;
};

struct engine {
	const struct engine_options *opt;
	char *dir;
	int lock_fd, listen_fd, wake_fd, signal_fd;
	struct job_table jobs;
	struct engine_peer **peers;
	int npeers;
	double started;    /* monotonic */
	double idle_since; /* monotonic; 0: not idle */
	double last_push;  /* monotonic */
	double last_check; /* monotonic: socket and lock were looked at */
	bool busy;         /* a client has sent more lines than one turn takes */
	bool stopping;     /* jobs were asked to stop; ends with the last one */
	bool leave_now;    /* ends without waiting for jobs */
};

/* Asks all jobs to stop and ends when they have; now: ends at once. */
void engine_stop(struct engine *e, bool now);

#endif
