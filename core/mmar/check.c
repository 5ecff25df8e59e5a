/*
 * Checks across components: what would go wrong at epoch 7, or silently give a
 * wrong number, is said before the start.  An error is what cannot work; a warning
 * is what works but probably not as meant (published configurations have some).
 */
#include "core/mmar/check.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/handler/aux.h"
#include "core/net/net.h"

/* The tasks of v3.  "annotation" trains as segmentation does, with clicks as a second channel. */
static void check_task(struct config_reader *r, const char *task)
{
	static const char *const tasks[] = {"segmentation", "classification", "annotation", NULL};
	const char *near = problem_nearest(task, tasks);
	char *fix;

	if (near && !strcmp(near, task))
		return;
	fix = mem_printf(near ? "did you mean '%s'?" : "known: '%s'", near ? near : tasks[0]);
	reader_error(r, "PROCESSING_TASK", fix, "unknown task '%s'", task);
	free(fix);
}

static void check_schedule(struct config_reader *r, const struct train_config *cfg)
{
	if (cfg->valid_pipeline.c && cfg->valid_interval > cfg->epochs && cfg->epochs > 0)
		reader_warn(r, "num_training_epoch_per_valid", NULL,
			"validation every %" PRId64 " epochs, but there are only %" PRId64
			": it would run after the last one only",
			cfg->valid_interval, cfg->epochs);
	if (cfg->learning_rate > 0.5)
		reader_warn(r, "learning_rate", "usual: 0.0001 to 0.01",
			"a learning rate of %g is very large", cfg->learning_rate);
	if (cfg->multi_gpu)
		reader_warn(r, "multi_gpu", NULL, "one device is used in this build");
}

/* The last transform with "size" decides how large a training sample is. */
static void check_crop(struct config_reader *r, const struct component_list *transforms,
	const struct component_use *pipe)
{
	int64_t crop[3], size[3];
	const struct component_use *last = NULL;

	if (!use_int3(pipe, "output_crop_size", crop))
		return;
	for (int i = 0; i < transforms->n; i++)
		if (use_int3(&transforms->v[i], "size", size) && size[0] > 0)
			last = &transforms->v[i];
	if (!last || !use_int3(last, "size", size) || crop[0] <= 0)
		return;
	if (memcmp(crop, size, sizeof(crop)))
		reader_error(r, pipe->path, "make both equal",
			"output_crop_size is [%" PRId64 ", %" PRId64 ", %" PRId64 "], but %s at "
			"%s makes [%" PRId64 ", %" PRId64 ", %" PRId64 "]",
			crop[0], crop[1], crop[2], last->c->name, last->path, size[0], size[1],
			size[2]);
}

static int check_key_metric(struct config_reader *r, const struct component_list *metrics)
{
	int key = -1, n = 0;

	for (int i = 0; i < metrics->n; i++) {
		if (!use_flag(&metrics->v[i], "is_key_metric", false))
			continue;
		if (key < 0)
			key = i;
		n++;
	}
	if (n > 1)
		reader_error(r, "validate.metrics", "leave one",
			"%d metrics have is_key_metric, exactly one selects the best model", n);
	if (!n && metrics->n)
		reader_warn(r, "validate.metrics", "add \"is_key_metric\": true",
			"no metric has is_key_metric, '%s' is taken", metrics->v[0].name);
	return key < 0 && metrics->n ? 0 : key;
}

static void check_self(struct config_reader *r, const struct component_list *metrics)
{
	for (int i = 0; i < metrics->n; i++) {
		const char *field = use_string(&metrics->v[i], "field");
		const char *label = use_string(&metrics->v[i], "label_field");

		if (field && label && !strcmp(field, label))
			reader_warn(r, metrics->v[i].path, "field should be a prediction",
				"'%s' is compared with itself, the result is always perfect",
				field);
	}
}

/* Results are found by the name of their metric. */
static void check_duplicate_names(struct config_reader *r, const struct component_list *metrics)
{
	for (int i = 0; i < metrics->n; i++) {
		const char *a = use_string(&metrics->v[i], "name");

		for (int k = 0; a && k < i; k++) {
			const char *b = use_string(&metrics->v[k], "name");

			if (b && !strcmp(a, b))
				reader_error(r, metrics->v[i].path, "give each its own name",
					"two metrics are called '%s'", a);
		}
	}
}

int check_enabled(const cJSON *list)
{
	const cJSON *x;
	int n = 0;

	cJSON_ArrayForEach (x, list) {
		n += !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(x, "disabled"));
	}
	return n;
}

/* The data list's "labels" against the network's classes. */
static void check_labels(struct config_reader *r, const struct component_use *net)
{
	const struct net_ops *ops = net->c ? net->c->ops : NULL;
	struct err err = ERR_INIT;
	cJSON *list;
	int labels, classes;

	if (!ops || !ops->classes || !r->paths.dataset_json || !sys_exists(r->paths.dataset_json))
		return;
	list = json_read(r->paths.dataset_json, &err);
	labels = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(list, "labels"));
	classes = ops->classes(net->args);
	if (labels > classes && classes > 1)
		reader_error(r, net->path, "labels above it would have no channel",
			"%s has %d classes, but the data list names %d labels", net->c->name,
			classes, labels);
	else if (labels && labels < classes)
		reader_warn(r, net->path, NULL,
			"%s has %d classes, but the data list names only %d labels", net->c->name,
			classes, labels);
	cJSON_Delete(list);
}

void check_train(struct config_reader *r, struct train_config *cfg)
{
	check_task(r, cfg->task);
	check_schedule(r, cfg);
	check_iteration(r, &cfg->train_iteration, true);
	check_iteration(r, &cfg->valid_iteration, false);
	check_batching(r, cfg);
	check_crop(r, &cfg->train_transforms, &cfg->train_pipeline);
	cfg->key_metric = check_key_metric(r, &cfg->metrics);
	check_self(r, &cfg->metrics);
	check_fields_train(r, cfg);
	check_duplicate_names(r, &cfg->metrics);
	check_network(r, cfg);
	check_labels(r, &cfg->network);
	reader_check_data(r);
}

/* num_classes of the training configurations beside this file; 0: none, or they differ. */
static int check_trained_classes(const struct config_reader *r)
{
	char *dir = mem_strdup(r->paths.config_file), *slash = strrchr(dir, '/');
	struct err err = ERR_INIT;
	char **names = NULL;
	int classes = 0, n;

	if (slash)
		*slash = '\0';
	n = sys_list_dir(dir, &names, &err);
	for (int i = 0; i < n && classes >= 0; i++) {
		char *path = sys_join(dir, names[i]);
		size_t len = strlen(names[i]);
		cJSON *root = len > 5 && !strcmp(names[i] + len - 5, ".json")
				      ? json_read(path, &err)
				      : NULL;
		const cJSON *train = cJSON_GetObjectItemCaseSensitive(root, "train");
		const cJSON *net = cJSON_GetObjectItemCaseSensitive(train, "model");
		int found = (int)json_num(
			cJSON_GetObjectItemCaseSensitive(net, "args"), "num_classes", 0);

		if (found)
			classes = !classes || classes == found ? found : -1;
		cJSON_Delete(root);
		free(path);
	}
	if (n >= 0)
		sys_free_names(names, n);
	free(dir);
	return classes < 0 ? 0 : classes;
}

static void check_split(
	struct config_reader *r, const struct component_list *transforms, int classes)
{
	for (int i = 0; i < transforms->n; i++) {
		const struct component_use *u = &transforms->v[i];
		const struct strlist *names = use_strings(u, "label_names");

		if (names && classes && names->n != classes)
			reader_warn(r, u->path, NULL,
				"%d class names for a network of %d classes in this MMAR's training "
				"configuration",
				names->n, classes);
	}
}

void check_validate(struct config_reader *r, struct validate_config *cfg)
{
	int classes = check_trained_classes(r);
	const cJSON *metrics = cJSON_GetObjectItemCaseSensitive(r->root, "val_metrics");
	const cJSON *writers = cJSON_GetObjectItemCaseSensitive(r->root, "writers");

	check_task(r, cfg->task);
	check_self(r, &cfg->metrics);
	check_duplicate_names(r, &cfg->metrics);
	check_split(r, &cfg->post_transforms, classes);
	check_split(r, &cfg->label_transforms, classes);
	check_iteration(r, &cfg->iteration, false);
	check_fields_validate(r, cfg);
	if (cfg->do_validation && !check_enabled(metrics))
		reader_warn(
			r, "val_metrics", NULL, "do_validation is set, but there are no metrics");
	if (cfg->output_infer_result && !check_enabled(writers))
		reader_warn(
			r, "writers", NULL, "output_infer_result is set, but there are no writers");
	reader_check_data(r);
}
