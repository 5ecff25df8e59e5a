/*
 * Fine-tuning: the weights that a training starts from (variable MMAR_CKPT).
 *
 * By default everything must fit.  With MMAR_CKPT_PARTIAL=true what fits by name
 * and shape is loaded and the rest starts fresh: another number of classes, other
 * input channels.  Each tensor that was not loaded is named in the log.
 */
#include <string.h>

#include "core/train/trainer.h"

static void start_say_lines(const struct train_hooks *hooks, const char *what, struct buf *text)
{
	char *rest;

	if (!text->len)
		return;
	for (char *line = strtok_r(text->p, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		trainer_say(hooks, "weights    %s: %s", what, line);
}

static int start_partial(struct trainer *t, struct err *err)
{
	struct model_partial part;
	int rc = model_load_partial(&t->model, t->cfg.paths.ckpt, &part, err);

	if (!rc) {
		start_say_lines(t->hooks, "fresh", &part.fresh_text);
		start_say_lines(t->hooks, "left out", &part.left_text);
		trainer_say(t->hooks,
			"weights    start from '%s': %d tensors loaded, %d start fresh, %d of the "
			"file left out",
			t->cfg.paths.ckpt, part.loaded, part.fresh, part.left);
	}
	model_partial_release(&part);
	return rc;
}

int trainer_start_weights(struct trainer *t, struct err *err)
{
	const char *path = t->cfg.paths.ckpt;
	struct err e = ERR_INIT;

	if (!path || t->opt->resume)
		return 0;
	if (vars_bool(&t->cfg.vars, "MMAR_CKPT_PARTIAL", false))
		return start_partial(t, err) ? err_wrap(err, "MMAR_CKPT") : 0;
	if (model_load(&t->model, path, &e))
		return err_set(err, e.code, "MMAR_CKPT: %s%s", e.msg,
			strstr(e.msg, "tensors differ")
				? "; --set MMAR_CKPT_PARTIAL=true loads what fits"
				: "");
	trainer_say(t->hooks, "weights    start from '%s'", path);
	return 0;
}
