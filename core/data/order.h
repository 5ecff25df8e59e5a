#ifndef CORE_DATA_ORDER_H
#define CORE_DATA_ORDER_H

#include <stdbool.h>
#include <stdint.h>
#include "core/base/args.h"
#include "core/data/datalist.h"

/*
 * Which entries of a list come up in an epoch, and in which order: a function of
 * the configuration, the seed and the epoch alone.
 */
struct order_config {
	const struct datalist *list; /* borrowed */
	int duplicates;              /* each entry comes up so many times in an epoch */
	bool shuffle;
	uint64_t seed;
	/*
	 * Smart Cache: an epoch has window entries only; with each epoch the window moves on
	 * by replace entries.  0: the whole list.
	 */
	int64_t window, replace;
	/* Classification: draws by category; NULL or of no numbers: each entry comes up alike. */
	const struct numlist *items_per_category, *category_weights;
};

struct order_category; /* members of one category */

struct order {
	struct order_config config;
	int64_t window;  /* entries that an epoch draws from */
	int64_t replace; /* entries that the next epoch exchanges */
	uint32_t *line;  /* the entries as the window passes over them; NULL: list order */
	struct order_category *category;
	int n_categories; /* 0: no draws by category */

	int64_t epoch;        /* whose items these are; -1: none yet */
	int64_t n;            /* items per epoch */
	uint32_t *slot, *use; /* of each item: place in the window, how-manieth use */
	int max_repeat;       /* most entries of one case */
};

/* What comes up at one position. */
struct order_item {
	int entry;       /* of the list */
	uint64_t repeat; /* names the random streams: differs for each use of a case in an epoch */
	int64_t use;     /* which use of the list this is, for order_stand_in() */
	int64_t slot;    /* place in the window of the epoch */
	int64_t epoch;
};

/* ERR_DATA when category arguments do not fit the list.  Call order_release() in any case. */
int order_init(struct order *o, const struct order_config *config, struct err *err) MUST_CHECK;
void order_release(struct order *o);

/* Item at position pos of an epoch; positions beyond the last wrap around.  Not thread safe. */
struct order_item order_at(struct order *o, int64_t epoch, int64_t pos);

/*
 * What takes the place of an item whose case, and attempt - 1 cases after it, are
 * bad: the next entries of the window, then those behind it, in streams of their own.
 */
struct order_item order_stand_in(const struct order *o, struct order_item item, int attempt);

/*
 * Entry in place slot of the window of an epoch; slots from o->window on are those that
 * enter with the next epochs.
 */
int order_window_at(const struct order *o, int64_t epoch, int64_t slot);

#endif
