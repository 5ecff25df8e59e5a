/*
 * Proposes num_cache_objects and replace_percent.
 *
 * As many cases as memory holds, because a larger window is closer to the whole list;
 * all of them and no exchange when they fit.  Otherwise R cases are exchanged per
 * epoch, at most a quarter of N, and as many as one thread makes in four fifths of it: the
 * rest is for cases that take longer than the sample, and for the cores that it shares with the
 * network.  N + R cases are in memory at the end of an epoch.
 */
#include "core/data/cache_plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/data/label_format.h"
#include "core/data/prefix_cache.h"
#include "core/transform/transform.h"

enum { PLAN_REPEATS = 3 };             /* of the random part */
static const double PLAN_SHARE = 0.25; /* of the window at most: replacements take its memory */

static int plan_apply(const struct pipeline_config *c, struct sample *s, int from, int to,
	uint64_t repeat, struct err *err)
{
	for (int i = from; i < to; i++) {
		const struct component_use *u = &c->transforms[i];
		struct rng rng = transform_stream(c->seed, 0, s->case_id, repeat, u);
		int n = transform_count(u);

		if (n > 1) {
			struct sample **part = mem_zalloc((size_t)n * sizeof(*part));
			int rc = transform_split(u, s, &rng, part, err);

			for (int k = 0; k < n; k++) {
				if (!rc)
					rc = plan_apply(c, part[k], i + 1, to, repeat, err);
				sample_free(part[k]);
			}
			free(part);
			return rc;
		}
		if (transform_apply(u, s, &rng, err))
			return -1;
	}
	return 0;
}

static int plan_prefix(const struct pipeline_config *c)
{
	int n = transform_prefix(c->transforms, c->n_transforms);

	for (int i = 0; i < n; i++)
		if (transform_count(&c->transforms[i]) > 1)
			return i;
	return n;
}

/* Measures one case; adds to the sums in out. */
static int plan_case(const struct pipeline_config *c, int entry, struct prefix_cache *cache,
	struct cache_plan_times *out, struct err *err)
{
	int key = c->list->v[entry].same_as;
	struct prefix_cache_info before, after;
	struct sample *s;
	double start = sys_now(), took;
	int rc;

	s = datalist_sample(c->list, entry, err);
	if (!s)
		return -1;
	rc = label_format_apply(&c->args->output_label_format, s, err) ||
	     plan_apply(c, s, 0, out->prefix, 0, err);
	took = sys_now() - start;
	prefix_cache_info(cache, &before);
	if (!rc && prefix_cache_claim(cache, key))
		prefix_cache_put(cache, key, s);
	sample_free(s);
	if (rc)
		return -1;
	prefix_cache_info(cache, &after);
	out->bytes += (double)(after.bytes - before.bytes);
	out->bytes_worst = fmax(out->bytes_worst, (double)(after.bytes - before.bytes));
	start = sys_now();
	for (int i = 0; !rc && i < PLAN_REPEATS; i++) {
		s = prefix_cache_get(cache, key);
		rc = s ? plan_apply(c, s, out->prefix, c->n_transforms, (uint64_t)i, err)
		       : err_set(err, ERR_NOMEM, "case '%s' does not fit into memory",
				 c->list->v[entry].case_id);
		sample_free(s);
	}
	if (rc)
		return -1;
	out->random_seconds += (sys_now() - start) / PLAN_REPEATS;
	out->prefix_seconds += took;
	out->prefix_worst = fmax(out->prefix_worst, took);
	out->cases++;
	prefix_cache_want(cache, key, false);
	return 0;
}

int cache_plan_measure(const struct pipeline_config *config, int cases,
	struct cache_plan_times *out, struct err *err)
{
	const struct datalist *list = config->list;
	struct prefix_cache *cache = prefix_cache_new(list->n, (size_t)1 << 60);
	int tried = 0, failed = 0, unique = 0;

	memset(out, 0, sizeof(*out));
	out->transforms = config->n_transforms;
	out->prefix = plan_prefix(config);
	if (cases > list->unique)
		cases = list->unique;
	/* Spread over the list: neighbours are often alike. */
	for (int i = 0; i < list->n; i++) {
		if (list->v[i].same_as != i)
			continue;
		if ((int64_t)unique++ * cases / list->unique < tried)
			continue;
		tried++;
		err_clear(err);
		failed += plan_case(config, i, cache, out, err) != 0;
	}
	prefix_cache_free(cache);
	if (failed * 2 > tried || !out->cases)
		return err_wrap(
			err, "%d of %d cases that were tried failed, the last", failed, tried);
	err_clear(err);
	out->prefix_seconds /= out->cases;
	out->random_seconds /= out->cases;
	out->bytes /= out->cases;
	return 0;
}

static double plan_steps(int64_t cases, int64_t batch)
{
	return ceil((double)cases / (double)batch);
}

void cache_plan_propose(
	const struct cache_plan_times *t, const struct cache_plan_setting *s, struct cache_plan *p)
{
	double batch = (double)s->batch, workers = (double)(s->workers < 1 ? 1 : s->workers);
	double bytes = fmax(t->bytes, 1), fit = floor(s->memory / bytes);
	double per_case, share;

	memset(p, 0, sizeof(*p));
	p->step_now =
		fmax(s->step_seconds, batch * (t->prefix_seconds + t->random_seconds) / workers);
	p->step_then = fmax(s->step_seconds, batch * t->random_seconds / workers);
	p->epoch_now = plan_steps(s->entries, s->batch) * p->step_now;
	p->pass = 1;
	if (fit >= (double)s->unique) {
		p->objects = s->entries;
		p->bytes = bytes * (double)s->unique;
		p->epoch_then = plan_steps(s->entries, s->batch) * p->step_then;
		return;
	}
	/* Seconds of an epoch per case of the window, and how much of a case they make. */
	per_case = p->step_then / batch;
	share = fmin(0.8 * per_case / fmax(t->prefix_seconds, 1e-9), PLAN_SHARE);
	p->objects = (int64_t)fmax(fit / (1 + share), 1);
	if (p->objects > s->batch)
		p->objects -= p->objects % s->batch;
	p->replace = (int64_t)floor((double)p->objects * share);
	if (p->replace < 1)
		p->replace = 1;
	if (p->replace > s->entries - p->objects)
		p->replace = s->entries - p->objects;
	p->fraction = floor(1000.0 * (double)p->replace / (double)p->objects) / 1000;
	if (p->fraction <= 0)
		p->fraction = (double)p->replace / (double)p->objects;
	p->bytes = bytes * (double)(p->objects + p->replace);
	p->epoch_then = plan_steps(p->objects, s->batch) * p->step_then;
	p->lag = fmax((double)p->replace * t->prefix_seconds - p->epoch_then, 0);
	p->pass = 1 + (s->entries - p->objects + p->replace - 1) / p->replace;
}
