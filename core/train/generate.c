/*
 * Generated data: an MMAR whose environment names DATA_GENERATOR "phantom" can be
 * trained on any machine, because its images are made when they are missing.
 */
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/mmar/generate.h"
#include "core/train/trainer.h"
#include "core/volume/phantom.h"

static void generate_config(const struct generator_args *a, struct phantom_config *c)
{
	phantom_defaults(c);
	for (int i = 0; i < 3; i++)
		c->dim[i] = a->dim[i] ? (int)a->dim[i] : c->dim[i];
	c->training = a->training ? (int)a->training : c->training;
	c->validation = a->validation ? (int)a->validation : c->validation;
	c->seed = a->seed ? (uint64_t)a->seed : c->seed;
}

int train_generate(const struct config_generator *gen, const struct config_paths *paths,
	const struct train_hooks *hooks, struct err *err)
{
	struct generator_args args;
	struct phantom_config c;
	struct problems ps = {0};
	char *dir;
	int rc;

	if (!gen->name || !paths->dataset_json || sys_exists(paths->dataset_json))
		return 0;
	rc = generator_args_read(gen, paths->env_file, &args, &ps);
	if (rc)
		problems_to_err(&ps, err);
	problems_release(&ps);
	if (rc)
		return -1;
	generate_config(&args, &c);
	dir = mem_strndup(paths->dataset_json,
		(size_t)(sys_basename(paths->dataset_json) - paths->dataset_json));
	trainer_say(hooks, "data       generating %d + %d phantom cases of %dx%dx%d in '%s'",
		c.training, c.validation, c.dim[0], c.dim[1], c.dim[2], dir);
	rc = phantom_write(dir, &c, err);
	free(dir);
	return rc;
}
