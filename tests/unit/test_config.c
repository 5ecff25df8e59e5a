/*
 * Configurations in v3 grammar: what is read, and that every fault is reported
 * with its place, all at once.
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
#include "core/mmar/config.h"
#include "core/mmar/paths.h"
#include "core/mmar/reader.h"
#include "tests/unit/mmar_dir.h"

static const char good[] =
	"{\n"
	"  \"epochs\": 4, \"num_training_epoch_per_valid\": 2, \"learning_rate\": 1e-3,\n"
	"  \"_comment\": \"{not a variable\",\n"
	"  \"train\": {\n"
	"    \"loss\": {\"name\": \"Dice\"},\n"
	"    \"optimizer\": {\"name\": \"Adam\"},\n"
	"    \"model\": {\"name\": \"Unet\", \"args\": {\"num_classes\": 2}},\n"
	"    \"pre_transforms\": [\n"
	"      {\"name\": \"LoadNifti\", \"args\": {\"fields\": [\"image\", \"label\"]}},\n"
	"      {\"name\": \"ScaleByResolution#Img\", \"args\": {\"fields\": \"image\",\n"
	"        \"target_resolution\": [1, 1, 1]}},\n"
	"      {\"name\": \"CropFixedSizeRandomCenter\", \"args\": {\"fields\": [\"image\", "
	"\"label\"], \"size\": [32, 32, 32]}}\n"
	"    ],\n"
	"    \"image_pipeline\": {\"name\": \"SegmentationImagePipeline\", \"args\": {\n"
	"      \"data_list_file_path\": \"{DATASET_JSON}\", \"data_file_base_dir\": "
	"\"{DATA_ROOT}\",\n"
	"      \"data_list_key\": \"training\", \"output_crop_size\": [32, 32, 32],\n"
	"      \"output_batch_size\": 2}}\n"
	"  },\n"
	"  \"validate\": {\n"
	"    \"metrics\": [{\"name\": \"ComputeAverageDice\", \"args\": {\"name\": \"dice\",\n"
	"      \"is_key_metric\": true, \"field\": \"model\", \"label_field\": \"label\"}}],\n"
	"    \"pre_transforms\": [{\"ref\": \"LoadNifti\"}, {\"ref\": \"Img\"}],\n"
	"    \"image_pipeline\": {\"name\": \"SegmentationImagePipeline\", \"args\": {\n"
	"      \"data_list_file_path\": \"{DATASET_JSON}\", \"data_file_base_dir\": "
	"\"{DATA_ROOT}\",\n"
	"      \"data_list_key\": \"validation\", \"output_crop_size\": [32, 32, 32]}},\n"
	"    \"inferer\": {\"name\": \"TFScanWindowInferer\", \"args\": {\"roi_size\": [32, 32, "
	"32]}}\n"
	"  }\n"
	"}\n";

static const char environment[] = "{\"DATA_ROOT\": \"data\", \"DATASET_JSON\": \"data/list.json\","
				  " \"MMAR_CKPT_DIR\": \"models\"}";

struct loaded {
	char *dir;
	struct train_config cfg;
	struct problems ps;
	int rc;
};

static void load(struct loaded *l, const char *text, const char *const *sets, int nsets)
{
	struct config_source src = {.sets = sets, .nsets = nsets};

	*l = (struct loaded){.dir = test_dir_new()};
	src.mmar_root = l->dir;
	test_file(l->dir, "config/config_train.json", text);
	test_file(l->dir, "config/environment.json", environment);
	test_file(l->dir, "data/list.json", "{\"training\": [], \"validation\": []}");
	l->rc = train_config_load(&src, &l->cfg, &l->ps);
}

/* The good configuration with one place changed. */
static void load_edit(struct loaded *l, const char *from, const char *to)
{
	char *text = test_replace(good, from, to);

	load(l, text, NULL, 0);
	free(text);
}

static void unload(struct loaded *l)
{
	train_config_release(&l->cfg);
	problems_release(&l->ps);
	test_dir_free(l->dir);
}

/* The row at path whose text contains text; NULL when there is none. */
static const struct problem *row(const struct problems *ps, const char *path, const char *text)
{
	for (int i = 0; i < ps->n; i++)
		if (!strcmp(ps->v[i].path, path) && strstr(ps->v[i].text, text))
			return &ps->v[i];
	return NULL;
}

static void show(const struct problems *ps)
{
	struct buf b = {0};

	problems_format(ps, &b);
	print_message("%s", b.p ? b.p : "no problems\n");
	buf_release(&b);
}

static void expect_error(
	const struct loaded *l, const char *path, const char *text, const char *fix)
{
	const struct problem *p = row(&l->ps, path, text);

	if (!p) {
		show(&l->ps);
		fail_msg("no row at '%s' with '%s'", path, text);
	}
	assert_int_equal(p->level, PROBLEM_ERROR);
	assert_int_equal(l->rc, -1);
	if (fix) {
		assert_non_null(p->fix);
		assert_non_null(strstr(p->fix, fix));
	}
}

static void expect_warning(const struct loaded *l, const char *path, const char *text)
{
	const struct problem *p = row(&l->ps, path, text);

	if (!p) {
		show(&l->ps);
		fail_msg("no row at '%s' with '%s'", path, text);
	}
	assert_int_equal(p->level, PROBLEM_WARNING);
}

static void test_values(void **state)
{
	static const char *const sets[] = {
		"epochs=9", "MMAR_CKPT=models/w.safetensors", "use_amp=0"};
	struct loaded l;
	char *want;

	(void)state;
	load(&l, good, sets, 3);
	if (l.rc)
		show(&l.ps);
	assert_int_equal(l.rc, 0);
	assert_int_equal(l.ps.n, 0);
	assert_int_equal(l.cfg.epochs, 9);
	assert_int_equal(l.cfg.valid_interval, 2);
	assert_true(l.cfg.learning_rate == 1e-3);
	assert_false(l.cfg.use_amp);
	assert_int_equal(l.cfg.seed, CONFIG_DEFAULT_SEED);
	assert_false(l.cfg.deterministic);
	assert_string_equal(l.cfg.loss.c->name, "Dice");
	assert_string_equal(l.cfg.optimizer.c->name, "Adam");
	assert_string_equal(l.cfg.network.c->name, "Unet");
	assert_null(l.cfg.lr_policy.c);
	assert_int_equal(l.cfg.train_transforms.n, 3);
	assert_int_equal(l.cfg.valid_transforms.n, 2);
	assert_string_equal(l.cfg.train_transforms.v[1].name, "Img");
	assert_string_equal(l.cfg.valid_transforms.v[1].c->name, "ScaleByResolution");
	assert_string_equal(l.cfg.valid_transforms.v[1].path, "validate.pre_transforms.#2");
	assert_int_equal(l.cfg.key_metric, 0);
	want = mem_printf("%s/models/w.safetensors", l.cfg.paths.mmar_root);
	assert_string_equal(l.cfg.paths.ckpt, want);
	free(want);
	want = mem_printf("%s/data/list.json", l.cfg.paths.mmar_root);
	assert_string_equal(l.cfg.paths.dataset_json, want);
	assert_string_equal(use_string(&l.cfg.train_pipeline, "data_list_file_path"), want);
	free(want);
	assert_non_null(strstr(l.cfg.resolved, "data/list.json"));
	assert_null(strstr(l.cfg.resolved, "{DATASET_JSON}"));
	unload(&l);
}

static void test_seed(void **state)
{
	static const char *const set[] = {"seed=5"};
	struct loaded l;
	char *text = test_replace(good, "\"epochs\"",
		"\"determinism\": {\"python_seed\": \"20191015\", \"random_seed\": 123456, "
		"\"tf_seed\": 11111}, \"epochs\"");

	(void)state;
	load(&l, text, NULL, 0);
	assert_int_equal(l.cfg.seed, 123456);
	assert_true(l.cfg.deterministic);
	unload(&l);
	load(&l, text, set, 1);
	assert_int_equal(l.cfg.seed, 5);
	unload(&l);
	free(text);
	load_edit(&l, "\"epochs\"", "\"determinism\": {\"python_seed\": \"77\"}, \"epochs\"");
	assert_int_equal(l.cfg.seed, 77);
	unload(&l);
}

/* Component, argument and type wrong at once: three rows, and the rest still read. */
static void test_three_faults(void **state)
{
	struct loaded l;
	char *a = test_replace(good, "\"LoadNifti\", \"args\"", "\"LoadNifty\", \"args\"");
	char *b = test_replace(a, "\"size\": [32, 32, 32]}", "\"sise\": [32, 32, 32]}");
	char *c = test_replace(b, "\"num_classes\": 2", "\"num_classes\": \"2\"");

	(void)state;
	load(&l, c, NULL, 0);
	expect_error(&l, "train.pre_transforms.#1", "unknown transform 'LoadNifty'", "'LoadNifti'");
	expect_error(&l, "train.pre_transforms.#3.args.sise", "unknown argument 'sise'", "'size'");
	expect_error(&l, "train.model.args.num_classes", "found string", NULL);
	assert_string_equal(l.ps.v[0].file, "config/config_train.json");
	assert_string_equal(l.cfg.loss.c->name, "Dice");
	unload(&l);
	free(a);
	free(b);
	free(c);
}

static void test_json_faults(void **state)
{
	struct loaded l;

	(void)state;
	load_edit(&l, "\"num_training_epoch_per_valid\": 2", "\"use_amp\": ture");
	assert_int_equal(l.ps.n, 1);
	expect_error(&l, "", "line 2, column", NULL);
	assert_string_equal(l.ps.v[0].file, "config/config_train.json");
	assert_null(strstr(l.ps.v[0].text, "config_train.json"));
	unload(&l);
	load_edit(&l, "\"num_training_epoch_per_valid\": 2", "\"epochs\": 5");
	expect_error(&l, "", "'epochs' stands twice", NULL);
	unload(&l);
	load(&l, "[]", NULL, 0);
	expect_error(&l, "", "top level must be an object, found list", NULL);
	unload(&l);
	load(&l, "", NULL, 0);
	expect_error(&l, "", "empty", NULL);
	unload(&l);
	load(&l, "{}", NULL, 0);
	expect_error(&l, "train", "no section 'train'", NULL);
	expect_error(&l, "epochs", "epochs", NULL);
	expect_error(&l, "learning_rate", "learning_rate", NULL);
	unload(&l);
}

static void test_ranges(void **state)
{
	static const struct {
		const char *set, *path;
	} rows[] = {{"learning_rate=0", "learning_rate"}, {"learning_rate=-1", "learning_rate"},
		{"learning_rate=nan", "learning_rate"}, {"learning_rate=1e9", "learning_rate"},
		{"learning_rate=fast", "learning_rate"}, {"epochs=-1", "epochs"},
		{"epochs=0", "epochs"}, {"epochs=1.5", "epochs"}, {"epochs=1e12", "epochs"},
		{"num_training_epoch_per_valid=0", "num_training_epoch_per_valid"},
		{"multi_gpu=maybe", "multi_gpu"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loaded l;

		load(&l, good, &rows[i].set, 1);
		expect_error(&l, rows[i].path, rows[i].path, NULL);
		assert_string_equal(l.ps.v[0].file, "--set");
		assert_int_equal(problems_errors(&l.ps), 1);
		unload(&l);
	}
}

static void test_refs(void **state)
{
	struct loaded l;

	(void)state;
	load_edit(&l, "{\"ref\": \"Img\"}", "{\"ref\": \"Imgg\"}");
	expect_error(&l, "validate.pre_transforms.#2", "ref 'Imgg'", "'Img'");
	unload(&l);
	/* The component's own name is taken by its alias. */
	load_edit(&l, "{\"ref\": \"Img\"}", "{\"ref\": \"ScaleByResolution\"}");
	expect_error(&l, "validate.pre_transforms.#2", "ref 'ScaleByResolution'", NULL);
	unload(&l);
	load_edit(&l, "\"CropFixedSizeRandomCenter\"", "\"CropFixedSizeRandomCenter#Img\"");
	expect_error(&l, "validate.pre_transforms.#2", "ambiguous", "alias");
	unload(&l);
	load_edit(&l, "ScaleByResolution#Img\", ", "ScaleByResolution#Img\", \"disabled\": true, ");
	assert_int_equal(l.rc, 0);
	assert_int_equal(l.cfg.train_transforms.n, 2);
	assert_int_equal(l.cfg.valid_transforms.n, 1);
	unload(&l);
	/* A fault of the target is reported once, at the target. */
	load_edit(&l, "\"target_resolution\": [1, 1, 1]", "\"target_resolution\": [1, 1, -1]");
	assert_int_equal(problems_errors(&l.ps), 1);
	expect_error(&l, "train.pre_transforms.#2.args.target_resolution", "-1", NULL);
	unload(&l);
}

static void test_disabled(void **state)
{
	static const char *const on[] = {"skip_crop=true"}, *const off[] = {"skip_crop=no"};
	static const char *const bad[] = {"skip_crop=some"};
	struct loaded l;
	char *text = test_replace(good, "\"CropFixedSizeRandomCenter\", ",
		"\"CropFixedSizeRandomCenter\", \"disabled\": \"{skip_crop}\", ");

	(void)state;
	load(&l, text, on, 1);
	assert_int_equal(l.cfg.train_transforms.n, 2);
	unload(&l);
	load(&l, text, off, 1);
	assert_int_equal(l.cfg.train_transforms.n, 3);
	assert_int_equal(l.ps.n, 0);
	unload(&l);
	load(&l, text, NULL, 0); /* null: not disabled */
	assert_int_equal(l.cfg.train_transforms.n, 3);
	expect_warning(&l, "train.pre_transforms.#3.disabled", "skip_crop");
	unload(&l);
	load(&l, text, bad, 1);
	expect_error(&l, "train.pre_transforms.#3", "'disabled' must be true or false", NULL);
	unload(&l);
	free(text);
	load_edit(&l, "\"name\": \"Adam\"", "\"name\": \"Adam\", \"disabled\": true");
	expect_error(&l, "train.optimizer", "disabled", NULL);
	unload(&l);
}

static void test_lists_of_choices(void **state)
{
	struct loaded l;

	(void)state;
	load_edit(&l, "{\"name\": \"Adam\"}",
		"[{\"name\": \"Adam\", \"disabled\": true}, {\"name\": \"NovoGrad\"}]");
	assert_int_equal(l.rc, 0);
	assert_string_equal(l.cfg.optimizer.c->name, "NovoGrad");
	assert_string_equal(l.cfg.optimizer.path, "train.optimizer.#2");
	unload(&l);
	load_edit(&l, "{\"name\": \"Adam\"}", "[{\"name\": \"Adam\"}, {\"name\": \"NovoGrad\"}]");
	expect_error(&l, "train.optimizer", "2 of 2", "disabled");
	unload(&l);
	load_edit(&l, "{\"name\": \"Adam\"}", "[]");
	expect_error(&l, "train.optimizer", "0 of 0", NULL);
	unload(&l);
}

static void test_user_code(void **state)
{
	struct loaded l;

	(void)state;
	/* path wins over name */
	load_edit(&l, "{\"name\": \"Dice\"}", "{\"name\": \"Focal\", \"path\": \"myLoss.Dice#d\"}");
	expect_error(&l, "train.loss", "Python is not run: 'myLoss.Dice'", "\"name\": \"Dice\"");
	unload(&l);
	load_edit(&l, "{\"name\": \"Dice\"}", "{\"path\": \"os.system\"}");
	expect_error(&l, "train.loss", "'os.system'", NULL);
	unload(&l);
	load_edit(&l, "{\"name\": \"Dice\"}", "{\"name\": \"TresholdArgmax.TresholdArgmax\"}");
	expect_error(&l, "train.loss", "Python is not run", NULL);
	unload(&l);
}

static void test_names(void **state)
{
	struct loaded l;

	(void)state;
	load_edit(&l, "\"name\": \"Dice\"", "\"name\": \"WeightedMulticlassClassificationLoss\"");
	assert_int_equal(problems_errors(&l.ps), 0);
	assert_string_equal(l.cfg.loss.c->name, "WeightedMulticlassClassificationLoss");
	unload(&l);
	load_edit(&l, "\"name\": \"Dice\"", "\"name\": \"Unet\"");
	expect_error(&l, "train.loss", "'Unet' is a network, a loss is expected", NULL);
	unload(&l);
	load_edit(&l, "\"name\": \"Dice\"", "\"name\": \"Zzzzzzzz\"");
	expect_error(&l, "train.loss", "unknown loss 'Zzzzzzzz'", "axial components");
	unload(&l);
	load_edit(&l, "\"name\": \"Dice\"", "\"nam\": \"Dice\"");
	expect_error(&l, "train.loss", "needs a \"name\"", NULL);
	unload(&l);
	load_edit(&l, "{\"name\": \"Dice\"}", "\"Dice\"");
	expect_error(&l, "train.loss", "must be an object, found string", NULL);
	unload(&l);
	load_edit(&l, "\"name\": \"Dice\"", "\"name\": \"Dice#\"");
	expect_error(&l, "train.loss", "alias", NULL);
	unload(&l);
}

static void test_unknown_keys(void **state)
{
	static const char *const typo[] = {"epoch=3"};
	struct loaded l;

	(void)state;
	load_edit(
		&l, "\"epochs\": 4", "\"epochs\": 4, \"lerning_rate\": 1, \"mine\": 3, \"__x\": 1");
	assert_int_equal(l.rc, 0);
	assert_int_equal(l.ps.n, 2);
	expect_warning(&l, "lerning_rate", "unknown key");
	assert_non_null(strstr(l.ps.v[0].fix, "'learning_rate'"));
	expect_warning(&l, "mine", "unknown key");
	unload(&l);
	/* A key that is used as {mine} is a variable. */
	load_edit(
		&l, "\"epochs\": 4", "\"epochs\": 4, \"mine\": \"training\", \"_use\": \"{mine}\"");
	assert_int_equal(l.ps.n, 0);
	unload(&l);
	load_edit(&l, "\"loss\":", "\"losss\": 1, \"loss\":");
	expect_warning(&l, "train.losss", "unknown key");
	unload(&l);
	load_edit(&l, "\"optimizer\": {", "\"optimizer\": {\"arg\": {}, ");
	expect_warning(&l, "train.optimizer.arg", "unknown key");
	unload(&l);
	load(&l, good, typo, 1);
	expect_warning(&l, "epoch", "nothing reads");
	assert_string_equal(l.ps.v[0].fix, "did you mean 'epochs'?");
	unload(&l);
}

static void test_cross_checks(void **state)
{
	struct loaded l;

	(void)state;
	load_edit(&l, "\"epochs\": 4", "\"epochs\": 1");
	expect_warning(&l, "num_training_epoch_per_valid", "every 2 epochs");
	unload(&l);
	load_edit(&l, "\"field\": \"model\"", "\"field\": \"label\"");
	expect_warning(&l, "validate.metrics.#1", "compared with itself");
	unload(&l);
	load_edit(&l, "\"is_key_metric\": true, ", "");
	expect_warning(&l, "validate.metrics", "is_key_metric");
	assert_int_equal(l.cfg.key_metric, 0);
	unload(&l);
	load_edit(&l, "\"field\": \"model\"", "\"field\": \"modle\"");
	expect_error(&l, "validate.metrics.#1",
		"'dice' reads the field 'modle', which nothing made", NULL);
	unload(&l);
	load_edit(&l, "\"output_batch_size\": 2", "\"output_batch_size\": 0");
	assert_int_equal(l.rc, -1);
	unload(&l);
	load_edit(&l, "\"size\": [32, 32, 32]", "\"size\": [64, 32, 32]");
	expect_error(&l, "train.image_pipeline", "output_crop_size is [32, 32, 32]", NULL);
	unload(&l);
}

static void test_missing_data(void **state)
{
	static const char *const away[] = {"DATASET_JSON=data/none.json"};
	static const char *const made[] = {"DATASET_JSON=data/none.json", "DATA_GENERATOR=phantom"};
	static const char *const typo[] = {"DATA_GENERATOR=phantm"};
	struct loaded l;

	(void)state;
	load(&l, good, away, 1);
	expect_error(&l, "DATASET_JSON", "does not exist", "--set");
	assert_int_equal(problems_code(&l.ps), ERR_NOINPUT);
	unload(&l);
	load(&l, good, made, 2);
	assert_int_equal(l.rc, 0);
	assert_string_equal(l.cfg.generator.name, "phantom");
	unload(&l);
	load(&l, good, typo, 1);
	expect_error(&l, "DATA_GENERATOR", "unknown data generator", "'phantom'");
	unload(&l);
}

/* What only building the graph shows. */
static void test_network_is_built(void **state)
{
	struct loaded l;

	(void)state;
	load_edit(&l, "\"num_classes\": 2", "\"num_classes\": 2, \"nf_enc\": \"8,8,8\"");
	expect_error(&l, "train.model", "nf_enc has 3 numbers", NULL);
	unload(&l);
	load_edit(&l, "\"num_classes\": 2",
		"\"num_classes\": 2, \"use_group_norm\": true, \"use_batch_norm\": true");
	expect_error(&l, "train.model", "only one of", NULL);
	unload(&l);
}

static void load_seeds(struct loaded *l, const char *seeds)
{
	char *to = mem_printf("\"determinism\": %s, \"train\":", seeds);

	load_edit(l, "\"train\":", to);
	free(to);
}

static void test_seeds(void **state)
{
	struct loaded l;

	(void)state;
	load_seeds(&l, "{\"python_seed\":\"20191015\",\"random_seed\":123456,"
		       "\"numpy_seed\":654321,\"tf_seed\":11111}");
	assert_int_equal(l.rc, 0);
	assert_int_equal(l.cfg.seed, 123456);
	assert_true(l.cfg.deterministic);
	unload(&l);
	load_seeds(&l, "{\"python_seed\":\"20191015\"}");
	assert_int_equal(l.cfg.seed, 20191015);
	unload(&l);
	load_seeds(&l, "{\"python_seed\":\"abc\",\"random_seed\":-1,\"tf_sed\":4}");
	assert_int_equal(l.rc, -1);
	expect_error(&l, "determinism.python_seed", "no seed", "digits");
	expect_error(&l, "determinism.random_seed", "no seed", "positive");
	assert_non_null(row(&l.ps, "determinism.tf_sed", "unknown key"));
	unload(&l);
}

static void test_task(void **state)
{
	static const char *const known[] = {"PROCESSING_TASK=classification"};
	static const char *const typo[] = {"PROCESSING_TASK=segmentatoin"};
	struct loaded l;

	(void)state;
	load(&l, good, known, 1);
	assert_int_equal(l.rc, 0);
	assert_string_equal(l.cfg.task, "classification");
	unload(&l);
	load(&l, good, typo, 1);
	expect_error(&l, "PROCESSING_TASK", "unknown task", "'segmentation'");
	unload(&l);
}

static void test_set_paths(void **state)
{
	char *dir = test_dir_new(), *set, *want = mem_printf("DATASET_JSON=%s/d/list.json", dir);

	(void)state;
	test_file(dir, "d/list.json", "{}");
	set = path_of_set(dir, "DATASET_JSON=d/list.json");
	assert_string_equal(set, want);
	free(set);
	set = path_of_set(dir, "DATA_ROOT=/abs");
	assert_string_equal(set, "DATA_ROOT=/abs");
	free(set);
	set = path_of_set(dir, "epochs=3");
	assert_string_equal(set, "epochs=3");
	free(set);
	free(want);
	test_dir_free(dir);
}

static void test_missing_files(void **state)
{
	struct config_source src = {.mmar_root = "/nonexistent/mmar"};
	struct train_config cfg;
	struct problems ps = {0};
	char *dir = test_dir_new();

	(void)state;
	assert_int_equal(train_config_load(&src, &cfg, &ps), -1);
	assert_int_equal(problems_code(&ps), ERR_NOINPUT);
	train_config_release(&cfg);
	problems_release(&ps);
	src.mmar_root = dir;
	assert_int_equal(train_config_load(&src, &cfg, &ps), -1);
	assert_int_equal(problems_code(&ps), ERR_NOINPUT);
	train_config_release(&cfg);
	problems_release(&ps);
	test_file(dir, "config/config_train.json", good);
	src.env_path = "config/none.json";
	assert_int_equal(train_config_load(&src, &cfg, &ps), -1);
	assert_non_null(row(&ps, "", "config/none.json"));
	train_config_release(&cfg);
	problems_release(&ps);
	test_dir_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_three_faults),
		cmocka_unit_test(test_json_faults),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_refs),
		cmocka_unit_test(test_disabled),
		cmocka_unit_test(test_lists_of_choices),
		cmocka_unit_test(test_user_code),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_unknown_keys),
		cmocka_unit_test(test_cross_checks),
		cmocka_unit_test(test_missing_data),
		cmocka_unit_test(test_network_is_built),
		cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_task),
		cmocka_unit_test(test_set_paths),
		cmocka_unit_test(test_missing_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
