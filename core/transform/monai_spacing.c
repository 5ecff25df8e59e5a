/*
 * Spacingd: resamples to a voxel size in mm, as MONAI places the new grid.
 *
 * The centre of voxel 0 stays where it is (v3's ScaleByResolution keeps the corner),
 * and the new size is round((n - 1) * spacing / pixdim) + 1.  With diagonal the new
 * axes are those of the patient: the grid is the box around the old voxel centres.
 * Beyond the border the nearest voxel counts.
 */
#include <math.h>
#include <string.h>

#include "core/transform/monai.h"
#include "core/volume/affine.h"

struct spacing_args {
	struct monai_keys k;
	struct numlist pixdim;
	bool diagonal;
	struct strlist mode;
};

static const char *const spacing_modes[] = {"bilinear", "nearest", "trilinear", "linear", NULL};

static const struct arg_def spacing_defs[] = {
	MONAI_KEYS_ARGS,
	{.name = "pixdim",
		.type = ARG_FLOATLIST,
		.offset = offsetof(struct spacing_args, pixdim),
		.flags = ARG_REQUIRED,
		.min = -1,
		.max = 1000,
		.unit = "mm",
		.help = "voxel size along x, y, z; -1: as it is; absent: 1"},
	{.name = "diagonal",
		.type = ARG_BOOL,
		.offset = offsetof(struct spacing_args, diagonal),
		.def = "false",
		.help = "new axes along right, anterior, superior"},
	MONAI_MODE_ARG(struct spacing_args, "\"bilinear\"",
		"bilinear (trilinear in 3-D) or nearest, for all keys or one each"),
	MONAI_IGNORED("padding_mode", "accepted; beyond the border the nearest voxel counts"),
	MONAI_IGNORED("align_corners", "accepted; grids are placed in mm"),
	MONAI_IGNORED("dtype", "accepted; fp32, positions in double"),
	MONAI_IGNORED("meta_keys", "accepted; a volume carries its affine"),
	MONAI_IGNORED("meta_key_postfix", "accepted; likewise"),
	ARG_END,
};

/* Columns of the affine scaled to the new voxel size; the origin stays. */
static void spacing_affine(const struct spacing_args *a, const struct volume *v, double out[4][4])
{
	double old[3];

	volume_spacing(v, old);
	memcpy(out, v->affine, 16 * sizeof(double));
	for (int c = 0; c < 3; c++) {
		double want = c < a->pixdim.n ? a->pixdim.v[c] : 1;

		want = want > 0 ? want : old[c];

		for (int r = 0; r < 3; r++)
			out[r][c] =
				a->diagonal ? (r == c ? want : 0) : v->affine[r][c] * want / old[c];
	}
}

/* The box of v's voxel centres on the axes of g: its size, and its lowest corner as origin. */
static int spacing_box(const struct volume *v, struct volume_grid *g, struct err *err)
{
	double inv[4][4], to[4][4], lo[3] = {INFINITY, INFINITY, INFINITY},
				    hi[3] = {-INFINITY, -INFINITY, -INFINITY};

	if (affine_invert(g->affine, inv))
		return err_set(err, ERR_DATA, "the affine of '%s' is singular",
			v->file ? v->file : "the volume");
	affine_mul(inv, v->affine, to);
	for (int corner = 0; corner < 8; corner++) {
		double p[3];

		for (int i = 0; i < 3; i++)
			p[i] = corner >> i & 1 ? v->dim[i] - 1 : 0;
		affine_apply(to, p, p);
		for (int i = 0; i < 3; i++) {
			lo[i] = fmin(lo[i], p[i]);
			hi[i] = fmax(hi[i], p[i]);
		}
	}
	for (int i = 0; i < 3; i++) {
		double n = rint(hi[i] - lo[i] + 1);

		if (n > 100000)
			return err_set(err, ERR_DATA, "a size of %.0f voxels is too large", n);
		g->dim[i] = n < 1 ? 1 : (int)n;
	}
	affine_shift(g->affine, lo, g->affine);
	return 0;
}

static int spacing_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	const struct spacing_args *a = ctx;
	struct volume_grid g;
	struct volume *out;

	spacing_affine(a, v, g.affine);
	if (spacing_box(v, &g, err))
		return -1;
	if (!memcmp(g.dim, v->dim, sizeof(g.dim))) {
		double worst = 0;

		for (int r = 0; r < 3; r++)
			for (int c = 0; c < 4; c++)
				worst = fmax(worst, fabs(g.affine[r][c] - v->affine[r][c]));
		if (worst < 1e-6)
			return 0;
	}
	out = resample_to_grid_border(v, &g, keyed_mode(&a->mode, i), err);
	if (!out)
		return -1;
	volume_take(v, out);
	return 0;
}

static int spacing_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct spacing_args *a = args;

	(void)rng;
	return keyed_each(&a->k, s, false, spacing_one, a, err);
}

static void spacing_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct spacing_args *a = args;

	keyed_check(args, file, path, ps);
	keyed_check_list(&a->k, &a->mode, "mode", spacing_modes, file, path, ps);
	if (a->pixdim.n > 3)
		keyed_fault(
			file, path, "pixdim", NULL, ps, "%d voxel sizes for 3 axes", a->pixdim.n);
}

const struct component component_monai_spacing = {
	.name = "Spacingd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("Spacing"),
	.help = "resamples to a voxel size in mm; the centre of the first voxel stays in place, the "
		"size is round((n - 1) * spacing / pixdim) + 1 (MONAI)",
	.args = spacing_defs,
	.args_size = sizeof(struct spacing_args),
	.ops = &(const struct transform_ops){.apply = spacing_apply,
		.flags = TRANSFORM_INVERTIBLE,
		.check = spacing_check,
		.reads = keyed_reads},
};
