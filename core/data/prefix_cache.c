/*
 * Keeping the outcome of the deterministic transforms in memory.
 *
 * Loading, resampling and scaling give the same volume in every epoch, so for
 * data sets that fit they are done once.  What does not fit within the budget is
 * made anew each time; nothing is evicted, because an epoch touches every case
 * once and any replacement rule would only throw out what is needed next.
 *
 * Small volumes are copied into slabs, label maps with whole numbers from 0 to 255
 * as bytes, and copied out again.  Copying takes microseconds, and hundreds of kept
 * blocks between the short-lived ones of the loader threads would make the heap
 * three times as large as what is in it.  A large volume stays where it is and is
 * shared: copying the 38 million voxels of a CT for each 64^3 crop of it would cost
 * more than all transforms after it.  What comes out is the same to the bit with
 * and without the cache.
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

enum {
	CACHE_SMALL = 4 << 20, /* volumes up to so many bytes are packed */
	CACHE_SLAB = 16 << 20, /* bytes per slab */
};

enum cache_state {
	CACHE_EMPTY,
	CACHE_MAKING,
	CACHE_KEPT,
	CACHE_TOO_BIG,
};

/* A small volume in a slab. */
struct cache_packed {
	void *voxels;          /* NULL: not packed */
	bool bytes;            /* uint8_t, else float */
	struct volume *header; /* the properties, with one voxel */
};

/* A kept case: the sample with its large volumes, and the small ones beside it. */
struct cache_entry {
	enum cache_state state;
	struct sample *sample;
	struct cache_packed packed[SAMPLE_FIELDS];
};

struct prefix_cache {
	pthread_mutex_t lock;
	pthread_cond_t made;
	int n;
	size_t budget, used;
	struct cache_entry *v;

	char **slab;
	int n_slabs;
	size_t slab_used; /* of the last one */
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

/* Room for a small volume, or NULL.  Under the lock. */
static void *cache_slab(struct prefix_cache *c, size_t bytes)
{
	size_t size = (bytes + 63) & ~(size_t)63;
	char *p;

	if (!c->n_slabs || c->slab_used + size > CACHE_SLAB) {
		p = mem_try_big(CACHE_SLAB, "cached cases", NULL);
		if (!p)
			return NULL;
		c->slab = mem_realloc(c->slab, (size_t)(c->n_slabs + 1) * sizeof(*c->slab));
		c->slab[c->n_slabs++] = p;
		c->slab_used = 0;
	}
	p = c->slab[c->n_slabs - 1] + c->slab_used;
	c->slab_used += size;
	return p;
}

static void cache_entry_release(struct cache_entry *e)
{
	sample_free(e->sample);
	e->sample = NULL;
	for (int k = 0; k < SAMPLE_FIELDS; k++) {
		volume_free(e->packed[k].header);
		e->packed[k] = (struct cache_packed){0};
	}
}

void prefix_cache_free(struct prefix_cache *c)
{
	if (!c)
		return;
	for (int i = 0; i < c->n; i++)
		cache_entry_release(&c->v[i]);
	free(c->v);
	for (int i = 0; i < c->n_slabs; i++)
		free(c->slab[i]);
	free(c->slab);
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

static void cache_copy_properties(struct volume *to, const struct volume *from)
{
	memcpy(to->affine, from->affine, sizeof(to->affine));
	to->original = from->original;
	to->file = from->file ? mem_strdup(from->file) : NULL;
	to->nonfinite = from->nonfinite;
}

/* The properties of v over one voxel. */
static struct volume *cache_header(const struct volume *v)
{
	struct volume *h = volume_new(1, (const int[]){1, 1, 1}, NULL);

	if (!h)
		return NULL;
	cache_copy_properties(h, v);
	h->channels = v->channels;
	memcpy(h->dim, v->dim, sizeof(h->dim));
	return h;
}

/* What a volume would take, and whether it would be packed as bytes. */
static size_t cache_size(const struct volume *v, bool *small, bool *bytes)
{
	size_t n = cache_values(v);

	*small = n * sizeof(float) <= CACHE_SMALL;
	*bytes = *small && cache_is_bytes(v);
	return n * (*bytes ? 1 : sizeof(float));
}

static bool cache_pack(struct prefix_cache *c, struct cache_packed *p, const struct volume *v)
{
	size_t n = cache_values(v), size;
	bool small, bytes;
	uint8_t *out;

	size = cache_size(v, &small, &bytes);
	p->header = cache_header(v);
	pthread_mutex_lock(&c->lock);
	p->voxels = cache_slab(c, size);
	pthread_mutex_unlock(&c->lock);
	p->bytes = bytes;
	if (!p->header || !p->voxels)
		return false;
	if (!bytes) {
		memcpy(p->voxels, v->data, size);
		return true;
	}
	out = p->voxels;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)v->data[i];
	return true;
}

static size_t cache_sample_size(const struct sample *s)
{
	bool small, bytes;
	size_t sum = 0;

	for (int k = 0; k < s->n; k++)
		if (s->field[k].vol)
			sum += cache_size(s->field[k].vol, &small, &bytes);
	return sum;
}

/* Fills e from s.  False when there is no memory. */
static bool cache_keep(struct prefix_cache *c, struct cache_entry *e, const struct sample *s)
{
	bool small, bytes;

	e->sample = sample_share(s);
	for (int k = 0; k < s->n; k++) {
		struct volume *v = e->sample->field[k].vol;

		if (!v)
			continue;
		cache_size(v, &small, &bytes);
		if (!small)
			continue;
		if (!cache_pack(c, &e->packed[k], v)) {
			cache_entry_release(e);
			return false;
		}
		volume_free(v);
		e->sample->field[k].vol = NULL;
	}
	return true;
}

static struct volume *cache_unpack(const struct cache_packed *p)
{
	struct volume *v = volume_new(p->header->channels, p->header->dim, NULL);
	size_t n = v ? cache_values(v) : 0;
	const uint8_t *in = p->voxels;

	if (!v)
		return NULL;
	if (!p->bytes)
		memcpy(v->data, p->voxels, n * sizeof(*v->data));
	for (size_t i = 0; p->bytes && i < n; i++)
		v->data[i] = (float)in[i];
	cache_copy_properties(v, p->header);
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
		if (!e->packed[k].voxels)
			continue;
		s->field[k].vol = cache_unpack(&e->packed[k]);
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
	size_t size = s ? cache_sample_size(s) : 0;
	bool fits;

	pthread_mutex_lock(&c->lock);
	if (e->state != CACHE_MAKING) {
		pthread_mutex_unlock(&c->lock);
		return;
	}
	fits = s && size <= c->budget - c->used;
	c->used += fits ? size : 0;
	pthread_mutex_unlock(&c->lock);
	if (s)
		made.state = fits && cache_keep(c, &made, s) ? CACHE_KEPT : CACHE_TOO_BIG;
	pthread_mutex_lock(&c->lock);
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
