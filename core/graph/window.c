/*
 * Window geometry.  SAME is TensorFlow's: out = ceil(in / stride), the padding
 * (out - 1) * stride + kernel - in is split with the odd voxel at the end.
 */
#include "core/graph/window.h"

#include <string.h>

static int window_resolve(struct window *w, bool same, struct err *err)
{
	for (int i = 0; i < 3; i++) {
		int64_t total;

		if (w->kernel[i] < 1 || w->stride[i] < 1 || w->pad[i] < 0 || w->pad_end[i] < 0)
			return err_set(err, ERR_DATA,
				"kernel %lld and stride %lld must be positive",
				(long long)w->kernel[i], (long long)w->stride[i]);
		if (same) {
			w->out[i] = (w->in[i] + w->stride[i] - 1) / w->stride[i];
			total = (w->out[i] - 1) * w->stride[i] + w->kernel[i] - w->in[i];
			w->pad[i] = total > 0 ? total / 2 : 0;
			w->pad_end[i] = total > 0 ? total - total / 2 : 0;
			continue;
		}
		total = w->in[i] + w->pad[i] + w->pad_end[i] - w->kernel[i];
		if (total < 0 || w->pad[i] >= w->kernel[i] || w->pad_end[i] >= w->kernel[i])
			return err_set(err, ERR_DATA, "kernel %lld does not fit into %lld voxels",
				(long long)w->kernel[i], (long long)w->in[i]);
		w->out[i] = total / w->stride[i] + 1;
	}
	return 0;
}

int window_of_conv(
	const struct conv_attr *a, const struct shape *x, struct window *w, struct err *err)
{
	memset(w, 0, sizeof(*w));
	for (int i = 0; i < 3; i++) {
		w->in[i] = x->d[i + 1];
		w->kernel[i] = a->kernel[i];
		w->stride[i] = a->stride[i];
		w->pad[i] = a->pad[i];
		w->pad_end[i] = a->pad_end[i];
	}
	return window_resolve(w, a->same, err);
}

int window_of_pool(
	const struct pool_attr *a, const struct shape *x, struct window *w, struct err *err)
{
	memset(w, 0, sizeof(*w));
	for (int i = 0; i < 3; i++) {
		w->in[i] = x->d[i + 1];
		w->kernel[i] = a->kernel[i];
		w->stride[i] = a->stride[i];
		w->pad[i] = a->pad[i];
		w->pad_end[i] = a->pad_end[i];
	}
	return window_resolve(w, a->same, err);
}

struct window window_conv(const struct conv_attr *a, const struct shape *x)
{
	struct window w;

	(void)!window_of_conv(a, x, &w, NULL);
	return w;
}

struct window window_pool(const struct pool_attr *a, const struct shape *x)
{
	struct window w;

	(void)!window_of_pool(a, x, &w, NULL);
	return w;
}
