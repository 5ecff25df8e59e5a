#ifndef CORE_DATA_DATALIST_H
#define CORE_DATA_DATALIST_H

#include <stdbool.h>
#include <stddef.h>
#include "core/base/problem.h"
#include "core/transform/sample.h"

/* One case of a data list. */
struct datalist_entry {
	/*
	 * Base name of the (first) image without .nii.gz, .nii, .png, .jpg, .npy.  In a
	 * list whose labels are numbers: the path below the data folder with '_' for '/',
	 * because such data lie in folders that number their files alike.
	 */
	char *case_id;
	char **image; /* full paths; several become channels */
	int n_image;
	char *label;        /* full path, or NULL */
	float *label_value; /* classification: the numbers that "label" is, or NULL */
	int n_label_value;
	int repeat;  /* how many entries before this one have the same case id */
	int same_as; /* first entry with the same files; its own index when it is the first */
};

/* A section of a data list in the form of the Medical Segmentation Decathlon. */
struct datalist {
	char *file; /* the JSON file */
	char *key;  /* "training" */
	struct datalist_entry *v;
	int n;
	int unique; /* entries that are the first with their files */
	/* Classification: how many numbers each label is; 0: labels are files, or there are none.
	 */
	int label_values;
};

/*
 * Reads list[key] of the JSON file; "label" of an entry is a path, or (classification) a
 * number or list of numbers, then of the same length everywhere; paths are relative to base_dir
 * (NULL or "": the folder of the list).  An absolute path is taken when it lies inside base_dir; a
 * path that leaves base_dir is refused.  All faults become rows of ps: unreadable JSON, no such key
 * (the keys present are named), empty list, entry without image, different cases with one name.
 * Warnings: an entry that is listed several times (a list may repeat cases on purpose), entries
 * without label when some have one.  No file of the list is opened here.  Returns NULL when it
 * added an error.
 */
struct datalist *datalist_read(
	const char *file, const char *base_dir, const char *key, struct problems *ps) MUST_CHECK;
void datalist_free(struct datalist *list);

/*
 * Looks at every file of the list once, reading headers only: all missing files
 * at once (ERR_NOINPUT), unreadable headers, images of one case or image and label
 * that differ in size (ERR_DATA, both sizes are named).  need_label: an entry
 * without label is an error.  Warnings: image and label affines that differ by
 * more than 1 mm at a corner.  Returns 0, or -1 when it added an error.
 */
int datalist_check(const struct datalist *list, bool need_label, struct problems *ps) MUST_CHECK;

/* Labels that are one class number each, for a network with so many classes (> 1).  -1: faults. */
int datalist_check_classes(
	const struct datalist *list, int classes, struct problems *ps) MUST_CHECK;

/*
 * A case that is in both lists makes the validation worthless: one warning that
 * names the first of them and the count.
 */
void datalist_check_leak(
	const struct datalist *training, const struct datalist *validation, struct problems *ps);

/*
 * The sample of entry i before any transform: fields "image" and "label" with their
 * files; a label of numbers is a volume of 1 x 1 x 1 voxels with a channel for each.
 */
struct sample *datalist_sample(const struct datalist *list, int i, struct err *err) MUST_CHECK;

#endif
