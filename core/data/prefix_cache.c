/*
 * Keeping the outcome of the deterministic transforms in memory.
 *
 * Loading, resampling and scaling give the same volume in every epoch, so for
 * data sets that fit they are done once.  What does not fit within the budget is
 * made anew each time; nothing is evicted on its own, because an epoch touches every
 * case once and any replacement rule would only throw out what is needed next.  A
 * Smart Cache says what it wants kept, and what it wants no longer is dropped.
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
#include "core/base/sys.h"

enum {
	CACHE_SMALL = 4 << 20,   /* volumes up to so many bytes are packed */
	CACHE_SLAB = 16 << 20,   /* bytes per slab */
	CACHE_SPARE = 512 << 20, /* memory that stays free when there is no budget */
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
	int slab;              /* where they are */
	bool bytes;            /* uint8_t, else float */
	struct volume *header; /* the properties, with one voxel */
};

/* A kept case: the sample with its large volumes, and the small ones beside it. */
struct cache_kept {
	int refs; /* the cache, and each thread that copies from it */
	size_t size;
	struct sample *sample;
	struct cache_packed packed[SAMPLE_FIELDS];
};

struct cache_entry {
	enum cache_state state;
	bool wanted;
	struct cache_kept *kept; /* state CACHE_KEPT */
};

/* Blocks lie one behind the other; a slab is used again when all of its blocks are gone. */
struct cache_slab {
	char *p;
	size_t used;
	int live;
};

struct prefix_cache {
	pthread_mutex_t lock;
	pthread_cond_t made;
	int n;
	size_t budget, used;
	struct cache_entry *v;
	int kept, refused;

	struct cache_slab *slab;
	int n_slabs, open; /* open: the one that blocks are added to */
};

struct prefix_cache *prefix_cache_new(int n, size_t budget)
{
	struct prefix_cache *c = mem_zalloc(sizeof(*c));

	c->n = n;
	c->budget = budget;
	c->v = mem_zalloc((size_t)n * sizeof(*c->v) + 1);
	for (int i = 0; i < n; i++)
		c->v[i].wanted = true;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->made, NULL);
	return c;
}

/* An empty slab becomes the open one.  Under the lock. */
static bool cache_open_slab(struct prefix_cache *c)
{
	char *p;

	for (int i = 0; i < c->n_slabs; i++) {
		if (c->slab[i].live)
			continue;
		c->slab[i].used = 0;
		c->open = i;
		return true;
	}
	p = mem_try_big(CACHE_SLAB, "cached cases", NULL);
	if (!p)
		return false;
	c->slab = mem_realloc(c->slab, (size_t)(c->n_slabs + 1) * sizeof(*c->slab));
	c->slab[c->n_slabs] = (struct cache_slab){.p = p};
	c->open = c->n_slabs++;
	return true;
}

/* Room for a small volume, or NULL. */
static void *cache_slab(struct prefix_cache *c, size_t bytes, int *slab)
{
	size_t size = (bytes + 63) & ~(size_t)63;
	struct cache_slab *s;
	void *p = NULL;

	pthread_mutex_lock(&c->lock);
	if ((c->n_slabs && c->slab[c->open].used + size <= CACHE_SLAB) || cache_open_slab(c)) {
		s = &c->slab[c->open];
		p = s->p + s->used;
		s->used += size;
		s->live++;
		*slab = c->open;
	}
	pthread_mutex_unlock(&c->lock);
	return p;
}

/* Not under the lock. */
static void cache_kept_free(struct prefix_cache *c, struct cache_kept *k)
{
	if (!k)
		return;
	sample_free(k->sample);
	for (int i = 0; i < SAMPLE_FIELDS; i++) {
		volume_free(k->packed[i].header);
		if (!k->packed[i].voxels)
			continue;
		pthread_mutex_lock(&c->lock);
		c->slab[k->packed[i].slab].live--;
		pthread_mutex_unlock(&c->lock);
	}
	free(k);
}

/* Gives up a reference.  Not under the lock. */
static void cache_kept_drop(struct prefix_cache *c, struct cache_kept *k)
{
	bool last;

	if (!k)
		return;
	pthread_mutex_lock(&c->lock);
	last = --k->refs == 0;
	if (last)
		c->used -= k->size;
	pthread_mutex_unlock(&c->lock);
	if (last)
		cache_kept_free(c, k);
}

void prefix_cache_free(struct prefix_cache *c)
{
	if (!c)
		return;
	for (int i = 0; i < c->n; i++)
		cache_kept_free(c, c->v[i].kept);
	free(c->v);
	for (int i = 0; i < c->n_slabs; i++)
		free(c->slab[i].p);
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
	p->voxels = cache_slab(c, size, &p->slab);
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

/* Keeps s, which takes size bytes.  NULL when there is no memory. */
static struct cache_kept *cache_keep(struct prefix_cache *c, const struct sample *s, size_t size)
{
	struct cache_kept *kept = mem_zalloc(sizeof(*kept));
	bool small, bytes;

	kept->refs = 1;
	kept->size = size;
	kept->sample = sample_share(s);
	for (int k = 0; k < s->n; k++) {
		struct volume *v = kept->sample->field[k].vol;

		if (!v)
			continue;
		cache_size(v, &small, &bytes);
		if (!small)
			continue;
		if (!cache_pack(c, &kept->packed[k], v)) {
			cache_kept_free(c, kept);
			return NULL;
		}
		volume_free(v);
		kept->sample->field[k].vol = NULL;
	}
	return kept;
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

/* A sample with the contents of k, or NULL when there is no memory. */
static struct sample *cache_copy(const struct cache_kept *k)
{
	struct sample *s = sample_share(k->sample);

	for (int i = 0; s && i < s->n; i++) {
		if (!k->packed[i].voxels)
			continue;
		s->field[i].vol = cache_unpack(&k->packed[i]);
		if (!s->field[i].vol) {
			sample_free(s);
			s = NULL;
		}
	}
	return s;
}

struct sample *prefix_cache_get(struct prefix_cache *c, int i)
{
	struct cache_entry *e = &c->v[i];
	struct cache_kept *k = NULL;
	struct sample *s = NULL;

	pthread_mutex_lock(&c->lock);
	while (e->state == CACHE_MAKING)
		pthread_cond_wait(&c->made, &c->lock);
	if (e->state == CACHE_KEPT) {
		k = e->kept;
		k->refs++;
	} else if (e->state == CACHE_EMPTY && e->wanted) {
		e->state = CACHE_MAKING;
	}
	pthread_mutex_unlock(&c->lock);
	/* A kept case never changes, so it is read without the lock. */
	if (k)
		s = cache_copy(k);
	cache_kept_drop(c, k);
	return s;
}

bool prefix_cache_claim(struct prefix_cache *c, int i)
{
	struct cache_entry *e = &c->v[i];
	bool mine;

	pthread_mutex_lock(&c->lock);
	mine = e->state == CACHE_EMPTY && e->wanted;
	if (mine)
		e->state = CACHE_MAKING;
	pthread_mutex_unlock(&c->lock);
	return mine;
}

/* True when size more bytes may be kept, which then count.  Under the lock. */
static bool cache_fits(struct prefix_cache *c, size_t size)
{
	size_t free_bytes;

	if (c->budget) {
		if (size > c->budget - c->used)
			return false;
	} else {
		free_bytes = sys_available_memory();
		if (free_bytes && free_bytes < size + CACHE_SPARE)
			return false;
	}
	c->used += size;
	return true;
}

void prefix_cache_put(struct prefix_cache *c, int i, const struct sample *s)
{
	struct cache_entry *e = &c->v[i];
	size_t size = s ? cache_sample_size(s) : 0;
	struct cache_kept *k = NULL, *drop = NULL;
	bool fits;

	pthread_mutex_lock(&c->lock);
	if (e->state != CACHE_MAKING) {
		pthread_mutex_unlock(&c->lock);
		return;
	}
	fits = s && e->wanted && cache_fits(c, size);
	pthread_mutex_unlock(&c->lock);
	if (fits)
		k = cache_keep(c, s, size);
	pthread_mutex_lock(&c->lock);
	if (fits && !k)
		c->used -= size;
	if (!s || !e->wanted) {
		e->state = CACHE_EMPTY;
		drop = k;
	} else {
		e->state = k ? CACHE_KEPT : CACHE_TOO_BIG;
		e->kept = k;
		c->kept += k != NULL;
		c->refused += !k;
	}
	pthread_cond_broadcast(&c->made);
	pthread_mutex_unlock(&c->lock);
	cache_kept_drop(c, drop);
}

void prefix_cache_want(struct prefix_cache *c, int i, bool wanted)
{
	struct cache_entry *e = &c->v[i];
	struct cache_kept *drop = NULL;

	pthread_mutex_lock(&c->lock);
	e->wanted = wanted;
	if (!wanted && (e->state == CACHE_KEPT || e->state == CACHE_TOO_BIG)) {
		drop = e->kept;
		c->kept -= drop != NULL;
		e->kept = NULL;
		e->state = CACHE_EMPTY;
	}
	pthread_mutex_unlock(&c->lock);
	cache_kept_drop(c, drop);
}

bool prefix_cache_has(struct prefix_cache *c, int i)
{
	bool done;

	pthread_mutex_lock(&c->lock);
	done = c->v[i].state == CACHE_KEPT || c->v[i].state == CACHE_TOO_BIG;
	pthread_mutex_unlock(&c->lock);
	return done;
}

void prefix_cache_info(struct prefix_cache *c, struct prefix_cache_info *out)
{
	pthread_mutex_lock(&c->lock);
	*out = (struct prefix_cache_info){c->used, c->kept, c->refused};
	pthread_mutex_unlock(&c->lock);
}
