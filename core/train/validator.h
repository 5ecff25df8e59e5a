#ifndef CORE_TRAIN_VALIDATOR_H
#define CORE_TRAIN_VALIDATOR_H

#include "core/mmar/config.h"
#include "core/metric/metric.h"
#include "core/train/click.h"
#include "core/train/model.h"
#include "core/train/train.h"

/*
 * Validation: the network over whole volumes through the inferer, then the
 * metrics.  Used between epochs of a training and by the evaluate program.
 * Everything given to it is borrowed.
 */
struct validator {
	struct model *model;
	const struct component_use *inferer;
	const struct component_list *aux; /* may be NULL */
	const struct component_use *loss; /* for aux ops; may be NULL */
	const struct train_hooks *hooks;
	struct metric **metrics;
	int n_metrics;
	struct click_loop clicks; /* .it NULL: none */
	struct click_table table; /* with clicks: Dice after each, of this round */
};

void validator_init(struct validator *v, struct model *m, const struct component_use *inferer,
	const struct component_list *metrics);
/* Lets a simulated annotator click before each measured prediction; it is borrowed. */
void validator_clicks(struct validator *v, const struct config_iteration *it, uint64_t seed);
void validator_release(struct validator *v);

/* Starts a round of cases. */
void validator_begin(struct validator *v);

/*
 * Adds the field "model" (probabilities) to a sample that has "image"; with clicks after the
 * last of them, and a row in the table.
 */
int validator_predict(struct validator *v, struct sample *s, struct err *err) MUST_CHECK;

/* Measures a predicted sample with every metric. */
int validator_measure(struct validator *v, struct sample *s, struct err *err) MUST_CHECK;

/* Means of the round: results has n_metrics entries, valid until the next begin. */
void validator_end(struct validator *v, struct metric_result *results);

#endif
