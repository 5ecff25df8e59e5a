/*
 * Labels of the BraTS challenge as its nested classes.
 */
#include "core/transform/brats.h"

#include <string.h>

struct volume *brats_channels(const struct volume *label, struct err *err)
{
	size_t n = volume_voxels(label), bad = 0;
	struct volume *out;
	float *tc, *wt, *et;

	if (label->channels != 1) {
		err_set(err, ERR_DATA, "a label map has 1 channel, found %d", label->channels);
		return NULL;
	}
	out = volume_new(BRATS_CLASSES, label->dim, err);
	if (!out)
		return NULL;
	tc = out->data;
	wt = tc + n;
	et = wt + n;
	for (size_t i = 0; i < n; i++) {
		float x = label->data[i];

		tc[i] = x == 1.0f || x == 4.0f ? 1.0f : 0.0f;
		et[i] = x == 4.0f ? 1.0f : 0.0f;
		wt[i] = x == 2.0f ? 1.0f : tc[i];
		bad += x != 0.0f && wt[i] == 0.0f;
	}
	if (bad) {
		err_set(err, ERR_DATA,
			"%zu voxels have other labels than those of BraTS (0, 1, 2 and 4)", bad);
		volume_free(out);
		return NULL;
	}
	memcpy(out->affine, label->affine, sizeof(out->affine));
	out->original = label->original;
	return out;
}
