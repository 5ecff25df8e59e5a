/*
 * The component table: components.def read twice, first for the declarations,
 * then for the array.  No constructors: a static library would drop them.
 */
#include "core/component.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

#define COMPONENT(name) extern const struct component component_##name;
#include "core/components.def"
#undef COMPONENT

static const struct component *const component_table[] = {
#define COMPONENT(name) &component_##name,
#include "core/components.def"
#undef COMPONENT
	NULL,
};

const struct component *component_at(int i)
{
	return component_table[i];
}

const struct component *component_find(enum component_kind kind, const char *name)
{
	for (int i = 0; component_table[i]; i++) {
		const struct component *c = component_table[i];

		if (c->kind != kind)
			continue;
		if (!strcmp(c->name, name))
			return c;
		for (const char *const *a = c->aliases; a && *a; a++)
			if (!strcmp(*a, name))
				return c;
	}
	return NULL;
}

const char *component_nearest(enum component_kind kind, const char *name)
{
	const char *names[512];
	int n = 0;

	for (int i = 0; component_table[i] && n < 500; i++)
		if (component_table[i]->kind == kind)
			names[n++] = component_table[i]->name;
	names[n] = NULL;
	return problem_nearest(name, names);
}

const char *component_kind_name(enum component_kind kind)
{
	static const char *const names[COMPONENT_KINDS] = {"transform", "loss", "network",
		"optimizer", "learning-rate policy", "metric", "inferer", "image pipeline",
		"aux op", "handler", "writer", "model loader", "iteration"};

	return names[kind];
}

int component_use_init(struct component_use *u, const struct component *c, const cJSON *args,
	const char *name, const char *file, const char *path, struct problems *ps)
{
	char *args_path = mem_printf("%s.args", path);
	int rc;

	u->c = c;
	u->args = mem_zalloc(c->args_size);
	if (c->init)
		c->init(u->args, c);
	u->name = mem_strdup(name ? name : c->name);
	u->path = mem_strdup(path);
	rc = args_parse(c->args, args, u->args, c->name, file, args_path, ps);
	free(args_path);
	return rc;
}

void component_use_release(struct component_use *u)
{
	if (u->c && u->args)
		args_release(u->c->args, u->args);
	free(u->args);
	free(u->name);
	free(u->path);
	*u = (struct component_use){0};
}
