/*
 * The Smart Cache of Clara Train: N cases in memory, R of them exchanged after each
 * epoch, the next R made meanwhile by a thread of its own.
 *
 * Which cases are in the window of an epoch is told by the order alone, so nothing
 * that comes out depends on how fast the thread is.  When an epoch begins before
 * its replacements are made, the loader threads make what they need themselves,
 * next to this one; how late the last of them was is measured and reported.
 *
 * A case that leaves the window is dropped even if it comes back with the very next
 * exchange: R cases are made per epoch, as documented, however short the list is.
 */
#include "core/data/smart_cache.h"

#include <omp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

struct smart_cache {
	struct prefix_cache *cache;
	const struct order *order;
	struct sample *(*make)(void *ctx, int entry);
	void *ctx;

	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_t thread;
	bool running, stop;

	int64_t epoch;  /* whose window is in use */
	int64_t cursor; /* slots before it were looked at */
	bool *failed;   /* cases that could not be made */
	char *in;       /* scratch: per case, SLOT_* */

	int64_t due_epoch; /* whose replacements are late; -1: none */
	double due_since;
	int due_missing;
	char *report;
	struct smart_cache_stats stats;
};

enum { SLOT_NOW = 1, SLOT_NEXT = 2 };

struct smart_cache *smart_cache_new(struct prefix_cache *cache, const struct order *order,
	struct sample *(*make)(void *ctx, int entry), void *ctx)
{
	struct smart_cache *sc = mem_zalloc(sizeof(*sc));
	size_t n = (size_t)order->config.list->n;

	sc->cache = cache;
	sc->order = order;
	sc->make = make;
	sc->ctx = ctx;
	sc->due_epoch = -1;
	sc->failed = mem_zalloc(n * sizeof(*sc->failed));
	sc->in = mem_zalloc(n);
	pthread_mutex_init(&sc->lock, NULL);
	pthread_cond_init(&sc->work, NULL);
	return sc;
}

void smart_cache_free(struct smart_cache *sc)
{
	if (!sc)
		return;
	smart_cache_stop(sc);
	pthread_cond_destroy(&sc->work);
	pthread_mutex_destroy(&sc->lock);
	free(sc->failed);
	free(sc->in);
	free(sc->report);
	free(sc);
}

/* The case in a slot: entries with the same files are one case. */
static int smart_case(const struct smart_cache *sc, int64_t epoch, int64_t slot)
{
	return sc->order->config.list->v[order_window_at(sc->order, epoch, slot)].same_as;
}

/* Wants the window and what enters it next.  Under the lock. */
static void smart_want(struct smart_cache *sc)
{
	const struct order *o = sc->order;
	int n = o->config.list->n;

	for (int i = 0; i < n; i++)
		sc->in[i] = 0;
	for (int64_t s = 0; s < o->window + o->replace; s++)
		sc->in[smart_case(sc, sc->epoch, s)] |= s < o->window ? SLOT_NOW : SLOT_NEXT;
	for (int i = 0; i < n; i++)
		if (!(sc->in[i] & SLOT_NOW))
			prefix_cache_want(sc->cache, i, false);
	for (int i = 0; i < n; i++)
		if (sc->in[i])
			prefix_cache_want(sc->cache, i, true);
	sc->cursor = 0;
}

void smart_cache_enter(struct smart_cache *sc, int64_t epoch)
{
	pthread_mutex_lock(&sc->lock);
	if (sc->order->replace && epoch != sc->epoch) {
		sc->epoch = epoch;
		smart_want(sc);
		pthread_cond_broadcast(&sc->work);
	}
	pthread_mutex_unlock(&sc->lock);
}

/* Cases that enter the window with an epoch and are not made yet.  Under the lock. */
static int smart_missing(const struct smart_cache *sc, int64_t epoch)
{
	const struct order *o = sc->order;
	int missing = 0;

	for (int64_t s = o->replace < o->window ? o->window - o->replace : 0; s < o->window; s++) {
		int i = smart_case(sc, epoch, s);

		missing += !sc->failed[i] && !prefix_cache_has(sc->cache, i);
	}
	return missing;
}

/* Ends the account of late replacements.  Under the lock. */
static void smart_close_due(struct smart_cache *sc)
{
	const struct order *o = sc->order;
	double lag = sys_now() - sc->due_since;
	int64_t fit = o->replace - sc->due_missing;

	sc->stats.lag = lag;
	sc->stats.lag_total += lag;
	sc->stats.overruns++;
	free(sc->report);
	sc->report = mem_printf(
		"epoch %lld: %d of %lld replacements of the cache were not ready, the last came "
		"%.2f s late; %s",
		(long long)sc->due_epoch + 1, sc->due_missing, (long long)o->replace, lag,
		fit > 0 ? "a smaller replace_percent helps"
			: "longer epochs or a smaller replace_percent help");
	if (fit > 0) {
		char *more = mem_printf("%s (%.3g: %lld fit into an epoch)", sc->report,
			(double)fit / (double)o->window, (long long)fit);

		free(sc->report);
		sc->report = more;
	}
	sc->due_epoch = -1;
}

static void smart_note(struct smart_cache *sc)
{
	if (sc->due_epoch >= 0 && !smart_missing(sc, sc->due_epoch))
		smart_close_due(sc);
}

void smart_cache_note(struct smart_cache *sc)
{
	pthread_mutex_lock(&sc->lock);
	smart_note(sc);
	pthread_mutex_unlock(&sc->lock);
}

void smart_cache_due(struct smart_cache *sc, int64_t epoch)
{
	int missing;

	if (!sc->order->replace)
		return;
	pthread_mutex_lock(&sc->lock);
	if (sc->due_epoch >= 0)
		smart_close_due(sc);
	else
		sc->stats.lag = 0;
	missing = smart_missing(sc, epoch);
	if (missing) {
		sc->due_epoch = epoch;
		sc->due_since = sys_now();
		sc->due_missing = missing;
	}
	pthread_mutex_unlock(&sc->lock);
}

char *smart_cache_report(struct smart_cache *sc)
{
	char *text;

	pthread_mutex_lock(&sc->lock);
	text = sc->report;
	sc->report = NULL;
	pthread_mutex_unlock(&sc->lock);
	return text;
}

void smart_cache_stats(struct smart_cache *sc, struct smart_cache_stats *out)
{
	pthread_mutex_lock(&sc->lock);
	*out = sc->stats;
	pthread_mutex_unlock(&sc->lock);
}

/*
 * An entry that the caller is to make, or -1: first what the running epoch still lacks,
 * then what enters next.  Under the lock.
 */
static int smart_pick(struct smart_cache *sc)
{
	const struct order *o = sc->order;

	while (sc->cursor < o->window + o->replace) {
		int64_t slot = sc->cursor++;
		int i = smart_case(sc, sc->epoch, slot);

		if (!sc->failed[i] && prefix_cache_claim(sc->cache, i))
			return i;
	}
	return -1;
}

static void *smart_thread(void *arg)
{
	struct smart_cache *sc = arg;

	sys_thread_background();
	omp_set_num_threads(1);
	pthread_mutex_lock(&sc->lock);
	while (!sc->stop) {
		int i = smart_pick(sc);
		struct sample *s;

		if (i < 0) {
			pthread_cond_wait(&sc->work, &sc->lock);
			continue;
		}
		pthread_mutex_unlock(&sc->lock);
		s = sc->make(sc->ctx, i);
		prefix_cache_put(sc->cache, i, s);
		pthread_mutex_lock(&sc->lock);
		sc->failed[i] = !s && !sc->stop;
		sc->stats.replaced += s != NULL;
		smart_note(sc);
		sample_free(s);
	}
	pthread_mutex_unlock(&sc->lock);
	return NULL;
}

int smart_cache_start(struct smart_cache *sc, int64_t epoch, struct err *err)
{
	sigset_t all, old;
	int rc;

	smart_cache_stop(sc);
	sc->stop = false;
	sc->epoch = epoch;
	sc->due_epoch = -1;
	for (int i = 0; i < sc->order->config.list->n; i++)
		sc->failed[i] = false;
	smart_want(sc);
	if (!sc->order->replace)
		return 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&sc->thread, NULL, smart_thread, sc);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc)
		return err_sys(err, rc, "cannot start the replacement thread");
	sc->running = true;
	return 0;
}

void smart_cache_stop(struct smart_cache *sc)
{
	if (!sc->running)
		return;
	pthread_mutex_lock(&sc->lock);
	sc->stop = true;
	pthread_cond_broadcast(&sc->work);
	pthread_mutex_unlock(&sc->lock);
	pthread_join(sc->thread, NULL);
	sc->running = false;
}
