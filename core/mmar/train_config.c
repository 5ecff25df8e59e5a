/*
 * config_train.json: first-level values, the sections "train" and "validate", and
 * the checks across them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/mmar/check.h"

#define TRAIN_AT(member) offsetof(struct train_config, member)

static const char *const train_nan_policies[] = {"stop", "skip", NULL};

static const struct arg_def train_values[] = {
	{"epochs", ARG_INT, TRAIN_AT(epochs), .flags = ARG_REQUIRED, .min = 1, .max = 1000000,
		.help = "passes over the training data"},
	{"num_training_epoch_per_valid", ARG_INT, TRAIN_AT(valid_interval), .def = "1", .min = 1,
		.max = 1000000, .unit = "epochs", .help = "validate every so many epochs"},
	{"learning_rate", ARG_FLOAT, TRAIN_AT(learning_rate), .flags = ARG_REQUIRED, .min = 1e-12,
		.max = 10, .help = "initial learning rate"},
	{"train_summary_recording_interval", ARG_INT, TRAIN_AT(summary_interval), .def = "0",
		.min = 0, .max = 1000000000, .unit = "steps",
		.help = "steps between TensorBoard points; 0: chosen by the run"},
	{"gradient_clip_norm", ARG_FLOAT, TRAIN_AT(clip_norm), .def = "0", .min = 0, .max = 1e6,
		.help = "longest gradient over all weights, longer ones are scaled down; 0: any"},
	{"gradient_clip_value", ARG_FLOAT, TRAIN_AT(clip_value), .def = "0", .min = 0, .max = 1e6,
		.help = "largest magnitude of one element of the gradient; 0: any"},
	{"nan_policy", ARG_CHOICE, TRAIN_AT(nan_policy), .def = "\"stop\"",
		.choices = train_nan_policies,
		.help = "when a loss is not finite: stop, or leave the step out"},
	{"multi_gpu", ARG_BOOL, TRAIN_AT(multi_gpu), .def = "false"},
	{"use_amp", ARG_BOOL, TRAIN_AT(use_amp), .def = "false",
		.help = "mixed precision: convolutions with bf16 operands and fp32 sums, where "
			"the CPU has them"},
	{"dynamic_input_shape", ARG_BOOL, TRAIN_AT(dynamic_input_shape), .def = "false"},
	ARG_END,
};

const struct arg_def *train_config_values(void)
{
	return train_values;
}

/* Keys at the top that v3 knows; the last row are variables that environments set. */
static const char *const train_keys[] = {"epochs", "num_training_epoch_per_valid", "learning_rate",
	"multi_gpu", "use_amp", "dynamic_input_shape", "determinism", "gradient_clip_norm",
	"gradient_clip_value", "nan_policy", "train_summary_recording_interval",
	"use_scanning_window", "search", "lr_search", "seed", "use_tf32", "use_xla", "train",
	"validate", "DATA_ROOT", "DATASET_JSON", "PROCESSING_TASK", "PRETRAIN_WEIGHTS_FILE",
	"DATA_LIST_KEY", "DATA_GENERATOR", "DATA_GENERATOR_ARGS", NULL};

static const char *const train_section_keys[] = {"loss", "optimizer", "model", "lr_policy",
	"pre_transforms", "batch_transforms", "image_pipeline", "aux_ops", "handlers",
	"post_transforms", "iteration", NULL};
static const char *const valid_section_keys[] = {"metrics", "pre_transforms", "image_pipeline",
	"inferer", "post_transforms", "iteration", NULL};

static uint64_t train_seed_digits(const char *text, uint64_t def)
{
	char *end;
	uint64_t seed = strtoull(text, &end, 10);

	return *text && !*end ? seed : def;
}

/*
 * v3 seeds Python, NumPy and TensorFlow apart ("determinism" with python_seed, a string of
 * digits, random_seed, numpy_seed and tf_seed, positive).  Here all random numbers come
 * from one seed, the first of random_seed, tf_seed, numpy_seed, python_seed that is there.
 */
static void train_check_seeds(struct config_reader *r, const cJSON *det)
{
	static const char *const keys[] = {
		"random_seed", "tf_seed", "numpy_seed", "python_seed", NULL};
	const cJSON *x;

	cJSON_ArrayForEach (x, det) {
		bool text = !strcmp(x->string, "python_seed");
		char *path = mem_printf("determinism.%s", x->string);

		if (text && cJSON_IsString(x) &&
			(!*x->valuestring ||
				strspn(x->valuestring, "0123456789") != strlen(x->valuestring)))
			reader_error(r, path, "a string of digits, as \"20191015\"",
				"'%s' is no seed", x->valuestring);
		else if (!(text && cJSON_IsString(x)) && x->string[0] != '_' &&
			 problem_nearest(x->string, keys) &&
			 !strcmp(problem_nearest(x->string, keys), x->string) &&
			 (!cJSON_IsNumber(x) || x->valuedouble < 0 ||
				 x->valuedouble != (double)(int64_t)x->valuedouble))
			reader_error(r, path, "0 or a positive whole number", "'%s' is no seed",
				x->string);
		free(path);
	}
	reader_unknown_keys(r, det, "determinism", keys, "'determinism'");
}

static void train_seed(struct config_reader *r, struct train_config *cfg)
{
	static const char *const keys[] = {"random_seed", "tf_seed", "numpy_seed", NULL};
	const cJSON *det = vars_get(&r->vars, "determinism");
	double seed = vars_num(&r->vars, "seed", -1);

	cfg->seed = CONFIG_DEFAULT_SEED;
	cfg->deterministic = cJSON_IsObject(det) || seed >= 0;
	for (int i = 0; seed < 0 && keys[i]; i++)
		seed = json_num(det, keys[i], -1);
	if (seed >= 0 && seed < 9007199254740992.0)
		cfg->seed = (uint64_t)seed;
	else if (json_str(det, "python_seed", NULL))
		cfg->seed =
			train_seed_digits(json_str(det, "python_seed", ""), CONFIG_DEFAULT_SEED);
	if (det && !cJSON_IsObject(det))
		reader_error(r, "determinism", NULL, "'determinism' must be an object, found %s",
			json_type_name(det));
	else if (det)
		train_check_seeds(r, det);
}

/* Top-level keys that are neither known nor used as {KEY} anywhere. */
static void train_unknown_top(struct config_reader *r)
{
	cJSON *rest = cJSON_CreateObject();
	const cJSON *x;

	cJSON_ArrayForEach (x, r->root) {
		char *use = mem_printf("{%s}", x->string);

		if (strncmp(x->string, "MMAR_", 5) && !strstr(r->text, use))
			cJSON_AddNullToObject(rest, x->string);
		free(use);
	}
	reader_unknown_keys(r, rest, "", train_keys, "a training configuration");
	cJSON_Delete(rest);
}

static void train_section(struct config_reader *r, struct train_config *cfg)
{
	cJSON *s = reader_section(r, "train", true);

	if (!s)
		return;
	reader_unknown_keys(r, s, "train", train_section_keys, "section 'train'");
	reader_collect_refs(r, s, "train");
	reader_one(r, COMPONENT_LOSS, s, "train", "loss", true, &cfg->loss);
	reader_one(r, COMPONENT_OPTIMIZER, s, "train", "optimizer", true, &cfg->optimizer);
	reader_one(r, COMPONENT_NETWORK, s, "train", "model", true, &cfg->network);
	reader_one(r, COMPONENT_SCHEDULE, s, "train", "lr_policy", false, &cfg->lr_policy);
	reader_list(
		r, COMPONENT_TRANSFORM, s, "train", "pre_transforms", true, &cfg->train_transforms);
	reader_list(r, COMPONENT_TRANSFORM, s, "train", "batch_transforms", false,
		&cfg->batch_transforms);
	reader_one(r, COMPONENT_PIPELINE, s, "train", "image_pipeline", true, &cfg->train_pipeline);
	reader_list(r, COMPONENT_AUX, s, "train", "aux_ops", false, &cfg->aux_ops);
	reader_list(r, COMPONENT_HANDLER, s, "train", "handlers", false, &cfg->handlers);
	iteration_read(r, s, "train", &cfg->train_iteration);
}

static void valid_section(struct config_reader *r, struct train_config *cfg)
{
	cJSON *s = reader_section(r, "validate", false);

	if (!s) {
		if (!cJSON_GetObjectItemCaseSensitive(r->root, "validate"))
			reader_warn(r, "validate", "no best model will be chosen",
				"the configuration has no section 'validate'");
		return;
	}
	reader_unknown_keys(r, s, "validate", valid_section_keys, "section 'validate'");
	reader_list(r, COMPONENT_METRIC, s, "validate", "metrics", true, &cfg->metrics);
	reader_list(r, COMPONENT_TRANSFORM, s, "validate", "pre_transforms", true,
		&cfg->valid_transforms);
	reader_list(r, COMPONENT_TRANSFORM, s, "validate", "post_transforms", false,
		&cfg->valid_post_transforms);
	reader_one(
		r, COMPONENT_PIPELINE, s, "validate", "image_pipeline", true, &cfg->valid_pipeline);
	reader_one(r, COMPONENT_INFERER, s, "validate", "inferer", true, &cfg->inferer);
	iteration_read(r, s, "validate", &cfg->valid_iteration);
}

int train_config_load(
	const struct config_source *src, struct train_config *out, struct problems *ps)
{
	struct config_reader r;
	int rc = -1;

	*out = (struct train_config){.key_metric = -1};
	if (!reader_open(&r, src, "config/config_train.json", ps)) {
		train_unknown_top(&r);
		reader_unused_sets(&r, src, train_keys);
		reader_values(&r, train_values, out, "a training configuration");
		train_seed(&r, out);
		out->task = mem_strdup(vars_str(&r.vars, "PROCESSING_TASK", "segmentation"));
		train_section(&r, out);
		valid_section(&r, out);
		check_train(&r, out);
		out->resolved = reader_resolved(&r);
		rc = reader_status(&r);
		reader_move(&r, &out->vars, &out->paths, &out->generator);
	}
	reader_release(&r);
	return rc;
}

void train_config_release(struct train_config *cfg)
{
	component_use_release(&cfg->loss);
	component_use_release(&cfg->optimizer);
	component_use_release(&cfg->network);
	component_use_release(&cfg->lr_policy);
	component_use_release(&cfg->train_pipeline);
	component_use_release(&cfg->valid_pipeline);
	component_use_release(&cfg->inferer);
	component_list_release(&cfg->train_transforms);
	component_list_release(&cfg->valid_transforms);
	component_list_release(&cfg->batch_transforms);
	component_list_release(&cfg->valid_post_transforms);
	component_list_release(&cfg->metrics);
	component_list_release(&cfg->aux_ops);
	component_list_release(&cfg->handlers);
	iteration_release(&cfg->train_iteration);
	iteration_release(&cfg->valid_iteration);
	vars_release(&cfg->vars);
	config_paths_release(&cfg->paths);
	config_generator_release(&cfg->generator);
	free(cfg->task);
	free(cfg->resolved);
	*cfg = (struct train_config){.key_metric = -1};
}
