/*
 * axial view: slices of one image, in the terminal or (--once, or when standard
 * output is no terminal) as one picture in text.
 *
 * What cannot be read is said before the terminal is taken over, with the exit code
 * of the fault, so that scripts can tell a missing file from a broken one.
 */
#include "tui/view_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "core/volume/nifti.h"
#include "tui/view_slice.h"
#include "tui/workbench.h"

static const char usage[] =
	"usage: axial view IMAGE [OPTION...]\n"
	"Shows slices of a NIfTI image (.nii, .nii.gz).\n"
	"  --label FILE                     lay this label image over it\n"
	"  --plane axial|coronal|sagittal   plane to begin with (a, c, s do as well)\n"
	"  --slice N                        slice to begin with, from 1; else the middle\n"
	"  --once                           print one picture and end\n"
	"  --size COLSxROWS                 of that picture; else the terminal's, or 80x24\n"
	"  --color=auto|true|256|16|never   colours (also NO_COLOR)\n"
	"  --glyphs=ascii|block|braille     characters\n"
	"  --theme=dark|light|mono          colour theme\n"
	"  --no-mouse                       leave the mouse to the terminal\n";

struct command {
	struct term_options term;
	const char *image, *label, *plane;
	int slice, w, h;
	bool once, help;
};

/* Value of "--name VALUE" or "--name=VALUE"; NULL when arg is something else. */
static const char *value_of(const char *name, int argc, char **argv, int *i)
{
	size_t n = strlen(name);

	if (strncmp(argv[*i], name, n) != 0)
		return NULL;
	if (argv[*i][n] == '=')
		return argv[*i] + n + 1;
	return argv[*i][n] || *i + 1 >= argc ? NULL : argv[++*i];
}

static bool known_plane(const char *s)
{
	size_t n = strlen(s);

	return n &&
	       (!strncmp("axial", s, n) || !strncmp("coronal", s, n) || !strncmp("sagittal", s, n));
}

static bool number(const char *s, int min, int *out, const char **end)
{
	char *e;
	long v = strtol(s, &e, 10);

	*end = e;
	*out = (int)v;
	return e != s && v >= min && v <= 100000;
}

/* 0, or -1 when this argument is wrong. */
static int take(struct command *c, int argc, char **argv, int *i)
{
	const char *v, *end;
	int term = workbench_term_option(&c->term, argv[*i]);

	if (term)
		return term < 0 ? -1 : 0;
	if (!strcmp(argv[*i], "--help") || !strcmp(argv[*i], "-h"))
		return c->help = true, 0;
	if (!strcmp(argv[*i], "--once"))
		return c->once = true, 0;
	if ((v = value_of("--label", argc, argv, i)))
		return c->label = v, 0;
	if ((v = value_of("--plane", argc, argv, i)))
		return c->plane = v, known_plane(v) ? 0 : -1;
	if ((v = value_of("--slice", argc, argv, i)))
		return number(v, 1, &c->slice, &end) && !*end ? 0 : -1;
	if ((v = value_of("--size", argc, argv, i)))
		return number(v, 1, &c->w, &end) && *end == 'x' &&
				       number(end + 1, 1, &c->h, &end) && !*end && c->w <= 1000 &&
				       c->h <= 1000
			       ? 0
			       : -1;
	if (argv[*i][0] == '-' || c->image)
		return -1;
	c->image = argv[*i];
	return 0;
}

static int parse(struct command *c, int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		const char *arg = argv[i];

		if (!take(c, argc, argv, &i))
			continue;
		fprintf(stderr, "axial: bad argument '%s'\n%s", arg, usage);
		return -1;
	}
	if (c->image || c->help)
		return 0;
	fprintf(stderr, "axial: no image given\n%s", usage);
	return -1;
}

static bool utf8_locale(void)
{
	const char *v = getenv("LC_ALL");

	v = v && *v ? v : getenv("LC_CTYPE");
	v = v && *v ? v : getenv("LANG");
	return v && (strcasestr(v, "utf-8") || strcasestr(v, "utf8"));
}

/* What standard output can show: a pipe gets plain characters unless told otherwise. */
static void choose_output(const struct command *c, struct slice_once *o)
{
	const char *no_color = getenv("NO_COLOR"), *deep = getenv("COLORTERM");
	bool tty = isatty(STDOUT_FILENO);
	struct winsize ws;

	o->colors = c->term.colors;
	if (o->colors == COLORS_AUTO)
		o->colors = (no_color && *no_color) || !tty      ? COLORS_NEVER
			    : deep && !strcmp(deep, "truecolor") ? COLORS_TRUE
								 : COLORS_256;
	o->glyphs = c->term.glyphs;
	if (o->glyphs == GLYPHS_AUTO)
		o->glyphs = utf8_locale() ? GLYPHS_BRAILLE : GLYPHS_ASCII;
	o->w = c->w, o->h = c->h;
	if (o->w)
		return;
	o->w = 80, o->h = 24;
	if (tty && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) && ws.ws_col && ws.ws_row > 1)
		o->w = ws.ws_col, o->h = ws.ws_row - 1;
}

static int print_once(const struct command *c, struct err *err)
{
	struct slice_once o = {
		.image = c->image, .label = c->label, .plane = c->plane, .slice = c->slice};
	struct buf out = {0};
	int rc;

	choose_output(c, &o);
	rc = view_slice_once(&o, &out, err);
	if (!rc && (fwrite(out.p, 1, out.len, stdout) != out.len || fflush(stdout)))
		rc = err_set(err, ERR_IO, "cannot write the picture");
	buf_release(&out);
	return rc;
}

static int check(const char *path, struct err *err)
{
	struct nifti_info info;

	return path ? nifti_read_info(path, &info, err) : 0;
}

int view_command_main(int argc, char **argv)
{
	struct command c = {0};
	struct err err = ERR_INIT;
	char *arg;
	int code;

	if (parse(&c, argc, argv))
		return ERR_USAGE;
	if (c.help)
		return fputs(usage, stdout) < 0 ? ERR_IO : 0;
	if (check(c.image, &err) || check(c.label, &err) ||
		((c.once || !isatty(STDOUT_FILENO)) && print_once(&c, &err))) {
		fprintf(stderr, "axial: %s\n", err.msg);
		return err.code;
	}
	if (c.once || !isatty(STDOUT_FILENO))
		return 0;
	arg = view_slice_arg(c.image, c.label, c.plane, c.slice);
	code = workbench_show(&c.term, "slice", arg);
	free(arg);
	return code;
}
