#ifndef CORE_TRANSFORM_RESCALE_H
#define CORE_TRANSFORM_RESCALE_H

#include "core/transform/fields.h"
#include "core/volume/resample.h"

/*
 * What the transforms share that resample whole fields.  Their argument structs
 * begin with this one.
 */
struct rescale_args {
	struct strlist fields;
	bool is_label;
};

#define RESCALE_ARGS                                                               \
	FIELDS_ARG,                                                                \
	{                                                                          \
		.name = "is_label", .type = ARG_BOOL,                              \
		.offset = offsetof(struct rescale_args, is_label), .def = "false", \
		.help = "nearest voxel instead of trilinear interpolation"         \
	}

/* Replaces a field by the result of resampling it to dim voxels over the same extent. */
int rescale_field(struct sample *s, const char *name, const int dim[3], bool is_label,
	struct err *err) MUST_CHECK;

/* All fields to a voxel size in mm; those that have it already stay as they are. */
int rescale_spacing(const struct rescale_args *a, const double target[3], struct sample *s,
	struct err *err) MUST_CHECK;

#endif
