/*
 * Keeping the outcome of the deterministic transforms in memory.
 *
 * Loading, resampling and scaling give the same volume in every epoch, so for
 * data sets that fit they are done once.  What does not fit within the budget is
 * made anew each time; nothing is evicted, because an epoch touches every case
 * once and any replacement rule would only throw out what is needed next.
 *
 * Label maps are kept as bytes, a quarter of their size, when all values are whole
 * numbers from 0 to 255; images as the floats that they are: what comes out is the
 * same to the bit with and without the cache.
 *
 * The first thread that asks for a case makes it, the others wait for that one:
 * otherwise a list that repeats one large CT would have it in memory once per
 * thread.
 */
#include "core/data/prefix_cache.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

enum cache_state {
	CACHE_EMPTY,
	CACHE_MAKING,
	CACHE_KEPT,
	CACHE_TOO_BIG,
};

/* A kept case: the sample with its shared volumes, and bytes for those that were packed. */
struct cache_entry {
	enum cache_state state;
	struct sample *sample;
	uint8_t *packed[SAMPLE_FIELDS];
	struct volume *header[SAMPLE_FIELDS]; /* of a packed field: all but its voxels */
};

struct prefix_cache {
	pthread_mutex_t lock;
	pthread_cond_t made;
	int n;
	size_t budget, used;
	struct cache_entry *v;
};

struct prefix_cache *prefix_cache_new(int n, size_t budget)
{
	struct prefix_cache *c = mem_zalloc(sizeof(*c));

	c->n = n;
	c->budget = budget;
	c->v = mem_zalloc((size_t)n * sizeof(*c->v) + 1);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->made, NULL);
	return c;
}

static void cache_entry_release(struct cache_entry *e)
{
	sample_free(e->sample);
	e->sample = NULL;
	for (int k = 0; k < SAMPLE_FIELDS; k++) {
		free(e->packed[k]);
		volume_free(e->header[k]);
		e->packed[k] = NULL;
		e->header[k] = NULL;
	}
}

void prefix_cache_free(struct prefix_cache *c)
{
	if (!c)
		return;
	for (int i = 0; i < c->n; i++)
		cache_entry_release(&c->v[i]);
	free(c->v);
	pthread_cond_destroy(&c->made);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static size_t cache_values(const struct volume *v)
{
	return volume_voxels(v) * (size_t)v->channels;
}

static bool cache_is_bytes(const struct volume *v)
{
	size_t n = cache_values(v), block = 4096;

	for (size_t i = 0; i < n; i += block) {
		size_t end = i + block < n ? i + block : n;
		int other = 0;

		/* Blocks, so that the inner loop vectorises and an image is dismissed early. */
		for (size_t k = i; k < end; k++) {
			float x = v->data[k];

			other |= !(x >= 0.0f && x <= 255.0f) || x != (float)(int)x;
		}
		if (other)
			return false;
	}
	return true;
}

/* A volume of one voxel that carries the properties of v. */
static struct volume *cache_header(const struct volume *v)
{
	struct volume *h = volume_new(1, (const int[]){1, 1, 1}, NULL);

	if (!h)
		return NULL;
	memcpy(h->affine, v->affine, sizeof(h->affine));
	h->original = v->original;
	h->file = v->file ? mem_strdup(v->file) : NULL;
	h->nonfinite = v->nonfinite;
	h->channels = v->channels;
	memcpy(h->dim, v->dim, sizeof(h->dim));
	return h;
}

/* Fills e from s within the room; bytes: what it takes.  False: it does not fit. */
static bool cache_keep(struct cache_entry *e, const struct sample *s, size_t room, size_t *bytes)
{
	bool pack[SAMPLE_FIELDS] = {false};

	*bytes = 0;
	for (int k = 0; k < s->n; k++) {
		const struct volume *v = s->field[k].vol;

		if (!v)
			continue;
		pack[k] = cache_is_bytes(v);
		*bytes += cache_values(v) * (pack[k] ? 1 : sizeof(float));
	}
	if (*bytes > room)
		return false;
	e->sample = sample_share(s);
	for (int k = 0; k < s->n; k++) {
		struct volume *v = e->sample->field[k].vol;
		size_t n = v ? cache_values(v) : 0;

		if (!pack[k])
			continue;
		e->packed[k] = mem_try_big(n, "a cached label", NULL);
		e->header[k] = e->packed[k] ? cache_header(v) : NULL;
		if (!e->header[k]) {
			cache_entry_release(e);
			return false;
		}
		for (size_t i = 0; i < n; i++)
			e->packed[k][i] = (uint8_t)v->data[i];
		volume_free(v);
		e->sample->field[k].vol = NULL;
	}
	return true;
}

static struct volume *cache_unpack(const struct volume *h, const uint8_t *packed)
{
	struct volume *v = volume_new(h->channels, h->dim, NULL);
	size_t n = v ? cache_values(v) : 0;

	if (!v)
		return NULL;
	for (size_t i = 0; i < n; i++)
		v->data[i] = (float)packed[i];
	memcpy(v->affine, h->affine, sizeof(v->affine));
	v->original = h->original;
	v->file = h->file ? mem_strdup(h->file) : NULL;
	v->nonfinite = h->nonfinite;
	return v;
}

struct sample *prefix_cache_get(struct prefix_cache *c, int i)
{
	struct cache_entry *e = &c->v[i];
	struct sample *s = NULL;
	bool kept;

	pthread_mutex_lock(&c->lock);
	while (e->state == CACHE_MAKING)
		pthread_cond_wait(&c->made, &c->lock);
	kept = e->state == CACHE_KEPT;
	if (e->state == CACHE_EMPTY)
		e->state = CACHE_MAKING;
	pthread_mutex_unlock(&c->lock);
	/* A kept entry never changes, so it is read without the lock. */
	if (kept)
		s = sample_share(e->sample);
	for (int k = 0; s && k < s->n; k++) {
		if (!e->packed[k])
			continue;
		s->field[k].vol = cache_unpack(e->header[k], e->packed[k]);
		if (!s->field[k].vol) {
			sample_free(s);
			s = NULL;
		}
	}
	return s;
}

void prefix_cache_put(struct prefix_cache *c, int i, const struct sample *s)
{
	struct cache_entry *e = &c->v[i], made = {CACHE_EMPTY};
	size_t bytes, room;

	pthread_mutex_lock(&c->lock);
	if (e->state != CACHE_MAKING) {
		pthread_mutex_unlock(&c->lock);
		return;
	}
	room = c->budget - c->used;
	pthread_mutex_unlock(&c->lock);
	if (s)
		made.state = cache_keep(&made, s, room, &bytes) ? CACHE_KEPT : CACHE_TOO_BIG;
	pthread_mutex_lock(&c->lock);
	if (made.state == CACHE_KEPT && c->used + bytes > c->budget) {
		/* Others took the room meanwhile. */
		cache_entry_release(&made);
		made.state = CACHE_TOO_BIG;
	}
	if (made.state == CACHE_KEPT)
		c->used += bytes;
	*e = made;
	pthread_cond_broadcast(&c->made);
	pthread_mutex_unlock(&c->lock);
}

size_t prefix_cache_bytes(struct prefix_cache *c)
{
	size_t n;

	pthread_mutex_lock(&c->lock);
	n = c->used;
	pthread_mutex_unlock(&c->lock);
	return n;
}
