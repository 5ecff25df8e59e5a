/*
 * The image pipeline: list, order, cache, batches and loader threads put together.
 *
 * Memory is fixed when it is made: prefetch_size + 1 batches (at least 2: one that
 * the consumer works on and one that is being filled), written over and over, and
 * at most cache_mb of kept cases.  On top of that each loader thread has one case
 * in work.
 */
#include "core/data/pipeline.h"

#include <malloc.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/data/label_format.h"
#include "core/data/loader.h"
#include "core/transform/transform.h"

struct pipeline {
	struct pipeline_config config;
	struct datalist *own_list; /* read here, or NULL */
	struct pipeline_shape shape;
	struct loader l;
	bool told_fit; /* that the cache does not fit */
};

enum { PIPELINE_MAX_BATCH = 4096 };

static int pipeline_take_list(struct pipeline *p, struct err *err)
{
	const struct pipeline_args *a = p->config.args;
	struct problems ps = {0};
	int rc = 0;

	p->l.list = p->config.list;
	if (p->l.list)
		return 0;
	p->own_list =
		datalist_read(a->data_list_file_path, a->data_file_base_dir, a->data_list_key, &ps);
	p->l.list = p->own_list;
	if (!p->own_list)
		rc = problems_to_err(&ps, err);
	problems_release(&ps);
	return rc;
}

static int pipeline_set_shape(struct pipeline *p, struct err *err)
{
	const struct pipeline_args *a = p->config.args;
	const struct datalist *list = p->l.list;
	struct pipeline_shape *s = &p->shape;
	bool classify = a->output_label_channels == 0;

	s->batch = p->l.items * p->l.crops;
	s->channels = (int)a->output_image_channels;
	s->label_channels = classify ? label_format_channels(&a->output_label_format, list)
				     : (int)a->output_label_channels;
	for (int i = 0; i < 3; i++) {
		s->dim[i] = (int)a->output_crop_size[i];
		s->label_dim[i] = classify ? 1 : s->dim[i];
	}
	if (!p->config.training)
		return classify && list->label_values
			       ? label_format_check(&a->output_label_format, list, err)
			       : 0;
	if (s->dim[0] < 1 || s->dim[1] < 1 || s->dim[2] < 1)
		return err_set(err, ERR_DATA,
			"output_crop_size is [%d, %d, %d]: training needs a fixed size", s->dim[0],
			s->dim[1], s->dim[2]);
	if (classify != (list->label_values > 0))
		return err_set(err, ERR_DATA,
			classify ? "%s: '%s' has no labels that are numbers, a classification "
				   "pipeline needs them"
				 : "%s: the labels of '%s' are numbers, use "
				   "ClassificationImagePipeline",
			list->file, list->key);
	return label_format_check(&a->output_label_format, list, err);
}

/*
 * How many cases make a batch, and how many samples are made of each.  A crop that batches
 * ends the deterministic prefix, because what is kept is one sample per case.
 */
static int pipeline_set_batch(struct pipeline *p, struct err *err)
{
	const struct pipeline_config *c = &p->config;
	const struct pipeline_args *a = c->args;
	struct loader *l = &p->l;
	int64_t crops = 1;

	l->items = l->crops = 1;
	l->prefix = transform_prefix(c->transforms, c->n_transforms);
	if (!c->training)
		return 0;
	for (int i = 0; i < c->n_transforms; i++) {
		int n = transform_count(&c->transforms[i]);

		if (n > 1 && i < l->prefix)
			l->prefix = i;
		crops *= n;
		if (crops > PIPELINE_MAX_BATCH)
			return err_set(err, ERR_DATA,
				"crops make %lld samples of a case, at most %d are possible",
				(long long)crops, PIPELINE_MAX_BATCH);
	}
	l->crops = (int)crops;
	if (a->batched_by_transforms) {
		if (a->output_batch_size && a->output_batch_size != crops)
			return err_set(err, ERR_DATA,
				"output_batch_size is %lld, but with batched_by_transforms the transforms make "
				"batches of %lld: set output_batch_size to 0 or %lld",
				(long long)a->output_batch_size, (long long)crops,
				(long long)crops);
		return 0;
	}
	if (a->output_batch_size < 1)
		return err_set(
			err, ERR_DATA, "output_batch_size 0 needs batched_by_transforms true");
	l->items = (int)a->output_batch_size;
	return 0;
}

double pipeline_replace_fraction(const struct pipeline_args *a)
{
	return a->replace_percent > 1 ? a->replace_percent / 100 : a->replace_percent;
}

static int pipeline_set_order(struct pipeline *p, struct err *err)
{
	const struct pipeline_config *c = &p->config;
	const struct pipeline_args *a = c->args;
	struct order_config o = {.list = p->l.list, .duplicates = 1, .seed = c->seed};

	if (c->training) {
		o.duplicates = (int)a->duplicate_count;
		o.shuffle = a->shuffle;
		o.window = a->num_cache_objects;
		/* A hair less, so that 15 x 0.2 is 3 and not 4. */
		o.replace = (int64_t)ceil(
			(double)a->num_cache_objects * pipeline_replace_fraction(a) - 1e-9);
		o.items_per_category = &a->items_per_category;
		o.category_weights = &a->category_weights;
	}
	if (order_init(&p->l.order, &o, err))
		return -1;
	p->l.steps = (p->l.order.n + p->l.items - 1) / p->l.items;
	return 0;
}

static void PRINTF_LIKE(2, 3) pipeline_say(struct pipeline *p, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&p->l.lock);
	buf_add(&p->l.warnings, text, strlen(text) + 1);
	pthread_mutex_unlock(&p->l.lock);
}

static struct sample *pipeline_make_ahead(void *ctx, int entry)
{
	struct err err = ERR_INIT;

	/* An error shows when the case is drawn. */
	return loader_prefix(ctx, entry, &err);
}

/* The cache of what the deterministic transforms make: all that fits, or the Smart Cache. */
static void pipeline_set_cache(struct pipeline *p)
{
	const struct pipeline_args *a = p->config.args;
	size_t budget = (size_t)(a->cache_mb * 1024 * 1024);
	int64_t n = a->num_cache_objects, cases = p->l.list->n;
	struct loader *l = &p->l;

	if (!l->prefix || (!budget && !n))
		return;
	l->cache = prefix_cache_new(l->list->n, budget);
	if (n && p->config.training) {
		l->smart = smart_cache_new(l->cache, &l->order, pipeline_make_ahead, l);
		if (n < cases && !l->order.replace)
			pipeline_say(p,
				"replace_percent is 0 and num_cache_objects %lld: only these of the %lld cases are ever used",
				(long long)n, (long long)cases);
	} else if (n) {
		for (int64_t i = n; i < cases; i++)
			prefix_cache_want(l->cache, (int)i, false);
	}
}

/* Tells once that less is kept than was asked for. */
static void pipeline_check_fit(struct pipeline *p)
{
	const struct pipeline_args *a = p->config.args;
	struct prefix_cache_info info;

	if (!a->num_cache_objects || !p->l.cache || p->told_fit)
		return;
	prefix_cache_info(p->l.cache, &info);
	if (!info.refused)
		return;
	p->told_fit = true;
	pipeline_say(p,
		"the cache does not fit into %s: %d cases (%.1f MiB) are kept, the others are made anew for each "
		"use; set num_cache_objects to %d or less",
		a->cache_mb > 0 ? "cache_mb" : "the memory that is free", info.kept,
		(double)info.bytes / 1048576.0, info.kept > 1 ? info.kept : 1);
}

static int pipeline_new_ring(struct pipeline *p, struct err *err)
{
	const struct pipeline_args *a = p->config.args;
	struct loader *l = &p->l;

	l->depth = (int)(a->prefetch_size < 1 ? 1 : a->prefetch_size) + 1;
	l->ring = mem_zalloc((size_t)l->depth * sizeof(*l->ring));
	for (int i = 0; p->config.training && i < l->depth; i++) {
		l->ring[i].batch = batch_new(&p->shape, err);
		if (!l->ring[i].batch)
			return -1;
		if (p->config.keep_samples)
			l->ring[i].batch->samples = mem_zalloc(
				(size_t)p->shape.batch * sizeof(*l->ring[i].batch->samples));
	}
	return 0;
}

/*
 * Crops live for a millisecond, and by default glibc gives the memory of each back
 * to the kernel at once: the page faults of the next one took 6 ms of CPU per
 * sample where the work takes 0.2.  So blocks up to 8 MiB (128^3 voxels) come from
 * the heap, and up to 64 MiB of it stay when free.
 */
static void pipeline_keep_heap(void)
{
	mallopt(M_MMAP_THRESHOLD, 8 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

struct pipeline *pipeline_new(const struct pipeline_config *config, struct err *err)
{
	struct pipeline *p = mem_zalloc(sizeof(*p));
	struct loader *l = &p->l;

	pipeline_keep_heap();
	p->config = *config;
	l->config = &p->config;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->work, NULL);
	pthread_cond_init(&l->ready, NULL);
	l->endless = config->training && config->args->repeat;
	if (pipeline_take_list(p, err) || pipeline_set_batch(p, err) ||
		pipeline_set_shape(p, err) || pipeline_set_order(p, err) ||
		pipeline_new_ring(p, err)) {
		pipeline_free(p);
		return NULL;
	}
	l->bad = mem_zalloc((size_t)l->list->n * sizeof(*l->bad));
	l->noted = mem_zalloc((size_t)l->list->n * sizeof(*l->noted));
	pipeline_set_cache(p);
	return p;
}

void pipeline_free(struct pipeline *p)
{
	struct loader *l;

	if (!p)
		return;
	l = &p->l;
	loader_stop(l);
	for (int i = 0; l->ring && i < l->depth; i++)
		batch_free(l->ring[i].batch);
	free(l->ring);
	smart_cache_free(l->smart);
	prefix_cache_free(l->cache);
	order_release(&l->order);
	free(l->bad);
	free(l->noted);
	buf_release(&l->warnings);
	pthread_cond_destroy(&l->ready);
	pthread_cond_destroy(&l->work);
	pthread_mutex_destroy(&l->lock);
	datalist_free(p->own_list);
	free(p);
}

int64_t pipeline_length(const struct pipeline *p)
{
	return p->l.steps;
}

void pipeline_shape(const struct pipeline *p, struct pipeline_shape *out)
{
	*out = p->shape;
}

int pipeline_batch_size(const struct pipeline *p)
{
	return p->shape.batch;
}

const struct datalist *pipeline_list(const struct pipeline *p)
{
	return p->l.list;
}

size_t pipeline_memory(const struct pipeline *p)
{
	size_t n = p->l.cache ? (size_t)(p->config.args->cache_mb * 1024 * 1024) : 0;

	for (int i = 0; p->config.training && i < p->l.depth; i++)
		n += batch_bytes(p->l.ring[i].batch) * (p->config.keep_samples ? 2 : 1);
	return n;
}

int pipeline_start(struct pipeline *p, int64_t epoch, int64_t first_step, struct err *err)
{
	int64_t n = p->config.args->num_workers;

	if (epoch < 0 || first_step < 0 || first_step > p->l.steps)
		return err_set(err, ERR_DATA,
			"there is no step %lld of epoch %lld: an epoch has %lld steps",
			(long long)first_step, (long long)epoch, (long long)p->l.steps);
	loader_stop(&p->l);
	return loader_start(&p->l, n < 1 ? 1 : (int)n, epoch, first_step, err);
}

void pipeline_stop(struct pipeline *p)
{
	loader_stop(&p->l);
}

void pipeline_cancel(struct pipeline *p)
{
	pthread_mutex_lock(&p->l.lock);
	atomic_store(&p->l.cancelled, true);
	pthread_cond_broadcast(&p->l.ready);
	pthread_mutex_unlock(&p->l.lock);
}

/* Hands the texts about cases left out to the consumer. */
static void pipeline_warn(struct pipeline *p)
{
	struct buf texts;

	pthread_mutex_lock(&p->l.lock);
	texts = p->l.warnings;
	p->l.warnings = (struct buf){0};
	pthread_mutex_unlock(&p->l.lock);
	for (size_t at = 0; p->config.warn && at < texts.len; at += strlen(texts.p + at) + 1)
		p->config.warn(p->config.warn_ctx, texts.p + at);
	buf_release(&texts);
}

int pipeline_next(struct pipeline *p, struct batch **batch, struct err *err)
{
	struct unit *u;
	int rc;

	*batch = NULL;
	if (!p->config.training)
		return err_set(err, ERR_USAGE, "a validation pipeline gives samples, not batches");
	rc = loader_next(&p->l, &u, err);
	pipeline_check_fit(p);
	pipeline_warn(p);
	if (rc < 1)
		return rc;
	loader_place(&p->l, u->index, &u->batch->epoch, &u->batch->step);
	*batch = u->batch;
	return 1;
}

int pipeline_next_sample(struct pipeline *p, struct sample **sample, struct err *err)
{
	struct unit *u;
	int rc;

	*sample = NULL;
	if (p->config.training)
		return err_set(err, ERR_USAGE, "a training pipeline gives batches, not samples");
	do {
		rc = loader_next(&p->l, &u, err);
		pipeline_check_fit(p);
		pipeline_warn(p);
		if (rc < 1)
			return rc;
		*sample = u->sample;
		u->sample = NULL;
	} while (!*sample);
	return 1;
}

void pipeline_stats(struct pipeline *p, struct pipeline_stats *out)
{
	struct prefix_cache_info info = {0};
	struct smart_cache_stats smart = {0};
	struct loader *l = &p->l;

	if (l->cache)
		prefix_cache_info(l->cache, &info);
	if (l->smart)
		smart_cache_stats(l->smart, &smart);
	pthread_mutex_lock(&l->lock);
	*out = l->stats;
	out->quarantined = l->n_bad;
	pthread_mutex_unlock(&l->lock);
	out->cache_bytes = info.bytes;
	out->cache_cases = info.kept;
	if (p->config.args->num_cache_objects) {
		out->cache_objects =
			p->config.training ? l->order.window : p->config.args->num_cache_objects;
		out->cache_replace = l->order.replace;
	}
	out->replaced = smart.replaced;
	out->overruns = smart.overruns;
	out->replace_lag = smart.lag;
	out->replace_lag_total = smart.lag_total;
}
