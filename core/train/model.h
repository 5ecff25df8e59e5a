#ifndef CORE_TRAIN_MODEL_H
#define CORE_TRAIN_MODEL_H

#include "core/backend.h"
#include "core/base/json.h"
#include "core/graph/params.h"
#include "core/graph/plan.h"
#include "core/inferer/inferer.h"
#include "core/loss/loss.h"

/*
 * A network with its weights on one device: what training, validation and
 * inference share.  Plans for the shapes that are asked for are made on demand.
 */
struct model_predictor {
	struct graph *graph;
	struct plan *plan;
	struct node *image, *pred;
	int size[3], batch;
};

struct model {
	struct backend *backend;
	struct component_use net; /* owned */
	cJSON *spec;              /* {"name", "args", "in_channels"}: goes into the weight files */
	int in_channels, classes;
	enum loss_activation activation;
	struct params *params;
	struct model_predictor predictor; /* last window shape asked for */
};

/*
 * Makes the network of spec (an object with "name", "args" and "in_channels") with
 * fresh weights from seed.  device: "cpu", "auto" or NULL.  Call model_release() in
 * any case.  Errors: ERR_DATA unknown network or argument, ERR_NODEVICE.
 */
int model_init(struct model *m, const cJSON *spec, uint64_t seed, const char *device,
	struct err *err) MUST_CHECK;
void model_release(struct model *m);

/* The same from a weight file: network from its metadata, weights from its tensors. */
int model_init_from_file(
	struct model *m, const char *path, const char *device, struct err *err) MUST_CHECK;

/* Adds the network to a graph for an input of batch x size (x, y, z). */
int model_build(const struct model *m, struct graph *g, int batch, const int size[3],
	struct node **image, struct node **pred, struct node **logits, struct err *err) MUST_CHECK;

/* Runs the network over a volume through the inferer; probabilities on the same grid. */
struct volume *model_predict(struct model *m, const struct component_use *inferer,
	const struct volume *image, bool (*cancelled)(void *ctx), void *ctx,
	struct err *err) MUST_CHECK;

/* Frees the plan that model_predict() keeps between calls. */
void model_drop_predictor(struct model *m);

/* Weights and states with the network in the metadata; extra: further metadata text or NULL. */
int model_save(
	const struct model *m, const char *path, const char *extra, struct err *err) MUST_CHECK;

/* Weights and states from a file; all must be there with their shapes (ERR_DATA lists them). */
int model_load(struct model *m, const char *path, struct err *err) MUST_CHECK;

#endif
