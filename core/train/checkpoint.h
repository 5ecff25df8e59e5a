#ifndef CORE_TRAIN_CHECKPOINT_H
#define CORE_TRAIN_CHECKPOINT_H

#include "core/schedule/schedule.h"
#include "core/train/learner.h"

/* Where a training stands, apart from the tensors. */
struct train_position {
	int64_t epoch;      /* epochs done */
	int64_t step;       /* steps done inside the current epoch */
	int64_t total_step; /* steps done over the run */
	double loss_sum;    /* of the steps of this epoch */
	int64_t skipped;    /* of them left out because their loss was not finite */
	double best;        /* key metric so far; NaN: none */
	int64_t best_epoch;
	int64_t validated_epoch;         /* last epoch after which a validation was completed */
	double seconds;                  /* training time of earlier processes */
	double schedule[SCHEDULE_STATE]; /* of a learning rate policy that watches the metric */
};

/*
 * Everything that the rest of the training depends on: weights, states, optimizer
 * slots and scalars, position, seed.  Random streams are functions of (seed,
 * epoch, case, transform) and (seed, step), so no generator state is needed.
 */
int checkpoint_save(const char *path, const struct learner *l, const struct train_position *pos,
	struct err *err) MUST_CHECK;

/*
 * ERR_DATA: the file is damaged (checksum), or belongs to another network, optimizer or
 * seed.  The learner is then undefined.
 */
int checkpoint_load(const char *path, struct learner *l, struct train_position *pos,
	struct err *err) MUST_CHECK;

/*
 * In a run folder: the new checkpoint is written beside the one that is there, which
 * then becomes the previous one.  At every moment at least one whole checkpoint is there.
 */
int checkpoint_rotate(const char *dir, const struct learner *l, const struct train_position *pos,
	struct err *err) MUST_CHECK;

/*
 * Loads the newest checkpoint of a run folder, or the previous one when that cannot be
 * used; note then says so.  Removes temporary files that a killed process left behind.
 * Call it with the run locked.  Returns 1, 0 when there is no checkpoint, -1 on an error.
 */
int checkpoint_resume(const char *dir, struct learner *l, struct train_position *pos,
	struct buf *note, struct err *err) MUST_CHECK;

#endif
