#ifndef CORE_ENGINE_CLIENT_H
#define CORE_ENGINE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include "core/base/err.h"
#include "core/base/json.h"

/*
 * The engine's Unix socket, seen from a client.  Protocol: after one greeting
 * line each way ("axial-engine 1"), JSON objects, one per line:
 *
 *   request  {"id":7,"req":"submit","args":{...}}
 *   reply    {"id":7,"ok":true,"data":{...}}
 *            {"id":7,"ok":false,"code":65,"error":"..."}
 *   push     {"push":"jobs","data":[JOB...]}       after "subscribe", at most 10 per second,
 *            always the latest state: a client that reads slowly misses states, not events
 *
 * JOB is {"id","kind","state","title","mmar","config","run" (folder, once known),"submitted",
 * "started","ended" (wall seconds),"error","code","resumable","props":{NAME:NUMBER}}.  The events
 * themselves are read from <run>/events.jsonl (core/run/reader.h).  Requests and their
 * arguments: core/engine/requests.def, "axial engine --requests".
 */
enum engine_link {
	ENGINE_OFF,        /* no engine; tries again by itself */
	ENGINE_CONNECTING, /* connected, greeting not seen yet */
	ENGINE_READY,
	ENGINE_REFUSED, /* other protocol version, other user: see engine_client_error() */
};

struct engine_client;

/*
 * A client that never blocks.  start: start an engine when none runs (in the
 * background, at most once every few seconds).  Nothing is connected yet when it
 * returns; call engine_client_step() from the poll loop.
 */
struct engine_client *engine_client_new(bool start);
void engine_client_free(struct engine_client *c);

/* What poll() should watch: fd (-1: none now) and events. */
int engine_client_fd(const struct engine_client *c, short *events);

/* Seconds until engine_client_step() wants to be called even without fd activity. */
double engine_client_wait(const struct engine_client *c);

/* Connects, reads, writes as far as possible without waiting. True when something changed. */
bool engine_client_step(struct engine_client *c);

enum engine_link engine_client_state(const struct engine_client *c);
const char *engine_client_error(const struct engine_client *c); /* "" when there is none */

/* Waiting will not help: engine_client_error() says what to mend. */
bool engine_client_stuck(const struct engine_client *c);

/* Counts connections made: when it changes, subscriptions and open requests are gone. */
int engine_client_generation(const struct engine_client *c);

/*
 * Queues a request; args may be NULL and is consumed.  Returns its id, or -1
 * when there is no connection.
 */
int64_t engine_client_send(struct engine_client *c, const char *req, cJSON *args);

/* The next reply or push, which the caller deletes; NULL when there is none. */
cJSON *engine_client_next(struct engine_client *c);

/*
 * For commands: connects (starting an engine when start is set), sends one
 * request, waits for its reply at most timeout seconds.  Returns the reply's
 * "data" (caller deletes), or NULL with the engine's error; ERR_AGAIN when no
 * engine runs or it does not answer.  args may be NULL and is consumed.
 */
cJSON *engine_call(
	const char *req, cJSON *args, bool start, double timeout, struct err *err) MUST_CHECK;

#endif
