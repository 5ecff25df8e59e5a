#ifndef CORE_DATA_ORDER_H
#define CORE_DATA_ORDER_H

#include <stdbool.h>
#include <stdint.h>
#include "core/data/datalist.h"

/* In which order the entries of a list come up in an epoch. */
struct order {
	const struct datalist *list; /* borrowed */
	int duplicates;              /* each entry comes up so many times in an epoch */
	bool shuffle;
	uint64_t seed;
	int64_t epoch; /* whose permutation perm is; -1: none yet */
	uint32_t *perm;
	int64_t n;      /* items per epoch: list->n * duplicates */
	int max_repeat; /* most entries of one case */
};

/* What comes up at one position. */
struct order_item {
	int entry;       /* of the list */
	uint64_t repeat; /* names the random streams: differs for each use of a case in an epoch */
	int64_t use;     /* which use of the list this is, for order_stand_in() */
};

void order_init(
	struct order *o, const struct datalist *list, int duplicates, bool shuffle, uint64_t seed);
void order_release(struct order *o);

/* Item at position pos of an epoch; positions beyond the last wrap around.  Not thread safe. */
struct order_item order_at(struct order *o, int64_t epoch, int64_t pos);

/*
 * What takes the place of an item whose case, and attempt - 1 cases after it, are
 * bad: the next entries of the list, in streams of their own.
 */
struct order_item order_stand_in(const struct order *o, struct order_item item, int attempt);

#endif
