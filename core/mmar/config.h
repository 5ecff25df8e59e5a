#ifndef CORE_MMAR_CONFIG_H
#define CORE_MMAR_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include "core/component.h"
#include "core/mmar/vars.h"

/*
 * Training and validation configurations in the grammar of Clara Train v3, read
 * into typed structs; those of v4 are translated first (core/mmar/v4.h).  Reading never stops at
 * the first fault: all of them become rows of struct problems, with file, JSON path, what is wrong
 * and the nearest known name.
 */

/* Where a configuration comes from. */
struct config_source {
	const char *mmar_root;    /* folder of the MMAR */
	const char *config_path;  /* relative to mmar_root; NULL: config/config_train.json or
				     config/config_validation.json */
	const char *config_label; /* its name in messages; NULL: config_path */
	const char *env_path; /* relative to mmar_root; NULL: config/environment.json when there */
	const char *const *sets; /* "KEY=VALUE" of --set */
	int nsets;
	bool lint; /* only looking: a data list that is not there is a warning, not an error */
	bool runs; /* beside lint: what is read is run all the same, so code of the MMAR is loaded
		    */
};

struct component_list {
	struct component_use *v;
	int n;
};

/* What is done with a batch before its step: section "iteration" (ClickInteraction). */
struct config_iteration {
	struct component_use use;         /* .c NULL: nothing */
	struct component_list transforms; /* of its argument "transforms" */
};

/* All absolute.  Owned by the configuration. */
struct config_paths {
	char *mmar_root;
	char *config_file;
	char *env_file;     /* NULL: the MMAR has none */
	char *ckpt_dir;     /* MMAR_CKPT_DIR, default "models": the runs live in it */
	char *eval_dir;     /* MMAR_EVAL_OUTPUT_PATH, default "eval" */
	char *ckpt;         /* MMAR_CKPT: weights to start from (fine-tuning); NULL: from scratch */
	char *dataset_json; /* DATASET_JSON; NULL: not set */
	char *data_root;    /* DATA_ROOT; NULL: not set */
};

/*
 * How to make the data when dataset_json does not exist yet: environment.json has
 * "DATA_GENERATOR": "phantom" and "DATA_GENERATOR_ARGS": { ... }.
 */
struct config_generator {
	char *name;  /* NULL: none */
	cJSON *args; /* an object, or NULL */
};

/* A loss that is not finite: the training stops, or the step is left out. */
enum train_nan_policy { TRAIN_NAN_STOP, TRAIN_NAN_SKIP };

struct train_config {
	int64_t epochs;
	int64_t valid_interval;   /* num_training_epoch_per_valid */
	int64_t summary_interval; /* train_summary_recording_interval, steps; 0: decided by the run
				   */
	double learning_rate;
	double clip_norm, clip_value; /* gradient_clip_norm, gradient_clip_value; 0: none */
	int nan_policy;               /* enum train_nan_policy */
	bool multi_gpu, use_amp, dynamic_input_shape;
	bool deterministic; /* "determinism" is there, or a seed was given by --set */
	/*
	 * Seed of everything: --set seed=, else determinism.random_seed, else .tf_seed, else
	 * .numpy_seed, else .python_seed (a string of digits), else CONFIG_DEFAULT_SEED.
	 */
	uint64_t seed;
	char *task; /* PROCESSING_TASK, default "segmentation" */

	struct component_use loss, optimizer, network;
	struct component_use lr_policy; /* .c NULL: constant learning rate */
	struct component_use train_pipeline;
	struct component_use valid_pipeline; /* .c NULL: no validation configured */
	struct component_use inferer;        /* .c NULL: no validation configured */
	struct component_list train_transforms, valid_transforms, batch_transforms;
	struct component_list valid_post_transforms; /* between network and metrics (v4) */
	struct config_iteration train_iteration, valid_iteration; /* clicks between the steps */
	struct component_list metrics, aux_ops, handlers;         /* disabled ones are left out */
	int key_metric;                                           /* index into metrics; -1: none */

	struct vars vars;
	struct config_paths paths;
	struct config_generator generator;
	char *resolved; /* the configuration after substitution, as JSON text: for the run record */
};

#define CONFIG_DEFAULT_SEED 20201

struct validate_config {
	int64_t batch_size;       /* windows per forward pass */
	bool do_validation;       /* variable of this name, default true when there are metrics */
	bool output_infer_result; /* variable of this name, default false */
	bool use_amp, multi_gpu;
	char *data_list_key; /* DATA_LIST_KEY, default "validation" */
	char *task;

	struct component_use inferer, model_loader;
	struct component_list pre_transforms, label_transforms, post_transforms;
	struct component_list metrics, writers;
	struct config_iteration iteration;

	struct vars vars;
	struct config_paths paths;
	struct config_generator generator;
	char *resolved;
};

/*
 * Reads config, environment and sets.  Returns 0 when *out can be used (there may
 * be warnings), -1 when ps has at least one new error.  Call ..._release() in both cases.
 */
int train_config_load(
	const struct config_source *src, struct train_config *out, struct problems *ps) MUST_CHECK;
void train_config_release(struct train_config *cfg);

int validate_config_load(const struct config_source *src, struct validate_config *out,
	struct problems *ps) MUST_CHECK;
void validate_config_release(struct validate_config *cfg);

/*
 * The rows of the first-level values ("epochs" ...), for forms: types, ranges, defaults.
 * Their offsets are of the structs above.
 */
const struct arg_def *train_config_values(void);
const struct arg_def *validate_config_values(void);

/* What a JSON file in config/ is. */
enum config_kind {
	CONFIG_TRAIN,
	CONFIG_VALIDATE,
	CONFIG_ENVIRONMENT,
	CONFIG_DATASET,   /* a data list */
	CONFIG_AUTOML,    /* config_automl.json */
	CONFIG_FEDERATED, /* config_fed_server.json, config_fed_client*.json */
	CONFIG_AIAA,      /* config_aiaa.json */
	CONFIG_UNKNOWN,
};

enum config_kind config_kind_of(const cJSON *root);
const char *config_kind_name(enum config_kind kind); /* "training configuration" ... */

/*
 * Checks one configuration file of any kind without running it.  src->lint is
 * taken as set; src->config_path must be given.  Returns 0 or -1 like the loaders.
 */
int config_lint(const struct config_source *src, struct problems *ps) MUST_CHECK;

#endif
