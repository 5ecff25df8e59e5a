#ifndef CORE_CPU_NORM_ROWS_H
#define CORE_CPU_NORM_ROWS_H

#include <stdbool.h>
#include "core/cpu/flat.h"

/* How backward finds the value before the activation. */
enum norm_mode {
	NORM_FROM_OUT, /* from out, turned back through a leaky activation */
	NORM_FROM_IN,  /* from in */
	NORM_PRELU,    /* from in, and the slopes have gradients */
};

/* Constants of an item, each a row of cols floats. */
enum norm_row {
	NORM_SCALE, /* z = x * scale + shift */
	NORM_SHIFT,
	NORM_SLOPE,   /* out = z > 0 ? z : slope * z */
	NORM_INVERSE, /* 1 / slope, for NORM_FROM_OUT */
	NORM_A1,      /* dx = a1 * dz + a2 * u + a0, u: in, or z for NORM_FROM_OUT */
	NORM_A2,
	NORM_A0,
	NORM_ROWS,
};

/* Sums of an item, each a row of cols doubles. */
enum norm_sum {
	NORM_SUM,  /* of x - pivot; of dz */
	NORM_DOT,  /* of (x - pivot)^2; of dz * u */
	NORM_TURN, /* of dy * z where z <= 0: gradient of the slope (NORM_PRELU) */
	NORM_SUMS,
};

/*
 * Part of an item: rows from .. to of f, and its tail when tail is set.  All pointers
 * are to the item's first float.
 */
struct norm_part {
	const struct flat *f;
	int64_t from, to;
	bool tail;
	const float *row; /* NORM_ROWS rows of constants */
};

/* sum: NORM_SUMS rows, overwritten; pivot: a row. */
void norm_rows_stats(const struct norm_part *p, const float *x, const float *pivot, double *sum);

/* y = act(x * scale + shift) + add; add may be NULL, y may be x. */
void norm_rows_apply(const struct norm_part *p, const float *x, const float *add, float *y);

/* u: out for NORM_FROM_OUT, else in.  sum is overwritten. */
void norm_rows_sums(const struct norm_part *p, enum norm_mode mode, const float *u, const float *dy,
	double *sum);

/* dx may be dy (not with acc). */
void norm_rows_dx(const struct norm_part *p, enum norm_mode mode, const float *u, const float *dy,
	float *dx, bool acc);

#endif
