/*
 * Loader threads: they run the transforms ahead of the consumer and sleep when the
 * ring is full.
 *
 * A thread takes the next item number under the lock, makes the sample without
 * it, and writes the result into the place that the number names.  So batches
 * come in order and with the same contents for any number of threads, and memory
 * is bounded by the ring: an item is taken only when its unit has a free slot.
 *
 * An item is a case.  Crops that batch make several samples of it, which then take
 * neighbouring places of the batch.
 *
 * With a Smart Cache the threads meet at the end of an epoch: the first item of the
 * next is taken when the last of this one is finished, because the window moves then.
 *
 * A case that cannot be read is left out (quarantine): the next entry of the list
 * stands in for it, which again depends on numbers alone.  More than one case in
 * twenty means that something else is wrong, and the training stops; so it does
 * at once when a file is gone.
 */
#include "core/data/loader.h"

#include <omp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/data/label_format.h"
#include "core/transform/transform.h"

enum { LOADER_BAD_PERCENT = 5 };

/* One item of work: which place of which unit, and where that is in the training. */
struct ticket {
	struct unit *unit;
	int place;
	int64_t epoch;
	struct order_item item;
};

void loader_place(const struct loader *l, int64_t unit, int64_t *epoch, int64_t *step)
{
	*epoch = l->epoch0 + (l->step0 + unit) / l->steps;
	*step = (l->step0 + unit) % l->steps;
}

static bool loader_is_end(const struct loader *l, int64_t unit)
{
	return !l->endless && l->step0 + unit >= l->steps;
}

/*
 * False while the next item must wait: the ring is full, or it is the first of an epoch and
 * items of the one before still use the window of the smart cache.
 */
static bool loader_may_take(struct loader *l, int64_t unit, int64_t epoch)
{
	if (unit >= l->released + l->depth)
		return false;
	if (!l->smart || l->window_epoch == epoch)
		return true;
	if (l->in_flight)
		return false;
	smart_cache_enter(l->smart, epoch);
	l->window_epoch = epoch;
	return true;
}

/* Takes the next item, waiting for a place.  False: the thread is to end.  Under the lock. */
static bool loader_take(struct loader *l, struct ticket *t)
{
	int64_t unit, step;

	for (;;) {
		unit = l->next_item / l->items;
		if (atomic_load(&l->stop) || loader_is_end(l, unit))
			return false;
		loader_place(l, unit, &t->epoch, &step);
		if (loader_may_take(l, unit, t->epoch))
			break;
		pthread_cond_wait(&l->work, &l->lock);
	}
	t->unit = &l->ring[unit % l->depth];
	t->place = (int)(l->next_item % l->items);
	if (!t->place) {
		t->unit->index = unit;
		t->unit->left = l->items;
	}
	t->item = order_at(&l->order, t->epoch, step * l->items + t->place);
	l->next_item++;
	l->in_flight++;
	return true;
}

/* The stream of transform u for one crop of an item. */
static struct rng loader_stream(const struct loader *l, const struct ticket *t,
	const struct sample *s, int crop, const struct component_use *u)
{
	/* Validation draws the same in every epoch, so that scores can be compared. */
	uint64_t epoch = l->config->training ? (uint64_t)t->epoch : 0;
	/* Crops are further uses of the case; an odd constant keeps them off the others. */
	uint64_t repeat = t->item.repeat + (uint64_t)crop * 0xA24BAED4963EE407ull;

	return transform_stream(l->config->seed, epoch, s->case_id, repeat, u);
}

static void loader_free_samples(struct sample **s, int n)
{
	for (int i = 0; i < n; i++) {
		sample_free(s[i]);
		s[i] = NULL;
	}
}

/*
 * Applies the transforms from number i on to out[0], which stands for n samples: a crop that
 * batches fills out[0 .. n - 1].  crop: number of the first of them.
 */
static int loader_random(struct loader *l, const struct ticket *t, int i, int crop,
	struct sample **out, int n, struct err *err)
{
	int count, rc = 0;

	for (; i < l->config->n_transforms; i++) {
		const struct component_use *u = &l->config->transforms[i];
		struct rng rng = loader_stream(l, t, out[0], crop, u);

		if (atomic_load(&l->stop))
			return err_set(err, ERR_INTR, "loading was stopped");
		count = n > 1 ? transform_count(u) : 1;
		if (count > 1) {
			struct sample *whole = out[0],
				      **part = mem_zalloc((size_t)count * sizeof(*part));

			out[0] = NULL;
			rc = transform_split(u, whole, &rng, part, err);
			sample_free(whole);
			for (int k = 0; k < count; k++)
				out[k * (n / count)] = part[k];
			free(part);
			for (int k = 0; !rc && k < count; k++)
				rc = loader_random(l, t, i + 1, crop + k * (n / count),
					out + k * (n / count), n / count, err);
			return rc;
		}
		if (transform_apply(u, out[0], &rng, err))
			return -1;
	}
	return 0;
}

struct sample *loader_prefix(struct loader *l, int entry, struct err *err)
{
	const struct numlist *format = &l->config->args->output_label_format;
	const struct ticket t = {.item = {.entry = entry}};
	struct sample *s = datalist_sample(l->list, entry, err);
	int rc = s ? label_format_apply(format, s, err) : -1;

	for (int i = 0; !rc && i < l->prefix; i++) {
		const struct component_use *u = &l->config->transforms[i];
		struct rng rng = loader_stream(l, &t, s, 0, u);

		if (atomic_load(&l->stop))
			rc = err_set(err, ERR_INTR, "loading was stopped");
		else
			rc = transform_apply(u, s, &rng, err);
	}
	if (!rc)
		return s;
	sample_free(s);
	return NULL;
}

/* The samples of a ticket, through the cache of the deterministic prefix. */
static int loader_make(
	struct loader *l, const struct ticket *t, struct sample **out, bool *hit, struct err *err)
{
	int entry = t->item.entry, keep = l->list->v[entry].same_as;

	out[0] = l->cache ? prefix_cache_get(l->cache, keep) : NULL;
	*hit = out[0] != NULL;
	if (!out[0]) {
		out[0] = loader_prefix(l, entry, err);
		if (l->cache)
			prefix_cache_put(l->cache, keep, out[0]);
		if (l->smart)
			smart_cache_note(l->smart);
	}
	if (out[0] && !loader_random(l, t, l->prefix, 0, out, l->crops, err))
		return 0;
	loader_free_samples(out, l->crops);
	return -1;
}

/*
 * Notes that a case is bad.  Returns 0 when another one may stand in, -1 with err set when
 * the training has to stop.  Under the lock.
 */
static int loader_quarantine(struct loader *l, int entry, struct err *err)
{
	int keep = l->list->v[entry].same_as;
	char *text;

	if (err->code == ERR_NOMEM || err->code == ERR_INTR)
		return -1;
	if (!l->bad[keep]) {
		l->bad[keep] = true;
		l->n_bad++;
		text = mem_printf("case '%s' is left out: %s", l->list->v[keep].case_id, err->msg);
		buf_add(&l->warnings, text, strlen(text) + 1);
		free(text);
	}
	if (l->n_bad * 100 <= l->list->unique * LOADER_BAD_PERCENT)
		return 0;
	if (l->list->unique > 1)
		err_wrap(err, "%d of %d cases are bad (at most %d %% are left out)", l->n_bad,
			l->list->unique, LOADER_BAD_PERCENT);
	err->code = ERR_DATA;
	return -1;
}

/* Tells once per case that its files hold voxels that are no numbers.  Under the lock. */
static void loader_note(struct loader *l, int entry, const struct sample *s)
{
	int keep = l->list->v[entry].same_as;
	char *text;

	for (int i = 0; s && !l->noted[keep] && i < s->n; i++) {
		const struct volume *v = s->field[i].vol;

		if (!v || !v->nonfinite)
			continue;
		l->noted[keep] = true;
		text = mem_printf("case '%s': %zu voxels of '%s' are NaN or infinite, 0 is used",
			s->case_id, v->nonfinite, s->field[i].name);
		buf_add(&l->warnings, text, strlen(text) + 1);
		free(text);
	}
}

/*
 * Makes the samples of the ticket or of a stand-in.  out[0] NULL without an error: left
 * out.
 */
static void loader_item(struct loader *l, struct ticket *t, struct sample **out, struct err *err)
{
	const struct order_item drawn = t->item;

	for (int attempt = 0; attempt < l->list->n; attempt++) {
		bool hit = false, known;
		double start = sys_now();
		int rc;

		if (attempt)
			t->item = order_stand_in(&l->order, drawn, attempt);
		pthread_mutex_lock(&l->lock);
		known = l->bad[l->list->v[t->item.entry].same_as];
		pthread_mutex_unlock(&l->lock);
		if (!known)
			loader_make(l, t, out, &hit, err);
		pthread_mutex_lock(&l->lock);
		rc = known || out[0] ? 0 : loader_quarantine(l, t->item.entry, err);
		loader_note(l, t->item.entry, out[0]);
		l->stats.load_seconds += sys_now() - start;
		l->stats.loaded_items += out[0] != NULL;
		l->stats.cache_hits += hit;
		pthread_mutex_unlock(&l->lock);
		if (out[0] || rc)
			return;
		err_clear(err);
		if (!l->config->training)
			return;
	}
	err_set(err, ERR_DATA, "no case of the list '%s' can be used", l->list->key);
}

/* Puts a finished item, or its error, into its unit. */
static void loader_finish(struct loader *l, struct ticket *t, struct sample **s, struct err *err)
{
	struct unit *u = t->unit;
	int rc = err->code ? -1 : 0;

	for (int k = 0; u->batch && s[0] && k < l->crops; k++) {
		int place = t->place * l->crops + k;

		if (!rc)
			rc = batch_put(u->batch, place, s[k], err);
		u->batch->case_ids[place] = l->list->v[t->item.entry].case_id;
		if (l->config->keep_samples) {
			sample_free(u->batch->samples[place]);
			u->batch->samples[place] = s[k];
			s[k] = NULL;
		}
	}
	if (u->batch)
		loader_free_samples(s, l->crops);
	pthread_mutex_lock(&l->lock);
	if (!u->batch)
		u->sample = s[0];
	if (rc && !u->err) {
		u->err = mem_alloc(sizeof(*u->err));
		*u->err = *err;
	}
	if (!--u->left)
		pthread_cond_broadcast(&l->ready);
	if (!--l->in_flight)
		pthread_cond_broadcast(&l->work);
	pthread_mutex_unlock(&l->lock);
}

static void *loader_thread(void *arg)
{
	struct loader *l = arg;
	struct sample **s = mem_zalloc((size_t)l->crops * sizeof(*s));
	struct ticket t;
	bool more;

	sys_thread_background();
	/* The cores belong to the network: no team of its own for each loader thread's resampling.
	 */
	omp_set_num_threads(1);
	for (;;) {
		struct err err = ERR_INIT;

		pthread_mutex_lock(&l->lock);
		more = loader_take(l, &t);
		pthread_mutex_unlock(&l->lock);
		if (!more)
			break;
		memset(s, 0, (size_t)l->crops * sizeof(*s));
		loader_item(l, &t, s, &err);
		loader_finish(l, &t, s, &err);
	}
	free(s);
	return NULL;
}

int loader_start(struct loader *l, int n, int64_t epoch0, int64_t step0, struct err *err)
{
	sigset_t all, old;
	int rc = 0;

	atomic_store(&l->stop, false);
	atomic_store(&l->cancelled, false);
	l->epoch0 = epoch0;
	l->step0 = step0;
	l->next_item = l->released = l->wanted = 0;
	l->in_flight = 0;
	l->window_epoch = step0 == l->steps ? epoch0 + 1 : epoch0;
	for (int i = 0; i < l->depth; i++)
		l->ring[i].index = -1;
	if (l->smart && smart_cache_start(l->smart, l->window_epoch, err))
		return -1;
	l->threads = mem_alloc((size_t)n * sizeof(*l->threads));
	/* Signals belong to the main loop of the program. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (l->n_threads = 0; !rc && l->n_threads < n;) {
		rc = pthread_create(&l->threads[l->n_threads], NULL, loader_thread, l);
		if (!rc)
			l->n_threads++;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!rc)
		return 0;
	loader_stop(l);
	return err_sys(err, rc, "cannot start loader thread");
}

void loader_stop(struct loader *l)
{
	if (!l->threads)
		return;
	pthread_mutex_lock(&l->lock);
	atomic_store(&l->stop, true);
	pthread_cond_broadcast(&l->work);
	pthread_cond_broadcast(&l->ready);
	pthread_mutex_unlock(&l->lock);
	if (l->smart)
		smart_cache_stop(l->smart);
	for (int i = 0; i < l->n_threads; i++)
		pthread_join(l->threads[i], NULL);
	free(l->threads);
	l->threads = NULL;
	l->n_threads = 0;
	for (int i = 0; i < l->depth; i++) {
		sample_free(l->ring[i].sample);
		free(l->ring[i].err);
		l->ring[i].sample = NULL;
		l->ring[i].err = NULL;
	}
	mem_drop_kept();
}

/* Waits for unit l->wanted.  Under the lock. */
static int loader_wait(struct loader *l, struct unit *u, struct err *err)
{
	double start = sys_now();
	int64_t epoch, step;

	loader_place(l, l->wanted, &epoch, &step);
	if (l->smart && l->wanted && !step)
		smart_cache_due(l->smart, epoch);

	while (!(u->index == l->wanted && !u->left) && !atomic_load(&l->cancelled))
		pthread_cond_wait(&l->ready, &l->lock);
	l->stats.wait_seconds += sys_now() - start;
	if (atomic_load(&l->cancelled))
		return err_set(err, ERR_INTR, "loading was interrupted");
	if (!u->err)
		return 0;
	if (err)
		*err = *u->err;
	return -1;
}

int loader_next(struct loader *l, struct unit **unit, struct err *err)
{
	struct unit *u;
	char *report;
	int rc;

	if (!l->threads)
		return err_set(err, ERR_USAGE, "the image pipeline is not started");
	pthread_mutex_lock(&l->lock);
	if (l->wanted > l->released) {
		/* The caller is done with the unit that it got last time. */
		l->released = l->wanted;
		pthread_cond_broadcast(&l->work);
	}
	if (loader_is_end(l, l->wanted)) {
		pthread_mutex_unlock(&l->lock);
		return 0;
	}
	u = &l->ring[l->wanted % l->depth];
	rc = loader_wait(l, u, err);
	if (!rc) {
		l->wanted++;
		l->stats.items += u->batch ? (int64_t)l->items * l->crops : u->sample != NULL;
	}
	report = l->smart ? smart_cache_report(l->smart) : NULL;
	if (report)
		buf_add(&l->warnings, report, strlen(report) + 1);
	free(report);
	pthread_mutex_unlock(&l->lock);
	*unit = u;
	return rc ? -1 : 1;
}
