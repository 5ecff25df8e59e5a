/*
 * axial phantom DIR: a CT-like data set for trying things without data.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/sys.h"
#include "core/cli/cli.h"
#include "core/volume/phantom.h"

static const struct cmd_opt phantom_opts[] = {
	{"task", 't', CMD_VALUE, "TASK",
		"segmentation: volumes; classification: films, PNG pictures of three classes"},
	{"cases", 'n', CMD_VALUE, "N", "training cases (16; films: 240)"},
	{"validation", 0, CMD_VALUE, "N", "validation cases (4; films: 60)"},
	{"size", 0, CMD_VALUE, "X,Y,Z",
		"voxels of a case, 16 to 1024 each (64,64,40; films: 64,64)"},
	{"seed", 0, CMD_VALUE, "S", "equal seeds give equal files (1)"},
	CMD_OPT_END,
};

static int phantom_number(
	const char *name, const char *text, long long max, long long *out, struct err *err)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	if (errno || end == text || *end || *out < 0 || *out > max)
		return err_set(err, ERR_USAGE,
			"option '--%s' needs a whole number from 0 to %lld, not '%s'", name, max,
			text);
	return 0;
}

static int phantom_size(const char *text, bool films, int dim[3], struct err *err)
{
	char end;

	dim[2] = 1;
	if (films ? sscanf(text, "%d,%d%c", &dim[0], &dim[1], &end) != 2
		  : sscanf(text, "%d,%d,%d%c", &dim[0], &dim[1], &dim[2], &end) != 3)
		return err_set(err, ERR_USAGE, "option '--size' needs %s, not '%s'",
			films ? "two numbers as 64,64" : "three numbers as 64,64,40", text);
	return 0;
}

static int phantom_task(const char *text, bool *films, struct err *err)
{
	*films = !strcmp(text, "classification");
	if (*films || !strcmp(text, "segmentation"))
		return 0;
	return err_set(err, ERR_USAGE,
		"option '--task' needs 'segmentation' or 'classification', not '%s'", text);
}

static int phantom_counts(struct cmd_line *line, struct phantom_config *c, struct err *err)
{
	const char *text;
	long long n;

	if ((text = cmd_value(line, "cases", NULL))) {
		if (phantom_number("cases", text, 100000, &n, err))
			return -1;
		c->training = (int)n;
	}
	if ((text = cmd_value(line, "validation", NULL))) {
		if (phantom_number("validation", text, 100000, &n, err))
			return -1;
		c->validation = (int)n;
	}
	if ((text = cmd_value(line, "seed", NULL))) {
		if (phantom_number("seed", text, INT64_MAX, &n, err))
			return -1;
		c->seed = (uint64_t)n;
	}
	return 0;
}

static int phantom_run(struct cmd_line *line, struct err *err)
{
	const char *dir = cmd_arg(line, 0), *text;
	struct phantom_config c;
	double start = sys_now();
	bool films;

	if (!dir || cmd_argc(line) > 1)
		return err_set(err, ERR_USAGE, "phantom needs one folder to write to");
	if (phantom_task(cmd_value(line, "task", "segmentation"), &films, err))
		return -1;
	if (films)
		film_defaults(&c);
	else
		phantom_defaults(&c);
	text = cmd_value(line, "size", NULL);
	if (phantom_counts(line, &c, err) || (text && phantom_size(text, films, c.dim, err)))
		return -1;
	if (films ? film_write_all(dir, &c, err) : phantom_write(dir, &c, err))
		return -1;
	printf("%s: %d training and %d validation cases of %d x %d x %d voxels, seed %llu, %.1f s\n",
		dir, c.training, c.validation, c.dim[0], c.dim[1], c.dim[2],
		(unsigned long long)c.seed, sys_now() - start);
	return 0;
}

const struct cmd cmd_phantom = {
	.name = "phantom",
	.args = "DIR",
	.summary = "generate a data set: CT-like abdomens with liver, spleen and kidneys, or films",
	.help = "Writes DIR/imagesTr, DIR/labelsTr and DIR/dataset.json in the form of the Medical\n"
		"Segmentation Decathlon.  Labels: 1 liver, 2 spleen, 3 kidney.  The images are made\n"
		"from random anatomy, not from patients.\n"
		"With --task classification: DIR/images/*.png and a list whose labels are numbers:\n"
		"0 nothing, 1 a nodule, 2 a line.",
	.opts = phantom_opts,
	.run = phantom_run,
};
