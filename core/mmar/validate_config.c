/*
 * config_validation.json: what evaluate reads.  Order of work: load, pre_transforms,
 * inferer, post_transforms; label_transforms and metrics with do_validation;
 * writers with output_infer_result.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/mmar/check.h"

#define VALIDATE_AT(member) offsetof(struct validate_config, member)

static const struct arg_def validate_values[] = {
	{"batch_size", ARG_INT, VALIDATE_AT(batch_size), .def = "1", .min = 1, .max = 4096,
		.help = "windows per forward pass"},
	{"multi_gpu", ARG_BOOL, VALIDATE_AT(multi_gpu), .def = "false"},
	{"use_amp", ARG_BOOL, VALIDATE_AT(use_amp), .def = "false",
		.help = "mixed precision: convolutions with bf16 operands"},
	{"do_validation", ARG_BOOL, VALIDATE_AT(do_validation), .def = "true",
		.help = "compute the metrics"},
	{"output_infer_result", ARG_BOOL, VALIDATE_AT(output_infer_result), .def = "false",
		.help = "write the predictions"},
	ARG_END,
};

const struct arg_def *validate_config_values(void)
{
	return validate_values;
}

static const char *const validate_keys[] = {"use_scanning_window", "multi_gpu", "batch_size",
	"use_amp", "DATA_LIST_KEY", "do_validation", "output_infer_result", "inferer",
	"model_loader", "pre_transforms", "label_transforms", "post_transforms", "val_metrics",
	"writers", "iteration", "dynamic_input_shape", "DATA_ROOT", "DATASET_JSON",
	"PROCESSING_TASK", "PRETRAIN_WEIGHTS_FILE", "DATA_GENERATOR", "DATA_GENERATOR_ARGS", NULL};

/*
 * The first-level "batch_size" is the inferer's where it says none itself.  Files from
 * before v3 have no inferer but "use_scanning_window".
 */
static void validate_inferer(struct config_reader *r, const struct validate_config *cfg)
{
	cJSON *u = cJSON_GetObjectItemCaseSensitive(r->root, "inferer"), *args;
	const char *name = json_str(u, "name", "");
	const struct component *c;

	if (!u && cJSON_HasObjectItem(r->root, "use_scanning_window")) {
		bool scan = json_bool(r->root, "use_scanning_window", false);

		u = cJSON_AddObjectToObject(r->root, "inferer");
		name = scan ? "TFScanWindowInferer" : "TFSimpleInferer";
		cJSON_AddStringToObject(u, "name", name);
	}
	c = component_find(COMPONENT_INFERER, name);
	if (!cJSON_IsObject(u) || !c || !c->args || !args_find(c->args, "batch_size") ||
		cfg->batch_size == 1)
		return;
	args = cJSON_GetObjectItemCaseSensitive(u, "args");
	if (!args)
		args = cJSON_AddObjectToObject(u, "args");
	if (cJSON_IsObject(args) && !cJSON_HasObjectItem(args, "batch_size") &&
		!cJSON_HasObjectItem(args, "sw_batch_size"))
		cJSON_AddNumberToObject(args, "batch_size", (double)cfg->batch_size);
}

static void validate_components(struct config_reader *r, struct validate_config *cfg)
{
	cJSON *s = r->root;

	validate_inferer(r, cfg);
	reader_one(r, COMPONENT_INFERER, s, "", "inferer", true, &cfg->inferer);
	reader_one(r, COMPONENT_LOADER, s, "", "model_loader", true, &cfg->model_loader);
	reader_list(r, COMPONENT_TRANSFORM, s, "", "pre_transforms", true, &cfg->pre_transforms);
	/* labels that are numbers need no transform */
	reader_list(r, COMPONENT_TRANSFORM, s, "", "label_transforms",
		cfg->do_validation && strcmp(cfg->task, "classification"), &cfg->label_transforms);
	reader_list(r, COMPONENT_TRANSFORM, s, "", "post_transforms", false, &cfg->post_transforms);
	reader_list(r, COMPONENT_METRIC, s, "", "val_metrics", false, &cfg->metrics);
	reader_list(r, COMPONENT_WRITER, s, "", "writers", false, &cfg->writers);
	iteration_read(r, s, "", &cfg->iteration);
}

int validate_config_load(
	const struct config_source *src, struct validate_config *out, struct problems *ps)
{
	struct config_reader r;
	int rc = -1;

	*out = (struct validate_config){0};
	if (!reader_open(&r, src, "config/config_validation.json", ps)) {
		reader_unknown_keys(&r, r.root, "", validate_keys, "a validation configuration");
		reader_unused_sets(&r, src, validate_keys);
		reader_values(&r, validate_values, out, "a validation configuration");
		out->data_list_key = mem_strdup(vars_str(&r.vars, "DATA_LIST_KEY", "validation"));
		out->task = mem_strdup(vars_str(&r.vars, "PROCESSING_TASK", "segmentation"));
		validate_components(&r, out);
		check_validate(&r, out);
		if (!src->lint && !r.paths.dataset_json)
			reader_error(&r, "", "set it in environment.json or by --set",
				"variable 'DATASET_JSON' is not set");
		out->resolved = reader_resolved(&r);
		rc = reader_status(&r);
		reader_move(&r, &out->vars, &out->paths, &out->generator);
	}
	reader_release(&r);
	return rc;
}

void validate_config_release(struct validate_config *cfg)
{
	component_use_release(&cfg->inferer);
	component_use_release(&cfg->model_loader);
	component_list_release(&cfg->pre_transforms);
	component_list_release(&cfg->label_transforms);
	component_list_release(&cfg->post_transforms);
	component_list_release(&cfg->metrics);
	component_list_release(&cfg->writers);
	iteration_release(&cfg->iteration);
	vars_release(&cfg->vars);
	config_paths_release(&cfg->paths);
	config_generator_release(&cfg->generator);
	free(cfg->data_list_key);
	free(cfg->task);
	free(cfg->resolved);
	*cfg = (struct validate_config){0};
}
