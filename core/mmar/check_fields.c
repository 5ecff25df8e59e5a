/*
 * Which fields there are at every transform: a misspelt "imgae" is found before
 * anything is loaded, and not after the first case.
 *
 * A case begins with the fields of the data list, image and label.  Each transform
 * says what it reads and what it makes.  After one that says neither (user code)
 * any field may exist, and nothing more is reported.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/mmar/check.h"
#include "core/transform/transform.h"

enum { FIELDS_MAX = 128, FIELDS_ONE = 64 };

struct fields {
	const char *name[FIELDS_MAX + 1]; /* NULL-terminated; borrowed from arguments */
	int n;
	bool open; /* any other may exist as well */
};

static bool fields_has(const struct fields *f, const char *name)
{
	for (int i = 0; i < f->n; i++)
		if (!strcmp(f->name[i], name))
			return true;
	/* MONAI's name of what the network gave, see sample_find(). */
	return f->open || (!strcmp(name, "pred") && fields_has(f, "model"));
}

static void fields_add(struct fields *f, const char *name)
{
	if (name && !fields_has(f, name) && f->n < FIELDS_MAX)
		f->name[f->n++] = name;
}

/* What there is, for a message; the nearest name first when one is near. */
static char *fields_fix(const struct fields *f, const char *name)
{
	const char *near = problem_nearest(name, (const char *const *)f->name);
	struct buf known = {0};
	char *fix;

	for (int i = 0; i < f->n; i++)
		buf_printf(&known, "%s'%s'", i ? ", " : "", f->name[i]);
	fix = near ? mem_printf("did you mean '%s'? known there: %s", near, known.p)
		   : mem_printf("known there: %s", known.p);
	buf_release(&known);
	return fix;
}

static void fields_transform(
	struct config_reader *r, const struct component_use *u, struct fields *f)
{
	const struct transform_ops *ops = u->c->ops;
	const char *names[FIELDS_ONE];
	int n = 0;

	if (!ops->reads && !ops->writes)
		f->open = true;
	if (ops->reads)
		ops->reads(u->args, names, FIELDS_ONE, &n);
	for (int i = 0; i < n; i++) {
		char *fix;

		if (fields_has(f, names[i]))
			continue;
		fix = fields_fix(f, names[i]);
		reader_error(r, u->path, fix, "%s reads the field '%s', which nothing made before",
			u->name, names[i]);
		free(fix);
		fields_add(f, names[i]); /* say it once */
	}
	n = 0;
	if (ops->writes)
		ops->writes(u->args, names, FIELDS_ONE, &n);
	for (int i = 0; i < n; i++)
		fields_add(f, names[i]);
}

/* configured: the list in JSON; when entries of it were refused, what they make is not known. */
static void fields_list(struct config_reader *r, const struct component_list *l,
	const cJSON *configured, struct fields *f)
{
	f->open = f->open || check_enabled(configured) != l->n;
	for (int i = 0; i < l->n; i++)
		fields_transform(r, &l->v[i], f);
}

static void fields_use(struct config_reader *r, const struct component_list *l, const char *arg,
	const struct fields *f)
{
	for (int i = 0; i < l->n; i++) {
		const char *name = use_string(&l->v[i], arg), *own = use_string(&l->v[i], "name");
		char *fix;

		if (!name || fields_has(f, name))
			continue;
		fix = fields_fix(f, name);
		reader_error(r, l->v[i].path, fix,
			"%s '%s' reads the field '%s', which nothing made",
			component_kind_name(l->v[i].c->kind), own ? own : l->v[i].name, name);
		free(fix);
	}
}

/* The interactions between network and step; what their transforms read and make. */
static void fields_iteration(struct config_reader *r, const struct config_iteration *it,
	const cJSON *section, struct fields *f)
{
	const cJSON *x = cJSON_GetObjectItemCaseSensitive(section, "iteration");
	const cJSON *args = cJSON_GetObjectItemCaseSensitive(x, "args");

	if (!it->use.c)
		return;
	fields_add(f, "model");
	fields_add(f, use_string(&it->use, "key_probability"));
	fields_list(r, &it->transforms, cJSON_GetObjectItemCaseSensitive(args, "transforms"), f);
}

static struct fields fields_of_case(void)
{
	return (struct fields){.name = {"image", "label"}, .n = 2};
}

/* Tags of aux ops are what metrics of a training may read too. */
static void fields_tags(const struct component_list *aux, struct fields *f)
{
	for (int i = 0; i < aux->n; i++) {
		const struct strlist *tags = use_strings(&aux->v[i], "tags");

		fields_add(f, use_string(&aux->v[i], "tag"));
		for (int k = 0; tags && k < tags->n; k++)
			fields_add(f, tags->v[k]);
	}
}

void check_fields_train(struct config_reader *r, const struct train_config *cfg)
{
	const cJSON *train = cJSON_GetObjectItemCaseSensitive(r->root, "train");
	const cJSON *valid = cJSON_GetObjectItemCaseSensitive(r->root, "validate");
	struct fields f = fields_of_case(), v = fields_of_case();

	fields_list(r, &cfg->train_transforms,
		cJSON_GetObjectItemCaseSensitive(train, "pre_transforms"), &f);
	fields_list(r, &cfg->batch_transforms,
		cJSON_GetObjectItemCaseSensitive(train, "batch_transforms"), &f);
	fields_iteration(r, &cfg->train_iteration, train, &f);
	fields_list(r, &cfg->valid_transforms,
		cJSON_GetObjectItemCaseSensitive(valid, "pre_transforms"), &v);
	fields_iteration(r, &cfg->valid_iteration, valid, &v);
	fields_add(&v, "model");
	fields_list(r, &cfg->valid_post_transforms,
		cJSON_GetObjectItemCaseSensitive(valid, "post_transforms"), &v);
	fields_tags(&cfg->aux_ops, &v);
	v.open = v.open || check_enabled(cJSON_GetObjectItemCaseSensitive(train, "aux_ops")) !=
				   cfg->aux_ops.n;
	fields_use(r, &cfg->metrics, "field", &v);
	fields_use(r, &cfg->metrics, "label_field", &v);
}

void check_fields_validate(struct config_reader *r, const struct validate_config *cfg)
{
	const cJSON *root = r->root;
	struct fields f = fields_of_case();

	fields_list(r, &cfg->pre_transforms,
		cJSON_GetObjectItemCaseSensitive(root, "pre_transforms"), &f);
	fields_iteration(r, &cfg->iteration, root, &f);
	fields_add(&f, "model");
	fields_list(r, &cfg->label_transforms,
		cJSON_GetObjectItemCaseSensitive(root, "label_transforms"), &f);
	fields_list(r, &cfg->post_transforms,
		cJSON_GetObjectItemCaseSensitive(root, "post_transforms"), &f);
	if (cfg->do_validation) {
		fields_use(r, &cfg->metrics, "field", &f);
		fields_use(r, &cfg->metrics, "label_field", &f);
	}
	if (cfg->output_infer_result)
		fields_use(r, &cfg->writers, "field", &f);
}
