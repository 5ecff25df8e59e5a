/*
 * Our side of the step bench: the model and learner that axial train uses, with a batch
 * of noise in place of the loader's.
 */
#include "tests/bench/lib/ours.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/sys.h"

enum { OURS_CLASSES = 3 };

static const char ours_loss[] = "{\"to_onehot_y\":true,\"softmax\":true}";

static int ours_use(struct component_use *u, enum component_kind kind, const char *name,
	const char *args, struct err *err)
{
	cJSON *json = json_parse(args, strlen(args), name, err);
	struct problems ps = {0};
	int rc = -1;

	if (json) {
		rc = component_use_init(
			u, component_find(kind, name), json, NULL, "bench", name, &ps);
		if (rc)
			problems_to_err(&ps, err);
	}
	problems_release(&ps);
	cJSON_Delete(json);
	return rc;
}

static int ours_batch(struct ours *o, int n, const int size[3], struct err *err)
{
	size_t voxels = (size_t)n * (size_t)size[0] * (size_t)size[1] * (size_t)size[2];
	struct rng r = rng_stream(1, 0, 0, 0);
	struct batch *b = &o->batch;

	*b = (struct batch){.n = n, .channels = 1, .label_channels = 1};
	memcpy(b->dim, size, sizeof(b->dim));
	memcpy(b->label_dim, size, sizeof(b->label_dim));
	b->image = mem_try_big(voxels * sizeof(float), "a batch", err);
	b->label = mem_try_big(voxels * sizeof(float), "a batch", err);
	if (!b->image || !b->label)
		return -1;
	for (size_t i = 0; i < voxels; i++) {
		b->image[i] = (float)rng_normal(&r);
		b->label[i] = (float)rng_below(&r, OURS_CLASSES);
	}
	o->case_ids = mem_alloc((size_t)n * sizeof(*o->case_ids));
	for (int i = 0; i < n; i++)
		o->case_ids[i] = "noise";
	b->case_ids = o->case_ids;
	return 0;
}

int ours_open(
	struct ours *o, const char *spec, int batch, const int size[3], bool bf16, struct err *err)
{
	const struct learner_shape shape = {.batch = batch,
		.size = {size[0], size[1], size[2]},
		.label_channels = 1,
		.label_size = {size[0], size[1], size[2]}};
	cJSON *json;
	int rc;

	memset(o, 0, sizeof(*o));
	o->bf16 = bf16;
	if (ours_use(&o->loss, COMPONENT_LOSS, "DiceCELoss", ours_loss, err) ||
		ours_use(&o->optimizer, COMPONENT_OPTIMIZER, "Adam", "{}", err) ||
		ours_batch(o, batch, size, err))
		return -1;
	json = json_parse(spec, strlen(spec), "network", err);
	if (!json)
		return -1;
	cJSON_AddItemToObject(json, "input_size", cJSON_CreateIntArray(size, 3));
	rc = model_init(&o->model, json, 1, "cpu", err);
	cJSON_Delete(json);
	if (rc)
		return -1;
	if (bf16 && !model_use_amp(&o->model))
		return err_set(err, ERR_NODEVICE, "this CPU has no bf16 instructions");
	return learner_init(&o->learner, &o->model, &o->loss, &o->optimizer, &shape, 1, err);
}

void ours_close(struct ours *o)
{
	learner_release(&o->learner);
	model_release(&o->model);
	if (o->loss.c)
		component_use_release(&o->loss);
	if (o->optimizer.c)
		component_use_release(&o->optimizer);
	free(o->batch.image);
	free(o->batch.label);
	free(o->case_ids);
	memset(o, 0, sizeof(*o));
}

int ours_step(struct ours *o, double *ms, struct err *err)
{
	double begin = sys_now(), loss;
	int rc = learner_step(&o->learner, &o->batch, 1e-4, &loss, err);

	*ms = 1e3 * (sys_now() - begin);
	return rc;
}
