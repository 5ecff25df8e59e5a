#ifndef CORE_TRAIN_VOLUME_LOSS_H
#define CORE_TRAIN_VOLUME_LOSS_H

#include "core/train/model.h"

/*
 * The configured loss of a predicted volume (C channels, after the final
 * activation) against a label volume of the same size.
 */
int volume_loss(const struct model *m, const struct component_use *loss,
	const struct volume *prediction, const struct volume *label, double *value,
	struct err *err) MUST_CHECK;

/* Channels-last copy of a volume: dst has voxels x channels floats. */
void volume_to_channels_last(const struct volume *v, float *dst);

#endif
