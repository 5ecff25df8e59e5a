#ifndef CORE_DATA_INSPECT_H
#define CORE_DATA_INSPECT_H

#include "core/data/datalist.h"

/*
 * Looking into every file of a data list before a training: voxels, labels,
 * copies under another name.  A case is read, measured and freed, one at a time.
 */
#define INSPECT_CLASSES 256

struct inspect_options {
	int classes; /* labels must be below it; 0: unknown */
	/* Called before each case; true stops.  May be NULL. */
	bool (*progress)(void *ctx, int done, int n, const char *case_id);
	void *ctx;
};

/* What one case is like. */
struct inspect_case {
	int entry;   /* in its list */
	bool usable; /* no error was found */
	int dim[3], channels;
	double spacing[3];                     /* mm */
	char codes[4];                         /* "RAS": where each voxel index increases towards */
	double min, low, mean, std, high, max; /* of the image; low, high: 0.5 and 99.5 percent */
	size_t nonfinite;                      /* image voxels that are NaN or Inf */
	size_t count[INSPECT_CLASSES];         /* label voxels per class */
	uint32_t image_crc;                    /* of the image's voxels */
	size_t bytes;                          /* of image and label in memory */
	double seconds;                        /* to read image and label */
};

struct inspect {
	struct inspect_case *v;
	int n;
};

/*
 * Reads the entries of list that are the first with their files, and for which
 * skip[entry] is not set.  Faults of files and labels become errors of ps, odd values
 * warnings.  -1 only when progress() stopped it.  Release in any case.
 */
int inspect_list(struct inspect *out, const struct datalist *list, const bool *skip,
	const struct inspect_options *opt, struct problems *ps) MUST_CHECK;
void inspect_release(struct inspect *in);

/* Warnings about cases that differ from the rest: spacing, direction, size, intensity. */
void inspect_compare(const struct inspect *in, const struct datalist *list, struct problems *ps);

/*
 * Equal voxels under different names inside one list: a warning each, and
 * drop[entry] is set for all but the first.
 */
void inspect_copies(
	const struct inspect *in, const struct datalist *list, bool *drop, struct problems *ps);

/* The same between two lists: the entries of training are marked. */
void inspect_leaks(const struct inspect *training, const struct datalist *training_list,
	const struct inspect *validation, const struct datalist *validation_list, bool *drop,
	struct problems *ps);

/*
 * NIfTI files that no list names, in the folders that the lists' files are in: one
 * warning per folder.
 */
void inspect_orphans(const struct datalist *const *lists, int n, struct problems *ps);

#endif
