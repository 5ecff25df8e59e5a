/*
 * Which images a slice view can show.
 *
 * From an MMAR: the cases of its data list ("validation", then "training"), and for
 * each a prediction when the evaluation wrote one: the first NIfTI file in the folder
 * eval/CASE (the layout of the writer), or one in eval whose name begins with CASE.  Everything is
 * best effort: a list that has no "validation" still shows its training cases.
 */
#include "tui/slice_cases.h"

#include <stdlib.h>
#include <string.h>
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/data/datalist.h"
#include "core/mmar/mmar.h"

static char *dup_or_null(const char *s)
{
	return s && *s ? mem_strdup(s) : NULL;
}

static struct slice_case *add(struct slice_cases *c)
{
	c->v = mem_realloc(c->v, (size_t)(c->n + 1) * sizeof(*c->v));
	memset(&c->v[c->n], 0, sizeof(*c->v));
	return &c->v[c->n++];
}

void slice_cases_one(
	struct slice_cases *c, const char *image, const char *label, const char *prediction)
{
	struct slice_case *k = add(c);

	k->id = mem_strdup(sys_basename(image));
	k->file[0] = mem_strdup(image);
	k->file[1] = dup_or_null(label);
	k->file[2] = dup_or_null(prediction);
}

static bool is_nifti(const char *name)
{
	size_t n = strlen(name);

	return (n > 7 && !strcmp(name + n - 7, ".nii.gz")) ||
	       (n > 4 && !strcmp(name + n - 4, ".nii"));
}

/* The first NIfTI file in dir whose name begins with prefix; the caller frees. */
static char *first_nifti(const char *dir, const char *prefix)
{
	struct err err = ERR_INIT;
	char **names, *out = NULL;
	int n = sys_list_dir(dir, &names, &err);

	if (n < 0)
		return NULL;
	for (int i = 0; i < n && !out; i++)
		if (!strncmp(names[i], prefix, strlen(prefix)) && is_nifti(names[i]))
			out = sys_join(dir, names[i]);
	sys_free_names(names, n);
	return out;
}

static char *prediction_of(const char *eval_dir, const char *id)
{
	char *sub, *out;

	if (!eval_dir)
		return NULL;
	sub = sys_join(eval_dir, id);
	out = sys_is_dir(sub) ? first_nifti(sub, "") : NULL;
	free(sub);
	return out ? out : first_nifti(eval_dir, id);
}

static void add_list(struct slice_cases *c, const struct mmar_info *info, const char *key)
{
	struct problems ps = {0};
	struct datalist *list = datalist_read(info->dataset_json, info->data_root, key, &ps);

	problems_release(&ps);
	for (int i = 0; list && i < list->n; i++) {
		const struct datalist_entry *e = &list->v[i];
		struct slice_case *k;

		if (e->repeat || !e->n_image)
			continue;
		k = add(c);
		k->id = mem_strdup(e->case_id);
		k->file[0] = mem_strdup(e->image[0]);
		k->file[1] = dup_or_null(e->label);
		k->file[2] = prediction_of(info->eval_dir, e->case_id);
	}
	datalist_free(list);
}

int slice_cases_mmar(struct slice_cases *c, const char *mmar, struct err *err)
{
	struct mmar_info info = {0};
	int rc = 0;

	if (mmar_info_load(mmar, &info, err))
		return -1;
	if (!info.dataset_json || !info.data_present) {
		rc = err_set(err, ERR_NOINPUT, "the data list '%s' of '%s' is not there",
			info.dataset_json ? info.dataset_json : "DATASET_JSON", info.name);
	} else {
		add_list(c, &info, "validation");
		add_list(c, &info, "training");
		if (!c->n)
			rc = err_set(
				err, ERR_DATA, "no case in the data list '%s'", info.dataset_json);
		for (int i = 0; i < info.classes.n; i++) {
			c->classes.v =
				mem_realloc(c->classes.v, (size_t)(i + 1) * sizeof(*c->classes.v));
			c->classes.v[i] = mem_strdup(info.classes.v[i] ? info.classes.v[i] : "");
			c->classes.n = i + 1;
		}
	}
	mmar_info_release(&info);
	return rc;
}

void slice_cases_release(struct slice_cases *c)
{
	for (int i = 0; i < c->n; i++) {
		free(c->v[i].id);
		for (int k = 0; k < 3; k++)
			free(c->v[i].file[k]);
	}
	free(c->v);
	for (int i = 0; i < c->classes.n; i++)
		free(c->classes.v[i]);
	free(c->classes.v);
	memset(c, 0, sizeof(*c));
}
