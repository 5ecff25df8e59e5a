/*
 * Generated data: an MMAR whose environment names DATA_GENERATOR "phantom" can be
 * trained on any machine, because its images are made when they are missing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/train/trainer.h"
#include "core/volume/phantom.h"

static void generate_read(const cJSON *args, struct phantom_config *c)
{
	const cJSON *dim = cJSON_GetObjectItemCaseSensitive(args, "dim");

	phantom_defaults(c);
	for (int i = 0; i < 3 && cJSON_GetArraySize(dim) == 3; i++)
		c->dim[i] = (int)cJSON_GetArrayItem(dim, i)->valuedouble;
	c->training = (int)json_num(args, "training", c->training);
	c->validation = (int)json_num(args, "validation", c->validation);
	c->seed = (uint64_t)json_num(args, "seed", (double)c->seed);
}

int train_generate(const struct config_generator *gen, const struct config_paths *paths,
	const struct train_hooks *hooks, struct err *err)
{
	struct phantom_config c;
	char *dir;
	int rc;

	if (!gen->name || !paths->dataset_json || sys_exists(paths->dataset_json))
		return 0;
	if (strcmp(gen->name, "phantom"))
		return err_set(
			err, ERR_DATA, "unknown DATA_GENERATOR '%s' (known: 'phantom')", gen->name);
	generate_read(gen->args, &c);
	dir = mem_strndup(paths->dataset_json,
		(size_t)(sys_basename(paths->dataset_json) - paths->dataset_json));
	trainer_say(hooks, "data       generating %d + %d phantom cases of %dx%dx%d in '%s'",
		c.training, c.validation, c.dim[0], c.dim[1], c.dim[2], dir);
	rc = phantom_write(dir, &c, err);
	free(dir);
	return rc;
}
