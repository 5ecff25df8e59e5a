#ifndef CORE_RUN_APPEND_H
#define CORE_RUN_APPEND_H

#include <stdbool.h>
#include <stdint.h>
#include "core/base/buf.h"
#include "core/base/err.h"

/*
 * The end of events.jsonl.  Lines that cannot be written (a full disk) may be kept in
 * memory; they go first when writing works again.
 */
struct run_append {
	int fd;          /* opened with O_APPEND; -1: none */
	const char *dir; /* run folder, for messages; borrowed */
	int64_t size;    /* bytes of whole lines in the file */
	struct buf kept;
	int64_t kept_lines;
	int64_t lost; /* lines that found no room in memory either */
};

void run_append_release(struct run_append *a);

/* Writes what was kept, then line.  ERR_IO: the file is as it was before. */
int run_append_line(struct run_append *a, const struct buf *line, struct err *err) MUST_CHECK;
int run_append_flush(struct run_append *a, struct err *err) MUST_CHECK;

/* Keeps a line for later; false: it is lost. */
bool run_append_keep(struct run_append *a, const struct buf *line);

#endif
