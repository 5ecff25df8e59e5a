#ifndef CORE_TRANSFORM_TRANSFORM_H
#define CORE_TRANSFORM_TRANSFORM_H

#include <stdbool.h>
#include "core/base/rng.h"
#include "core/component.h"
#include "core/transform/sample.h"

enum transform_flags {
	TRANSFORM_RANDOM = 1 << 0,     /* draws from rng: never part of a cached prefix */
	TRANSFORM_INVERTIBLE = 1 << 1, /* geometry can be undone through the affine */
};

struct transform_ops {
	/*
	 * Edits the sample.  rng is this sample's own stream (never NULL for random
	 * transforms); equal streams give equal results.  Sizes come from configs and
	 * files, so everything is checked and an error names field and size.
	 */
	int (*apply)(const void *args, struct sample *s, struct rng *rng, struct err *err);
	unsigned flags;
	/*
	 * Optional, for crops that batch: count() samples are made of one.  split() fills
	 * out[0 .. count-1] with new samples (the caller frees them) and leaves s alone; on
	 * an error out holds NULLs.  What follows runs on each of them with a stream of its
	 * own.  apply() then stands for the first of them.
	 */
	int (*count)(const void *args);
	int (*split)(const void *args, const struct sample *s, struct rng *rng, struct sample **out,
		struct err *err);
	/* Optional: cross-argument faults, as rows of ps.  path: of the args object. */
	void (*check)(const void *args, const char *file, const char *path, struct problems *ps);
	/*
	 * Optional: the fields that it needs ("image", "label"), and those that it makes, so
	 * that a wrong name is found before anything is loaded.  n counts up to max.
	 */
	void (*reads)(const void *args, const char **names, int max, int *n);
	void (*writes)(const void *args, const char **names, int max, int *n);
};

/* Applies u to s; the error names the transform and the case. */
int transform_apply(const struct component_use *u, struct sample *s, struct rng *rng,
	struct err *err) MUST_CHECK;

/* How many samples u makes of one: 1 unless it is a crop that batches. */
int transform_count(const struct component_use *u);

/* Applies u, which has transform_count(u) > 1; see transform_ops.split. */
int transform_split(const struct component_use *u, const struct sample *s, struct rng *rng,
	struct sample **out, struct err *err) MUST_CHECK;

/*
 * The stream from which u draws for one use of a case: equal arguments, equal
 * draws.  repeat: the how-manieth use of the case in this epoch, from 0.
 */
struct rng transform_stream(uint64_t seed, uint64_t epoch, const char *case_id, uint64_t repeat,
	const struct component_use *u);

/* How many of the first transforms are deterministic: what can be kept between epochs. */
int transform_prefix(const struct component_use *u, int n);

/* True when u always gives the same output for the same input. */
bool transform_is_deterministic(const struct component_use *u);

#endif
