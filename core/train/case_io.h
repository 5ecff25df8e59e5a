#ifndef CORE_TRAIN_CASE_IO_H
#define CORE_TRAIN_CASE_IO_H

#include "core/mmar/config.h"
#include "core/train/model.h"
#include "core/transform/sample.h"
#include "core/volume/nifti.h"
#include "core/volume/resample.h"

/* What evaluation and inference do with one case. */

/* Applies the transforms in order; random ones draw from a stream of the case's name. */
int case_transform(const struct component_list *list, struct sample *s, struct err *err) MUST_CHECK;

/*
 * For cases without a label: takes "label" out of every list of fields (a training's
 * validate section and v4's configurations name both).  A transform that needs a label all
 * the same is removed and its name added to skipped.
 */
void case_drop_label(struct component_list *list, struct buf *skipped);

/*
 * Writes field to path on the grid of the file that "image" came from, so that it lies
 * over the original in every viewer.  path ends in .nii or .nii.gz; its folder is made.
 */
int case_write(struct sample *s, const char *field, const char *path, enum nifti_dtype type,
	enum resample_mode mode, struct err *err) MUST_CHECK;

/*
 * "model" as a label map: the channel with the highest probability; of independent
 * (sigmoid) channels 1 + the one with the highest probability above 0.5, else 0.
 * One channel is such a foreground.  A volume of class numbers (argmax ran already)
 * stays as it is.
 */
int case_label_map(struct sample *s, const struct model *m, struct err *err) MUST_CHECK;

/* What classification gave for a case: the probabilities in "model"; NULL when it is an image. */
const float *case_classes(struct sample *s, int *n, struct err *err);

/* The class with the highest probability; of one sigmoid output whether it is above 0.5. */
int case_class(const float *p, int n, bool independent);

/* A name for the case of an image file: its base name without the extension.  The caller frees. */
char *case_name(const char *path);

/* Comma-separated values as RFC 4180 has them: fields quoted where needed, lines end in CRLF. */
void csv_text(struct buf *b, const char *s); /* a field */
void csv_num(struct buf *b, double v);       /* the same; NaN is an empty field */
void csv_end(struct buf *b);                 /* ends the line */

#endif
