#ifndef TUI_CONFIG_SCHEMA_H
#define TUI_CONFIG_SCHEMA_H

#include <stdbool.h>
#include "core/component.h"
#include "core/mmar/config.h"
#include "tui/json_text.h"

/* What the component tables know about the places of a configuration. */

/* The kind of components under a key ("pre_transforms": transform); COMPONENT_KINDS: none. */
enum component_kind schema_kind(const char *key);

/*
 * A component entry: an object with "name" or "ref" in a place for components.  *kind
 * is set.  *c is the component, NULL when it is not known; refs are followed.
 */
bool schema_entry(
	const struct json_text *t, int node, enum component_kind *kind, const struct component **c);

/* Whether the entry (or its "ref") says disabled. */
bool schema_disabled(const struct json_text *t, int entry);

/* Members of an entry's "args"; -1: it has none. */
int schema_args(const struct json_text *t, int entry);

/* Rows for first-level values of this kind of configuration; NULL: none are known. */
const struct arg_def *schema_top(enum config_kind kind);

/* The row that describes a value, NULL: nothing is known of it. */
const struct arg_def *schema_of(const struct json_text *t, int node, enum config_kind kind);

/* "whole number, 1 .. 4096 voxel, default 64" */
void schema_describe(const struct arg_def *def, struct buf *out);

/*
 * What the user typed for a value, as JSON text; old: the spelling it has now (may be
 * NULL).  Checked against def (may be NULL).  Returns 0 and *json (the caller frees),
 * or -1 and the reason.
 */
int schema_parse(const struct arg_def *def, const char *old, const char *typed, char **json,
	struct err *err) MUST_CHECK;

#endif
