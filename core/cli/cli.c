/*
 * Command lines: a table of subcommands, each with a table of options.
 *
 * The parser accepts what Clara's programs accepted, so that a v3 train.sh needs
 * only its program name changed: -m -c -e, --write_train_stats with underscores,
 * and "--set A=1 B=2 C=3", where one --set takes all K=V words after it.
 */
#include "core/cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/problem.h"
#include "core/base/sys.h"

#ifndef AXIAL_VERSION
#define AXIAL_VERSION "unknown"
#endif

struct cmd_given {
	const struct cmd_opt *opt;
	const char *value;
};

struct cmd_line {
	const struct cmd *cmd;
	struct cmd_given *given;
	int ngiven;
	const char **words;
	int nwords;
	const char **multi; /* scratch of cmd_multi() */
	int exit_code;
};

#define CMD(name) extern const struct cmd cmd_##name;
#include "core/cli/commands.def"
#undef CMD

static const struct cmd *const cmd_table[] = {
#define CMD(name) &cmd_##name,
#include "core/cli/commands.def"
#undef CMD
	NULL,
};

const struct cmd *cmd_at(int i)
{
	return cmd_table[i];
}

const struct cmd *cmd_find(const char *name)
{
	for (int i = 0; cmd_table[i]; i++)
		if (!strcmp(cmd_table[i]->name, name))
			return cmd_table[i];
	return NULL;
}

bool cmd_flag(const struct cmd_line *line, const char *name)
{
	return cmd_value(line, name, NULL) != NULL;
}

const char *cmd_value(const struct cmd_line *line, const char *name, const char *def)
{
	for (int i = line->ngiven; i-- > 0;)
		if (!strcmp(line->given[i].opt->name, name))
			return line->given[i].value;
	return def;
}

const char *const *cmd_multi(const struct cmd_line *line, const char *name, int *n)
{
	*n = 0;
	for (int i = 0; i < line->ngiven; i++)
		if (!strcmp(line->given[i].opt->name, name))
			line->multi[(*n)++] = line->given[i].value;
	return line->multi;
}

int cmd_argc(const struct cmd_line *line)
{
	return line->nwords;
}

const char *cmd_arg(const struct cmd_line *line, int i)
{
	return i < line->nwords ? line->words[i] : NULL;
}

void cmd_set_exit(struct cmd_line *line, int code)
{
	line->exit_code = code;
}

static bool cmd_same_name(const char *known, const char *given, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (known[i] != given[i] && !(known[i] == '-' && given[i] == '_'))
			return false;
	return !known[n];
}

static const struct cmd_opt *cmd_find_opt(const struct cmd *cmd, const char *word, size_t n)
{
	for (const struct cmd_opt *o = cmd->opts; o && o->name; o++) {
		if (word[1] == '-' && n > 2 && cmd_same_name(o->name, word + 2, n - 2))
			return o;
		if (word[1] != '-' && o->letter == word[1])
			return o;
	}
	return NULL;
}

static int cmd_unknown_opt(const struct cmd *cmd, const char *word, struct err *err)
{
	const char *names[65], *near;
	int n = 0;

	for (const struct cmd_opt *o = cmd->opts; o && o->name && n < 64; o++)
		names[n++] = o->name;
	names[n] = NULL;
	near = word[1] == '-' ? problem_nearest(word + 2, names) : NULL;
	if (near)
		return err_set(err, ERR_USAGE, "unknown option '%s' of '%s' (did you mean '--%s'?)",
			word, cmd->name, near);
	return err_set(err, ERR_USAGE, "unknown option '%s' of '%s', see 'axial %s --help'", word,
		cmd->name, cmd->name);
}

static void cmd_give(struct cmd_line *line, const struct cmd_opt *o, const char *value)
{
	line->given[line->ngiven++] = (struct cmd_given){o, value};
}

/* Takes one option at argv[i]; returns how many words it used, or -1. */
static int cmd_take_opt(struct cmd_line *line, int argc, char **argv, int i, struct err *err)
{
	const char *word = argv[i], *eq = word[1] == '-' ? strchr(word, '=') : NULL;
	size_t n = eq ? (size_t)(eq - word) : strlen(word);
	const struct cmd_opt *o = cmd_find_opt(line->cmd, word, n);
	int used = 1;

	if (!o)
		return cmd_unknown_opt(line->cmd, word, err);
	if (o->kind == CMD_FLAG) {
		if (eq || (word[1] != '-' && word[2]))
			return err_set(err, ERR_USAGE, "option '%s' takes no value", word);
		cmd_give(line, o, "1");
		return 1;
	}
	if (eq || (word[1] != '-' && word[2])) {
		cmd_give(line, o, eq ? eq + 1 : word + 2);
	} else {
		bool last = i + 1 >= argc;

		if (o->kind == CMD_OPTIONAL && (last || argv[i + 1][0] == '-')) {
			cmd_give(line, o, "");
			return 1;
		}
		if (last)
			return err_set(err, ERR_USAGE, "option '%s' needs %s", word, o->value);
		cmd_give(line, o, argv[i + 1]);
		used = 2;
	}
	while (o->kind == CMD_MULTI && i + used < argc && argv[i + used][0] != '-' &&
		strchr(argv[i + used], '='))
		cmd_give(line, o, argv[i + used++]);
	return used;
}

static int cmd_parse(struct cmd_line *line, int argc, char **argv, struct err *err)
{
	line->given = mem_zalloc((size_t)argc * sizeof(*line->given));
	line->words = mem_zalloc((size_t)argc * sizeof(*line->words));
	line->multi = mem_zalloc((size_t)argc * sizeof(*line->multi));
	for (int i = 2; i < argc;) {
		int used = 1;

		if (!strcmp(argv[i], "--")) {
			while (++i < argc)
				line->words[line->nwords++] = argv[i];
			break;
		}
		if (argv[i][0] == '-' && argv[i][1]) {
			used = cmd_take_opt(line, argc, argv, i, err);
			if (used < 0)
				return -1;
		} else {
			line->words[line->nwords++] = argv[i];
		}
		i += used;
	}
	return 0;
}

static void cmd_print_help(const struct cmd *cmd)
{
	printf("usage: axial %s%s%s%s\n\n%s\n", cmd->name, cmd->opts ? " [OPTION...]" : "",
		cmd->args[0] ? " " : "", cmd->args, cmd->summary);
	if (cmd->help)
		printf("\n%s\n", cmd->help);
	if (cmd->opts)
		printf("\noptions\n");
	for (const struct cmd_opt *o = cmd->opts; o && o->name; o++) {
		char left[64];

		snprintf(left, sizeof(left), "%c%c%s --%s %s", o->letter ? '-' : ' ',
			o->letter ? o->letter : ' ', o->letter ? "," : " ", o->name,
			o->value ? o->value : "");
		printf("  %-28s %s\n", left, o->help);
	}
}

static void cli_print_help(void)
{
	printf("usage: axial [DIR...]             open the workbench on folders of MMARs\n"
	       "       axial view IMAGE           look at the slices of a NIfTI image\n"
	       "       axial COMMAND [OPTION...]  run one command, 'axial COMMAND --help' says more\n\n"
	       "commands\n");
	for (int i = 0; cmd_table[i]; i++)
		printf("  %-14s %s\n", cmd_table[i]->name, cmd_table[i]->summary);
	printf("\nexit codes\n"
	       "  0 ok, 1 warnings, 12 memory, 64 usage, 65 bad data or config, 66 missing input,\n"
	       "  69 no device, 73 locked, 74 input/output, 75 try again, 76 protocol, 130 interrupted\n");
}

static int cli_unknown(const char *word)
{
	const char *names[128], *near;
	int n = 0;

	for (int i = 0; cmd_table[i] && n < 127; i++)
		names[n++] = cmd_table[i]->name;
	names[n] = NULL;
	near = problem_nearest(word, names);
	if (near)
		fprintf(stderr, "axial: no command or folder '%s' (did you mean '%s'?)\n", word,
			near);
	else
		fprintf(stderr, "axial: no command or folder '%s', see 'axial --help'\n", word);
	return ERR_USAGE;
}

static void cmd_line_release(struct cmd_line *line)
{
	free(line->given);
	free(line->words);
	free(line->multi);
}

static int cli_report(const struct err *err)
{
	struct buf b = {0};

	buf_put_safe(&b, err->msg);
	for (char *s = b.p; s && (s = strstr(s, "^J"));) /* several lines stay several lines */
		*s = '\n', memmove(s + 1, s + 2, strlen(s + 2) + 1);
	fprintf(stderr, "axial: %s\n", b.p ? b.p : "");
	buf_release(&b);
	return err->code ? err->code : ERR_IO;
}

int cli_main(int argc, char **argv)
{
	struct cmd_line line = {0};
	struct err err = ERR_INIT;
	int rc;

	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
		!strcmp(argv[1], "help")) {
		cli_print_help();
		return 0;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("axial %s\n", AXIAL_VERSION);
		return 0;
	}
	line.cmd = cmd_find(argv[1]);
	if (!line.cmd)
		return cli_unknown(argv[1]);
	for (int i = 2; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			cmd_print_help(line.cmd);
			return 0;
		}
	}
	rc = cmd_parse(&line, argc, argv, &err);
	if (!rc)
		rc = line.cmd->run(&line, &err);
	rc = rc ? cli_report(&err) : line.exit_code;
	cmd_line_release(&line);
	return rc;
}
