/*
 * Name and arguments of a data generator, from the environment:
 *   "DATA_GENERATOR": "phantom",
 *   "DATA_GENERATOR_ARGS": {"dim": [64, 64, 40], "training": 16, "validation": 4}
 */
#include "core/mmar/generate.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

static const struct arg_def generator_defs[] = {
	{"dim", ARG_INT3, offsetof(struct generator_args, dim), .min = 16, .max = 512,
		.unit = "voxel", .help = "size of a case"},
	{"training", ARG_INT, offsetof(struct generator_args, training), .min = 1, .max = 10000,
		.help = "training cases"},
	{"validation", ARG_INT, offsetof(struct generator_args, validation), .min = 1, .max = 10000,
		.help = "validation cases"},
	{"seed", ARG_INT, offsetof(struct generator_args, seed), .min = 1, .max = 1e15,
		.help = "equal seeds give equal data"},
	ARG_END,
};

int generator_args_read(const struct config_generator *generator, const char *file,
	struct generator_args *out, struct problems *ps)
{
	static const char *const names[] = {"phantom", NULL};
	const char *near;
	char *fix;

	*out = (struct generator_args){0};
	if (!generator->name)
		return 0;
	if (!strcmp(generator->name, names[0]))
		return args_parse(generator_defs, generator->args, out, "the phantom generator",
			file, "DATA_GENERATOR_ARGS", ps);
	near = problem_nearest(generator->name, names);
	fix = mem_printf(near ? "did you mean '%s'?" : "known: '%s'", names[0]);
	problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, "DATA_GENERATOR", fix,
		"unknown data generator '%s'", generator->name);
	free(fix);
	return -1;
}
