#ifndef CORE_TRAIN_CLICK_H
#define CORE_TRAIN_CLICK_H

#include "core/data/pipeline.h"
#include "core/mmar/config.h"
#include "core/train/model.h"
#include "core/train/train.h"

/*
 * The interactions of deepgrow (section "iteration"): a simulated annotator clicks where
 * the network is wrong.  Everything given to it is borrowed.
 */
struct click_loop {
	const struct config_iteration *it;
	struct model *model;
	const struct component_use *inferer; /* .c NULL: the whole image in one pass */
	const struct train_hooks *hooks;     /* may be NULL */
	uint64_t seed;
};

/* max_interactions of it; 0 when there is no iteration. */
int click_count(const struct config_iteration *it);

/*
 * The interactions for one sample, which ends with its image and guidance after the last click.
 * Draws are a function of (seed, epoch, item, interaction, transform): item tells samples of an
 * epoch apart.  dice (may be NULL): click_count() values that get the Dice of each prediction
 * against "label", both above 0.5 after the transforms; NaN where the label has no object.
 * ERR_INTR when the hooks cancel.
 */
int click_sample(const struct click_loop *c, struct sample *s, uint64_t epoch, uint64_t item,
	double *dice, struct err *err) MUST_CHECK;

/* That Dice for a sample whose "model" is the network's answer; s stays as it is. */
int click_dice(const struct click_loop *c, const struct sample *s, double *dice,
	struct err *err) MUST_CHECK;

/* The interactions for a training batch that has its samples: its images are made anew. */
int click_batch(const struct click_loop *c, struct batch *b, struct err *err) MUST_CHECK;

/* Dice after 0, 1 ... clicks: a row per case. */
struct click_row {
	char *case_id;
	double *dice;
};

struct click_table {
	int clicks; /* most; a row has one value more.  0: the table is not used */
	struct click_row *v;
	int n;
};

void click_table_init(struct click_table *t, int clicks);
void click_table_clear(struct click_table *t);
void click_table_release(struct click_table *t);

/* A new row of NaN; its values, to be filled in. */
double *click_table_add(struct click_table *t, const char *case_id);

/* Mean over the cases after k clicks; NaN when none has a value. */
double click_table_mean(const struct click_table *t, int k);

#endif
