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
	uint64_t version; /* of the weights, where the graph was made with their values */
};

struct model {
	struct backend *backend;
	struct component_use net; /* owned */
	cJSON *spec;              /* as given to model_init(): goes into the weight files */
	bool inference;           /* spec has "inference": an exported file, see graph/fold.h */
	int in_channels, classes;
	int input_size[3]; /* x, y, z that the weights were made for; z = 1: a 2-D network */
	bool classifier;   /* the output is one vector per image: N 1 1 1 classes */
	enum loss_activation activation;
	enum dtype dtype;      /* of the convolutions' operands in plans made from now on */
	struct params *params; /* of the training graph; inference may use fewer of them */
	bool *spare;           /* by index of param, then of state: only training uses it */
	struct model_predictor predictor; /* last window shape asked for */
};

/*
 * Makes the network of spec with fresh weights from seed.  spec is an object with
 * "name", "args", "in_channels" and, where known, "spatial_dims" (2 or 3) and "input_size"
 * ([x, y, z] of a training batch): some networks have weights whose number follows
 * from it.  Without them the network is 3-D and the size 32 x 32 x 32.  device: "cpu", "auto" or
 * NULL.  Call model_release() in any case.  Errors: ERR_DATA unknown network or argument,
 * ERR_NODEVICE.
 */
int model_init(struct model *m, const cJSON *spec, uint64_t seed, const char *device,
	struct err *err) MUST_CHECK;
void model_release(struct model *m);

/* The same from a weight file: network from its metadata, weights from its tensors. */
int model_init_from_file(
	struct model *m, const char *path, const char *device, struct err *err) MUST_CHECK;

/*
 * Mixed precision (use_amp) for the plans made from now on, training and inference:
 * convolutions take bf16 operands where that is faster.  false: the CPU has no
 * instructions for it, and fp32 stays.
 */
bool model_use_amp(struct model *m);

/* Threads that compute: with another number the last bits of sums differ. */
int model_threads(const struct model *m);

/* Adds the network to a graph for an input of batch x size (x, y, z). */
int model_build(const struct model *m, struct graph *g, int batch, const int size[3],
	struct node **image, struct node **pred, struct node **logits, struct err *err) MUST_CHECK;

/*
 * Runs the network over a volume through the inferer; probabilities on the same grid.
 * A classifier sees the whole image (TFSimpleInferer, else ERR_DATA) and gives a
 * volume of 1 x 1 x 1 voxel with a channel per class.
 */
struct volume *model_predict(struct model *m, const struct component_use *inferer,
	const struct volume *image, bool (*cancelled)(void *ctx), void *ctx,
	struct err *err) MUST_CHECK;

/*
 * Makes the model one for inference alone: batch norms are taken into the convolutions before
 * them (graph/fold.h; *folded: how many), what only training needs is gone, and weight files
 * written from now on say so.  The last bits of its outputs change.
 */
int model_fold(struct model *m, int *folded, struct err *err) MUST_CHECK;

/* Frees the plan that model_predict() keeps between calls. */
void model_drop_predictor(struct model *m);

/* Weights and states with the network in the metadata; extra: further metadata text or NULL. */
int model_save(
	const struct model *m, const char *path, const char *extra, struct err *err) MUST_CHECK;

/*
 * Weights and states from a file, fp32, fp16, bf16 or fp64.  All that inference uses
 * must be there with their shapes (ERR_DATA lists those that differ); what only
 * training uses stays as it is when it is missing.
 */
int model_load(struct model *m, const char *path, struct err *err) MUST_CHECK;

/* The same, and everything must be there (to go on with a training). */
int model_load_all(struct model *m, const char *path, struct err *err) MUST_CHECK;

/* What a partial loading did with each tensor: lines of text, one per tensor. */
struct model_partial {
	int loaded, fresh, left;
	struct buf fresh_text; /* of the network, not in the file: they keep their values */
	struct buf left_text;  /* of the file, not in the network or of another shape */
};

/*
 * Loads the tensors whose names and shapes fit and leaves the others as they are.
 * ERR_DATA when none fits.  Call model_partial_release() in any case.
 */
int model_load_partial(
	struct model *m, const char *path, struct model_partial *part, struct err *err) MUST_CHECK;
void model_partial_release(struct model_partial *part);

#endif
