/*
 * Applying transforms, and the random streams they draw from.
 *
 * The stream of a transform is named by seed, epoch, case, the how-manieth use
 * of the case in the epoch, and the place of the transform in its configuration.
 * So what a transform draws never depends on which thread runs it, on what other
 * transforms drew before it, or on where in the epoch the case came up.
 */
#include "core/transform/transform.h"

static const struct transform_ops *transform_ops_of(const struct component_use *u)
{
	return u->c->ops;
}

int transform_apply(
	const struct component_use *u, struct sample *s, struct rng *rng, struct err *err)
{
	if (transform_ops_of(u)->apply(u->args, s, rng, err) == 0)
		return 0;
	return err_wrap(err, "transform '%s' (%s), case '%s'", u->name, u->path, s->case_id);
}

bool transform_is_deterministic(const struct component_use *u)
{
	return !(transform_ops_of(u)->flags & TRANSFORM_RANDOM);
}

int transform_prefix(const struct component_use *u, int n)
{
	int i = 0;

	while (i < n && transform_is_deterministic(&u[i]))
		i++;
	return i;
}

struct rng transform_stream(uint64_t seed, uint64_t epoch, const char *case_id, uint64_t repeat,
	const struct component_use *u)
{
	/* An odd constant spreads the repeats over the 64-bit names of cases. */
	uint64_t item = rng_hash(case_id) + repeat * 0x9E3779B97F4A7C15ull;

	return rng_stream(seed, epoch, item, rng_hash(u->path));
}

int transform_count(const struct component_use *u)
{
	const struct transform_ops *ops = transform_ops_of(u);

	return ops->count ? ops->count(u->args) : 1;
}

int transform_split(const struct component_use *u, const struct sample *s, struct rng *rng,
	struct sample **out, struct err *err)
{
	if (transform_ops_of(u)->split(u->args, s, rng, out, err) == 0)
		return 0;
	return err_wrap(err, "transform '%s' (%s), case '%s'", u->name, u->path, s->case_id);
}
