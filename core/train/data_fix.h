#ifndef CORE_TRAIN_DATA_FIX_H
#define CORE_TRAIN_DATA_FIX_H

#include "core/data/datalist.h"
#include "core/train/train.h"

/* A list of the file and which of its entries shall go. */
struct data_fix_part {
	const struct datalist *list;
	const bool *bad, *drop; /* per entry; drop is not followed when it would empty the list */
};

struct data_fix {
	const char *out; /* file to write; "": NAME_fixed.json beside the list */
	struct data_fix_part part[2];
	int n;
};

/*
 * Writes a copy of the data list without those entries; everything else of the file
 * stays.  The list itself is not touched.  Says what went, and where the copy is.
 */
int data_fix_write(
	const struct data_fix *fix, const struct train_hooks *hooks, struct err *err) MUST_CHECK;

#endif
