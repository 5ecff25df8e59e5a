#ifndef CORE_TRAIN_INFER_H
#define CORE_TRAIN_INFER_H

#include "core/train/train.h"

/* What became of one image.  Everything is borrowed for the time of the call. */
struct infer_result {
	const char *file;
	int index, count; /* this image, of how many */
	int dim[3];       /* of the file, x, y, z; 0 when it could not be read */
	double seconds;
	const char *const *written; /* files */
	int n_written;
	const float *classes; /* classification: probabilities, else NULL */
	int n_classes, best_class;
	const struct err *err; /* NULL: it went well */
};

struct infer_options {
	struct train_options base; /* mmar, config, env, sets, device */
	const char *weights;       /* weight file; NULL: as the configuration says */
	const char *const *inputs; /* image files, and folders of them */
	int n_inputs;
	const char *out;    /* folder, or (one image, one field) a .nii or .nii.gz file */
	bool probabilities; /* write the network's output instead of masks */
	void *ctx;          /* of result() */
	void (*result)(void *ctx, const struct infer_result *r); /* after each image */
};

/*
 * Applies a trained model to images.  Transforms, inferer and writers are those of
 * config_validation.json, else of the validate section of config_train.json; no data
 * list is needed.  An image that fails is reported and the others go on: ERR_DATA
 * at the end, with the count.
 *   masks          OUT/CASE_seg.nii.gz for one mask, else OUT/CASE_FIELD.nii.gz
 *   probabilities  OUT/CASE_prob.nii.gz, one channel per class
 *   classification OUT/predictions.csv
 */
int infer_run(const struct infer_options *opt, const struct train_hooks *hooks,
	struct err *err) MUST_CHECK;

#endif
