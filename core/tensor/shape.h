#ifndef CORE_TENSOR_SHAPE_H
#define CORE_TENSOR_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/err.h"

/*
 * The extent of a tensor, row-major: the last dimension is dense.  Activations
 * are N D H W C (channels last; a 2-D image has D = 1), a label map is N D H W 1,
 * a convolution's weights are Cout Cin KD KH KW, a scalar is {1}.
 */
#define SHAPE_MAX 5

struct shape {
	int n;
	int64_t d[SHAPE_MAX];
};

struct shape shape1(int64_t a);
struct shape shape5(int64_t n, int64_t d, int64_t h, int64_t w, int64_t c);

/* How many elements: the product (1 for n == 0).  Shapes in use are checked by shape_bytes(). */
size_t shape_count(const struct shape *s);

/* Checked count * elem; -1 on overflow or a negative dimension. */
int shape_bytes(const struct shape *s, size_t elem, size_t *bytes) MUST_CHECK;

bool shape_eq(const struct shape *a, const struct shape *b);

#define SHAPE_TEXT 120
/* "4x48x64x48x16" into out; returns out. */
char *shape_text(const struct shape *s, char out[SHAPE_TEXT]);

/* Voxels of one item of N D H W C: D * H * W. */
int64_t shape_voxels(const struct shape *s);

/* The last dimension. */
int64_t shape_channels(const struct shape *s);

#endif
