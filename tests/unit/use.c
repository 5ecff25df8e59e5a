/*
 * Components for tests, configured from a JSON text as a config file would.
 */
#include "tests/unit/use.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static int use_parse(
	struct component_use *u, enum component_kind kind, const char *name, const char *json)
{
	const struct component *c = component_find(kind, name);
	struct problems ps = {0};
	cJSON *args = json ? cJSON_Parse(json) : NULL;
	int rc;

	if (!c)
		fail_msg("no component '%s'", name);
	if (json && !args)
		fail_msg("bad JSON in the test: %s", json);
	rc = component_use_init(u, c, args, NULL, "test", "test", &ps);
	if (!rc != !problems_errors(&ps))
		fail_msg("return value %d with %d errors", rc, problems_errors(&ps));
	rc = problems_errors(&ps);
	problems_release(&ps);
	cJSON_Delete(args);
	return rc;
}

struct component_use use_of(enum component_kind kind, const char *name, const char *json)
{
	struct component_use u = {0};

	if (use_parse(&u, kind, name, json))
		fail_msg("arguments of '%s' are refused", name);
	return u;
}

int use_faults(enum component_kind kind, const char *name, const char *json)
{
	struct component_use u = {0};
	int n = use_parse(&u, kind, name, json);

	component_use_release(&u);
	return n;
}
