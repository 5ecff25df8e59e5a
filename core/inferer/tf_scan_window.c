/*
 * TFScanWindowInferer: a fixed window slides over the volume, predictions are
 * blended where windows overlap.
 *
 * v3 published roi_size and batch_size only.  overlap, mode and sigma_scale are
 * MONAI's, with its defaults for overlap (0.25) and sigma_scale (0.125); blending
 * is Gaussian unless mode says constant, because a network knows least at the
 * edge of its window.  A roi that the network cannot take (not a multiple of its
 * strides) is made larger to the next size that it can.
 */
#include <limits.h>

#include "core/inferer/scan.h"

enum scan_mode {
	MODE_GAUSSIAN,
	MODE_CONSTANT,
};

struct scan_args {
	int64_t roi[3], batch;
	double overlap, sigma_scale;
	int mode;
};

static int scan_size(int64_t roi, int divisor)
{
	return (int)((roi + divisor - 1) / divisor * divisor);
}

static void scan_init(
	const struct scan_args *a, const int divisor[3], const int dim[3], struct scan *s)
{
	*s = (struct scan){.batch = (int)a->batch};
	for (int i = 0; i < 3; i++) {
		int size = scan_size(a->roi[i], divisor[i]);

		scan_axis_init(s->axis + i, dim[i], size, a->overlap,
			a->mode == MODE_GAUSSIAN ? a->sigma_scale * size : 0);
	}
}

static int scan_window(const void *args, const int divisor[3], const int dim[3],
	struct inferer_window *w, struct err *err)
{
	const struct scan_args *a = args;
	struct scan s;

	scan_init(a, divisor, dim, &s);
	w->batch = s.batch;
	w->count = scan_count(&s);
	for (int i = 0; i < 3; i++)
		w->size[i] = s.axis[i].size;
	scan_release(&s);
	if (w->count == INT_MAX)
		return err_set(err, ERR_DATA,
			"windows of %d x %d x %d over %d x %d x %d voxels are too many: raise "
			"'roi_size' or lower 'overlap'",
			w->size[0], w->size[1], w->size[2], dim[0], dim[1], dim[2]);
	return 0;
}

static int scan_infer(const void *args, const struct inferer_net *net, const struct volume *image,
	struct volume *out, struct err *err)
{
	struct inferer_window w;
	struct scan s;
	int rc;

	if (scan_window(args, net->divisor, image->dim, &w, err))
		return -1;
	scan_init(args, net->divisor, image->dim, &s);
	rc = scan_run(&s, net, image, out, err);
	scan_release(&s);
	return rc;
}

static const char *const scan_modes[] = {"gaussian", "constant", NULL};

static const struct arg_def scan_arg_defs[] = {
	{"roi_size", ARG_INT3, offsetof(struct scan_args, roi), .flags = ARG_REQUIRED, .min = 1,
		.max = 4096, .unit = "voxel", .help = "size of the window"},
	{"batch_size", ARG_INT, offsetof(struct scan_args, batch), .def = "1", .min = 1,
		.max = 4096, .help = "windows per call of the network", .alias = "sw_batch_size"},
	{"overlap", ARG_FLOAT, offsetof(struct scan_args, overlap), .def = "0.25", .min = 0,
		.max = 0.99, .help = "part of a window that its neighbour covers as well"},
	{"mode", ARG_CHOICE, offsetof(struct scan_args, mode), .def = "\"gaussian\"",
		.choices = scan_modes,
		.help = "weights in a window: gaussian around its centre "
			"or constant"},
	{"sigma_scale", ARG_FLOAT, offsetof(struct scan_args, sigma_scale), .def = "0.125",
		.min = 0.01, .max = 10, .help = "deviation of the weights, in window sizes"},
	ARG_END};

static const struct arg_def sliding_arg_defs[] = {
	{"roi_size", ARG_INT3, offsetof(struct scan_args, roi), .flags = ARG_REQUIRED, .min = 1,
		.max = 4096, .unit = "voxel", .help = "size of the window"},
	{"sw_batch_size", ARG_INT, offsetof(struct scan_args, batch), .def = "1", .min = 1,
		.max = 4096, .help = "windows per call of the network", .alias = "batch_size"},
	{"overlap", ARG_FLOAT, offsetof(struct scan_args, overlap), .def = "0.25", .min = 0,
		.max = 0.99, .help = "part of a window that its neighbour covers as well"},
	{"mode", ARG_CHOICE, offsetof(struct scan_args, mode), .def = "\"constant\"",
		.choices = scan_modes,
		.help = "weights in a window: gaussian around its centre or constant"},
	{"sigma_scale", ARG_FLOAT, offsetof(struct scan_args, sigma_scale), .def = "0.125",
		.min = 0.01, .max = 10, .help = "deviation of the weights, in window sizes"},
	{"padding_mode", ARG_JSON, .flags = ARG_UNUSED,
		.help = "accepted; a volume smaller than the window is padded with zeros"},
	{"cval", ARG_JSON, .flags = ARG_UNUSED, .help = "accepted; likewise"},
	{"device", ARG_JSON, .flags = ARG_UNUSED, .help = "accepted; --device decides"},
	{"sw_device", ARG_JSON, .flags = ARG_UNUSED, .help = "accepted; likewise"},
	{"progress", ARG_JSON, .flags = ARG_UNUSED, .help = "accepted; progress is always shown"},
	ARG_END};

static const struct inferer_ops scan_ops = {.window = scan_window, .run = scan_infer};

const struct component component_tf_scan_window = {
	.name = "TFScanWindowInferer",
	.kind = COMPONENT_INFERER,
	.help = "slides a window over the volume and blends the predictions where windows overlap",
	.args = scan_arg_defs,
	.args_size = sizeof(struct scan_args),
	.ops = &scan_ops,
};

const struct component component_sliding_window = {
	.name = "SlidingWindowInferer",
	.kind = COMPONENT_INFERER,
	.help = "MONAI's name of TFScanWindowInferer, with its defaults: constant weights where "
		"windows overlap",
	.args = sliding_arg_defs,
	.args_size = sizeof(struct scan_args),
	.ops = &scan_ops,
};
