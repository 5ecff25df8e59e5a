#ifndef CORE_MMAR_READER_H
#define CORE_MMAR_READER_H

#include "core/mmar/config.h"

/*
 * One configuration file being read: its tree with variables substituted, and
 * where faults go.  Used by the parts of core/mmar only.
 */
struct config_ref {
	char *name; /* alias or component name */
	cJSON *entry;
	char *path;
	int count; /* how many entries have this name */
};

struct config_reader {
	const char *file;      /* the name in messages, as the user gave it; borrowed from source */
	bool lint, look;       /* look: no code of the MMAR is loaded */
	const char *env_label; /* the environment file in messages; borrowed from source */
	cJSON *root;
	char *text; /* of the file */
	struct vars vars;
	struct config_paths paths;
	struct config_generator generator;
	struct config_ref *refs;
	int nrefs;
	struct problems *ps;
	int errors_before;
};

/*
 * Reads file and environment, builds the variables, substitutes.  def_config: name when the source
 * has none.  -1 when there is no tree to go on with.  reader_release() in both cases.
 */
int reader_open(struct config_reader *r, const struct config_source *src, const char *def_config,
	struct problems *ps) MUST_CHECK;
void reader_release(struct config_reader *r);

/* 0 when nothing was added to the problems that is an error, else -1. */
int reader_status(const struct config_reader *r);

void reader_error(struct config_reader *r, const char *path, const char *fix, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
void reader_warn(struct config_reader *r, const char *path, const char *fix, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* Makes every component below section (an object) known to "ref" by alias or name. */
void reader_collect_refs(struct config_reader *r, cJSON *section, const char *path);

/* Reads one component.  Returns 1 when out holds it, 0 when it is disabled, -1 after a fault. */
int reader_component(struct config_reader *r, enum component_kind kind, cJSON *entry,
	const char *path, struct component_use *out);

/*
 * Member key of section as one component.  A list is allowed where many says so:
 * exactly one of its entries must be enabled then.
 */
void reader_one(struct config_reader *r, enum component_kind kind, cJSON *section,
	const char *section_path, const char *key, bool required, struct component_use *out);

/* Member key of section as a list of components, disabled ones left out. */
void reader_list(struct config_reader *r, enum component_kind kind, cJSON *section,
	const char *section_path, const char *key, bool required, struct component_list *out);
void component_list_release(struct component_list *l);

/* Warns of keys of obj that are not in known (NULL-terminated) and no comments. */
void reader_unknown_keys(struct config_reader *r, const cJSON *obj, const char *path,
	const char *const *known, const char *what);

/*
 * First-level values through a table, from the variables (--set and environment
 * win); faults name the place that the value came from.
 */
void reader_values(
	struct config_reader *r, const struct arg_def *defs, void *out, const char *owner);

/* Warns of --set keys that nothing reads. */
void reader_unused_sets(
	struct config_reader *r, const struct config_source *src, const char *const *known);

/* An object member of root; faults when it has another type or (required) is absent. */
cJSON *reader_section(struct config_reader *r, const char *key, bool required);

/* Adds error or warning when the data list is not there; nothing when it can be generated. */
void reader_check_data(struct config_reader *r);

/* JSON text of the tree with first-level values as the variables have them; the caller frees. */
char *reader_resolved(const struct config_reader *r);

/* Hands variables, paths and generator over. */
void reader_move(struct config_reader *r, struct vars *vars, struct config_paths *paths,
	struct config_generator *generator);
void config_paths_release(struct config_paths *p);
void config_generator_release(struct config_generator *g);

/*
 * Values of component arguments by name, through the argument table, so that checks
 * need not know the structs.  def (or false) when c is NULL or has no such argument.
 */
double use_number(const struct component_use *u, const char *name, double def);
bool use_flag(const struct component_use *u, const char *name, bool def);
const char *use_string(const struct component_use *u, const char *name);
bool use_int3(const struct component_use *u, const char *name, int64_t out[3]);
const struct strlist *use_strings(const struct component_use *u, const char *name);
const struct numlist *use_numbers(const struct component_use *u, const char *name);

#endif
