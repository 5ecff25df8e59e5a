/*
 * A network with its weights.
 *
 * The file of weights describes its own network (metadata "network"), because
 * config_validation.json does not: in v3 the graph came with the checkpoint.
 * One inference plan is kept, for the last window shape; volumes of one data set
 * mostly share it, and its arena is the largest thing in memory after training's.
 */
#include "core/train/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/cpu/cpu.h"
#include "core/custom/custom.h"
#include "core/graph/fold.h"
#include "core/net/net.h"
#include "core/tensor/safetensors_read.h"
#include "core/tensor/safetensors_write.h"
#include "core/train/volume_loss.h"

static const struct net_ops *model_net_ops(const struct model *m)
{
	return m->net.c->ops;
}

static int model_open_device(struct model *m, const char *device, struct err *err)
{
	if (device && strcmp(device, "cpu") && strcmp(device, "auto"))
		return err_set(
			err, ERR_NODEVICE, "no device '%s': this program runs on 'cpu'", device);
	m->backend = cpu_open(NULL, err);
	return m->backend ? 0 : -1;
}

static int model_find_net(struct model *m, const cJSON *spec, struct err *err)
{
	const char *name = json_str(spec, "name", "");
	char *plain = mem_strndup(name, strcspn(name, "#"));
	const struct component *c = custom_is_path(plain)
					    ? custom_find(COMPONENT_NETWORK, plain, err)
					    : component_find(COMPONENT_NETWORK, plain);
	struct problems ps = {0};
	int rc;

	if (!c) {
		if (!custom_is_path(plain))
			err_set(err, ERR_DATA, "unknown network '%s'", plain);
		free(plain);
		return -1;
	}
	free(plain);
	rc = component_use_init(
		&m->net, c, cJSON_GetObjectItemCaseSensitive(spec, "args"), NULL, "", "model", &ps);
	if (rc)
		rc = problems_to_err(&ps, err);
	problems_release(&ps);
	return rc;
}

int model_threads(const struct model *m)
{
	return cpu_threads(m->backend);
}

bool model_use_amp(struct model *m)
{
	if (!cpu_has_bf16())
		return false;
	m->dtype = DTYPE_BF16;
	return true;
}

int model_build(const struct model *m, struct graph *g, int batch, const int size[3],
	struct node **image, struct node **pred, struct node **logits, struct err *err)
{
	struct shape s = shape5(batch, size[2], size[1], size[0], m->in_channels);
	struct net_out out;

	*image = graph_input(g, "image", &s, err);
	if (!*image || model_net_ops(m)->build(m->net.args, g, *image, &out, err))
		return -1;
	*pred = out.pred;
	*logits = out.logits;
	if (m->inference)
		graph_fold(g, NULL);
	return 0;
}

static enum loss_activation model_activation(const struct node *pred, const struct node *logits)
{
	if (pred == logits || !pred->op)
		return LOSS_LINEAR;
	return pred->op == &op_softmax ? LOSS_SOFTMAX : LOSS_SIGMOID;
}

static const int MODEL_SIZE = 32, MODEL_SIZE_MAX = 65536;

/* "spatial_dims" and "input_size" of the spec; absent in files of earlier versions. */
static int model_read_size(struct model *m, const cJSON *spec, struct err *err)
{
	const cJSON *size = cJSON_GetObjectItemCaseSensitive(spec, "input_size");
	double dims = json_num(spec, "spatial_dims", 3);
	bool flat = dims == 2;

	if (!flat && dims != 3)
		return err_set(err, ERR_DATA, "network of %g dimensions (spatial_dims)", dims);
	for (int i = 0; i < 3; i++) {
		const cJSON *v = cJSON_GetArrayItem(size, i);

		m->input_size[i] = i == 2 && flat ? 1 : MODEL_SIZE;
		if (!v)
			continue;
		if (!cJSON_IsNumber(v) || v->valuedouble < 1 || v->valuedouble > MODEL_SIZE_MAX ||
			v->valuedouble != floor(v->valuedouble) ||
			(i == 2 && flat && v->valuedouble > 1))
			return err_set(err, ERR_DATA,
				"input_size of the network must be three whole numbers of voxels");
		m->input_size[i] = (int)v->valuedouble;
	}
	return 0;
}

static bool model_is_classifier(const struct node *image, const struct node *pred)
{
	return shape_voxels(&pred->shape) == 1 && shape_voxels(&image->shape) > 1;
}

/* Which parameters and states the inference graph lacks. */
static int model_find_spare(struct model *m, struct err *err)
{
	struct graph *g = graph_new();
	struct node *image, *pred, *logits;
	const struct params *p = m->params;
	int rc = model_build(m, g, 1, m->input_size, &image, &pred, &logits, err);

	m->spare = mem_zalloc((size_t)(p->n + p->n_state + 1) * sizeof(*m->spare));
	for (int i = 0; !rc && i < p->n + p->n_state; i++) {
		const struct param *q = i < p->n ? &p->param[i] : &p->state[i - p->n];

		m->spare[i] = !graph_find(g, q->name);
	}
	graph_free(g);
	return rc;
}

static int model_make_params(struct model *m, uint64_t seed, struct err *err)
{
	struct graph *g = graph_new();
	struct node *image, *pred, *logits;
	int rc;

	g->training = !m->inference;
	rc = model_build(m, g, 1, m->input_size, &image, &pred, &logits, err);
	if (!rc) {
		m->activation = model_activation(pred, logits);
		m->classes = (int)shape_channels(&pred->shape);
		m->classifier = model_is_classifier(image, pred);
		m->params = params_new(g, seed, err);
		rc = m->params ? model_find_spare(m, err) : -1;
	}
	graph_free(g);
	return rc;
}

int model_init(
	struct model *m, const cJSON *spec, uint64_t seed, const char *device, struct err *err)
{
	double channels = json_num(spec, "in_channels", 1);

	memset(m, 0, sizeof(*m));
	m->spec = cJSON_Duplicate(spec, 1);
	m->inference = json_bool(spec, "inference", false);
	if (!(channels >= 1 && channels <= 1024) || channels != floor(channels))
		return err_set(err, ERR_DATA, "network with %g input channels", channels);
	m->in_channels = (int)channels;
	if (model_read_size(m, spec, err) || model_open_device(m, device, err) ||
		model_find_net(m, spec, err))
		return -1;
	return model_make_params(m, seed, err);
}

void model_drop_predictor(struct model *m)
{
	plan_free(m->predictor.plan);
	graph_free(m->predictor.graph);
	memset(&m->predictor, 0, sizeof(m->predictor));
}

void model_release(struct model *m)
{
	model_drop_predictor(m);
	params_free(m->params);
	free(m->spare);
	if (m->net.c)
		component_use_release(&m->net);
	cJSON_Delete(m->spec);
	if (m->backend)
		m->backend->ops->close(m->backend);
	memset(m, 0, sizeof(*m));
}

static int model_plan_predictor(struct model *m, const struct inferer_window *w, struct err *err)
{
	struct model_predictor *p = &m->predictor;
	const struct plan_opts opts = {.training = false, .dtype = m->dtype};
	struct node *logits;

	if (p->plan && p->batch == w->batch && !memcmp(p->size, w->size, sizeof(p->size)) &&
		(!m->inference || p->version == m->params->version))
		return 0;
	model_drop_predictor(m);
	p->graph = graph_new();
	if (model_build(m, p->graph, w->batch, w->size, &p->image, &p->pred, &logits, err))
		return -1;
	if (m->inference)
		graph_fold_prelu(p->graph, m->params);
	p->version = m->params->version;
	p->plan = plan_new(p->graph, m->params, m->backend, &opts, err);
	if (!p->plan) {
		model_drop_predictor(m);
		return -1;
	}
	p->batch = w->batch;
	memcpy(p->size, w->size, sizeof(p->size));
	return 0;
}

struct model_call {
	struct model *m;
	bool (*cancelled)(void *ctx);
	void *ctx;
};

static int model_run_window(void *ctx, const float *in, int n, float *out, struct err *err)
{
	struct model_call *call = ctx;
	struct model_predictor *p = &call->m->predictor;

	(void)n;
	if (call->cancelled && call->cancelled(call->ctx))
		return err_set(err, ERR_INTR, "stopped");
	if (in != plan_value(p->plan, p->image) && plan_upload(p->plan, p->image, in, err))
		return -1;
	if (plan_forward(p->plan, false, 0, 0, err))
		return -1;
	return out != plan_value(p->plan, p->pred) ? plan_download(p->plan, p->pred, out, err) : 0;
}

/* The classes of a whole image as a volume of one voxel. */
static struct volume *model_classify(
	struct model_call *call, const struct volume *image, struct err *err)
{
	static const int one[3] = {1, 1, 1};
	const struct model *m = call->m;
	size_t n = volume_voxels(image) * (size_t)image->channels;
	struct volume *out = volume_new(m->classes, one, err);
	float *in = out ? mem_try_big(n * sizeof(float), "an image", err) : NULL;

	if (in) {
		volume_to_channels_last(image, in);
		out->original = image->original;
		out->file = image->file ? mem_strdup(image->file) : NULL;
	}
	if (!in || model_run_window(call, in, 1, out->data, err)) {
		volume_free(out);
		out = NULL;
	}
	free(in);
	return out;
}

struct volume *model_predict(struct model *m, const struct component_use *inferer,
	const struct volume *image, bool (*cancelled)(void *ctx), void *ctx, struct err *err)
{
	struct model_call call = {m, cancelled, ctx};
	struct inferer_net net = {
		.in_channels = m->in_channels,
		.out_channels = m->classes,
		/* Networks take any size; rounding up would only add padding, which norms feel. */
		.divisor = {1, 1, 1},
		.predict = model_run_window,
		.ctx = &call,
	};
	struct inferer_window w;

	if (image->channels != m->in_channels) {
		err_set(err, ERR_DATA, "image has %d channels, the network was made for %d",
			image->channels, m->in_channels);
		return NULL;
	}
	if (inferer_window(inferer, net.divisor, image->dim, &w, err))
		return NULL;
	if (m->classifier && memcmp(w.size, image->dim, sizeof(w.size))) {
		err_set(err, ERR_DATA,
			"inferer '%s' cuts the image into windows, but '%s' classifies whole "
			"images: use TFSimpleInferer",
			inferer->c->name, m->net.c->name);
		return NULL;
	}
	if (model_plan_predictor(m, &w, err))
		return NULL;
	net.in = plan_value(m->predictor.plan, m->predictor.image);
	net.out = plan_value(m->predictor.plan, m->predictor.pred);
	return m->classifier ? model_classify(&call, image, err)
			     : inferer_run(inferer, &net, image, err);
}

int model_save(const struct model *m, const char *path, const char *extra, struct err *err)
{
	const struct params *p = m->params;
	struct st_item *items = mem_zalloc((size_t)(p->n + p->n_state) * sizeof(*items));
	char *spec = cJSON_PrintUnformatted(m->spec);
	struct st_meta meta[3] = {{"format", "axial-1"}, {"network", spec}, {"training", extra}};
	int rc;

	for (int i = 0; i < p->n; i++)
		items[i] = (struct st_item){
			p->param[i].name, DTYPE_F32, p->param[i].shape, p->w + p->param[i].offset};
	for (int i = 0; i < p->n_state; i++)
		items[p->n + i] = (struct st_item){
			p->state[i].name, DTYPE_F32, p->state[i].shape, p->s + p->state[i].offset};
	rc = safetensors_write_sum(path, items, p->n + p->n_state, meta, extra ? 3 : 2, err);
	cJSON_free(spec);
	free(items);
	return rc;
}

/* The network's specification in a weight file, or NULL: a file of another kind or a later one. */
static cJSON *model_read_spec(const struct safetensors *st, const char *path, struct err *err)
{
	const char *text = safetensors_meta(st, "network");
	const char *format = safetensors_meta(st, "format");

	if (text && format && !strncmp(format, "axial-", 6) && strcmp(format, "axial-1")) {
		err_set(err, ERR_DATA,
			"'%s' has the format '%s', this program reads 'axial-1': it was written by a "
			"newer version",
			path, format);
		return NULL;
	}
	if (text)
		return json_parse(text, strlen(text), path, err);
	if (format && !strncmp(format, "axial-checkpoint", 16))
		err_set(err, ERR_DATA,
			"'%s' is the checkpoint of a training, take model.safetensors or "
			"model_final.safetensors beside it",
			path);
	else
		err_set(err, ERR_DATA,
			"'%s' does not say which network it belongs to: 'axial weights import' makes "
			"a weight file of it",
			path);
	return NULL;
}

int model_init_from_file(struct model *m, const char *path, const char *device, struct err *err)
{
	struct safetensors *st = safetensors_open(path, err);
	cJSON *spec;
	int rc = -1;

	memset(m, 0, sizeof(*m));
	if (!st)
		return -1;
	spec = model_read_spec(st, path, err);
	safetensors_close(st);
	if (spec)
		rc = model_init(m, spec, 0, device, err) || model_load(m, path, err) ? -1 : 0;
	cJSON_Delete(spec);
	return rc;
}
