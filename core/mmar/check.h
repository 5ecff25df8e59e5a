#ifndef CORE_MMAR_CHECK_H
#define CORE_MMAR_CHECK_H

#include "core/mmar/reader.h"

/*
 * Faults that only show when several parts of a configuration are seen together.
 * Components that were refused before are skipped.
 */
void check_train(struct config_reader *r, struct train_config *cfg);
/* Arguments that the network or the loss on top of it refuses. */
void check_network(struct config_reader *r, const struct train_config *cfg);
/* Transforms, metrics and writers that read a field which nothing makes. */
void check_fields_train(struct config_reader *r, const struct train_config *cfg);
void check_fields_validate(struct config_reader *r, const struct validate_config *cfg);
/* Section "iteration" of section (an object, may be NULL), with its transforms. */
void iteration_read(struct config_reader *r, cJSON *section, const char *section_path,
	struct config_iteration *out);
void iteration_release(struct config_iteration *it);
/* Faults of an interaction: clicks that nothing adds, or train in the wrong section. */
void check_iteration(struct config_reader *r, const struct config_iteration *it, bool training);
/* How many entries of a list of components are not disabled. */
int check_enabled(const cJSON *list);
/* How crops, batch size and MergeBatchDims fit together. */
void check_batching(struct config_reader *r, const struct train_config *cfg);
void check_validate(struct config_reader *r, struct validate_config *cfg);

#endif
