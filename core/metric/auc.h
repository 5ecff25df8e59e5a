#ifndef CORE_METRIC_AUC_H
#define CORE_METRIC_AUC_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Area under the ROC curve of n scores: the probability that a positive scores above a
 * negative, ties counted half (Mann and Whitney).  NaN without positives or negatives.
 */
double auc_of(const double *score, const bool *positive, size_t n);

#endif
