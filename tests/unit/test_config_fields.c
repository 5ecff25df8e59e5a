/*
 * Fields across a configuration: what reads a field that nothing made is found when
 * the configuration is read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/mmar/config.h"
#include "tests/unit/mmar_dir.h"

static const char train[] =
	"{\"epochs\": 4, \"learning_rate\": 1e-3, \"train\": {\n"
	"\"loss\": {\"name\": \"Dice\"}, \"optimizer\": {\"name\": \"Adam\"},\n"
	"\"model\": {\"name\": \"Unet\", \"args\": {\"num_classes\": 2}},\n"
	"\"pre_transforms\": [\n"
	" {\"name\": \"LoadNifti\", \"args\": {\"fields\": [\"image\", \"label\"]}},\n"
	" {\"name\": \"FetchExtremePoints\", \"args\": {\"points\": \"clicks\"}},\n"
	" {\"name\": \"SaveAsNifti\", \"args\": {\"fields\": \"clicks\", \"out_dir\": \"d\"}},\n"
	" {\"name\": \"CropFixedSizeRandomCenter\", \"args\": {\"fields\": [\"image\", \"label\"],\n"
	"  \"size\": [32, 32, 32]}}],\n"
	"\"image_pipeline\": {\"name\": \"SegmentationImagePipeline\", \"args\": {\n"
	" \"data_list_file_path\": \"{DATASET_JSON}\", \"data_file_base_dir\": \"{DATA_ROOT}\",\n"
	" \"data_list_key\": \"training\", \"output_crop_size\": [32, 32, 32],\n"
	" \"output_batch_size\": 2}},\n"
	"\"aux_ops\": [{\"name\": \"NegLoss\", \"args\": {\"tag\": \"negloss\"}}]},\n"
	"\"validate\": {\"metrics\": [{\"name\": \"ComputeAverageDice\", \"args\": {\n"
	" \"name\": \"dice\", \"is_key_metric\": true, \"field\": \"model\",\n"
	" \"label_field\": \"organ\"}},\n"
	" {\"name\": \"ComputeAverage\", \"args\": {\"name\": \"n\", \"field\": \"negloss\"}}],\n"
	"\"pre_transforms\": [{\"ref\": \"LoadNifti\"},\n"
	" {\"name\": \"SplitBasedOnLabel\", \"args\": {\"field\": \"label\",\n"
	"  \"label_names\": [\"rest\", \"organ\"]}}],\n"
	"\"image_pipeline\": {\"name\": \"SegmentationImagePipeline\", \"args\": {\n"
	" \"data_list_file_path\": \"{DATASET_JSON}\", \"data_file_base_dir\": \"{DATA_ROOT}\",\n"
	" \"data_list_key\": \"validation\", \"output_crop_size\": [32, 32, 32]}},\n"
	"\"inferer\": {\"name\": \"TFScanWindowInferer\", \"args\": {\"roi_size\": [32, 32, 32]}}}}";

static const char validate[] =
	"{\"batch_size\": 1, \"pre_transforms\": [\n"
	" {\"name\": \"LoadNifti\", \"args\": {\"fields\": \"image\"}}],\n"
	"\"label_transforms\": [{\"name\": \"LoadNifti\", \"args\": {\"fields\": \"label\"}}],\n"
	"\"inferer\": {\"name\": \"TFScanWindowInferer\", \"args\": {\"roi_size\": [32, 32, 32]}},\n"
	"\"model_loader\": {\"name\": \"CheckpointLoader\", \"args\": {\"checkpoint_dir\": "
	"\"{MMAR_CKPT_DIR}\"}},\n"
	"\"post_transforms\": [\n"
	" {\"name\": \"ArgmaxAcrossChannels\", \"args\": {\"fields\": \"model\"}},\n"
	" {\"name\": \"SplitBasedOnLabel\", \"args\": {\"field\": \"model\",\n"
	"  \"label_names\": [\"p0\", \"p1\"]}},\n"
	" {\"name\": \"CopyProperties\", \"args\": {\"fields\": [\"p1\"], \"from_field\": \"image\",\n"
	"  \"properties\": [\"affine\"]}}],\n"
	"\"val_metrics\": [{\"name\": \"ComputeAverageDice\", \"args\": {\"name\": \"dice\",\n"
	" \"field\": \"p1\", \"label_field\": \"label\"}}],\n"
	"\"writers\": [{\"name\": \"WriteNifti\", \"args\": {\"field\": \"p1\", \"write_path\": "
	"\"eval\"}}]}";

/* Reads text with from replaced by to (NULL: as it is) and keeps the problems. */
static int read_edit(const char *text, const char *from, const char *to, const char *const *sets,
	int nsets, struct problems *ps)
{
	char *dir = test_dir_new(), *edited = test_replace(text, from, to);
	struct config_source src = {.mmar_root = dir, .sets = sets, .nsets = nsets};
	int rc;

	test_file(dir, "config/environment.json",
		"{\"DATA_ROOT\": \"data\", \"DATASET_JSON\": \"data/list.json\", "
		"\"MMAR_CKPT_DIR\": \"models\"}");
	test_file(dir, "data/list.json", "{\"training\": [], \"validation\": []}");
	if (text == train) {
		struct train_config cfg;

		test_file(dir, "config/config_train.json", edited);
		rc = train_config_load(&src, &cfg, ps);
		train_config_release(&cfg);
	} else {
		struct validate_config cfg;

		test_file(dir, "config/config_validation.json", edited);
		rc = validate_config_load(&src, &cfg, ps);
		validate_config_release(&cfg);
	}
	free(edited);
	test_dir_free(dir);
	return rc;
}

static void check(const char *text, const char *from, const char *to, const char *path,
	const char *says, const char *fix)
{
	struct problems ps = {0};
	int found = 0;

	assert_int_equal(read_edit(text, from, to, NULL, 0, &ps), -1);
	for (int i = 0; i < ps.n; i++)
		if (!strcmp(ps.v[i].path, path) && strstr(ps.v[i].text, says)) {
			assert_non_null(ps.v[i].fix);
			if (!strstr(ps.v[i].fix, fix))
				fail_msg("'%s' is not in: %s", fix, ps.v[i].fix);
			found++;
		}
	if (found != 1) {
		struct buf b = {0};

		problems_format(&ps, &b);
		fail_msg("%d rows at %s with '%s' in:\n%s", found, path, says, b.p);
	}
	problems_release(&ps);
}

static void test_good(void **state)
{
	struct problems ps = {0};

	(void)state;
	assert_int_equal(read_edit(train, "epochs", "epochs", NULL, 0, &ps), 0);
	assert_int_equal(read_edit(validate, "batch_size", "batch_size", NULL, 0, &ps), 0);
	assert_int_equal(problems_errors(&ps), 0);
	problems_release(&ps);
}

static void test_train(void **state)
{
	(void)state;
	check(train, "{\"fields\": [\"image\", \"label\"]}",
		"{\"fields\": [\"imagee\", \"label\"]}", "train.pre_transforms.#1",
		"LoadNifti reads the field 'imagee', which nothing made before",
		"did you mean 'image'? known there: 'image', 'label'");
	check(train, "{\"fields\": \"clicks\"", "{\"fields\": \"points\"",
		"train.pre_transforms.#3", "SaveAsNifti reads the field 'points'",
		"'image', 'label', 'clicks'");
	check(train, "\"field\": \"label\"", "\"field\": \"lable\"", "validate.pre_transforms.#2",
		"'lable'", "known there: 'image', 'label'");
	check(train, "\"label_field\": \"organ\"", "\"label_field\": \"organs\"",
		"validate.metrics.#1", "metric 'dice' reads the field 'organs'",
		"did you mean 'organ'?");
	check(train, "\"field\": \"negloss\"", "\"field\": \"neglos\"", "validate.metrics.#2",
		"'neglos', which nothing made", "'negloss'");
}

static void test_validate(void **state)
{
	static const char *const off[] = {"do_validation=false"};
	struct problems ps = {0};

	(void)state;
	check(validate, "[\"p1\"], \"from_field\": \"image\"", "[\"p2\"], \"from_field\": \"imag\"",
		"post_transforms.#3", "'imag'", "did you mean 'image'?");
	check(validate, "\"field\": \"p1\", \"label_field\"", "\"field\": \"p9\", \"label_field\"",
		"val_metrics.#1", "metric 'dice' reads the field 'p9'", "'p0', 'p1'");
	/* Nobody asks metrics and writers that do not run. */
	assert_int_equal(read_edit(validate, "\"field\": \"p1\", \"label_field\"",
				 "\"field\": \"p9\", \"label_field\"", off, 1, &ps),
		0);
	assert_int_equal(read_edit(validate, "{\"field\": \"p1\", \"write_path\"",
				 "{\"field\": \"p9\", \"write_path\"", NULL, 0, &ps),
		0);
	problems_release(&ps);
}

/* What a refused transform would have made is not known, so nothing is said of it. */
static void test_refused(void **state)
{
	struct problems ps = {0};

	(void)state;
	assert_int_equal(
		read_edit(train, "FetchExtremePoints", "FetchExtremPoints", NULL, 0, &ps), -1);
	for (int i = 0; i < ps.n; i++)
		assert_null(strstr(ps.v[i].text, "reads the field"));
	problems_release(&ps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_train),
		cmocka_unit_test(test_validate),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
