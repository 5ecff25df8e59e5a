/*
 * The order of an epoch: a permutation drawn from a stream of its own, so it is a
 * function of seed and epoch alone and a run that resumes in the middle of an
 * epoch finds the same one.
 */
#include "core/data/order.h"

#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/rng.h"

void order_init(
	struct order *o, const struct datalist *list, int duplicates, bool shuffle, uint64_t seed)
{
	*o = (struct order){.list = list,
		.duplicates = duplicates < 1 ? 1 : duplicates,
		.shuffle = shuffle,
		.seed = seed,
		.epoch = -1};
	o->n = (int64_t)list->n * o->duplicates;
	o->perm = mem_alloc((size_t)o->n * sizeof(*o->perm) + 1);
	for (int i = 0; i < list->n; i++)
		if (list->v[i].repeat > o->max_repeat)
			o->max_repeat = list->v[i].repeat;
}

void order_release(struct order *o)
{
	free(o->perm);
	*o = (struct order){0};
}

/* Fisher and Yates. */
static void order_shuffle(struct order *o, int64_t epoch)
{
	struct rng rng = rng_stream(o->seed, (uint64_t)epoch, 0, rng_hash("order of the epoch"));

	for (int64_t i = 0; i < o->n; i++)
		o->perm[i] = (uint32_t)i;
	for (int64_t i = o->n - 1; o->shuffle && i > 0; i--) {
		uint32_t k = rng_below(&rng, (uint32_t)i + 1), t = o->perm[i];

		o->perm[i] = o->perm[k];
		o->perm[k] = t;
	}
	o->epoch = epoch;
}

static struct order_item order_item_of(const struct order *o, int entry, int64_t use)
{
	struct order_item item = {.entry = entry, .use = use};

	item.repeat =
		(uint64_t)o->list->v[entry].repeat + (uint64_t)(o->max_repeat + 1) * (uint64_t)use;
	return item;
}

struct order_item order_at(struct order *o, int64_t epoch, int64_t pos)
{
	int64_t v;

	if (o->epoch != epoch)
		order_shuffle(o, epoch);
	v = o->perm[pos % o->n];
	/* Duplicates and wrapped positions are uses beyond those of the list. */
	return order_item_of(
		o, (int)(v % o->list->n), v / o->list->n + (int64_t)o->duplicates * (pos / o->n));
}

struct order_item order_stand_in(const struct order *o, struct order_item item, int attempt)
{
	/* Far from the numbers of ordinary uses. */
	int64_t use = item.use + ((int64_t)attempt << 40);

	return order_item_of(o, (int)(((int64_t)item.entry + attempt) % o->list->n), use);
}
