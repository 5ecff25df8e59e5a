/*
 * axial components: what a configuration can name, from the component table.
 */
#include <stdio.h>
#include <string.h>

#include "core/cli/cli.h"
#include "core/component.h"

static void components_print(const struct component *c)
{
	struct buf b = {0};

	if (c->aliases)
		buf_puts(&b, "  also:");
	for (const char *const *a = c->aliases; a && *a; a++)
		buf_printf(&b, " %s", *a);
	if (c->aliases)
		buf_putc(&b, '\n');
	args_help(c->args, &b);
	printf("%s (%s)\n  %s\n%s\n", c->name, component_kind_name(c->kind), c->help,
		b.p ? b.p : "");
	buf_release(&b);
}

static int components_run(struct cmd_line *line, struct err *err)
{
	const char *want = cmd_arg(line, 0);
	int shown = 0;

	for (int i = 0; component_at(i); i++) {
		const struct component *c = component_at(i);

		if (want && strcmp(component_kind_name(c->kind), want) &&
			component_find(c->kind, want) != c)
			continue;
		shown++;
		if (want)
			components_print(c);
		else
			printf("%-22s %-30s %.100s\n", component_kind_name(c->kind), c->name,
				c->help);
	}
	if (want && !shown)
		return err_set(err, ERR_USAGE, "no component or kind '%s'", want);
	return 0;
}

const struct cmd cmd_components = {
	.name = "components",
	.args = "[NAME|KIND]",
	.summary = "list the components a configuration can name, with their arguments",
	.run = components_run,
};
