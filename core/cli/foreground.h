#ifndef CORE_CLI_FOREGROUND_H
#define CORE_CLI_FOREGROUND_H

#include <signal.h>
#include "core/cli/cli.h"
#include "core/train/train.h"

/* A training or evaluation in the foreground: lines to stdout; ^C or a hang-up stops it. */
struct foreground {
	struct train_hooks hooks;
	struct sigaction old_int, old_term, old_hup;
};

/* Fills opt from -m -c -e --set --device. */
void foreground_options(struct cmd_line *line, struct train_options *opt);

/* Installs the handlers of SIGINT, SIGTERM and SIGHUP and fills hooks. */
void foreground_begin(struct foreground *fg);
void foreground_end(struct foreground *fg);

#endif
