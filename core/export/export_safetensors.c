/*
 * Inference-only safetensors.
 *
 * Convolution weights take the wanted type, vectors stay fp32.  A weight that
 * fp16 cannot hold is an error that names it, never an infinity in the file.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/export/export.h"
#include "core/tensor/convert.h"
#include "core/tensor/safetensors_write.h"

struct export_file {
	struct st_item *items;
	int n;
	char *half; /* converted weights, one after the other */
	size_t used;
	enum dtype dtype;
};

static int export_check_range(const struct param *p, const float *w, struct err *err)
{
	for (size_t i = 0; i < p->count; i++)
		if (!(fabsf(w[i]) <= CONVERT_F16_MAX))
			return err_set(err, ERR_DATA,
				"'%s' has the weight %g, which fp16 cannot hold: use --dtype bf16",
				p->name, (double)w[i]);
	return 0;
}

static int export_add(
	struct export_file *f, const struct param *p, const float *values, struct err *err)
{
	struct st_item item = {p->name, DTYPE_F32, p->shape, values};

	if (f->dtype != DTYPE_F32 && p->shape.n > 1) {
		if (f->dtype == DTYPE_F16 && export_check_range(p, values, err))
			return -1;
		item.dtype = f->dtype;
		item.data = f->half + f->used;
		if (convert_from_f32(f->dtype, values, p->count, f->half + f->used))
			return err_set(
				err, ERR_DATA, "cannot write weights as %s", dtype_name(f->dtype));
		f->used += p->count * dtype_size(f->dtype);
	}
	f->items[f->n++] = item;
	return 0;
}

static int export_items(struct export_file *f, const struct model *m, struct err *err)
{
	const struct params *p = m->params;

	f->items = mem_zalloc((size_t)(p->n + p->n_state + 1) * sizeof(*f->items));
	if (f->dtype != DTYPE_F32) {
		f->half =
			mem_try_big((p->len + 1) * dtype_size(f->dtype), "converted weights", err);
		if (!f->half)
			return -1;
	}
	for (int i = 0; i < p->n; i++)
		if (export_add(f, &p->param[i], p->w + p->param[i].offset, err))
			return -1;
	for (int i = 0; i < p->n_state; i++)
		if (export_add(f, &p->state[i], p->s + p->state[i].offset, err))
			return -1;
	return 0;
}

int export_safetensors(const struct export_options *opt, struct export_result *res, struct err *err)
{
	struct export_file f = {.dtype = opt->dtype};
	struct model m;
	struct stat sb;
	char *spec = NULL;
	int rc = export_model_init(&m, opt->weights, &res->folded, err);

	if (!rc)
		rc = export_items(&f, &m, err);
	if (!rc) {
		const struct st_meta meta[] = {
			{"format", "axial-1"},
			{"network", spec = cJSON_PrintUnformatted(m.spec)},
			{"weights", dtype_name(opt->dtype)},
		};

		rc = safetensors_write_sum(opt->out, f.items, f.n, meta, ARRAY_SIZE(meta), err);
	}
	if (!rc) {
		res->tensors = f.n;
		res->values = params_count(m.params);
		res->not_folded = export_batch_norms(&m);
		res->bytes = stat(opt->out, &sb) ? 0 : (size_t)sb.st_size;
	}
	cJSON_free(spec);
	free(f.items);
	free(f.half);
	model_release(&m);
	return rc;
}
