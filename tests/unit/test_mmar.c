/*
 * MMAR folders: recognising, finding, describing, copying and making them, and
 * finding the weights of a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/handler/loader.h"
#include "core/mmar/config.h"
#include "core/mmar/mmar.h"
#include "tests/unit/mmar_dir.h"

static const char train_text[] =
	"{\"train\": {\"loss\": [{\"name\": \"Dice\"}, {\"name\": \"Focal\"}], \"model\": "
	"{\"name\": \"Unet\", \"args\": {\"num_classes\": 3}}}}";
static const char env_text[] =
	"{\"PROCESSING_TASK\": \"segmentation\", \"DATASET_JSON\": \"data/d.json\","
	" \"DATA_ROOT\": \"data\", \"MMAR_CKPT_DIR\": \"models\"}";

static void make(const char *dir, const char *name)
{
	char *root = sys_join(dir, name);

	test_file(root, "config/config_train.json", train_text);
	test_file(root, "config/environment.json", env_text);
	test_file(root, "docs/Readme.md", "\n# A title: here\r\ntext\n");
	test_file(root, "models/.gitkeep", "");
	free(root);
}

static bool there(const char *dir, const char *path)
{
	char *full = sys_join(dir, path);
	bool yes = sys_exists(full);

	free(full);
	return yes;
}

static void test_find(void **state)
{
	char *dir = test_dir_new(), *real = realpath(dir, NULL), *root, *file;
	const char *roots[2] = {dir, dir};
	struct strlist found;

	(void)state;
	make(dir, "b");
	make(dir, "sub/a");
	make(dir, "sub/a/inner"); /* inside an MMAR: not searched */
	make(dir, ".hidden/x");
	make(dir, "1/2/3/4/5"); /* too deep */
	test_file(dir, "none/config/other.json", "{}");
	mmar_find(roots, 2, &found);
	assert_int_equal(found.n, 2);
	root = sys_join(real, "b");
	assert_string_equal(found.v[0], root);
	assert_true(mmar_is(root));
	file = sys_join(root, "config/config_train.json");
	free(root);
	root = mmar_root_of(file);
	assert_string_equal(root, found.v[0]);
	free(root);
	free(file);
	file = sys_join(real, "none/x.json");
	root = mmar_root_of(file);
	assert_string_equal(sys_basename(root), "none");
	assert_false(mmar_is(root));
	free(root);
	free(file);
	mmar_list_release(&found);
	free(real);
	test_dir_free(dir);
}

static void test_info(void **state)
{
	char *dir = test_dir_new(), *root = sys_join(dir, "m");
	struct mmar_info info;
	struct err err = ERR_INIT;

	(void)state;
	make(dir, "m");
	test_file(root, "data/d.json",
		"{\"labels\": {\"0\": \"background\", \"1\": \"spleen\", \"2\": \"liver\"}}");
	test_file(root, "models/run1/events.jsonl", "{}\n");
	test_file(root, "models/run2/events.jsonl", "{}\n");
	test_file(root, "models/no_run/x", "");
	assert_int_equal(mmar_info_load(root, &info, &err), 0);
	assert_string_equal(info.name, "m");
	assert_string_equal(info.title, "A title: here");
	assert_string_equal(info.task, "segmentation");
	assert_string_equal(info.network, "Unet");
	assert_string_equal(info.loss, "Dice");
	assert_int_equal(info.num_classes, 3);
	assert_int_equal(info.classes.n, 3);
	assert_string_equal(info.classes.v[2], "liver");
	assert_int_equal(info.configs.n, 2);
	assert_true(info.data_present);
	assert_null(info.generator);
	assert_int_equal(info.nruns, 2);
	assert_true(info.disk_bytes >= 4096);
	mmar_info_release(&info);

	/* Broken files leave fields empty. */
	test_file(root, "config/config_train.json", "{");
	test_file(root, "config/environment.json", "[1]");
	assert_int_equal(mmar_info_load(root, &info, &err), 0);
	assert_string_equal(info.network, "");
	assert_string_equal(info.task, "");
	assert_int_equal(info.nruns, 2);
	mmar_info_release(&info);
	assert_int_equal(mmar_info_load(dir, &info, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	mmar_info_release(&info);
	assert_int_equal(mmar_info_load("/nonexistent", &info, &err), -1);
	assert_int_equal(err.code, ERR_NOINPUT);
	mmar_info_release(&info);
	free(root);
	test_dir_free(dir);
}

static void test_clone(void **state)
{
	char *dir = test_dir_new(), *src = sys_join(dir, "m"), *dst = sys_join(dir, "copy");
	char *inside = sys_join(src, "copy"), *script = sys_join(src, "commands/train.sh");
	char *copied = sys_join(dst, "commands/train.sh"), *link = sys_join(src, "config/link");
	struct err err = ERR_INIT;
	struct stat st;

	(void)state;
	make(dir, "m");
	test_file(src, "commands/train.sh", "#!/bin/sh\n");
	assert_int_equal(chmod(script, 0755), 0);
	test_file(src, "models/run/model.safetensors", "x");
	test_file(src, "eval/a/b.nii.gz", "x");
	test_file(src, "data/d.json", "{}");
	assert_int_equal(symlink("/etc/passwd", link), 0);
	assert_int_equal(mmar_clone(src, dst, &err), 0);
	assert_true(there(dst, "config/config_train.json"));
	assert_true(there(dst, "models/.gitkeep"));
	assert_false(there(dst, "models/run"));
	assert_false(there(dst, "eval/a"));
	assert_false(there(dst, "data/d.json"));
	assert_false(there(dst, "config/link"));
	assert_int_equal(stat(copied, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);

	assert_int_equal(mmar_clone(src, dst, &err), -1); /* exists */
	assert_int_equal(err.code, ERR_USAGE);
	assert_int_equal(mmar_clone(src, inside, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_int_equal(mmar_clone("/nonexistent", dst, &err), -1);
	assert_int_equal(err.code, ERR_NOINPUT);
	assert_int_equal(mmar_clone(dir, inside, &err), -1); /* no MMAR */
	assert_int_equal(err.code, ERR_DATA);
	free(src);
	free(dst);
	free(inside);
	free(script);
	free(copied);
	free(link);
	test_dir_free(dir);
}

static void test_new(void **state)
{
	char *dir = test_dir_new(), *root = sys_join(dir, "fresh");
	static const char *const files[] = {
		"config/config_train.json", "config/config_validation.json"};
	struct err err = ERR_INIT;
	struct problems ps = {0};

	(void)state;
	assert_int_equal(mmar_new(root, &err), 0);
	assert_true(mmar_is(root));
	assert_true(there(root, "commands/train.sh"));
	assert_int_equal(mmar_new(root, &err), -1);
	test_file(root, "data/dataset.json", "{\"labels\": [\"background\", \"organ\"]}");
	for (int i = 0; i < 2; i++) {
		struct config_source src = {
			.mmar_root = root, .config_path = files[i], .lint = true};

		if (config_lint(&src, &ps))
			print_message("%s has faults\n", files[i]);
	}
	for (int i = 0; i < ps.n; i++)
		print_message("%s: %s\n", ps.v[i].path, ps.v[i].text);
	assert_int_equal(ps.n, 0);
	problems_release(&ps);
	free(root);
	test_dir_free(dir);
}

static void test_weights(void **state)
{
	char *dir = test_dir_new(), *path;
	struct err err = ERR_INIT;
	struct component_use u = {0};
	struct problems ps = {0};
	const struct component *c = component_find(COMPONENT_LOADER, "FrozenGraphModelLoader");
	char *json = mem_printf("{\"model_file_path\": \"%s/model.trt.pb\"}", dir);
	cJSON *args = cJSON_Parse(json);

	(void)state;
	assert_null(loader_newest_weights("/nonexistent", &err));
	assert_int_equal(err.code, ERR_NOINPUT);
	assert_null(loader_newest_weights(dir, &err));
	assert_int_equal(err.code, ERR_NOINPUT);
	test_file(dir, "run_a/model.safetensors", "x");
	path = loader_newest_weights(dir, &err);
	assert_non_null(strstr(path, "run_a/model.safetensors"));
	free(path);
	test_file(dir, "model.safetensors", "x");
	assert_int_equal(component_use_init(&u, c, args, NULL, "t", "model_loader", &ps), 0);
	path = loader_weights(&u, &err);
	assert_non_null(path);
	assert_null(strstr(path, "run_a"));
	assert_string_equal(sys_basename(path), "model.safetensors");
	free(path);
	component_use_release(&u);
	assert_null(loader_weights(&u, &err));
	cJSON_Delete(args);
	free(json);
	test_dir_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_clone),
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_weights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
