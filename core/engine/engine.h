#ifndef CORE_ENGINE_ENGINE_H
#define CORE_ENGINE_ENGINE_H

#include <stdbool.h>
#include "core/base/err.h"
#include "core/base/json.h"
#include "core/engine/job.h"

/* The engine process: job table, socket, event loop. */
struct engine_options {
	const struct job_kind *const *kinds; /* NULL-terminated; NULL: the kinds of jobs.def */
	double idle_s; /* exit after so long without jobs and clients; 0: never */
	/* The latest state of the machine for the "monitor" request; may be NULL. Must not wait. */
	cJSON *(*monitor)(void *ctx);
	void *monitor_ctx;
};

#define ENGINE_PROTOCOL 1
#define ENGINE_GREETING "axial-engine 1"

/*
 * Runs the engine in this process until it is told to stop (shutdown request,
 * SIGTERM, SIGINT, idle).  ERR_LOCKED when another engine runs.  Blocks the
 * signals it handles in the calling thread; threads started later inherit that.
 */
int engine_serve(const struct engine_options *opt, struct err *err) MUST_CHECK;

#endif
