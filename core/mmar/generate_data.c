/*
 * Runs the data generator of an MMAR once: whoever needs the data calls this
 * before reading the data list.  Data that is there already is left alone.
 */
#include "core/mmar/generate_data.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/mmar/generate.h"
#include "core/volume/phantom.h"

static void generate_phantom_config(const struct generator_args *a, struct phantom_config *c)
{
	phantom_defaults(c);
	for (int i = 0; i < 3; i++)
		if (a->dim[i])
			c->dim[i] = (int)a->dim[i];
	if (a->training)
		c->training = (int)a->training;
	if (a->validation)
		c->validation = (int)a->validation;
	if (a->seed)
		c->seed = (uint64_t)a->seed;
}

int config_generate_data(
	const struct config_generator *generator, const char *dataset_json, struct err *err)
{
	struct phantom_config c;
	struct generator_args a;
	struct problems ps = {0};
	char *dir;
	int rc;

	if (!generator->name || !dataset_json || sys_exists(dataset_json))
		return 0;
	rc = generator_args_read(generator, "", &a, &ps);
	if (rc && !problems_to_err(&ps, err))
		err_set(err, ERR_DATA, "bad data generator '%s'", generator->name);
	problems_release(&ps);
	if (rc)
		return -1;
	if (strcmp(sys_basename(dataset_json), "dataset.json"))
		return err_set(err, ERR_DATA,
			"the generator writes 'dataset.json', but DATASET_JSON is '%s'",
			dataset_json);
	dir = mem_strndup(dataset_json, (size_t)(sys_basename(dataset_json) - dataset_json));
	generate_phantom_config(&a, &c);
	rc = phantom_write(dir, &c, err);
	free(dir);
	return rc ? -1 : 1;
}
