#ifndef CORE_HANDLER_CLICK_H
#define CORE_HANDLER_CLICK_H

#include <stdbool.h>
#include <stdint.h>
#include "core/component.h"

/*
 * Arguments of ClickInteraction (COMPONENT_ITERATION).  transforms is read by the
 * configuration reader as a list of components; the JSON here is only kept as text.
 */
struct click_args {
	int64_t max_interactions;
	char *key_probability;
	bool train;
	double deepgrow_probability;
	cJSON *transforms;
};

/* The probability of a click in interaction j = 0 ... max_interactions - 1. */
double click_probability(const struct click_args *a, int64_t j);

#endif
