#ifndef CORE_HANDLER_AUX_H
#define CORE_HANDLER_AUX_H

#include <stdbool.h>
#include <stddef.h>
#include "core/component.h"

/*
 * An aux op makes named numbers out of a batch that went through the network and
 * the loss; metrics (ComputeAverage) and the console find them by their tag.
 */
struct aux_input {
	double loss;             /* of this batch */
	const float *prediction; /* n x voxels x channels; NULL when not at hand */
	const float *label;      /* n x voxels x label_channels */
	int n;                   /* batch size */
	size_t voxels;           /* per item */
	int channels, label_channels;
	bool independent; /* sigmoid outputs */
};

struct aux_ops {
	/* Number of values, and the tag of value i (borrowed from args). */
	int (*count)(const void *args);
	const char *(*tag)(const void *args, int i);
	/* Fills count() values; NaN where undefined. */
	void (*values)(const void *args, const struct aux_input *in, double *values);
};

const struct aux_ops *aux_ops(const struct component_use *u);

#endif
