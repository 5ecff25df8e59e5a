#ifndef CORE_DATA_LABEL_FORMAT_H
#define CORE_DATA_LABEL_FORMAT_H

#include "core/base/args.h"
#include "core/data/datalist.h"

/*
 * output_label_format: one whole number for each number of a label.  1 leaves it as it
 * is; K > 1 takes it as a class from 0 to K - 1 and makes K channels of it, one of them
 * 1.  No format: as the list has it.
 */
int label_format_channels(const struct numlist *format, const struct datalist *list);

/* ERR_DATA with the first entry that does not fit. */
int label_format_check(
	const struct numlist *format, const struct datalist *list, struct err *err) MUST_CHECK;

/* Replaces the field "label", which datalist_sample() has made. */
int label_format_apply(const struct numlist *format, struct sample *s, struct err *err) MUST_CHECK;

#endif
