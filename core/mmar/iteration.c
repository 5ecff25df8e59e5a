/*
 * Section "iteration": a component (ClickInteraction) whose argument "transforms" is again
 * a list of components.  They are read here, so that a fault in one of them is found at
 * "train.iteration.args.transforms.#3" like any other.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/mmar/check.h"

void iteration_read(struct config_reader *r, cJSON *section, const char *section_path,
	struct config_iteration *out)
{
	cJSON *x = cJSON_GetObjectItemCaseSensitive(section, "iteration");
	char *path = mem_printf("%s%siteration.args", section_path, section_path[0] ? "." : "");

	*out = (struct config_iteration){0};
	reader_one(r, COMPONENT_ITERATION, section, section_path, "iteration", false, &out->use);
	if (out->use.c)
		reader_list(r, COMPONENT_TRANSFORM, cJSON_GetObjectItemCaseSensitive(x, "args"),
			path, "transforms", false, &out->transforms);
	free(path);
}

void iteration_release(struct config_iteration *it)
{
	component_use_release(&it->use);
	component_list_release(&it->transforms);
}

static bool iteration_has(const struct config_iteration *it, const char *name)
{
	for (int i = 0; i < it->transforms.n; i++)
		if (!strcmp(it->transforms.v[i].c->name, name))
			return true;
	return false;
}

void check_iteration(struct config_reader *r, const struct config_iteration *it, bool training)
{
	static const char *const needed[] = {
		"FindDiscrepancyRegionsd", "AddRandomGuidanced", "AddGuidanceSignald"};
	char *path;

	if (!it->use.c)
		return;
	path = mem_printf("%s.args.transforms", it->use.path);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!iteration_has(it, needed[i]))
			reader_warn(r, path, NULL,
				"%s is missing: the interactions do not click and cost time for "
				"nothing",
				needed[i]);
	free(path);
	path = mem_printf("%s.args.train", it->use.path);
	if (use_flag(&it->use, "train", training) != training)
		reader_warn(r, path, training ? "true" : "false",
			training ? "a training that always clicks never shows the network few "
				   "clicks"
				 : "a validation whose number of clicks is drawn");
	free(path);
}
