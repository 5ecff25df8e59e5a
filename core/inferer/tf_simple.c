/*
 * TFSimpleInferer: the whole volume in one pass, padded evenly with zeros to a size
 * that the network's strides divide.
 */
#include <limits.h>

#include "core/inferer/scan.h"

static int simple_window(const void *args, const int divisor[3], const int dim[3],
	struct inferer_window *w, struct err *err)
{
	(void)args;
	*w = (struct inferer_window){.batch = 1, .count = 1};
	for (int i = 0; i < 3; i++) {
		if (dim[i] > INT_MAX - divisor[i])
			return err_set(err, ERR_DATA, "%d voxels are too many", dim[i]);
		w->size[i] = (dim[i] + divisor[i] - 1) / divisor[i] * divisor[i];
	}
	return 0;
}

static int simple_infer(const void *args, const struct inferer_net *net, const struct volume *image,
	struct volume *out, struct err *err)
{
	struct scan s = {.batch = 1};
	struct inferer_window w;
	int rc;

	if (simple_window(args, net->divisor, image->dim, &w, err))
		return -1;
	for (int i = 0; i < 3; i++)
		scan_axis_init(s.axis + i, image->dim[i], w.size[i], 0, 0);
	rc = scan_run(&s, net, image, out, err);
	scan_release(&s);
	return rc;
}

static const struct inferer_ops simple_ops = {.window = simple_window, .run = simple_infer};

const struct component component_tf_simple = {
	.name = "TFSimpleInferer",
	.kind = COMPONENT_INFERER,
	.aliases = (const char *const[]){"SimpleInferer", NULL},
	.help = "applies the network to the whole volume in one pass, zero-padded to its strides",
	.ops = &simple_ops,
};
