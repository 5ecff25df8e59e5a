/*
 * Foreground runs: hooks that print lines, and ^C as a request to stop.
 *
 * A signal handler can reach nothing but a global; it is one flag, set by the
 * first SIGINT, SIGTERM or SIGHUP (the line dropped) and asked between steps.  The handler is
 * one-shot, so a second ^C ends the process at once.
 */
#include "core/cli/foreground.h"

#include <stdio.h>
#include <string.h>

static volatile sig_atomic_t foreground_stop; /* lint: global, set by a signal handler */

static void foreground_on_signal(int sig)
{
	(void)sig;
	foreground_stop = 1;
}

static bool foreground_cancelled(void *ctx)
{
	(void)ctx;
	return foreground_stop;
}

static void foreground_line(void *ctx, const char *text)
{
	(void)ctx;
	printf("%s\n", text);
	fflush(stdout);
}

void foreground_options(struct cmd_line *line, struct train_options *opt)
{
	memset(opt, 0, sizeof(*opt));
	opt->mmar = cmd_value(line, "mmar", ".");
	opt->config = cmd_value(line, "config", NULL);
	opt->env = cmd_value(line, "env", NULL);
	opt->sets = cmd_multi(line, "set", &opt->nsets);
	opt->device = cmd_value(line, "device", NULL);
}

void foreground_begin(struct foreground *fg)
{
	struct sigaction sa;

	memset(fg, 0, sizeof(*fg));
	fg->hooks.cancelled = foreground_cancelled;
	fg->hooks.line = foreground_line;
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = foreground_on_signal;
	sa.sa_flags = (int)SA_RESETHAND;
	foreground_stop = 0;
	sigaction(SIGINT, &sa, &fg->old_int);
	sigaction(SIGTERM, &sa, &fg->old_term);
	sigaction(SIGHUP, &sa, &fg->old_hup);
}

void foreground_end(struct foreground *fg)
{
	sigaction(SIGINT, &fg->old_int, NULL);
	sigaction(SIGTERM, &fg->old_term, NULL);
	sigaction(SIGHUP, &fg->old_hup, NULL);
}
