/*
 * Configuration and images of an inference.
 */
#include "core/train/infer_config.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/handler/loader.h"
#include "core/train/case_io.h"
#include "core/train/source.h"
#include "core/volume/image_file.h"

static int infer_need(const struct infer_config *c, const char *file, struct err *err)
{
	if (!c->inferer.c)
		return err_set(err, ERR_DATA, "'%s' configures no inferer", file);
	if (!c->pre->n)
		return err_set(
			err, ERR_DATA, "'%s' configures no pre_transforms for the image", file);
	return 0;
}

static int infer_load_train(struct infer_config *c, const struct config_source *cs, struct err *err)
{
	struct problems ps = {0};
	int rc = train_config_load(cs, &c->train, &ps);

	c->from_train = true;
	if (rc)
		problems_to_err(&ps, err);
	problems_release(&ps);
	if (rc)
		return -1;
	c->inferer = c->train.inferer;
	c->pre = &c->train.valid_transforms;
	case_drop_label(&c->train.valid_transforms, &c->skipped);
	return infer_need(c, cs->config_path, err);
}

static int infer_load_validate(
	struct infer_config *c, const struct config_source *cs, struct err *err)
{
	struct problems ps = {0};
	int rc = validate_config_load(cs, &c->validate, &ps);

	if (rc)
		problems_to_err(&ps, err);
	problems_release(&ps);
	if (rc)
		return -1;
	c->inferer = c->validate.inferer;
	c->post = &c->validate.post_transforms;
	c->pre = &c->validate.pre_transforms;
	case_drop_label(&c->validate.pre_transforms, &c->skipped);
	case_drop_label(&c->validate.post_transforms, &c->skipped);
	c->n_writers = c->validate.writers.n;
	c->writers = mem_zalloc((size_t)(c->n_writers + 1) * sizeof(*c->writers));
	for (int i = 0; i < c->n_writers; i++)
		c->writers[i] = c->validate.writers.v[i].args;
	return infer_need(c, cs->config_path, err);
}

/* The first of the two usual files that is there. */
static const char *infer_usual_config(const char *mmar, struct err *err)
{
	static const char *const names[] = {
		"config/config_validation.json", "config/config_train.json"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *path = sys_join(mmar, names[i]);
		bool there = sys_exists(path);

		free(path);
		if (there)
			return names[i];
	}
	err_set(err, ERR_NOINPUT,
		"'%s' has neither %s nor %s: name the MMAR with -m, or a configuration with -c",
		mmar, names[0], names[1]);
	return NULL;
}

static bool infer_is_training(const char *mmar, const char *config)
{
	char *path = sys_join(mmar, config);
	struct err ignored = ERR_INIT;
	cJSON *root = sys_exists(path) ? json_read(path, &ignored) : json_read(config, &ignored);
	bool training = root && config_kind_of(root) == CONFIG_TRAIN;

	cJSON_Delete(root);
	free(path);
	return training;
}

int infer_config_load(struct infer_config *c, const struct train_options *opt, struct err *err)
{
	struct train_source src;
	int rc;

	memset(c, 0, sizeof(*c));
	rc = train_source_init(&src, opt, err);
	if (!rc) {
		struct config_source cs = train_source_config(&src);

		cs.lint = true; /* the data list is nobody's business here */
		cs.runs = true;
		if (!cs.config_path)
			cs.config_path = infer_usual_config(src.mmar, err);
		if (!cs.config_path)
			rc = -1;
		else if (infer_is_training(src.mmar, cs.config_path))
			rc = infer_load_train(c, &cs, err);
		else
			rc = infer_load_validate(c, &cs, err);
	}
	train_source_release(&src);
	return rc;
}

void infer_config_release(struct infer_config *c)
{
	buf_release(&c->skipped);
	free(c->writers);
	if (c->from_train)
		train_config_release(&c->train);
	else
		validate_config_release(&c->validate);
	memset(c, 0, sizeof(*c));
}

char *infer_config_weights(const struct infer_config *c, const char *given, struct err *err)
{
	if (given)
		return mem_strdup(given);
	if (c->from_train)
		return loader_newest_weights(c->train.paths.ckpt_dir, err);
	return loader_weights(&c->validate.model_loader, err);
}

/* What LoadImaged takes, but no hidden file. */
static bool infer_is_image(const char *name)
{
	return name[0] != '.' && name[image_file_stem(name)];
}

static void infer_list_add(struct infer_list *l, char *file)
{
	l->v = mem_realloc(l->v, (size_t)(l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = (struct infer_image){file, case_name(file)};
}

static int infer_list_folder(struct infer_list *l, const char *dir, struct err *err)
{
	char **names;
	int n = sys_list_dir(dir, &names, err), before = l->n;

	if (n < 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (infer_is_image(names[i]))
			infer_list_add(l, sys_join(dir, names[i]));
	sys_free_names(names, n);
	if (l->n == before)
		return err_set(err, ERR_NOINPUT,
			"no image (.nii, .nii.gz, .png, .jpg, .npy) in the folder '%s'", dir);
	return 0;
}

static int infer_by_name(const void *a, const void *b)
{
	const struct infer_image *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int infer_list_check(const struct infer_list *l, struct err *err)
{
	const struct infer_image **by = mem_alloc((size_t)(l->n + 1) * sizeof(*by));
	int rc = 0;

	for (int i = 0; i < l->n; i++)
		by[i] = &l->v[i];
	qsort(by, (size_t)l->n, sizeof(*by), infer_by_name);
	for (int i = 1; !rc && i < l->n; i++)
		if (!strcmp(by[i]->name, by[i - 1]->name))
			rc = err_set(err, ERR_USAGE,
				"'%s' and '%s' would both be written as '%s': run them into different "
				"folders",
				by[i - 1]->file, by[i]->file, by[i]->name);
	free(by);
	return rc;
}

int infer_list_read(struct infer_list *l, const char *const *inputs, int n, struct err *err)
{
	memset(l, 0, sizeof(*l));
	if (n < 1)
		return err_set(err, ERR_USAGE, "give images or folders of images");
	for (int i = 0; i < n; i++) {
		if (!sys_is_dir(inputs[i]))
			infer_list_add(l, mem_strdup(inputs[i]));
		else if (infer_list_folder(l, inputs[i], err))
			return -1;
	}
	return infer_list_check(l, err);
}

void infer_list_release(struct infer_list *l)
{
	for (int i = 0; i < l->n; i++) {
		free(l->v[i].file);
		free(l->v[i].name);
	}
	free(l->v);
	memset(l, 0, sizeof(*l));
}
