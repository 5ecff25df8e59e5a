/*
 * Weights from a file into a network that is there: all of them, or what fits.
 *
 * Files may hold more than the network asks for (a checkpoint's optimizer, a
 * branch that was only for training); that is not looked at.  What a network asks
 * for and the file lacks is an error that names the tensors, unless a partial
 * loading was wished: then both sides are listed, because a transfer that
 * silently loads nothing looks like one that works.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/tensor/safetensors_read.h"
#include "core/train/model.h"

static bool model_fits(const struct st_info *info, const struct param *v)
{
	return info && safetensors_is_float(info->dtype) && shape_eq(&info->shape, &v->shape);
}

/* Adds "'NAME' is SHAPE, the network has SHAPE" or "'NAME' (SHAPE) is missing". */
static void model_say_unfit(const struct st_info *info, const struct param *v, struct buf *out)
{
	char want[SHAPE_TEXT], have[SHAPE_TEXT];

	shape_text(&v->shape, want);
	if (!info)
		buf_printf(out, "'%s' (%s) is missing", v->name, want);
	else if (!shape_eq(&info->shape, &v->shape))
		buf_printf(out, "'%s' is %s, the network has %s", v->name,
			shape_text(&info->shape, have), want);
	else
		buf_printf(out, "'%s' has the type %s", v->name, dtype_name(info->dtype));
}

/* Room in an error message for the differing tensors. */
#define MODEL_LIST_MAX (ERR_MSG_MAX - 600)

/*
 * Adds the tensors that do not fit to bad, and lists them as far as there is room.
 * spare: by index, tensors that may be missing; NULL: none.
 */
static int model_compare(const struct safetensors *st, const struct param *v, int n,
	const bool *spare, int bad, struct buf *out)
{
	for (int i = 0; i < n; i++) {
		const struct st_info *info = safetensors_find(st, v[i].name);

		if (info ? model_fits(info, &v[i]) : spare && spare[i])
			continue;
		bad++;
		if (out->len > MODEL_LIST_MAX)
			continue;
		buf_puts(out, "; ");
		model_say_unfit(info, &v[i], out);
		if (out->len > MODEL_LIST_MAX)
			buf_puts(out, "; ...");
	}
	return bad;
}

static int model_load_list(
	const struct safetensors *st, const struct param *v, int n, float *base, struct err *err)
{
	for (int i = 0; i < n; i++)
		if (safetensors_find(st, v[i].name) &&
			safetensors_load_f32(st, v[i].name, &v[i].shape, base + v[i].offset, err))
			return -1;
	return 0;
}

/* A file for inference lacks what training needs; it says so itself. */
static const char *model_load_hint(const struct model *m, const struct safetensors *st)
{
	const char *spec = safetensors_meta(st, "network");

	if (m->inference || !spec || !strstr(spec, "\"inference\":true"))
		return "";
	return " (the file was exported for inference: train from the model.safetensors that it "
	       "was made of)";
}

static int model_load_from(struct model *m, const char *path, const bool *spare, struct err *err)
{
	struct safetensors *st = safetensors_open(path, err);
	struct params *p = m->params;
	struct buf diff = {0};
	int rc = 0, bad;

	if (!st)
		return -1;
	if (safetensors_verify(st, err)) {
		safetensors_close(st);
		return -1;
	}
	bad = model_compare(st, p->param, p->n, spare, 0, &diff);
	bad = model_compare(st, p->state, p->n_state, spare ? spare + p->n : NULL, bad, &diff);
	if (bad)
		rc = err_set(err, ERR_DATA, "'%s' does not fit the network%s: %d tensors differ%s",
			path, model_load_hint(m, st), bad, diff.p);
	else
		rc = model_load_list(st, p->param, p->n, p->w, err) ||
				     model_load_list(st, p->state, p->n_state, p->s, err)
			     ? -1
			     : 0;
	params_touch(p);
	buf_release(&diff);
	safetensors_close(st);
	return rc;
}

int model_load(struct model *m, const char *path, struct err *err)
{
	return model_load_from(m, path, m->spare, err);
}

int model_load_all(struct model *m, const char *path, struct err *err)
{
	return model_load_from(m, path, NULL, err);
}

static int model_load_fitting(const struct safetensors *st, const struct param *v, int n,
	float *base, struct model_partial *part, struct err *err)
{
	for (int i = 0; i < n; i++) {
		const struct st_info *info = safetensors_find(st, v[i].name);

		if (!model_fits(info, &v[i])) {
			part->fresh++;
			model_say_unfit(info, &v[i], &part->fresh_text);
			buf_putc(&part->fresh_text, '\n');
			continue;
		}
		if (safetensors_load_f32(st, v[i].name, &v[i].shape, base + v[i].offset, err))
			return -1;
		part->loaded++;
	}
	return 0;
}

/* Optimizer and position of a checkpoint are no weights. */
static bool model_is_weight(const char *name)
{
	return strncmp(name, "optimizer.", 10) && strcmp(name, "position");
}

static void model_list_left(
	const struct model *m, const struct safetensors *st, struct model_partial *part)
{
	for (int i = 0; i < safetensors_count(st); i++) {
		const struct st_info *info = safetensors_at(st, i);
		const struct param *v = params_find(m->params, info->name);
		char have[SHAPE_TEXT];

		if (!v)
			v = params_find_state(m->params, info->name);
		if (!model_is_weight(info->name) || (v && model_fits(info, v)))
			continue;
		part->left++;
		buf_printf(&part->left_text, "'%s' (%s)\n", info->name,
			shape_text(&info->shape, have));
	}
}

int model_load_partial(
	struct model *m, const char *path, struct model_partial *part, struct err *err)
{
	struct safetensors *st = safetensors_open(path, err);
	struct params *p = m->params;
	int rc;

	memset(part, 0, sizeof(*part));
	if (!st)
		return -1;
	rc = safetensors_verify(st, err) ||
			     model_load_fitting(st, p->param, p->n, p->w, part, err) ||
			     model_load_fitting(st, p->state, p->n_state, p->s, part, err)
		     ? -1
		     : 0;
	model_list_left(m, st, part);
	if (!rc && !part->loaded)
		rc = err_set(err, ERR_DATA,
			"'%s' has no tensor of the network's: none of its %d fits any of the "
			"network's %d by name and shape",
			path, part->left, part->fresh);
	params_touch(p);
	safetensors_close(st);
	return rc;
}

void model_partial_release(struct model_partial *part)
{
	buf_release(&part->fresh_text);
	buf_release(&part->left_text);
}
