/*
 * What a training writes besides its events, on a disk that may be full.
 *
 * A training that has run for days does not end because a file could not be
 * written: the checkpoint that is there stays valid, the save is tried again every
 * few seconds, and a best model waits as a copy in memory.  Only what ends the
 * process (stop, the final model) has to be written, or is an error.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/train/trainer.h"

static const double SAVE_RETRY_SECONDS = 5;

/* --- the best model ------------------------------------------------------------------------- */

static int saving_best_file(struct trainer *t, double best, int64_t epoch, struct err *err)
{
	char *path, *extra;
	int rc;

	if (run_check_fence(t->run, err))
		return -1;
	path = run_path(t->run, RUN_FILE_MODEL);
	extra = mem_printf("epoch %lld, key metric %.6f", (long long)epoch, best);
	rc = model_save(&t->model, path, extra, err);
	free(extra);
	free(path);
	return rc;
}

static void saving_forget_copy(struct trainer_best *b)
{
	free(b->w);
	free(b->s);
	b->w = b->s = NULL;
}

/* A copy of the weights as they are; without memory for it the best model is lost. */
static bool saving_copy(struct trainer *t)
{
	const struct params *p = t->model.params;
	struct trainer_best *b = &t->best;
	struct err ignored = ERR_INIT;

	saving_forget_copy(b);
	b->w = mem_try_big(p->len * sizeof(float), "copy of the best weights", &ignored);
	b->s = mem_try_big((p->state_len + 1) * sizeof(float), "copy of the best states", &ignored);
	if (!b->w || !b->s) {
		saving_forget_copy(b);
		return false;
	}
	memcpy(b->w, p->w, p->len * sizeof(float));
	memcpy(b->s, p->s, p->state_len * sizeof(float));
	b->metric = t->pos.best;
	b->epoch = t->pos.best_epoch;
	return true;
}

/* Tells people and the log; only losing the run is an error. */
static int saving_warn(struct trainer *t, const struct err *why, const char *what, struct err *err)
{
	char *text = mem_printf("%s: %s", why->msg, what);
	int rc = run_log(t->run, "warning", text, err);

	free(text);
	return rc;
}

int trainer_save_best(struct trainer *t, struct err *err)
{
	struct err why = ERR_INIT;

	if (!saving_best_file(t, t->pos.best, t->pos.best_epoch, &why)) {
		saving_forget_copy(&t->best);
		return 0;
	}
	if (why.code != ERR_IO) {
		*err = why;
		return -1;
	}
	return saving_warn(t, &why,
		saving_copy(t) ? "the best model waits in memory" : "the best model is lost", err);
}

int trainer_save_waiting(struct trainer *t, struct err *err)
{
	struct params *p = t->model.params;
	float *w = p->w, *s = p->s;
	int rc;

	if (!t->best.w)
		return 0;
	p->w = t->best.w;
	p->s = t->best.s;
	rc = saving_best_file(t, t->best.metric, t->best.epoch, err);
	p->w = w;
	p->s = s;
	if (!rc)
		saving_forget_copy(&t->best);
	return rc;
}

void trainer_best_release(struct trainer_best *b)
{
	saving_forget_copy(b);
}

/* --- the checkpoint ------------------------------------------------------------------------- */

int trainer_checkpoint_now(struct trainer *t, struct err *err)
{
	struct buf f = {0};
	struct train_position pos = t->pos;
	int rc;

	if (run_check_fence(t->run, err) || trainer_save_waiting(t, err))
		return -1;
	pos.seconds += sys_now() - t->started;
	if (checkpoint_rotate(run_dir(t->run), &t->learner, &pos, err))
		return -1;
	t->last_checkpoint = sys_now();
	t->saved_step = t->pos.total_step;
	event_int(&f, "epoch", t->pos.epoch);
	event_int(&f, "step", t->pos.total_step);
	event_str(&f, "file", RUN_FILE_CHECKPOINT);
	rc = run_event(t->run, EVENT_CHECKPOINT, &f, err);
	buf_release(&f);
	return rc;
}

int trainer_checkpoint(struct trainer *t, struct err *err)
{
	struct err why = ERR_INIT;
	char *what;
	int rc;

	if (!trainer_checkpoint_now(t, &why)) {
		if (t->save_failed == 0)
			return 0;
		t->save_failed = 0;
		return run_log(t->run, "info", "checkpoints can be saved again", err);
	}
	if (why.code != ERR_IO) {
		*err = why;
		return -1;
	}
	t->last_checkpoint = sys_now();
	if (t->save_failed > 0) {
		t->save_failed = sys_now();
		return 0;
	}
	t->save_failed = sys_now();
	what = mem_printf("the training goes on, the last checkpoint is of step %lld",
		(long long)t->saved_step);
	rc = saving_warn(t, &why, what, err);
	free(what);
	return rc;
}

bool trainer_checkpoint_retry(const struct trainer *t)
{
	return t->save_failed > 0 && sys_now() - t->save_failed > SAVE_RETRY_SECONDS;
}
