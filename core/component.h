#ifndef CORE_COMPONENT_H
#define CORE_COMPONENT_H

#include <stddef.h>
#include "core/base/args.h"

/*
 * A component is what a configuration can name: a transform, a loss, a network.
 * Each lives in one file that exports one const struct, and has one row in
 * components.def.  Its callbacks are in ops, a struct that depends on the kind
 * (struct transform_ops in core/transform/transform.h, and so on).
 */
enum component_kind {
	COMPONENT_TRANSFORM,
	COMPONENT_LOSS,
	COMPONENT_NETWORK,
	COMPONENT_OPTIMIZER,
	COMPONENT_SCHEDULE, /* learning-rate policy */
	COMPONENT_METRIC,
	COMPONENT_INFERER,
	COMPONENT_PIPELINE, /* image pipeline */
	COMPONENT_AUX,      /* aux op */
	COMPONENT_HANDLER,
	COMPONENT_WRITER,
	COMPONENT_LOADER,    /* model loader */
	COMPONENT_ITERATION, /* what is done with a batch before its step */
	COMPONENT_KINDS,
};

struct component {
	const char *name; /* "FastPosNegRatioCropROI" */
	enum component_kind kind;
	const char *const *aliases; /* other accepted names, NULL-terminated; may be NULL */
	const char *help;           /* one or two lines: what it does, formula, source */
	const struct arg_def *args; /* NULL: no arguments */
	size_t args_size;
	const void *ops; /* callbacks; the struct of this kind */
	/* Optional: sets up args (zeroed) before they are parsed; for components from outside. */
	void (*init)(void *args, const struct component *self);
};

/* By name or alias, exact case.  NULL when there is none. */
const struct component *component_find(enum component_kind kind, const char *name);

/* Nearest known name of this kind to a misspelt one, or NULL. */
const char *component_nearest(enum component_kind kind, const char *name);

/* All rows of the table: i = 0 ..., NULL at the end. */
const struct component *component_at(int i);

/* "transform", "loss", ... */
const char *component_kind_name(enum component_kind kind);

/* A component with its parsed arguments: what a configuration entry becomes. */
struct component_use {
	const struct component *c; /* NULL: none configured */
	void *args;                /* args_size bytes, owned */
	char *name;                /* alias after '#', else the component's name; owned */
	char *path;                /* where it stands: "train.pre_transforms.#3"; owned */
};

/*
 * Parses args (may be NULL) for c.  Faults become rows of ps.  Returns 0 or -1;
 * call component_use_release() in both cases.
 */
int component_use_init(struct component_use *u, const struct component *c, const cJSON *args,
	const char *name, const char *file, const char *path, struct problems *ps) MUST_CHECK;
void component_use_release(struct component_use *u);

#endif
