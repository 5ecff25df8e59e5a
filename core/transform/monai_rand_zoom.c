/*
 * RandZoomd: with probability prob enlarges or shrinks about the middle by a factor
 * between min_zoom and max_zoom, the size in voxels staying the same, all keys alike.
 *
 * Sampled once through warp.h: MONAI's "area" and its kin are trilinear here, and what
 * a shrunken volume leaves open takes the nearest voxel of the border (padding_mode edge).
 */
#include "core/transform/monai.h"
#include "core/transform/random_warp.h"

struct rand_zoom_args {
	struct monai_keys k;
	double prob;
	struct numlist min_zoom, max_zoom;
	struct strlist mode, padding;
	bool keep_size;
};

static const char *const zoom_modes[] = {
	"area", "nearest", "bilinear", "trilinear", "linear", NULL};
static const char *const zoom_paddings[] = {"edge", "constant", NULL};

static const struct arg_def rand_zoom_defs[] = {
	MONAI_KEYS_ARGS,
	MONAI_PROB_ARG(struct rand_zoom_args, "0.1"),
	{"min_zoom", ARG_FLOATLIST, offsetof(struct rand_zoom_args, min_zoom), .def = "0.9",
		.min = 0.05, .max = 20, .help = "smallest factor: one for all axes, or one each"},
	{"max_zoom", ARG_FLOATLIST, offsetof(struct rand_zoom_args, max_zoom), .def = "1.1",
		.min = 0.05, .max = 20, .help = "largest factor, likewise"},
	MONAI_MODE_ARG(struct rand_zoom_args, "\"area\"",
		"nearest, or trilinear for all other names; for all keys or one each"),
	{"padding_mode", ARG_STRLIST, offsetof(struct rand_zoom_args, padding), .def = "\"edge\"",
		.help = "beyond the border: edge, its nearest voxel, or constant, zeros"},
	{"keep_size", ARG_BOOL, offsetof(struct rand_zoom_args, keep_size), .def = "true",
		.help = "only true: the size in voxels stays"},
	MONAI_IGNORED("align_corners", "accepted; the middle stays in place"),
	ARG_END,
};

struct rand_zoom_ctx {
	const struct rand_zoom_args *a;
	const struct warp *w;
};

static int rand_zoom_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	static const int start[3];
	const struct rand_zoom_ctx *c = ctx;
	const char *pad = keyed_item(&c->a->padding, i);
	int size[3] = {v->dim[0], v->dim[1], v->dim[2]};

	return random_warp_volume(v, start, size, c->w,
		keyed_mode(&c->a->mode, i) == RESAMPLE_NEAREST,
		pad && pad[0] == 'c' ? WARP_ZEROS : WARP_BORDER, err);
}

static int rand_zoom_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	static const double none[3], cube[3] = {1, 1, 1};
	static const int start[3];
	const struct rand_zoom_args *a = args;
	struct warp w;
	struct rand_zoom_ctx c = {a, &w};
	double zoom[3];
	int dim[3], rc;

	if (keyed_same_dim(&a->k, s, dim, err))
		return -1;
	if (rng_uniform(rng) >= a->prob)
		return 0;
	for (int i = 0; i < 3; i++) {
		bool own = i == 0 || (i < a->min_zoom.n && i < a->max_zoom.n);

		zoom[i] = own                  ? rng_range(rng, a->min_zoom.v[i], a->max_zoom.v[i])
			  : a->min_zoom.n == 1 ? zoom[0]
					       : 1;
	}
	zoom[2] = dim[2] == 1 ? 1 : zoom[2];
	warp_init(&w, start);
	warp_affine(&w, dim, cube, none, zoom, none);
	rc = keyed_each(&a->k, s, false, rand_zoom_one, &c, err);
	warp_release(&w);
	return rc;
}

static void rand_zoom_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct rand_zoom_args *a = args;

	keyed_check(args, file, path, ps);
	keyed_check_list(&a->k, &a->mode, "mode", zoom_modes, file, path, ps);
	keyed_check_list(&a->k, &a->padding, "padding_mode", zoom_paddings, file, path, ps);
	if (!a->keep_size)
		keyed_fault(file, path, "keep_size", "set it to true", ps,
			"a batch needs samples of one size");
	if (!a->min_zoom.n || a->min_zoom.n != a->max_zoom.n || a->min_zoom.n > 3)
		keyed_fault(file, path, "max_zoom", "give both one number, or one per axis", ps,
			"min_zoom has %d and max_zoom %d numbers", a->min_zoom.n, a->max_zoom.n);
	for (int i = 0; i < a->min_zoom.n && i < a->max_zoom.n; i++)
		if (a->max_zoom.v[i] < a->min_zoom.v[i])
			keyed_fault(file, path, "max_zoom", NULL, ps, "max_zoom is below min_zoom");
}

const struct component component_monai_rand_zoom = {
	.name = "RandZoomd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("RandZoom"),
	.help = "with probability prob a zoom about the middle, size in voxels kept, all keys alike",
	.args = rand_zoom_defs,
	.args_size = sizeof(struct rand_zoom_args),
	.ops = &(const struct transform_ops){.apply = rand_zoom_apply,
		.flags = TRANSFORM_RANDOM,
		.check = rand_zoom_check,
		.reads = keyed_reads},
};
