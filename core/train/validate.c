/*
 * Validation inside a training: all cases, one event with the metrics, and the
 * best model so far.
 *
 * A validation that was interrupted is repeated when the run goes on: the position
 * says after which epoch the last one was completed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/train/trainer.h"
#include "core/transform/transform.h"

/* One case: the network, what v4 does between it and the metrics, the metrics. */
static int validate_case(struct trainer *t, struct sample *s, struct err *err)
{
	const struct component_list *post = &t->cfg.valid_post_transforms;

	if (validator_predict(&t->validator, s, err))
		return -1;
	for (int i = 0; i < post->n; i++)
		if (transform_apply(&post->v[i], s, NULL, err))
			return -1;
	return validator_measure(&t->validator, s, err);
}

static int validate_cases(struct trainer *t, struct err *err)
{
	struct validator *v = &t->validator;
	struct sample *s;
	int64_t done = 0, n = pipeline_length(t->valid_pipe);
	int got, rc = 0;

	validator_begin(v);
	if (pipeline_start(t->valid_pipe, 0, 0, err))
		return -1;
	while (!rc && (got = pipeline_next_sample(t->valid_pipe, &s, err)) == 1) {
		rc = validate_case(t, s, err);
		sample_free(s);
		trainer_prop(t->hooks, "validation", (double)++done / (double)n);
	}
	pipeline_stop(t->valid_pipe);
	return rc || got < 0 ? -1 : 0;
}

static void validate_event_fields(struct buf *f, const struct metric_result *r)
{
	char key[160];

	event_num(f, r->name, r->mean);
	for (int k = 0; k < r->n_classes; k++) {
		snprintf(key, sizeof(key), "%s_class_%d", r->name, r->first_class + k);
		event_num(f, key, r->class_mean[k]);
	}
}

/* Dice after 0, 1 ... clicks, mean over the cases: "click_dice": [ ... ]. */
static void validate_clicks(struct buf *f, const struct click_table *table)
{
	double *mean;

	if (!table->clicks)
		return;
	mean = mem_alloc((size_t)(table->clicks + 1) * sizeof(*mean));
	for (int k = 0; k <= table->clicks; k++)
		mean[k] = click_table_mean(table, k);
	event_nums(f, "click_dice", mean, table->clicks + 1);
	free(mean);
}

static int validate_report(
	struct trainer *t, const struct metric_result *results, double seconds, struct err *err)
{
	const struct metric_result *key =
		t->cfg.key_metric >= 0 ? &results[t->cfg.key_metric] : NULL;
	bool better =
		key && isfinite(key->mean) && !(isfinite(t->pos.best) && key->mean <= t->pos.best);
	struct buf f = {0};
	int rc;

	if (better) {
		t->pos.best = key->mean;
		t->pos.best_epoch = t->pos.epoch;
		if (trainer_save_best(t, err))
			return -1;
	}
	event_int(&f, "epoch", t->pos.epoch);
	event_int(&f, "step", t->pos.total_step);
	for (int i = 0; i < t->validator.n_metrics; i++)
		validate_event_fields(&f, &results[i]);
	validate_clicks(&f, &t->validator.table);
	event_num(&f, "seconds", round(seconds * 1000) / 1000);
	if (key) {
		event_str(&f, "key", key->name);
		event_num(&f, "best", t->pos.best);
		event_int(&f, "best_epoch", t->pos.best_epoch);
		event_bool(&f, "is_best", better);
	}
	rc = run_event(t->run, EVENT_VALIDATION, &f, err);
	buf_release(&f);
	trainer_prop(t->hooks, "best", t->pos.best);
	return rc;
}

static void validate_stats(struct trainer *t, const struct metric_result *results)
{
	cJSON *list = cJSON_GetObjectItemCaseSensitive(t->stats, "validations");
	cJSON *row = cJSON_CreateObject();

	if (!list)
		list = cJSON_AddArrayToObject(t->stats, "validations");
	cJSON_AddNumberToObject(row, "epoch", (double)t->pos.epoch);
	for (int i = 0; i < t->validator.n_metrics; i++)
		if (isfinite(results[i].mean))
			cJSON_AddNumberToObject(row, results[i].name, results[i].mean);
	cJSON_AddItemToArray(list, row);
}

int trainer_validate(struct trainer *t, struct err *err)
{
	struct metric_result *results;
	double start = sys_now();
	int rc = validate_cases(t, err);

	if (rc)
		return -1;
	results = mem_zalloc((size_t)t->validator.n_metrics * sizeof(*results));
	validator_end(&t->validator, results);
	validate_stats(t, results);
	if (t->cfg.key_metric >= 0)
		schedule_validated(
			&t->cfg.lr_policy, results[t->cfg.key_metric].mean, t->pos.schedule);
	rc = validate_report(t, results, sys_now() - start, err);
	if (!rc)
		t->pos.validated_epoch = t->pos.epoch;
	free(results);
	return rc;
}
