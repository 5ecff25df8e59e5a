#ifndef CORE_RUN_FENCE_H
#define CORE_RUN_FENCE_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include "core/base/err.h"

/*
 * The right to write a run: a lock, and a fence for the cases in which locks are
 * not enough.  See fence.c.
 */
struct run_fence {
	int fd; /* holds the lock; -1: not taken */
	int64_t nr;
	char *path;
	char *text; /* what the lock file holds as long as the right is ours */
};

/* Takes the lock file at path.  ERR_LOCKED names pid and host of the holder. */
int run_fence_take(struct run_fence *f, const char *path, struct err *err) MUST_CHECK;

/* 0 while the right is still ours, ERR_AGAIN when somebody took it over. */
int run_fence_check(const struct run_fence *f, struct err *err) MUST_CHECK;

/* Gives the lock back and frees. Fine after a failed take. */
void run_fence_release(struct run_fence *f);

/* The last holder as noted in the lock file: its pid, 0 when unknown; host gets its name. */
int64_t run_fence_holder(const char *path, char *host, size_t cap);

/* Name of this machine. */
void run_host_name(char *out, size_t cap);

#endif
