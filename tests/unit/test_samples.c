/*
 * The published sample configurations: each is read, and gives only the problems
 * that it is known to have.  AXIAL_TEST_SAMPLES names their folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/data/pipeline.h"
#include "core/metric/metric.h"
#include "core/mmar/config.h"

/* Every error of the sample has one of these texts; NULL: no errors. */
static const struct {
	const char *mmar, *file, *allowed[2];
} samples[] = {
	{"getting_started", "trn_base.json", {NULL, NULL}},
	{"getting_started", "trn_base_AMP.json", {NULL, NULL}},
	{"getting_started", "config_validation.json", {NULL, NULL}},
	{"getting_started", "config_validation_chpt.json", {NULL, NULL}},
	{"getting_started", "environment.json", {NULL, NULL}},
	{"fl", "config_train.json", {NULL, NULL}},
	{"fl", "config_validation_ckpt.json", {NULL, NULL}},
	{"fl", "config_fed_client.json", {NULL, NULL}},
	{"fl", "config_fed_client_w_PercentileProtocol.json", {NULL, NULL}},
	{"fl", "config_fed_server.json", {NULL, NULL}},
	{"fl", "environment.json", {NULL, NULL}},
	{"automl", "trn_autoML_Enum.json", {NULL, NULL}},
	{"automl", "trn_autoML_TransformProb.json", {NULL, NULL}},
	{"automl", "trn_autoML_Loss_Optimizer.json", {NULL, NULL}},
	{"automl", "config_automl.json", {NULL, NULL}},
	{"automl", "environment.json", {NULL, NULL}},
	{"v4_getting_started", "config_train_Unet.json", {NULL, NULL}},
	{"v4_getting_started", "config_validation.json", {NULL, NULL}},
	{"v4_getting_started", "config_inference.json", {NULL, NULL}},
	{"v4_getting_started", "config_aiaa.json", {NULL, NULL}},
	{"v4_getting_started", "environment.json", {NULL, NULL}},
	{"v4_deepgrow_3d", "config_train.json", {NULL, NULL}},
	{"v4_deepgrow_3d", "config_aiaa.json", {NULL, NULL}},
};

static const char *sample_dir(void)
{
	const char *dir = getenv("AXIAL_TEST_SAMPLES");

	return dir && *dir ? dir : "../shared/mmar_samples";
}

static char *sample_mmar(const char *name)
{
	if (!sys_is_dir(sample_dir())) {
		print_message("SKIP: no sample configurations in '%s'\n", sample_dir());
		skip();
	}
	return sys_join(sample_dir(), name);
}

static const struct problem *find(const struct problems *ps, const char *path, const char *text)
{
	for (int i = 0; i < ps->n; i++)
		if (!strcmp(ps->v[i].path, path) && strstr(ps->v[i].text, text))
			return &ps->v[i];
	return NULL;
}

static void test_only_known_errors(void **state)
{
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		char *root = sample_mmar(samples[i].mmar);
		char *path = mem_printf("config/%s", samples[i].file);
		struct config_source src = {.mmar_root = root, .config_path = path};
		struct problems ps = {0};
		int rc = config_lint(&src, &ps), errors = 0;

		for (int k = 0; k < ps.n; k++) {
			const char *const *ok = samples[i].allowed;

			if (ps.v[k].level != PROBLEM_ERROR)
				continue;
			errors++;
			if ((ok[0] && strstr(ps.v[k].text, ok[0])) ||
				(ok[1] && strstr(ps.v[k].text, ok[1])))
				continue;
			print_message("%s/%s: %s: %s\n", samples[i].mmar, samples[i].file,
				ps.v[k].path, ps.v[k].text);
			bad++;
		}
		assert_int_equal(rc, errors ? -1 : 0);
		problems_release(&ps);
		free(path);
		free(root);
	}
	assert_int_equal(bad, 0);
}

/* What the published trn_base.json says, by value. */
static void test_trn_base(void **state)
{
	static const char *const sets[] = {
		"epochs=20", "DATASET_JSON=/x/list.json", "DATA_ROOT=/x"};
	char *root = sample_mmar("getting_started");
	struct config_source src = {.mmar_root = root,
		.config_path = "config/trn_base.json",
		.sets = sets,
		.nsets = 3,
		.lint = true};
	struct problems ps = {0};
	struct train_config cfg;

	(void)state;
	assert_int_equal(train_config_load(&src, &cfg, &ps), 0);
	assert_int_equal(cfg.epochs, 20);
	assert_int_equal(cfg.valid_interval, 2);
	assert_true(cfg.learning_rate == 1e-4);
	assert_string_equal(cfg.loss.c->name, "Focal");
	assert_string_equal(cfg.network.c->name, "Unet");
	assert_int_equal(cfg.train_transforms.n, 9); /* RandomZoom is disabled */
	assert_int_equal(cfg.valid_transforms.n, 5);
	assert_string_equal(cfg.valid_transforms.v[3].name, "ScaleLb");
	assert_int_equal(cfg.metrics.n, 2);
	assert_int_equal(cfg.key_metric, 0);
	assert_int_equal(cfg.aux_ops.n, 1);
	assert_int_equal(cfg.handlers.n, 1);
	assert_string_equal(cfg.paths.dataset_json, "/x/list.json");
	train_config_release(&cfg);
	problems_release(&ps);

	/* Without the data, a training is refused before it starts. */
	src.nsets = 0;
	src.lint = false;
	assert_int_equal(train_config_load(&src, &cfg, &ps), -1);
	assert_int_equal(problems_code(&ps), ERR_NOINPUT);
	assert_non_null(find(&ps, "DATASET_JSON", "dataset_28GB.json"));
	assert_non_null(find(&ps, "num_training_epoch_per_valid", "every 2 epochs"));
	train_config_release(&cfg);
	problems_release(&ps);
	free(root);
}

static void test_validation(void **state)
{
	static const char *const sets[] = {"output_infer_result=true", "do_validation=false"};
	char *root = sample_mmar("getting_started"), *full = realpath(root, NULL), *models;
	struct config_source src = {.mmar_root = root,
		.config_path = "config/config_validation_chpt.json",
		.sets = sets,
		.nsets = 2,
		.lint = true};
	struct problems ps = {0};
	struct validate_config cfg;

	(void)state;
	assert_int_equal(validate_config_load(&src, &cfg, &ps), 0);
	assert_true(cfg.output_infer_result);
	assert_false(cfg.do_validation);
	assert_string_equal(cfg.data_list_key, "validation");
	assert_int_equal(cfg.batch_size, 1);
	assert_int_equal(cfg.pre_transforms.n, 4);
	assert_int_equal(cfg.post_transforms.n, 3);
	assert_int_equal(cfg.label_transforms.n, 4);
	assert_int_equal(cfg.metrics.n, 2);
	assert_int_equal(cfg.writers.n, 4);
	assert_string_equal(cfg.model_loader.c->name, "CheckpointLoader");
	models = sys_join(full, "models");
	assert_string_equal(*(char **)cfg.model_loader.args, models);
	assert_string_equal(cfg.paths.ckpt_dir, models);
	/* Three class names for a network of two classes. */
	assert_non_null(find(&ps, "post_transforms.#2", "3 class names for a network of 2"));
	validate_config_release(&cfg);
	problems_release(&ps);
	free(models);
	free(full);
	free(root);
}

/* What the published v4 configurations say, by value, after translation. */
static void test_v4_train(void **state)
{
	static const char *const sets[] = {"DATASET_JSON=/x/list.json", "DATA_ROOT=/x",
		"num_interval_per_valid=3", "amp=false"};
	char *root = sample_mmar("v4_getting_started");
	struct config_source src = {.mmar_root = root,
		.config_path = "config/config_train_Unet.json",
		.sets = sets,
		.nsets = 4,
		.lint = true};
	struct problems ps = {0};
	struct train_config cfg;
	const struct pipeline_args *pipe;

	(void)state;
	assert_int_equal(train_config_load(&src, &cfg, &ps), 0);
	assert_int_equal(cfg.epochs, 2);
	assert_int_equal(cfg.valid_interval, 3);
	assert_false(cfg.use_amp);
	assert_true(cfg.learning_rate == 2e-4);
	assert_int_equal(cfg.seed, 0);
	assert_null(cfg.paths.ckpt); /* MMAR_CKPT is set, but its loader is disabled */
	assert_string_equal(cfg.loss.c->name, "DiceLoss");
	assert_string_equal(cfg.optimizer.c->name, "Adam");
	assert_string_equal(cfg.network.c->name, "UNet");
	assert_string_equal(cfg.lr_policy.c->name, "StepLR");
	assert_string_equal(cfg.inferer.c->name, "SlidingWindowInferer");
	assert_int_equal(cfg.train_transforms.n, 8);
	assert_string_equal(cfg.train_transforms.v[5].c->name, "RandCropByPosNegLabeld");
	assert_int_equal(cfg.valid_transforms.n, 6);
	assert_int_equal(cfg.valid_post_transforms.n, 2);
	assert_string_equal(cfg.valid_post_transforms.v[1].c->name, "AsDiscreted");
	assert_int_equal(cfg.handlers.n, 4); /* CheckpointLoader is disabled */
	assert_int_equal(cfg.metrics.n, 2);
	assert_int_equal(cfg.key_metric, 0);
	assert_string_equal(
		((const struct metric_args *)cfg.metrics.v[0].args)->name, "val_mean_dice");
	assert_string_equal(((const struct metric_args *)cfg.metrics.v[1].args)->name, "val_acc");
	assert_string_equal(cfg.train_pipeline.c->name, "SegmentationImagePipeline");
	pipe = cfg.train_pipeline.args;
	assert_string_equal(pipe->data_list_file_path, "/x/list.json");
	assert_string_equal(pipe->data_list_key, "training");
	assert_int_equal(pipe->output_batch_size, 2);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pipe->output_crop_size[i], 96);
	assert_true(pipe->shuffle);
	pipe = cfg.valid_pipeline.args;
	assert_string_equal(pipe->data_list_key, "validation");
	train_config_release(&cfg);
	problems_release(&ps);
	free(root);
}

static void test_v4_validation(void **state)
{
	static const char *const sets[] = {"DATASET_JSON=/x/list.json", "DATA_ROOT=/x"};
	char *root = sample_mmar("v4_getting_started");
	struct config_source src = {.mmar_root = root,
		.config_path = "config/config_validation.json",
		.sets = sets,
		.nsets = 2,
		.lint = true};
	struct problems ps = {0};
	struct validate_config cfg;

	(void)state;
	assert_int_equal(validate_config_load(&src, &cfg, &ps), 0);
	assert_true(cfg.do_validation);
	assert_false(cfg.output_infer_result);
	assert_string_equal(cfg.data_list_key, "validation");
	assert_string_equal(cfg.model_loader.c->name, "FrozenGraphModelLoader");
	assert_non_null(strstr(*(char **)cfg.model_loader.args, "/models/model.ts"));
	assert_int_equal(cfg.pre_transforms.n, 5);
	assert_int_equal(cfg.post_transforms.n, 3); /* SaveImaged is a writer, and disabled */
	assert_int_equal(cfg.metrics.n, 2);
	assert_non_null(
		strstr(((const struct metric_args *)cfg.metrics.v[0].args)->report_path, "/eval"));
	assert_int_equal(cfg.writers.n, 0);
	validate_config_release(&cfg);
	src.config_path = "config/config_inference.json";
	assert_int_equal(validate_config_load(&src, &cfg, &ps), 0);
	assert_false(cfg.do_validation);
	assert_true(cfg.output_infer_result);
	assert_string_equal(cfg.data_list_key, "test");
	assert_int_equal(cfg.writers.n, 1);
	validate_config_release(&cfg);
	problems_release(&ps);
	free(root);
}

/* The archives that ship are clean, but for data that has to be fetched. */
static void test_shipped(void **state)
{
	static const char *const names[] = {
		"mmars/segmentation_ct_phantom", "mmars/segmentation_mri_hippocampus"};
	static const char *const files[] = {"config/config_train.json",
		"config/config_validation.json", "config/environment.json"};
	struct problems ps = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(files); k++) {
			struct config_source src = {.mmar_root = names[i], .config_path = files[k]};

			if (config_lint(&src, &ps))
				print_message("%s: %s has errors\n", names[i], files[k]);
		}
	}
	for (int i = 0; i < ps.n; i++) {
		if (strcmp(ps.v[i].path, "DATA_ROOT"))
			fail_msg("%s: %s: %s", ps.v[i].file, ps.v[i].path, ps.v[i].text);
	}
	problems_release(&ps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_known_errors),
		cmocka_unit_test(test_trn_base),
		cmocka_unit_test(test_validation),
		cmocka_unit_test(test_v4_train),
		cmocka_unit_test(test_v4_validation),
		cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
