#ifndef CORE_TRANSFORM_BATCH_CROP_H
#define CORE_TRANSFORM_BATCH_CROP_H

#include "core/transform/transform.h"

/*
 * What CropByPosNegRatio, FastCropByPosNegRatio and CropByPosNegRatioLabelOnly
 * share: arguments and callbacks.  They differ in where background may lie.
 */
struct batch_crop_args {
	struct strlist fields;
	char *label_field;
	int64_t size[3];
	double pos, neg;
	int64_t batch_size, batches_to_gen_at_once;
};

extern const struct arg_def batch_crop_defs[];

int batch_crop_count(const void *args);
void batch_crop_check(const void *args, const char *file, const char *path, struct problems *ps);
void batch_crop_reads(const void *args, const char **names, int max, int *n);

/*
 * apply() and split() of them.  within: background centres lie where the first field
 * is above 0.
 */
int batch_crop_apply(const struct batch_crop_args *a, struct sample *s, bool within,
	struct rng *rng, struct err *err) MUST_CHECK;
int batch_crop_split(const struct batch_crop_args *a, const struct sample *s, bool within,
	struct rng *rng, struct sample **out, struct err *err) MUST_CHECK;

#endif
