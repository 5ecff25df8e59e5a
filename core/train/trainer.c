/*
 * The training loop.
 *
 * One step: the next batch from the loader threads, forward, loss, backward,
 * optimizer, a step event.  Validation every num_training_epoch_per_valid epochs
 * and after the last one.  A checkpoint follows each validation, and otherwise
 * whenever CHECKPOINT_SECONDS have passed; when it is written has no influence on
 * the numbers, so a resumed run repeats an uninterrupted one exactly.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/handler/handler.h"
#include "core/schedule/schedule.h"
#include "core/train/trainer.h"

static const double CHECKPOINT_SECONDS = 15;

static double trainer_lr(const struct trainer *t)
{
	const struct schedule_at at = {
		.step = t->pos.total_step,
		.steps_total = t->steps_per_epoch * t->cfg.epochs,
		.epoch = t->pos.epoch,
		.epochs = t->cfg.epochs,
		.state = t->pos.schedule,
	};

	return schedule_lr(&t->cfg.lr_policy, t->cfg.learning_rate, &at);
}

static void trainer_step_props(struct trainer *t, double loss, double lr, int64_t first_step)
{
	double elapsed = sys_now() - t->started;
	int64_t done = t->pos.total_step - first_step;
	int64_t left = t->steps_per_epoch * t->cfg.epochs - t->pos.total_step;
	double rate = elapsed > 0 ? (double)done / elapsed : 0;

	trainer_prop(t->hooks, "step", (double)t->pos.total_step);
	trainer_prop(t->hooks, "epoch", (double)t->pos.epoch + 1);
	trainer_prop(t->hooks, "epochs", (double)t->cfg.epochs);
	trainer_prop(t->hooks, "loss", loss);
	trainer_prop(t->hooks, "lr", lr);
	if (rate > 0) {
		trainer_prop(t->hooks, "steps_per_second", rate);
		trainer_prop(t->hooks, "eta", (double)left / rate);
	}
}

static int trainer_step_event(struct trainer *t, double loss, double lr, struct err *err)
{
	struct buf f = {0};
	int rc;

	event_int(&f, "step", t->pos.total_step);
	event_int(&f, "epoch", t->pos.epoch + 1);
	event_num(&f, "loss", loss);
	event_num(&f, "lr", lr);
	rc = run_event(t->run, EVENT_STEP, &f, err);
	buf_release(&f);
	return rc;
}

/* A step was left out (nan_policy "skip"); why says which. */
static int trainer_skipped(struct trainer *t, struct err *why)
{
	struct buf text = {0};
	struct err err = ERR_INIT;
	int rc;

	t->pos.skipped++;
	buf_printf(&text, "step %lld left out: %s", (long long)t->pos.total_step, why->msg);
	rc = run_log(t->run, "warning", text.p, &err);
	buf_release(&text);
	if (rc) {
		*why = err;
		return -1;
	}
	if (t->pos.skipped == t->steps_per_epoch)
		return err_wrap(why, "every step of epoch %lld was left out; the last one",
			(long long)t->pos.epoch + 1);
	err_clear(why);
	return 0;
}

/* Mean of the steps of this epoch that counted. */
static double trainer_mean_loss(const struct trainer *t)
{
	return t->pos.loss_sum / (double)(t->steps_per_epoch - t->pos.skipped);
}

static int trainer_step(struct trainer *t, int64_t first_step, struct err *err)
{
	double lr = trainer_lr(t), loss;
	struct batch *batch;
	int got = pipeline_next(t->train_pipe, &batch, err);

	if (got < 0)
		return -1;
	if (!got)
		return err_set(err, ERR_DATA, "the image pipeline ended before the training");
	if (t->clicks.it && click_batch(&t->clicks, batch, err))
		return err_wrap(err, "step %lld", (long long)t->pos.total_step + 1);
	if (learner_step(&t->learner, batch, lr, &loss, err))
		return err_wrap(err, "step %lld", (long long)t->pos.total_step + 1);
	t->pos.step++;
	t->pos.total_step++;
	if (isfinite(loss))
		t->pos.loss_sum += loss;
	else if (trainer_skipped(t, err))
		return -1;
	trainer_step_props(t, loss, lr, first_step);
	return trainer_step_event(t, loss, lr, err);
}

static int trainer_epoch_event(struct trainer *t, double seconds, double *wait, struct err *err)
{
	struct buf f = {0};
	int rc;

	event_int(&f, "epoch", t->pos.epoch);
	event_int(&f, "epochs", t->cfg.epochs);
	event_int(&f, "step", t->pos.total_step);
	event_num(&f, "loss", trainer_mean_loss(t));
	event_num(&f, "lr", trainer_lr(t));
	event_num(&f, "seconds", round(seconds * 1000) / 1000);
	trainer_loader_report(t, wait, &f);
	rc = run_event(t->run, EVENT_EPOCH, &f, err);
	buf_release(&f);
	return rc;
}

static int trainer_handlers(struct trainer *t, double seconds, double wait, struct err *err)
{
	const struct handler_epoch e = {
		.epoch = t->pos.epoch,
		.epochs = t->cfg.epochs,
		.images = t->steps_per_epoch * pipeline_batch_size(t->train_pipe),
		.seconds = seconds,
		.loader_wait = wait,
		.loss = trainer_mean_loss(t),
		.lr = trainer_lr(t),
	};
	int rc = 0;

	for (int i = 0; !rc && i < t->cfg.handlers.n; i++) {
		struct buf line = {0};

		handler_epoch(&t->cfg.handlers.v[i], &e, &line);
		if (line.len)
			rc = run_log(t->run, "info", line.p, err);
		buf_release(&line);
	}
	return rc;
}

static bool trainer_validation_due(const struct trainer *t)
{
	return t->valid_pipe && t->pos.step == 0 && t->pos.validated_epoch < t->pos.epoch &&
	       (t->pos.epoch % t->cfg.valid_interval == 0 || t->pos.epoch == t->cfg.epochs);
}

/* The epoch's end: events, validation, checkpoint. */
static int trainer_end_epoch(struct trainer *t, struct err *err)
{
	double seconds = sys_now() - t->epoch_started, wait;

	t->pos.epoch++;
	if (trainer_epoch_event(t, seconds, &wait, err) || trainer_handlers(t, seconds, wait, err))
		return -1;
	t->pos.step = 0;
	t->pos.loss_sum = 0;
	t->pos.skipped = 0;
	if (trainer_validation_due(t)) {
		if (trainer_validate(t, err) || trainer_checkpoint(t, err))
			return -1;
	} else if (sys_now() - t->last_checkpoint > CHECKPOINT_SECONDS &&
		   trainer_checkpoint(t, err)) {
		return -1;
	}
	t->epoch_started = sys_now();
	return 0;
}

static int trainer_stop(struct trainer *t, struct err *err)
{
	err_clear(err);
	if (trainer_checkpoint_now(t, err))
		return err_wrap(err,
			"stopped at step %lld, but its checkpoint could not be saved (the last one "
			"is of step %lld)",
			(long long)t->pos.total_step, (long long)t->saved_step);
	return err_set(err, ERR_INTR,
		"stopped at step %lld, epoch %lld; resume with: axial train --resume %s",
		(long long)t->pos.total_step, (long long)t->pos.epoch + 1, run_dir(t->run));
}

/* One step and what follows from it. */
static int trainer_advance(struct trainer *t, int64_t first_step, struct err *err)
{
	if (trainer_cancelled(t->hooks))
		return err_set(err, ERR_INTR, "stopped");
	if (trainer_step(t, first_step, err))
		return -1;
	if (t->pos.step == t->steps_per_epoch)
		return trainer_end_epoch(t, err);
	if (trainer_checkpoint_retry(t) || sys_now() - t->last_checkpoint > CHECKPOINT_SECONDS * 2)
		return trainer_checkpoint(t, err);
	return 0;
}

int trainer_loop(struct trainer *t, struct err *err)
{
	int64_t first_step = t->pos.total_step;
	int rc = 0;

	t->started = t->epoch_started = t->last_checkpoint = sys_now();
	t->saved_step = first_step;
	if (trainer_validation_due(t)) /* it was interrupted */
		rc = trainer_validate(t, err) || trainer_checkpoint(t, err) ? -1 : 0;
	if (!rc && t->pos.epoch < t->cfg.epochs)
		rc = pipeline_start(t->train_pipe, t->pos.epoch, t->pos.step, err);
	while (!rc && t->pos.epoch < t->cfg.epochs)
		rc = trainer_advance(t, first_step, err);
	if (rc && err->code == ERR_INTR)
		return trainer_stop(t, err);
	return rc;
}

static int trainer_finish(struct trainer *t, struct err *err)
{
	char *path = run_path(t->run, RUN_FILE_FINAL);
	int rc = trainer_save_waiting(t, err) || model_save(&t->model, path, NULL, err) ? -1 : 0;

	free(path);
	if (!rc && t->opt->write_train_stats) {
		cJSON_AddNumberToObject(t->stats, "epochs", (double)t->pos.epoch);
		cJSON_AddNumberToObject(t->stats, "steps", (double)t->pos.total_step);
		cJSON_AddNumberToObject(
			t->stats, "seconds", t->pos.seconds + sys_now() - t->started);
		cJSON_AddNumberToObject(t->stats, "peak_rss_bytes", (double)sys_peak_rss());
		if (isfinite(t->pos.best)) {
			cJSON_AddNumberToObject(t->stats, "best_metric", t->pos.best);
			cJSON_AddNumberToObject(t->stats, "best_epoch", (double)t->pos.best_epoch);
		}
		rc = run_write_stats(t->run, t->stats, err);
	}
	return rc;
}

/* Ends the run with the state that rc and err stand for; rc is passed on. */
static int trainer_close(struct trainer *t, int rc, struct err *err)
{
	struct err second = ERR_INIT;
	const char *state = !rc ? "done" : err->code == ERR_INTR ? "stopped" : "failed";
	int closed = run_close(t->run, state, rc ? err->msg : NULL, rc ? err->code : 0, &second);

	t->run = NULL;
	if (closed && !rc) {
		*err = second;
		return -1;
	}
	return rc;
}

int train_run(const struct train_options *opt, const struct train_hooks *hooks, struct err *err)
{
	struct trainer *t = mem_zalloc(sizeof(*t));
	int rc;

	t->opt = opt;
	t->hooks = hooks;
	rc = trainer_setup(t, err);
	if (!rc) {
		rc = trainer_open_run(t, err);
		if (!rc)
			rc = trainer_loop(t, err);
		if (!rc)
			rc = trainer_finish(t, err);
		if (t->run)
			rc = trainer_close(t, rc, err);
	}
	if (!rc)
		trainer_say(hooks, "peak RSS   %.0f MiB", (double)sys_peak_rss() / 1048576.0);
	trainer_release(t);
	free(t);
	return rc;
}
