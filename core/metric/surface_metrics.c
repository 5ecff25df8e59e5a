/*
 * Surface distances in mm, with the spacing of the label's affine: the Hausdorff distance
 * (by default its 95th percentile, HD95) and the average symmetric surface distance
 * (ASSD), per class over whole volumes.
 *
 * A class that the label lacks has no value.  One that the prediction lacks has no
 * distance either, but must not vanish from the mean: it counts as the diagonal of the
 * image.  (MONAI gives infinity there.)
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/metric/classes.h"
#include "core/metric/surface.h"

struct surface_args {
	struct classes_args classes;
	double percentile;
	bool directed, symmetric;
	int distance;
};

typedef double surface_fn(const struct surface_args *a, struct surface_distances *s);

static double surface_hausdorff(const struct surface_args *a, struct surface_distances *s)
{
	double p = surface_percentile(s->pred, s->n_pred, a->percentile);

	if (a->directed)
		return p;
	return fmax(p, surface_percentile(s->label, s->n_label, a->percentile));
}

static double surface_mean(const struct surface_args *a, struct surface_distances *s)
{
	double sum = 0;
	size_t n = s->n_pred;

	for (size_t i = 0; i < s->n_pred; i++)
		sum += s->pred[i];
	for (size_t i = 0; a->symmetric && i < s->n_label; i++)
		sum += s->label[i];
	n += a->symmetric ? s->n_label : 0;
	return sum / (double)n;
}

static double diagonal(const int dim[3], const double mm[3])
{
	double sum = 0;

	for (int i = 0; i < 3; i++)
		sum += dim[i] * mm[i] * dim[i] * mm[i];
	return sqrt(sum);
}

static bool any(const unsigned char *m, size_t n)
{
	return memchr(m, 1, n) != NULL;
}

static int surface_measure(const struct surface_args *a, const struct classes_args *ca,
	surface_fn *fn, const struct metric_case *mc, struct metric_row *row, int *first_class,
	struct err *err)
{
	struct classes c;
	unsigned char *p, *l;
	double mm[3], *value;
	size_t n;

	if (classes_open(&c, ca, mc, err))
		return -1;
	n = volume_voxels(c.pred);
	p = mem_alloc(n);
	l = mem_alloc(n);
	value = mem_alloc((size_t)c.pred->channels * sizeof(*value));
	volume_spacing(c.label, mm);
	for (int k = 0; k < c.pred->channels; k++) {
		struct surface_distances s;

		value[k] = NAN;
		if (k < c.skip)
			continue;
		classes_masks(&c, k, p, l);
		if (!any(l, n))
			continue;
		surface_distances(&s, p, l, c.pred->dim, mm);
		value[k] = s.n_pred ? fn(a, &s) : diagonal(c.pred->dim, mm);
		surface_release(&s);
	}
	classes_row(&c, value, row, first_class);
	free(p);
	free(l);
	free(value);
	return 0;
}

static int hausdorff_measure(const void *args, const struct metric_case *c, struct metric_row *row,
	int *first_class, struct err *err)
{
	const struct surface_args *a = args;

	return surface_measure(a, &a->classes, surface_hausdorff, c, row, first_class, err);
}

static int mean_measure(const void *args, const struct metric_case *c, struct metric_row *row,
	int *first_class, struct err *err)
{
	const struct surface_args *a = args;

	return surface_measure(a, &a->classes, surface_mean, c, row, first_class, err);
}

static int monai_hausdorff_measure(const void *args, const struct metric_case *c,
	struct metric_row *row, int *first_class, struct err *err)
{
	struct classes_args ca = classes_monai(args);

	return surface_measure(args, &ca, surface_hausdorff, c, row, first_class, err);
}

static int monai_mean_measure(const void *args, const struct metric_case *c, struct metric_row *row,
	int *first_class, struct err *err)
{
	struct classes_args ca = classes_monai(args);

	return surface_measure(args, &ca, surface_mean, c, row, first_class, err);
}

static const char *const distances[] = {"euclidean", NULL};

#define PERCENTILE_ROW(text)                                                        \
	{                                                                           \
		"percentile", ARG_FLOAT, offsetof(struct surface_args, percentile), \
			.def = text, .min = 0, .max = 100,                          \
			.help = "of the distances; 100 is the largest"              \
	}

#define DIRECTED_ROW                                                                    \
	{                                                                               \
		"directed", ARG_BOOL, offsetof(struct surface_args, directed),          \
			.def = "false", .help = "from the prediction to the label only" \
	}

#define SYMMETRIC_ROW(text)                                                                  \
	{                                                                                    \
		"symmetric", ARG_BOOL, offsetof(struct surface_args, symmetric),             \
			.def = text, .help = "mean over both surfaces, not the prediction's" \
	}

#define DISTANCE_ROW                                                                    \
	{                                                                               \
		"distance_metric", ARG_CHOICE, offsetof(struct surface_args, distance), \
			.def = "\"euclidean\"", .choices = distances,                   \
			.help = "in mm, by the label's spacing"                         \
	}

static const struct arg_def hausdorff_arg_defs[] = {
	METRIC_COMMON_ROWS(struct surface_args, classes.common),
	CLASSES_V3_ROWS(struct surface_args, classes), PERCENTILE_ROW("95"), DIRECTED_ROW,
	CLASSES_NEGATE_ROW(struct surface_args, classes), ARG_END};

static const struct arg_def mean_arg_defs[] = {
	METRIC_COMMON_ROWS(struct surface_args, classes.common),
	CLASSES_V3_ROWS(struct surface_args, classes), SYMMETRIC_ROW("true"),
	CLASSES_NEGATE_ROW(struct surface_args, classes), ARG_END};

static const struct arg_def monai_hausdorff_arg_defs[] = {
	CLASSES_MONAI_ROWS(struct surface_args, classes, "val_hausdorff", "false"),
	PERCENTILE_ROW("100"), DIRECTED_ROW, DISTANCE_ROW,
	CLASSES_NEGATE_ROW(struct surface_args, classes), ARG_END};

static const struct arg_def monai_mean_arg_defs[] = {
	CLASSES_MONAI_ROWS(struct surface_args, classes, "val_surface_distance", "false"),
	SYMMETRIC_ROW("false"), DISTANCE_ROW, CLASSES_NEGATE_ROW(struct surface_args, classes),
	ARG_END};

static const struct metric_ops hausdorff_ops = {.measure = hausdorff_measure};
static const struct metric_ops mean_ops = {.measure = mean_measure};
static const struct metric_ops monai_hausdorff_ops = {.measure = monai_hausdorff_measure};
static const struct metric_ops monai_mean_ops = {.measure = monai_mean_measure};

const struct component component_compute_hausdorff_distance = {
	.name = "ComputeHausdorffDistance",
	.kind = COMPONENT_METRIC,
	.help = "percentile (95: HD95) of the distances between the surfaces, the larger of both "
		"directions, in mm; a class not found counts as the image's diagonal",
	.args = hausdorff_arg_defs,
	.args_size = sizeof(struct surface_args),
	.ops = &hausdorff_ops,
};

const struct component component_compute_surface_distance = {
	.name = "ComputeSurfaceDistance",
	.kind = COMPONENT_METRIC,
	.help = "average symmetric surface distance (ASSD) in mm; a class not found counts as the "
		"image's diagonal",
	.args = mean_arg_defs,
	.args_size = sizeof(struct surface_args),
	.ops = &mean_ops,
};

static const char *const hausdorff_aliases[] = {"HausdorffDistance", NULL};
static const char *const mean_aliases[] = {"SurfaceDistance", NULL};

const struct component component_monai_hausdorff_distance = {
	.name = "HausdorffDistanceMetric",
	.kind = COMPONENT_METRIC,
	.aliases = hausdorff_aliases,
	.help = "ComputeHausdorffDistance with MONAI's arguments and defaults (largest distance)",
	.args = monai_hausdorff_arg_defs,
	.args_size = sizeof(struct surface_args),
	.ops = &monai_hausdorff_ops,
};

const struct component component_monai_surface_distance = {
	.name = "SurfaceDistanceMetric",
	.kind = COMPONENT_METRIC,
	.aliases = mean_aliases,
	.help = "ComputeSurfaceDistance with MONAI's arguments and defaults (one direction)",
	.args = monai_mean_arg_defs,
	.args_size = sizeof(struct surface_args),
	.ops = &monai_mean_ops,
};
