/*
 * The items of an epoch: drawn from a stream of its own, so they are a function of
 * seed and epoch alone and a run that resumes in the middle of an epoch finds the
 * same ones.
 *
 * With a Smart Cache an epoch draws from a window of the list.  The window of epoch
 * e begins at e * replace and ends window entries later, around the end of the
 * list.  Lists are often sorted by site or class, so with shuffle it runs over the
 * list in an order that the seed has drawn once.
 *
 * With categories an item is drawn in two steps: the category, then its next
 * member, where the members of each category come up in a new order and all of
 * them before one comes up again.
 */
#include "core/data/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"

struct order_category {
	double weight;  /* sums to 1 over the categories; 0 without category_weights */
	int64_t items;  /* per epoch; 0 without items_per_category */
	uint32_t *slot; /* members within the window of the epoch */
	int64_t n, next;
};

static int64_t order_epoch_start(const struct order *o, int64_t epoch)
{
	int64_t n = o->config.list->n;

	return (epoch % n) * (o->replace % n) % n;
}

int order_window_at(const struct order *o, int64_t epoch, int64_t slot)
{
	int64_t at = (order_epoch_start(o, epoch) + slot) % o->config.list->n;

	return o->line ? (int)o->line[at] : (int)at;
}

/* Fisher and Yates. */
static void order_permute(uint32_t *v, int64_t n, struct rng *rng)
{
	for (int64_t i = n - 1; i > 0; i--) {
		uint32_t k = rng_below(rng, (uint32_t)i + 1), t = v[i];

		v[i] = v[k];
		v[k] = t;
	}
}

static void order_set_window(struct order *o)
{
	const struct order_config *c = &o->config;
	int64_t n = c->list->n;

	o->window = c->window > 0 && c->window < n ? c->window : n;
	o->replace = c->replace < n - o->window ? c->replace : n - o->window;
	if (o->window == n || !c->shuffle)
		return;
	o->line = mem_alloc((size_t)n * sizeof(*o->line));
	for (int64_t i = 0; i < n; i++)
		o->line[i] = (uint32_t)i;
	struct rng rng = rng_stream(c->seed, 0, 0, rng_hash("order of the window"));

	order_permute(o->line, n, &rng);
}

/*
 * The categories of an entry: its class, or each class whose number is not 0; without any
 * of them the one behind the last.  Returns how many, and the first max of them.
 */
static int order_categories_of(const struct datalist_entry *e, int *out, int max)
{
	int n = 0;

	if (e->n_label_value == 1) {
		out[0] = (int)e->label_value[0];
		return 1;
	}
	for (int k = 0; k < e->n_label_value; k++)
		if (e->label_value[k] != 0 && n < max)
			out[n++] = k;
	if (!n)
		out[n++] = e->n_label_value;
	return n;
}

enum { ORDER_CATEGORIES = 4096 };

static bool order_has(const struct numlist *l)
{
	return l && l->n;
}

static int order_count_categories(struct order *o, struct err *err)
{
	const struct datalist *list = o->config.list;
	int n = 0;

	if (!list->label_values)
		return err_set(err, ERR_DATA,
			"%s: items_per_category and category_weights need labels that are numbers, "
			"but the entries of '%s' have none",
			list->file, list->key);
	for (int i = 0; i < list->n; i++) {
		const struct datalist_entry *e = &list->v[i];
		int of[ORDER_CATEGORIES];
		int k = order_categories_of(e, of, ORDER_CATEGORIES);

		if (e->n_label_value == 1 && (e->label_value[0] != floorf(e->label_value[0]) ||
						     e->label_value[0] >= ORDER_CATEGORIES))
			return err_set(err, ERR_DATA,
				"%s: case '%s' has the label %g, which names no category",
				list->file, e->case_id, (double)e->label_value[0]);
		for (int j = 0; j < k; j++)
			n = of[j] >= n ? of[j] + 1 : n;
	}
	o->n_categories = n;
	return 0;
}

/* Checks one of the two lists of numbers; one number may stand for all. */
static int order_check_numbers(
	const struct order *o, const struct numlist *l, const char *name, bool one, struct err *err)
{
	double sum = 0;

	if (!order_has(l))
		return 0;
	if (l->n != o->n_categories && !(one && l->n == 1))
		return err_set(err, ERR_DATA,
			"%s has %d numbers, but the labels of '%s' make %d categories%s", name,
			l->n, o->config.list->key, o->n_categories,
			o->config.list->label_values > 1
				? " (one for each number of a label, and one for entries that "
				  "have none of them)"
				: "");
	for (int i = 0; i < l->n; i++) {
		if (!(l->v[i] >= 0))
			return err_set(err, ERR_DATA, "%s holds %g", name, l->v[i]);
		sum += l->v[i];
	}
	return sum > 0 ? 0 : err_set(err, ERR_DATA, "all numbers of %s are 0", name);
}

static int order_set_categories(struct order *o, struct err *err)
{
	const struct numlist *items = o->config.items_per_category;
	const struct numlist *weights = o->config.category_weights;
	double sum = 0;

	if (!order_has(items) && !order_has(weights))
		return 0;
	if (order_count_categories(o, err) ||
		order_check_numbers(o, items, "items_per_category", true, err) ||
		order_check_numbers(o, weights, "category_weights", false, err))
		return -1;
	o->category = mem_zalloc((size_t)o->n_categories * sizeof(*o->category));
	for (int i = 0; order_has(weights) && i < weights->n; i++)
		sum += weights->v[i];
	if (order_has(items))
		o->n = 0;
	for (int i = 0; i < o->n_categories; i++) {
		struct order_category *c = &o->category[i];

		c->slot = mem_alloc((size_t)o->window * sizeof(*c->slot));
		c->weight = order_has(weights) ? weights->v[i] / sum : 0;
		if (order_has(items))
			c->items = (int64_t)items->v[items->n == 1 ? 0 : i];
		o->n += c->items;
	}
	return 0;
}

int order_init(struct order *o, const struct order_config *config, struct err *err)
{
	const struct datalist *list = config->list;

	*o = (struct order){.config = *config, .epoch = -1};
	if (o->config.duplicates < 1)
		o->config.duplicates = 1;
	order_set_window(o);
	o->n = o->window * o->config.duplicates;
	for (int i = 0; i < list->n; i++)
		if (list->v[i].repeat > o->max_repeat)
			o->max_repeat = list->v[i].repeat;
	if (order_set_categories(o, err))
		return -1;
	o->slot = mem_alloc((size_t)o->n * sizeof(*o->slot) + 1);
	o->use = mem_alloc((size_t)o->n * sizeof(*o->use) + 1);
	return 0;
}

void order_release(struct order *o)
{
	for (int i = 0; o->category && i < o->n_categories; i++)
		free(o->category[i].slot);
	free(o->category);
	free(o->line);
	free(o->slot);
	free(o->use);
	*o = (struct order){0};
}

/* Each entry of the window, as often as it comes up. */
static void order_all(struct order *o, struct rng *rng)
{
	for (int64_t i = 0; i < o->n; i++)
		o->slot[i] = (uint32_t)i;
	if (o->config.shuffle)
		order_permute(o->slot, o->n, rng);
	for (int64_t i = 0; i < o->n; i++) {
		o->use[i] = o->slot[i] / (uint32_t)o->window;
		o->slot[i] %= (uint32_t)o->window;
	}
}

/* Who of the window of an epoch is in which category; each in a new order. */
static void order_members(struct order *o, int64_t epoch, struct rng *rng)
{
	for (int i = 0; i < o->n_categories; i++)
		o->category[i].n = o->category[i].next = 0;
	for (int64_t s = 0; s < o->window; s++) {
		const struct datalist_entry *e = &o->config.list->v[order_window_at(o, epoch, s)];
		int of[ORDER_CATEGORIES];
		int k = order_categories_of(e, of, ORDER_CATEGORIES);

		for (int j = 0; j < k; j++) {
			struct order_category *c = &o->category[of[j]];

			c->slot[c->n++] = (uint32_t)s;
		}
	}
	for (int i = 0; i < o->n_categories; i++)
		order_permute(o->category[i].slot, o->category[i].n, rng);
}

/* The next member of category i; of the next category that has any when it is empty. */
static uint32_t order_member(struct order *o, int i, struct rng *rng)
{
	struct order_category *c = &o->category[i];

	for (int k = 1; !c->n && k < o->n_categories; k++)
		c = &o->category[(i + k) % o->n_categories];
	if (c->next == c->n) {
		order_permute(c->slot, c->n, rng);
		c->next = 0;
	}
	return c->slot[c->next++];
}

static int order_weighted(const struct order *o, double u)
{
	int i = 0, last = 0;

	for (; i < o->n_categories; i++) {
		if (o->category[i].weight <= 0)
			continue;
		last = i;
		if (u < o->category[i].weight)
			return i;
		u -= o->category[i].weight;
	}
	return last;
}

static void order_by_category(struct order *o, int64_t epoch, struct rng *rng)
{
	uint32_t *uses = mem_zalloc((size_t)o->window * sizeof(*uses));
	int64_t n = 0;

	order_members(o, epoch, rng);
	if (order_has(o->config.category_weights)) {
		while (n < o->n)
			o->slot[n++] = order_member(o, order_weighted(o, rng_uniform(rng)), rng);
	} else {
		for (int i = 0; i < o->n_categories; i++)
			for (int64_t k = 0; k < o->category[i].items; k++)
				o->slot[n++] = order_member(o, i, rng);
		if (o->config.shuffle)
			order_permute(o->slot, o->n, rng);
	}
	for (int64_t i = 0; i < o->n; i++)
		o->use[i] = uses[o->slot[i]]++;
	free(uses);
}

static void order_draw(struct order *o, int64_t epoch)
{
	struct rng rng =
		rng_stream(o->config.seed, (uint64_t)epoch, 0, rng_hash("order of the epoch"));

	if (o->category)
		order_by_category(o, epoch, &rng);
	else
		order_all(o, &rng);
	o->epoch = epoch;
}

static struct order_item order_item_of(
	const struct order *o, int64_t epoch, int64_t slot, int64_t use)
{
	struct order_item item = {
		.entry = order_window_at(o, epoch, slot), .use = use, .slot = slot, .epoch = epoch};

	item.repeat = (uint64_t)o->config.list->v[item.entry].repeat +
		      (uint64_t)(o->max_repeat + 1) * (uint64_t)use;
	return item;
}

struct order_item order_at(struct order *o, int64_t epoch, int64_t pos)
{
	int64_t round = o->category ? o->n : o->config.duplicates, i = pos % o->n;

	if (o->epoch != epoch)
		order_draw(o, epoch);
	/* Duplicates and wrapped positions are uses beyond those of the list. */
	return order_item_of(o, epoch, o->slot[i], o->use[i] + round * (pos / o->n));
}

struct order_item order_stand_in(const struct order *o, struct order_item item, int attempt)
{
	/* Far from the numbers of ordinary uses. */
	int64_t use = item.use + ((int64_t)attempt << 40);
	int64_t slot = item.slot + attempt;

	if (attempt < o->window)
		slot %= o->window;
	else
		slot = attempt; /* the whole window is bad */
	return order_item_of(o, item.epoch, slot, use);
}
