#ifndef CORE_ENGINE_PLACE_H
#define CORE_ENGINE_PLACE_H

#include "core/base/err.h"

/*
 * Where the engine of this user lives: $AXIAL_RUNTIME_DIR, else /tmp/axial-UID.
 * Holds engine.sock, engine.lock, engine.log and jobs.json.  Made with 0700 when
 * missing; refused when it is no folder of this user or open to others.  The
 * caller frees.
 */
char *engine_runtime_dir(struct err *err) MUST_CHECK;

/* Starts an engine process in the background without waiting for it. */
int engine_spawn(struct err *err) MUST_CHECK;

/* A listening socket at DIR/engine.sock, replacing what is there.  Hold the lock first. */
int engine_listen(const char *dir, struct err *err) MUST_CHECK;

/* A connection to DIR/engine.sock; -1 with errno text (ERR_AGAIN) when nobody listens. */
int engine_connect(const char *dir, struct err *err) MUST_CHECK;

/* 0 when the other end of fd belongs to this user, ERR_PROTO otherwise. */
int engine_check_peer(int fd, struct err *err) MUST_CHECK;

#endif
