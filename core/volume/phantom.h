#ifndef CORE_VOLUME_PHANTOM_H
#define CORE_VOLUME_PHANTOM_H

#include "core/volume/volume.h"

/* Label values of the phantom. */
enum phantom_label {
	PHANTOM_BACKGROUND,
	PHANTOM_LIVER,
	PHANTOM_SPLEEN,
	PHANTOM_KIDNEY,
	PHANTOM_LABELS,
};

struct phantom_config {
	int dim[3];   /* voxels; the field of view is about 330 x 330 x 240 mm */
	int training; /* cases */
	int validation;
	uint64_t seed;
};

/* The defaults: 64 x 64 x 40 voxels, 16 training and 4 validation cases, seed 1. */
void phantom_defaults(struct phantom_config *c);

/* "background", "liver" ... */
const char *phantom_label_name(int label);

/* Makes case number i: a CT in HU and its label map on the same grid. */
int phantom_case(const struct phantom_config *c, int i, struct volume **image,
	struct volume **label, struct err *err) MUST_CHECK;

/*
 * Writes imagesTr/phantom_NNN.nii.gz, labelsTr/phantom_NNN.nii.gz and dataset.json
 * (Medical Segmentation Decathlon form with "training" and "validation") into dir,
 * which is made when missing.  Equal configurations give equal bytes.
 */
int phantom_write(const char *dir, const struct phantom_config *c, struct err *err) MUST_CHECK;

/* Classes of the films, a second data set for classification. */
enum film_label {
	FILM_NOTHING,
	FILM_NODULE,
	FILM_LINE,
	FILM_LABELS,
};
const char *film_label_name(int label);

/* 64 x 64 pixels, 240 training and 60 validation films, seed 1. */
void film_defaults(struct phantom_config *c);

/*
 * Writes images/film_NNNN.png and dataset.json, whose labels are class numbers, into dir.
 * Films have dim[0] x dim[1] pixels.  Equal configurations give equal bytes.
 */
int film_write_all(const char *dir, const struct phantom_config *c, struct err *err) MUST_CHECK;

#endif
