#ifndef CORE_TRANSFORM_RANDOM_WARP_H
#define CORE_TRANSFORM_RANDOM_WARP_H

#include "core/transform/fields.h"
#include "core/volume/warp.h"

/* Ranges that a random mapping is drawn from; all 0: the identity. */
struct random_warp {
	double degree[3];  /* largest angle about x, y, z */
	double scale[3];   /* factor in 1 - scale ... 1 + scale per axis */
	double shift[3];   /* largest shift, voxels */
	double deform;     /* largest displacement of a control point / their distance, <= 0.4 */
	double spacing[3]; /* distance between control points, voxels */
};

/*
 * Draws the mapping of the window of size voxels that begins at start in v; to be freed with
 * warp_release().  In a volume of one plane nothing leaves the plane.
 */
void random_warp_draw(const struct random_warp *r, const struct volume *v, const int start[3],
	const int size[3], struct rng *rng, struct warp *w);

/*
 * Replaces v by the window, seen through w.  The affine becomes that of the box: the patient is
 * imagined turned, the grid stays where it is.
 */
int random_warp_volume(struct volume *v, const int start[3], const int size[3],
	const struct warp *w, bool nearest, enum warp_padding padding, struct err *err) MUST_CHECK;

/*
 * What the transforms share that warp whole volumes: arguments, and applying.  Their argument
 * structs begin with this one.
 */
struct warp_args {
	struct strlist fields, label_fields;
	double probability;
	int padding; /* enum warp_padding */
};

extern const char *const warp_paddings[];

/* Rows for those arguments but "fields"; def_probability is JSON text. */
#define WARP_ARGS(def_probability)                                                             \
	FIELDS_ARG,                                                                            \
		{.name = "label_fields",                                                       \
			.type = ARG_STRLIST,                                                   \
			.offset = offsetof(struct warp_args, label_fields),                    \
			.def = "[\"label\"]",                                                  \
			.help = "those of the fields that take the nearest voxel; the others " \
				"are interpolated trilinearly"},                               \
		{.name = "probability",                                                        \
			.type = ARG_FLOAT,                                                     \
			.offset = offsetof(struct warp_args, probability),                     \
			.def = def_probability,                                                \
			.min = 0,                                                              \
			.max = 1,                                                              \
			.alias = "prob",                                                       \
			.help = "probability of any change"},                                  \
	{                                                                                      \
		.name = "padding_mode", .type = ARG_CHOICE,                                    \
		.offset = offsetof(struct warp_args, padding), .choices = warp_paddings,       \
		.def = "\"border\"",                                                           \
		.help = "what lies outside of the volume: zeros, or the nearest voxel of "     \
			"the border"                                                           \
	}

/* With a->probability all fields, which must have one size, through one drawn mapping. */
int random_warp_fields(const struct warp_args *a, const struct random_warp *r, struct sample *s,
	struct rng *rng, struct err *err) MUST_CHECK;

/* A configured distance in mm as voxels of v. */
void random_warp_mm(const struct volume *v, const double mm[3], double voxels[3]);

#endif
