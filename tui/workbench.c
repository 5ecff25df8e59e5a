/*
 * axial [OPTION...] [DIR...]: opens the workbench on archives.
 *
 * Without a terminal on standard output (a pipe, CI) it prints the archives as plain
 * lines instead, says so on standard error, and ends with 0.
 */
#include "tui/workbench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/cli/cli.h"
#include "tui/app_state.h"
#include "tui/bindings.h"
#include "tui/mmar_scan.h"
#include "tui/signals.h"

struct workbench {
	struct term_options term;
	struct strlist roots;
	const char *view, *arg; /* opened instead of the browser; NULL: the browser */
	bool no_engine, keys, roff;
};

static const char usage[] =
	"usage: axial [OPTION...] [DIR...]\n"
	"  --color=auto|true|256|16|never   colours (also NO_COLOR)\n"
	"  --glyphs=ascii|block|braille     characters for frames and plots\n"
	"  --theme=dark|light|mono          colour theme\n"
	"  --no-mouse                       leave the mouse to the terminal\n"
	"  --no-engine                      do not start or look for an engine\n"
	"  --keys                           print all keys and end (--keys=roff: for the manual)\n";

/* The index of value in the NULL-terminated words, -1 when it is none of them. */
static int choice(const char *value, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], value))
			return i;
	return -1;
}

int workbench_term_option(struct term_options *opt, const char *arg)
{
	static const char *const colors[] = {"auto", "never", "16", "256", "true", NULL};
	static const char *const glyphs[] = {"auto", "ascii", "block", "braille", NULL};
	int n;

	if (!strncmp(arg, "--color=", 8)) {
		n = choice(arg + 8, colors);
		opt->colors = n < 0 ? COLORS_AUTO : (enum color_mode)n;
		return n < 0 ? -1 : 1;
	}
	if (!strncmp(arg, "--glyphs=", 9)) {
		n = choice(arg + 9, glyphs);
		opt->glyphs = n < 0 ? GLYPHS_AUTO : (enum glyphs)n;
		return n < 0 ? -1 : 1;
	}
	if (!strncmp(arg, "--theme=", 8)) {
		opt->theme = arg + 8;
		return theme_find(arg + 8) ? 1 : -1;
	}
	opt->no_mouse |= !strcmp(arg, "--no-mouse");
	return !strcmp(arg, "--no-mouse");
}

/* 1: taken; 0: not an option of ours; -1: ours with a bad value. */
static int parse_option(struct workbench *w, const char *arg)
{
	int took = workbench_term_option(&w->term, arg);

	if (took)
		return took;
	w->no_engine |= !strcmp(arg, "--no-engine");
	w->roff |= !strcmp(arg, "--keys=roff");
	w->keys |= w->roff || !strcmp(arg, "--keys");
	return !strcmp(arg, "--no-engine") || !strcmp(arg, "--keys") || !strcmp(arg, "--keys=roff");
}

static void add_root(struct workbench *w, const char *dir)
{
	w->roots.v = mem_realloc(w->roots.v, (size_t)(w->roots.n + 1) * sizeof(*w->roots.v));
	w->roots.v[w->roots.n++] = mem_strdup(dir);
}

static int parse(struct workbench *w, int argc, char **argv)
{
	bool words = false;

	for (int i = 1; i < argc; i++) {
		int took = words || argv[i][0] != '-' ? 0 : parse_option(w, argv[i]);

		if (!words && !strcmp(argv[i], "--")) {
			words = true;
		} else if (took < 0 || (!took && !words && argv[i][0] == '-')) {
			fprintf(stderr, "axial: bad option '%s'\n%s", argv[i], usage);
			return -1;
		} else if (!took && !sys_is_dir(argv[i])) {
			fprintf(stderr, "axial: no folder '%s'\n", argv[i]);
			return -1;
		} else if (!took) {
			add_root(w, argv[i]);
		}
	}
	if (!w->roots.n)
		mmar_default_roots(&w->roots);
	return 0;
}

bool workbench_handles(int argc, char **argv)
{
	struct workbench w = {0};

	if (argc > 1 && cmd_find(argv[1])) /* a folder of that name is ./NAME */
		return false;
	return argc < 2 || !strcmp(argv[1], "--") || sys_is_dir(argv[1]) ||
	       parse_option(&w, argv[1]) != 0;
}

/* The plain form of the browser. */
static void list_plain(const struct workbench *w)
{
	struct strlist found = {0};

	fprintf(stderr, "axial: standard output is no terminal, so this is a plain list\n");
	mmar_find((const char *const *)w->roots.v, w->roots.n, &found);
	for (int i = 0; i < found.n; i++) {
		struct mmar_row row = {.root = mem_strdup(found.v[i])};
		struct buf b = {0};

		mmar_row_read(&row);
		buf_put_safe(&b, found.v[i]);
		buf_printf(&b, "  %s  runs %d",
			row.info.task && *row.info.task ? row.info.task : "-", row.nruns);
		if (isfinite(row.best))
			buf_printf(&b, "  best %.4f", row.best);
		puts(b.p);
		buf_release(&b);
		mmar_row_release(&row);
	}
	if (!found.n)
		puts("no MMAR in these folders");
	mmar_list_release(&found);
}

static void open_log(void)
{
	const char *path = getenv("AXIAL_LOG");
	struct err err = ERR_INIT;

	if (path && *path && log_open(path, LOG_INFO, &err))
		fprintf(stderr, "axial: %s\n", err.msg);
}

static int run(struct workbench *w)
{
	struct err err = ERR_INIT;
	struct term *term = term_open(&w->term, &err);
	struct app *app;
	int width, height, code;
	bool pending;

	if (!term) {
		fprintf(stderr, "axial: %s\n", err.msg);
		return 1;
	}
	open_log();
	term_size(term, &width, &height);
	app = app_new(term, term_theme(term), term_glyphs(term), width, height);
	app->roots = (const char *const *)w->roots.v;
	app->nroots = w->roots.n;
	app_open(app, w->view ? w->view : "mmars", w->arg);
	/* One archive given: its page is what was asked for. */
	if (w->roots.n == 1 && mmar_is(w->roots.v[0])) {
		char *full = realpath(w->roots.v[0], NULL);

		app_open(app, "mmar", full ? full : w->roots.v[0]);
		free(full);
	}
	code = app_loop(app, !w->no_engine);
	term_close(term);
	signals_close();
	pending = work_pending(app->work) > 0;
	/* The worker may hang in a dead file system: the user has gone, so do not wait. */
	if (pending)
		_exit(code);
	app_free(app);
	log_close();
	return code;
}

int workbench_main(int argc, char **argv)
{
	struct workbench w = {0};
	int code = 0;

	if (parse(&w, argc, argv) < 0) {
		code = ERR_USAGE;
	} else if (w.keys) {
		struct buf b = {0};

		bindings_print(&b, w.roff);
		fputs(b.p, stdout);
		buf_release(&b);
	} else if (!isatty(STDOUT_FILENO)) {
		list_plain(&w);
	} else {
		code = run(&w);
	}
	mmar_list_release(&w.roots);
	return code;
}

int workbench_show(const struct term_options *term, const char *view, const char *arg)
{
	struct workbench w = {.term = *term, .view = view, .arg = arg, .no_engine = true};

	return run(&w);
}
