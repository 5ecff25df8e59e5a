/*
 * Which implementation a direction of a convolution gets.  The rules are those of taps.c
 * and bf16.c, made from measured layers; where both could do it our own products per tap
 * go first, because their rule is the narrower one.
 */
#include "core/cpu/conv_way.h"

#include <stdlib.h>

#include "core/base/mem.h"
#include "core/cpu/bf16.h"
#include "core/cpu/taps.h"

struct conv_way {
	struct conv_prim *prim;
	struct taps *taps;
};

struct conv_way *conv_way_new(
	struct conv_engine *e, const struct conv_spec *s, int threads, struct err *err)
{
	struct conv_way *w = mem_zalloc(sizeof(*w));
	struct conv_spec c = *s;

	if (taps_fits(&c)) {
		w->taps = taps_new(&c, threads);
		return w;
	}
	c.bf16 = s->bf16 && bf16_pays(s);
	w->prim = conv_prim_new(e, &c, err);
	if (w->prim)
		return w;
	free(w);
	return NULL;
}

void conv_way_free(struct conv_way *w)
{
	if (!w)
		return;
	conv_prim_free(w->prim);
	taps_free(w->taps);
	free(w);
}

static size_t conv_way_align(size_t n)
{
	return (n + 63) / 64 * 64;
}

size_t conv_way_packed(const struct conv_way *w)
{
	return w ? conv_way_align(w->taps ? taps_packed(w->taps) : conv_prim_packed(w->prim)) : 0;
}

size_t conv_way_scratch(const struct conv_way *w)
{
	return w ? conv_way_align(w->taps ? taps_scratch(w->taps) : conv_prim_scratch(w->prim)) : 0;
}

int conv_way_run(struct conv_way *w, const struct conv_args *a, struct err *err)
{
	if (!w->taps)
		return conv_prim_run(w->prim, a, err);
	taps_run(w->taps, a);
	return 0;
}
