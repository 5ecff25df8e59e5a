#ifndef CORE_CPU_CONV_PRIM_H
#define CORE_CPU_CONV_PRIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/err.h"

/*
 * One convolution primitive of oneDNN with its weight reorder.  Activations are
 * N D H W C throughout, weights are plain Co Ci KD KH KW (or a slice of it along
 * Ci) and packed on use.  Only conv_prim.c calls oneDNN.
 */
struct conv_engine;
struct conv_engine *conv_engine_new(struct err *err) MUST_CHECK;
void conv_engine_free(struct conv_engine *e);

enum conv_dir {
	CONV_FWD,   /* src, w -> dst */
	CONV_BWD_D, /* dst (gradient), w -> src (gradient) */
	CONV_BWD_W, /* src, dst (gradient) -> w (gradient) */
};

struct conv_spec {
	enum conv_dir dir;
	int64_t n, ci, co;
	int64_t in[3], out[3], kernel[3], stride[3], pad[3], pad_end[3];
	int64_t ci_stride; /* floats between two co of the plain weights / taps; ci when whole */
	bool bias;         /* FWD: added; BWD_W: its gradient */
	bool bias_back;    /* BWD_D: ci values added to src, if conv_prim_adds_bias() */
	bool sum;          /* FWD: dst += instead of dst = */
	bool act;          /* FWD: leaky ReLU with slope (0: ReLU) at the end */
	float slope;
	bool bf16; /* operands rounded to bf16, sums in fp32; fp32 where oneDNN has no fast way */
};

struct conv_prim;
struct conv_prim *conv_prim_new(
	struct conv_engine *e, const struct conv_spec *s, struct err *err) MUST_CHECK;
void conv_prim_free(struct conv_prim *p); /* NULL is fine */

bool conv_prim_adds_bias(const struct conv_prim *p);
size_t conv_prim_packed(const struct conv_prim *p);  /* bytes for the packed weights, 0: none */
size_t conv_prim_scratch(const struct conv_prim *p); /* bytes of scratch */

struct conv_args {
	float *src, *weights, *bias, *dst;
	void *packed, *scratch; /* 64-byte aligned */
	bool is_packed;         /* packed already holds these weights */
};
int conv_prim_run(struct conv_prim *p, const struct conv_args *a, struct err *err) MUST_CHECK;

#endif
