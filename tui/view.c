/*
 * The table of views, made from views.def.
 */
#include "tui/view.h"

#include <string.h>

#define VIEW(name) extern const struct view_ops view_##name;
#include "tui/views.def"
#undef VIEW

static const struct view_ops *const views[] = {
#define VIEW(name) &view_##name,
#include "tui/views.def"
#undef VIEW
	NULL,
};

bool view_shares(const struct view_ops *ops, const char *action)
{
	size_t n = strlen(action);

	for (const char *s = ops->shared; s && *s; s += strcspn(s, " "), s += *s == ' ')
		if (!strncmp(s, action, n) && (!s[n] || s[n] == ' '))
			return true;
	return !strcmp(action, "back");
}

const struct view_ops *view_at(int i)
{
	return views[i];
}

const struct view_ops *view_find(const char *name)
{
	for (int i = 0; views[i]; i++)
		if (!strcmp(views[i]->name, name))
			return views[i];
	return NULL;
}
