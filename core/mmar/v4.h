#ifndef CORE_MMAR_V4_H
#define CORE_MMAR_V4_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/*
 * Configurations of Clara Train 4.x (MONAI) are turned into the shape of v3 before they
 * are read, so that nothing after this knows of them.  Variables ("{amp}") stay as they
 * are: they are substituted afterwards.
 *
 *   dataset, dataloader         image_pipeline
 *   lr_scheduler                lr_policy
 *   amp                         use_amp
 *   num_interval_per_valid      num_training_epoch_per_valid (ValidationHandler wins)
 *   key_metric, additional_...  validate.metrics, val_metrics
 *   model (paths of weights)    model_loader
 *   SaveImaged in post_...      writers
 *   trainer.iteration_update    iteration (evaluator likewise)
 *   "@x", "#x", "lambda ..."    dropped: they wire Python objects
 */
bool v4_is(const cJSON *root);

/* task: PROCESSING_TASK, may be NULL. */
void v4_translate(cJSON *root, const char *task);

/*
 * After substitution: the weights that an enabled CheckpointLoader of section train names, or
 * NULL.  v4 sets MMAR_CKPT always and switches its use on and off there.
 */
const char *v4_checkpoint(const cJSON *root);

/* A translated tree (it remembers). */
bool v4_was(const cJSON *root);

/* Keys at the top that only v4 has; NULL-terminated. */
extern const char *const v4_keys[];

/* -- parts, for core/mmar/v4*.c only -- */

/* Member key of obj, replaced or added; takes value. */
void v4_set(cJSON *obj, const char *key, cJSON *value);

/* Detaches key of obj and adds it to to under name, unless there is none. */
void v4_move(cJSON *obj, const char *key, cJSON *to, const char *name);

/*
 * MONAI's engines take clicks as an argument, "iteration_update": that of the engine becomes the
 * section's "iteration".  Text there wires Python and stays.
 */
void v4_iteration(cJSON *section, const char *engine);

/* Name of a component's class: last part of path or name, without "#alias"; a static buffer of
 * the caller's. */
const char *v4_class(const cJSON *entry, char *buf, int size);

/* Takes "@x", "#x" and "lambda" strings out of the args of an entry or a list of them. */
void v4_unwire(cJSON *entry);

/* section.dataset and .dataloader become .image_pipeline. */
void v4_data(cJSON *section, const cJSON *train, bool training, const char *task);

/* The metrics of a section as a v3 list; report_path may be NULL. */
cJSON *v4_metrics(cJSON *section, const char *report_path);

/* A validation or inference configuration. */
void v4_evaluation(cJSON *root);

#endif
