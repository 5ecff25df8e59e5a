#ifndef CORE_CLI_CLI_H
#define CORE_CLI_CLI_H

#include <stdbool.h>
#include "core/base/err.h"

/*
 * Subcommands.  One file in core/cli/cmd per subcommand with one const struct
 * cmd, and one row in commands.def; --help, completion and the man page come from
 * the same rows.
 */
enum cmd_opt_kind {
	CMD_FLAG,     /* --name */
	CMD_VALUE,    /* --name VALUE or --name=VALUE */
	CMD_OPTIONAL, /* --name [VALUE]: the value is "" when the next word is an option or missing
		       */
	CMD_MULTI,    /* --name VALUE...: repeatable; further K=V words after it belong to it, as in
			 v3's --set */
};

struct cmd_opt {
	const char *name; /* "mmar" for --mmar; v3 spelling with '_' is accepted for '-' */
	char letter;      /* 'm' for -m, 0: none */
	enum cmd_opt_kind kind;
	const char *value; /* "DIR" in the help */
	const char *help;
};

#define CMD_OPT_END          \
	{                    \
		.name = NULL \
	}

struct cmd_line; /* a parsed command line */

struct cmd {
	const char *name;           /* "train", or "mmar" */
	const char *args;           /* "[RUN]" in the usage line, may be "" */
	const char *summary;        /* one line */
	const char *help;           /* paragraphs for --help and the man page, may be NULL */
	const struct cmd_opt *opts; /* ends with CMD_OPT_END; NULL: none */
	/* Does the work; prints results to stdout.  Returns 0 or -1 with err, whose code is the
	 * exit code. */
	int (*run)(struct cmd_line *line, struct err *err);
};

bool cmd_flag(const struct cmd_line *line, const char *name);
const char *cmd_value(const struct cmd_line *line, const char *name, const char *def);
const char *const *cmd_multi(const struct cmd_line *line, const char *name, int *n);
int cmd_argc(const struct cmd_line *line);               /* words that are no options */
const char *cmd_arg(const struct cmd_line *line, int i); /* NULL when there are fewer */

/* Exit code to end with although run() succeeded (mmar lint: 1 for warnings). */
void cmd_set_exit(struct cmd_line *line, int code);

const struct cmd *cmd_at(int i); /* rows of the table, NULL at the end */
const struct cmd *cmd_find(const char *name);

/* Runs argv[0] = "axial", argv[1] = subcommand ...; prints errors to stderr; returns the exit code.
 */
int cli_main(int argc, char **argv);

#endif
