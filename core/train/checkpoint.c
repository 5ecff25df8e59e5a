/*
 * Checkpoints: one safetensors file, replaced atomically.
 *
 * Tensors: the weights and states under their own names, each optimizer slot as
 * "optimizer.SLOT/NAME", the optimizer's scalars as "optimizer.scalars" (F64), and
 * the position as "position" (F64: whole numbers below 2^53 are exact, losses and
 * metrics keep their bits).  Optimizer and seed stand in the metadata and must
 * match when training goes on.
 */
#include "core/train/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/tensor/safetensors_read.h"
#include "core/tensor/safetensors_write.h"

enum {
	POS_EPOCH,
	POS_STEP,
	POS_TOTAL_STEP,
	POS_LOSS_SUM,
	POS_BEST,
	POS_BEST_EPOCH,
	POS_VALIDATED,
	POS_SECONDS,
	POS_T,
	POS_OLD, /* files of earlier versions end here */
	POS_SCHEDULE = POS_OLD,
	POS_SKIPPED = POS_SCHEDULE + SCHEDULE_STATE,
	POS_N,
};

static char *checkpoint_slot_name(const struct optim_ops *ops, int slot, const char *param)
{
	return mem_printf("optimizer.%s/%s", ops->slot_names[slot], param);
}

static void checkpoint_meta(const struct learner *l, char seed[32], struct st_meta meta[3])
{
	snprintf(seed, 32, "%llu", (unsigned long long)l->seed);
	meta[0] = (struct st_meta){"format", "axial-checkpoint-1"};
	meta[1] = (struct st_meta){"optimizer", l->optimizer->c->name};
	meta[2] = (struct st_meta){"seed", seed};
}

int checkpoint_save(const char *path, const struct learner *l, const struct train_position *pos,
	struct err *err)
{
	const struct optim_ops *ops = optim_ops(l->optimizer);
	const struct params *p = l->model->params;
	double position[POS_N] = {(double)pos->epoch, (double)pos->step, (double)pos->total_step,
		pos->loss_sum, pos->best, (double)pos->best_epoch, (double)pos->validated_epoch,
		pos->seconds, (double)l->t};
	int max = p->n * (1 + ops->slots) + p->n_state + 2, n = 0, first_slot, rc;
	struct st_item *items = mem_zalloc((size_t)max * sizeof(*items));
	struct st_meta meta[3];
	char seed[32];

	memcpy(position + POS_SCHEDULE, pos->schedule, sizeof(pos->schedule));
	position[POS_SKIPPED] = (double)pos->skipped;
	checkpoint_meta(l, seed, meta);
	for (int i = 0; i < p->n; i++)
		items[n++] = (struct st_item){
			p->param[i].name, DTYPE_F32, p->param[i].shape, p->w + p->param[i].offset};
	for (int i = 0; i < p->n_state; i++)
		items[n++] = (struct st_item){
			p->state[i].name, DTYPE_F32, p->state[i].shape, p->s + p->state[i].offset};
	items[n++] = (struct st_item){"position", DTYPE_F64, shape1(POS_N), position};
	items[n++] = (struct st_item){
		"optimizer.scalars", DTYPE_F64, shape1((int64_t)p->n * OPTIM_SCALARS), l->scalar};
	first_slot = n;
	for (int s = 0; s < ops->slots; s++)
		for (int i = 0; i < p->n; i++)
			items[n++] = (struct st_item){
				checkpoint_slot_name(ops, s, p->param[i].name), DTYPE_F32,
				p->param[i].shape, l->slot[s] + p->param[i].offset};
	rc = safetensors_write_sum(path, items, n, meta, 3, err);
	for (int i = first_slot; i < n; i++)
		free((char *)items[i].name);
	free(items);
	return rc;
}

static int checkpoint_check_meta(
	const struct safetensors *st, const char *path, const struct learner *l, struct err *err)
{
	struct st_meta want[3];
	char seed[32];

	checkpoint_meta(l, seed, want);
	for (int i = 0; i < 3; i++) {
		const char *have = safetensors_meta(st, want[i].key);

		if (!i && (!have || strcmp(have, want[i].value)))
			return err_set(err, ERR_DATA,
				"'%s' is no checkpoint that this program can read: its format is "
				"'%s', wanted is '%s'",
				path, have ? have : "", want[i].value);
		if (!have || strcmp(have, want[i].value))
			return err_set(err, ERR_DATA,
				"checkpoint '%s' has %s '%s', the configuration says '%s'", path,
				want[i].key, have ? have : "", want[i].value);
	}
	return 0;
}

static int checkpoint_load_slots(const struct safetensors *st, struct learner *l, struct err *err)
{
	const struct optim_ops *ops = optim_ops(l->optimizer);
	const struct params *p = l->model->params;
	int rc = 0;

	for (int s = 0; s < ops->slots; s++) {
		for (int i = 0; !rc && i < p->n; i++) {
			char *name = checkpoint_slot_name(ops, s, p->param[i].name);

			rc = safetensors_load_named(st, name, DTYPE_F32, &p->param[i].shape,
				l->slot[s] + p->param[i].offset, err);
			free(name);
		}
	}
	return rc;
}

static void checkpoint_position(
	const double v[POS_N], struct learner *l, struct train_position *pos)
{
	pos->epoch = (int64_t)v[POS_EPOCH];
	pos->step = (int64_t)v[POS_STEP];
	pos->total_step = (int64_t)v[POS_TOTAL_STEP];
	pos->loss_sum = v[POS_LOSS_SUM];
	pos->best = v[POS_BEST];
	pos->best_epoch = (int64_t)v[POS_BEST_EPOCH];
	pos->validated_epoch = (int64_t)v[POS_VALIDATED];
	pos->seconds = v[POS_SECONDS];
	l->t = (int64_t)v[POS_T];
	memcpy(pos->schedule, v + POS_SCHEDULE, sizeof(pos->schedule));
	pos->skipped = (int64_t)v[POS_SKIPPED];
}

static int checkpoint_load_position(
	const struct safetensors *st, double position[POS_N], struct err *err)
{
	const struct st_info *info = safetensors_find(st, "position");
	struct shape s = shape1(POS_N);

	if (info && info->shape.n == 1 && info->shape.d[0] >= POS_OLD && info->shape.d[0] < POS_N)
		s = info->shape;
	memset(position, 0, POS_N * sizeof(*position));
	return safetensors_load_named(st, "position", DTYPE_F64, &s, position, err);
}

int checkpoint_load(
	const char *path, struct learner *l, struct train_position *pos, struct err *err)
{
	const struct params *p = l->model->params;
	const struct shape scalars = shape1((int64_t)p->n * OPTIM_SCALARS);
	struct safetensors *st = safetensors_open(path, err);
	double position[POS_N];
	int rc = -1;

	if (!st)
		return -1;
	if (!checkpoint_check_meta(st, path, l, err) && !safetensors_verify(st, err) &&
		!model_load_all(l->model, path, err) && !checkpoint_load_slots(st, l, err) &&
		!safetensors_load_named(
			st, "optimizer.scalars", DTYPE_F64, &scalars, l->scalar, err) &&
		!checkpoint_load_position(st, position, err)) {
		checkpoint_position(position, l, pos);
		rc = 0;
	}
	safetensors_close(st);
	return rc;
}
