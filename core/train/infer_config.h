#ifndef CORE_TRAIN_INFER_CONFIG_H
#define CORE_TRAIN_INFER_CONFIG_H

#include "core/handler/writer.h"
#include "core/mmar/config.h"
#include "core/train/train.h"

/* What of a configuration inference uses. */
struct infer_config {
	const struct component_list *pre;  /* on "image" */
	const struct component_list *post; /* NULL: none are configured */
	struct component_use inferer;      /* borrowed from what follows */
	const struct write_nifti_args **writers;
	int n_writers;
	struct buf skipped; /* names of transforms that were left out: they need a label */

	struct validate_config validate; /* one of the two is used */
	struct train_config train;
	bool from_train;
};

/*
 * Reads -c, else config/config_validation.json, else config/config_train.json (its
 * validate section).  Missing data lists are no fault.  Release in any case.
 */
int infer_config_load(
	struct infer_config *c, const struct train_options *opt, struct err *err) MUST_CHECK;
void infer_config_release(struct infer_config *c);

/* The weight file: given, else what model_loader finds, else the newest run's; caller frees. */
char *infer_config_weights(
	const struct infer_config *c, const char *given, struct err *err) MUST_CHECK;

/* Images to work on, with the names that their outputs get. */
struct infer_image {
	char *file, *name;
};

struct infer_list {
	struct infer_image *v;
	int n;
};

/*
 * Files stay as given; of a folder the images directly in it, by name.  ERR_USAGE when two
 * would have one output name, ERR_NOINPUT when there is no image.
 */
int infer_list_read(
	struct infer_list *l, const char *const *inputs, int n, struct err *err) MUST_CHECK;
void infer_list_release(struct infer_list *l);

#endif
