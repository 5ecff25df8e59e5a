#ifndef TESTS_UNIT_TRANSFORM_RIG_H
#define TESTS_UNIT_TRANSFORM_RIG_H

#include "core/transform/transform.h"

/* A case of 17 x 13 x 11 voxels, 2 x 1 x 1 mm with x running to the left. */
extern const int rig_dim[3];

/* Values of the fields: waves with zeros where x < 2, a box of label 1 and one of label 2
 * (4 x 5 x 5 and 3 x 5 x 5 voxels), scores of three classes that agree with the label.  Not
 * inlined: fused multiply-adds could make them differ from place to place. */
float rig_image(int c, int x, int y, int z);
float rig_label(int c, int x, int y, int z);
float rig_model(int c, int x, int y, int z);

struct volume *rig_volume(int channels, float (*value)(int c, int x, int y, int z));

/* Fields image, label and model; files of the first two: image.nii and label.nii.gz in folder. */
struct sample *rig_sample(const char *folder);

/* A component with arguments from JSON text, checked; its place in the list names its streams.
 * Returns the number of errors. */
int rig_use(struct component_use *u, enum component_kind kind, const char *name, const char *args,
	int place, struct problems *ps);

/* Applies a transform, whose arguments must be good; stream names the draws. */
int rig_apply(struct sample *s, const char *name, const char *args, int stream, struct err *err);

/* The same, and the test fails when it does not succeed. */
void rig_must(struct sample *s, const char *name, const char *args, int stream);

bool rig_same_volume(const struct volume *a, const struct volume *b);
bool rig_same(struct sample *a, struct sample *b);

void rig_check_dim(const struct volume *v, int x, int y, int z);
float rig_voxel(const struct volume *v, int x, int y, int z);

#endif
