#ifndef CORE_CLI_RUNREF_H
#define CORE_CLI_RUNREF_H

#include <stdint.h>
#include "core/base/json.h"
#include "core/cli/cli.h"

/*
 * The folder of a run that a command line names: a folder, a name below the
 * checkpoint folder of the MMAR (-m, default the current folder), or the number
 * of a job of the engine.  Absolute; the caller frees.  NULL with err.
 */
char *runref_find(const struct cmd_line *line, const char *word, struct err *err) MUST_CHECK;

/* The number that word is, or 0. */
int64_t runref_job(const char *word);

/* The checkpoint folder of an MMAR. Absolute; the caller frees. */
char *runref_ckpt_dir(const char *mmar, struct err *err) MUST_CHECK;

/* One engine request about a job. */
cJSON *runref_call_job(const char *req, int64_t job, struct err *err) MUST_CHECK;

#endif
