#ifndef CORE_CUSTOM_CUSTOM_H
#define CORE_CUSTOM_CUSTOM_H

#include <stdbool.h>
#include "core/component.h"

/*
 * Components from shared objects in an MMAR's folder custom/: see axial_custom.h for the
 * interface that they are written against.
 *
 * A component is named by "custom/FILE.so:NAME", relative to the MMAR.  It is refused
 * when the path leaves the MMAR (.., an absolute path, a symbolic link), when the file
 * can be written by everybody, when FILE.c beside it is newer, when it was built for
 * another version of the interface, and when it is of another kind.  A loaded file stays
 * loaded until the process ends.
 */
bool custom_is_path(const char *text);

/* Everything above that can be said without running code of the file. */
int custom_check(const char *root, const char *text, struct err *err) MUST_CHECK;

/* Loads it; NULL with ERR_DATA or ERR_NOINPUT. */
const struct component *custom_load(
	enum component_kind kind, const char *root, const char *text, struct err *err) MUST_CHECK;

/*
 * The MMAR whose components custom_find() loads on this thread: the one whose
 * configuration was read last.  Files of weights name their network the same way.
 */
void custom_set_root(const char *root);
const struct component *custom_find(
	enum component_kind kind, const char *text, struct err *err) MUST_CHECK;

/* Kinds that can come from outside: "transform", "loss" ...; false for others. */
bool custom_kind(const char *word, enum component_kind *kind);

/*
 * Writes custom/NAME.c (which must not be there) and custom/axial_custom.h.  *path is the
 * file, relative to root; the caller frees.
 */
int custom_new(const char *root, const char *name, enum component_kind kind, char **path,
	struct err *err) MUST_CHECK;

/*
 * Compiles custom/NAME.c to custom/NAME.so with $CC or cc (its messages go to stderr);
 * the old file stays when that fails.
 */
int custom_compile(const char *root, const char *name, struct err *err) MUST_CHECK;

/* Names in AXIAL_COMPONENT(...) of custom/NAME.c; the caller frees each and the list. */
int custom_exports(const char *root, const char *name, char ***names, struct err *err) MUST_CHECK;

#endif
