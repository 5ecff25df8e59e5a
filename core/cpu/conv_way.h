#ifndef CORE_CPU_CONV_WAY_H
#define CORE_CPU_CONV_WAY_H

#include "core/cpu/conv_prim.h"

/* One direction of a convolution: oneDNN's (conv_prim.h) or our own (taps.h). */
struct conv_way;

/* s->bf16 is a wish; the choice follows from shapes and the CPU, never from timing. */
struct conv_way *conv_way_new(
	struct conv_engine *e, const struct conv_spec *s, int threads, struct err *err) MUST_CHECK;
void conv_way_free(struct conv_way *w); /* NULL is fine */

/* Bytes, multiples of 64; 0 for NULL. */
size_t conv_way_packed(const struct conv_way *w);
size_t conv_way_scratch(const struct conv_way *w);

int conv_way_run(struct conv_way *w, const struct conv_args *a, struct err *err) MUST_CHECK;

#endif
