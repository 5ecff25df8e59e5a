#ifndef CORE_MMAR_GENERATE_DATA_H
#define CORE_MMAR_GENERATE_DATA_H

#include "core/mmar/config.h"

/*
 * Makes the data of a configuration when paths->dataset_json is not there and a
 * generator is named; it writes into the folder of dataset_json.  Returns 1 when it
 * made data, 0 when there was nothing to do, -1 on an error.
 */
int config_generate_data(const struct config_generator *generator, const char *dataset_json,
	struct err *err) MUST_CHECK;

#endif
