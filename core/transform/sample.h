#ifndef CORE_TRANSFORM_SAMPLE_H
#define CORE_TRANSFORM_SAMPLE_H

#include "core/volume/volume.h"

#define SAMPLE_FIELDS 32

/* One case on its way through the transforms: named volumes and where they come from. */
struct sample_field {
	char *name;  /* "image", "label", "model", "pred_class1" ... */
	char *file;  /* path to load it from, or NULL */
	char **more; /* further files, each gives further channels */
	int n_more;
	struct volume *vol; /* NULL until loaded */
};

struct sample {
	char *case_id; /* stable name of the case: base name of the image without extension */
	struct sample_field field[SAMPLE_FIELDS];
	int n;
};

struct sample *sample_new(const char *case_id);
void sample_free(struct sample *s);

/* A copy that shares the voxels (for what stands after a cached prefix). */
struct sample *sample_share(const struct sample *s);

/*
 * NULL when absent.  "pred" is MONAI's name of what the network gave: where no field has this
 * name, it means "model".
 */
struct sample_field *sample_find(struct sample *s, const char *name);

/* Forgets a field; one that is not there is no fault. */
void sample_remove(struct sample *s, const char *name);

/* The volume of a field; an error that names field, case and known fields when absent. */
struct volume *sample_volume(struct sample *s, const char *name, struct err *err) MUST_CHECK;

/* Adds or replaces a field; takes vol (may be NULL), also when it fails. */
int sample_set(struct sample *s, const char *name, struct volume *vol, struct err *err) MUST_CHECK;

/* Names a file to load a field from; a second one adds channels.  Makes the field when needed. */
int sample_add_file(
	struct sample *s, const char *name, const char *file, struct err *err) MUST_CHECK;

#endif
