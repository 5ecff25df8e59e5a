#ifndef CORE_CPU_TAPS_H
#define CORE_CPU_TAPS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/cpu/conv_prim.h"

/*
 * Convolutions whose weights weigh more than their voxels, in all three directions,
 * as one matrix product per tap.  Operands, results and arguments are those of
 * conv_prim.h; post-op sums are not made.
 */
struct taps;

/* Can it be done? */
bool taps_possible(const struct conv_spec *s);

/* Is it faster than oneDNN?  A rule by shape alone. */
bool taps_fits(const struct conv_spec *s);

struct taps *taps_new(const struct conv_spec *s, int threads);
void taps_free(struct taps *t); /* NULL is fine */

size_t taps_packed(const struct taps *t);  /* bytes for the packed weights, 0: none */
size_t taps_scratch(const struct taps *t); /* bytes of scratch */

/* The packed weights stay valid while the plain ones do not change, as in conv_prim_run(). */
void taps_run(const struct taps *t, const struct conv_args *a);

#endif
