#ifndef TESTS_BENCH_LIB_PEER_H
#define TESTS_BENCH_LIB_PEER_H

#include <cjson/cJSON.h>
#include <stdio.h>
#include <sys/types.h>
#include "core/base/err.h"

/*
 * Another program that is measured beside ours: it answers lines with lines of JSON and
 * sleeps in between.  The scripts are in tests/bench/peer.
 */
struct peer {
	pid_t pid; /* 0: not there */
	int in, out;
	FILE *from;
	cJSON *about; /* its first line */
};

/*
 * Starts SCRIPT of tests/bench/peer with the words of args (NULL-terminated) under the first
 * Python that has what it needs ($BENCH_PYTHON, /usr/bin/python3, python3).  0 and
 * peer->pid, or -1: it is not installed, err says in one line what to install.
 */
int peer_start(
	struct peer *p, const char *script, const char *const *args, struct err *err) MUST_CHECK;

/* Sends a line and waits for its answer, which the caller frees; NULL: it failed or ended. */
cJSON *peer_ask(struct peer *p, const char *line, struct err *err) MUST_CHECK;
void peer_stop(struct peer *p);

#endif
