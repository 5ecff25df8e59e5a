#ifndef CORE_CPU_THIN_MUL_H
#define CORE_CPU_THIN_MUL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The arithmetic of thin_conv.c over planes: a vector holds sixteen voxels of one
 * channel.  src[t] is where tap t of channel 0 reads for voxel 0.  With bf16 a plane
 * of src holds pairs of channels (the even one in the low half of each float).
 */
#define THIN_TAPS 27

struct thin_mul {
	int taps;
	const float *src[THIN_TAPS];
	int64_t src_plane, from; /* from: planes of src */
	float *dst;
	int64_t dst_plane, to;
	int64_t vectors; /* of voxels */
	bool bf16;
};

/* Floats of weights that thin_mul_pack() writes per tap. */
int64_t thin_mul_packed(int64_t from, int64_t to, bool bf16);

/*
 * Weights of one tap: w(channel i read, channel o written) = w[i * wi + o * wo].
 * from counts channels here.  The tap is number at of taps.
 */
void thin_mul_pack(float *packed, int at, int taps, const float *w, int64_t wi, int64_t wo,
	int64_t from, int64_t to, bool bf16);

/* dst = act(bias + sum of taps and channels); bias: to floats or NULL; slope 1: no activation. */
void thin_mul_run(const struct thin_mul *m, const float *packed, const float *bias, float slope);

/* Floats of sums, and their element for tap t, channel i of src and o of dst. */
int64_t thin_grad_floats(int taps, int64_t from, int64_t to);
double thin_grad_sum(const float *sums, int taps, int64_t to, int t, int64_t i, int64_t o);

/* sums += products of src and dst (read here), summed over voxels lane by lane. */
void thin_grad_run(const struct thin_mul *m, float *sums);

/* to = pairs of bf16 from a (low half) and b (high half; NULL: 0), n a multiple of 16. */
void thin_mul_pair(const float *a, const float *b, float *to, int64_t n);

/* sum (16 floats) += the vectors of a plane. */
void thin_plane_sum(const float *plane, int64_t vectors, float *sum);

#endif
