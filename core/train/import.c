/*
 * Weights with PyTorch's names and layouts.
 *
 * Our networks of MONAI's layout carry MONAI's names already; what differs is the last
 * word of norms:
 *
 *   gamma, beta    weight, bias
 *   mean, var      running_mean, running_var
 *
 * Convolutions are Co Ci and then the kernel in both (transposed ones Ci Co), but the
 * kernel's axes are those of the tensors that the network was trained on.  MONAI reads
 * NIfTI as x y z, we compute in D H W = z y x, so the axes turn round (zyx: they do
 * not).  A 2-D kernel gets a depth of 1, a dense layer's weight a kernel of 1x1x1.
 */
#include "core/train/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/tensor/safetensors_read.h"
#include "core/train/model.h"

struct import {
	const char *path;
	const struct import_options *opt;
	struct safetensors *st;
	struct model model;
	bool *used; /* by index of the file's tensors */
	struct import_result *r;
	struct problems *ps;
};

int import_check_format(const char *path, struct err *err)
{
	unsigned char head[4] = {0};
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(head, 1, sizeof(head), f) : 0;

	if (f)
		fclose(f);
	if (n < sizeof(head) || (memcmp(head, "PK\003\004", 4) != 0 &&
					!(head[0] == 0x80 && head[1] >= 2 && head[1] <= 5 &&
						head[2] > ' ' && head[3] != 0)))
		return 0;
	return err_set(err, ERR_DATA,
		"'%s' is a pickle of PyTorch, which is not read because it can run programs; convert "
		"it with: python3 -c \"import torch; from safetensors.torch import save_file; s = "
		"torch.load('%s', map_location='cpu', weights_only=True); s = s.get('model', "
		"s.get('state_dict', s)); save_file({k: v.contiguous().clone() for k, v in s.items()}, "
		"'model.safetensors')\"",
		path, path);
}

/* The name that PyTorch's module gives the parameter. */
static char *import_name(const char *prefix, const char *ours)
{
	static const char *const words[][2] = {{"gamma", "weight"}, {"beta", "bias"},
		{"mean", "running_mean"}, {"var", "running_var"}};
	const char *dot = strrchr(ours, '.');

	for (size_t i = 0; dot && i < ARRAY_SIZE(words); i++)
		if (!strcmp(dot + 1, words[i][0]))
			return mem_printf(
				"%s%.*s.%s", prefix, (int)(dot - ours), ours, words[i][1]);
	return mem_printf("%s%s", prefix, ours);
}

static const struct param *import_param(const struct import *m, int i)
{
	const struct params *p = m->model.params;

	return i < p->n ? &p->param[i] : &p->state[i - p->n];
}

static int import_count(const struct import *m)
{
	return m->model.params->n + m->model.params->n_state;
}

/* The prefix under which most names are found. */
static const char *import_prefix(const struct import *m)
{
	static const char *const prefixes[] = {"", "module.", "model.", "net.", "network.",
		"_orig_mod.", "module.model.", "_model.", "state_dict."};
	const char *best = "";
	int most = 0;

	for (size_t k = 0; k < ARRAY_SIZE(prefixes); k++) {
		int found = 0;

		for (int i = 0; i < import_count(m); i++) {
			char *name = import_name(prefixes[k], import_param(m, i)->name);

			found += safetensors_find(m->st, name) != NULL;
			free(name);
		}
		if (found > most) {
			most = found;
			best = prefixes[k];
		}
	}
	return best;
}

/* The shape that PyTorch has for ours, with as many dimensions as the file's tensor. */
static struct shape import_shape(const struct import *m, const struct param *p, int dims)
{
	const int64_t *d = p->shape.d;
	struct shape s = p->shape;

	if (s.n != 5)
		return s;
	if (!m->opt->zyx) {
		s.d[2] = d[4];
		s.d[4] = d[2];
	}
	if (dims == 4 && d[2] == 1) {
		s = (struct shape){
			4, {d[0], d[1], m->opt->zyx ? d[3] : d[4], m->opt->zyx ? d[4] : d[3]}};
	} else if (dims == 2 && d[2] == 1 && d[3] == 1 && d[4] == 1) {
		s = (struct shape){2, {d[0], d[1]}};
	}
	return s;
}

/* from: in the file's order of axes; to: ours. */
static void import_turn(const struct shape *s, const float *from, float *to)
{
	const int64_t *d = s->d;
	int64_t taps = d[2] * d[3] * d[4];

	for (int64_t i = 0; i < d[0] * d[1]; i++) {
		const float *x = from + i * taps;
		float *y = to + i * taps;

		for (int64_t a = 0; a < d[2]; a++)
			for (int64_t b = 0; b < d[3]; b++)
				for (int64_t c = 0; c < d[4]; c++)
					y[(a * d[3] + b) * d[4] + c] = x[(c * d[3] + b) * d[2] + a];
	}
}

static int import_read(const struct import *m, const struct param *p, const struct st_info *t,
	float *to, struct err *err)
{
	float *raw;
	int rc;

	if (p->shape.n != 5 || m->opt->zyx)
		return safetensors_load_f32(m->st, t->name, &t->shape, to, err);
	raw = mem_try_big(p->count * sizeof(float), "a tensor", err);
	if (!raw)
		return -1;
	rc = safetensors_load_f32(m->st, t->name, &t->shape, raw, err);
	if (!rc)
		import_turn(&p->shape, raw, to);
	free(raw);
	return rc;
}

static void import_bad(const struct import *m, const char *tensor, const char *fix,
	const char *what, const char *detail)
{
	problems_add(m->ps, PROBLEM_ERROR, ERR_DATA, m->path, tensor, fix, "%s%s", what, detail);
}

/* Parameter or state i. */
static int import_one(struct import *m, int i, struct err *err)
{
	const struct params *all = m->model.params;
	const struct param *p = import_param(m, i);
	char *name = import_name(m->r->prefix, p->name);
	const struct st_info *t = safetensors_find(m->st, name);
	struct shape want = import_shape(m, p, t ? t->shape.n : 5);
	char have_text[SHAPE_TEXT], want_text[SHAPE_TEXT];
	int rc = 0;

	shape_text(&want, want_text);
	if (!t) {
		import_bad(m, name, NULL, "missing; the network wants ", want_text);
	} else {
		m->used[t - safetensors_at(m->st, 0)] = true;
		if (!safetensors_is_float(t->dtype)) {
			import_bad(m, name, NULL, "no weights: its type is ", dtype_name(t->dtype));
		} else if (!shape_eq(&t->shape, &want)) {
			char *text = mem_printf("%s, the network wants %s",
				shape_text(&t->shape, have_text), want_text);

			import_bad(m, name, NULL, "its shape is ", text);
			free(text);
		} else {
			rc = import_read(m, p, t, (i < all->n ? all->w : all->s) + p->offset, err);
			m->r->tensors++;
			m->r->numbers += p->count;
		}
	}
	free(name);
	return rc;
}

/* Tensors of state dicts that inference does not need. */
static bool import_spare(const char *name)
{
	static const char *const begins[] = {"skip_layers.", "deep_supervision_heads.", "heads."};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
		if (!strncmp(name, begins[i], strlen(begins[i])))
			return true;
	return dot && !strcmp(dot, ".num_batches_tracked");
}

static void import_rest(struct import *m)
{
	size_t skip = strlen(m->r->prefix);

	for (int i = 0; i < safetensors_count(m->st); i++) {
		const struct st_info *t = safetensors_at(m->st, i);
		bool inside = !strncmp(t->name, m->r->prefix, skip);
		char text[SHAPE_TEXT];

		if (m->used[i])
			continue;
		if (import_spare(t->name + (inside ? skip : 0)))
			m->r->ignored++;
		else
			import_bad(m, t->name, NULL, "unexpected; the network has no such tensor: ",
				shape_text(&t->shape, text));
	}
}

static int import_model(struct import *m, struct err *err)
{
	const cJSON *args = cJSON_GetObjectItemCaseSensitive(m->opt->network, "args");
	cJSON *spec = cJSON_Duplicate(m->opt->network, 1);
	int channels = m->opt->in_channels;
	double dims = json_num(args, "spatial_dims", json_num(args, "dimensions", 3));
	int rc;

	if (!channels)
		channels = (int)json_num(args, "in_channels", 0);
	if (!channels)
		channels = (int)json_num(spec, "in_channels", 1);
	cJSON_DeleteItemFromObjectCaseSensitive(spec, "in_channels");
	cJSON_AddNumberToObject(spec, "in_channels", channels);
	if (!cJSON_HasObjectItem(spec, "spatial_dims"))
		cJSON_AddNumberToObject(spec, "spatial_dims", dims < 3 ? 2 : 3);
	rc = model_init(&m->model, spec, 0, "cpu", err);
	cJSON_Delete(spec);
	return rc;
}

static int import_run(struct import *m, const char *out, struct err *err)
{
	if (import_model(m, err))
		return -1;
	m->used = mem_zalloc((size_t)safetensors_count(m->st) + 1);
	m->r->prefix = mem_strdup(import_prefix(m));
	for (int i = 0; i < import_count(m); i++)
		if (import_one(m, i, err))
			return -1;
	import_rest(m);
	if (problems_errors(m->ps))
		return err_set(err, ERR_DATA, "'%s' does not fit the network %s: %d tensors differ",
			m->path, m->model.net.c->name, problems_errors(m->ps));
	return model_save(&m->model, out, NULL, err);
}

int import_weights(const char *path, const struct import_options *opt, const char *out,
	struct import_result *r, struct problems *ps, struct err *err)
{
	struct import m = {.path = path, .opt = opt, .r = r, .ps = ps};
	int rc = -1;

	memset(r, 0, sizeof(*r));
	if (import_check_format(path, err))
		return -1;
	m.st = safetensors_open(path, err);
	if (m.st) {
		rc = import_run(&m, out, err);
		model_release(&m.model);
	}
	free(m.used);
	safetensors_close(m.st);
	return rc;
}

void import_result_release(struct import_result *r)
{
	free(r->prefix);
	memset(r, 0, sizeof(*r));
}
