/*
 * Fine-tuning: the weights that a training starts from (variable MMAR_CKPT).
 *
 * By default everything must fit.  With MMAR_CKPT_PARTIAL=true what fits by name
 * and shape is loaded and the rest starts fresh: another number of classes, other
 * input channels.  Each tensor that was not loaded is named in the log.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/handler/loader.h"
#include "core/train/trainer.h"

static void start_say_lines(const struct train_hooks *hooks, const char *what, struct buf *text)
{
	char *rest;

	if (!text->len)
		return;
	for (char *line = strtok_r(text->p, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		trainer_say(hooks, "weights    %s: %s", what, line);
}

static int start_partial(struct trainer *t, const char *path, struct err *err)
{
	struct model_partial part;
	int rc = model_load_partial(&t->model, path, &part, err);

	if (!rc) {
		start_say_lines(t->hooks, "fresh", &part.fresh_text);
		start_say_lines(t->hooks, "left out", &part.left_text);
		trainer_say(t->hooks,
			"weights    start from '%s': %d tensors loaded, %d start fresh, %d of the "
			"file left out",
			path, part.loaded, part.fresh, part.left);
	}
	model_partial_release(&part);
	return rc;
}

static int start_whole(struct trainer *t, const char *path, struct err *err)
{
	struct err e = ERR_INIT;

	if (model_load(&t->model, path, &e))
		return err_set(err, e.code, "%s%s", e.msg,
			strstr(e.msg, "tensors differ")
				? "; --set MMAR_CKPT_PARTIAL=true loads what fits"
				: "");
	trainer_say(t->hooks, "weights    start from '%s'", path);
	return 0;
}

int trainer_start_weights(struct trainer *t, struct err *err)
{
	char *path;
	int rc;

	if (!t->cfg.paths.ckpt)
		return 0;
	/* v3 scripts name models/model.ckpt, which was never one file */
	path = sys_exists(t->cfg.paths.ckpt) ? mem_strdup(t->cfg.paths.ckpt)
					     : loader_stand_in(t->cfg.paths.ckpt, err);
	if (!path)
		return err_wrap(err, "MMAR_CKPT");
	rc = vars_bool(&t->cfg.vars, "MMAR_CKPT_PARTIAL", false) ? start_partial(t, path, err)
								 : start_whole(t, path, err);
	free(path);
	return rc ? err_wrap(err, "MMAR_CKPT") : 0;
}
