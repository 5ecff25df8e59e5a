/*
 * CheckpointLoader: the weights of the best model in a checkpoint folder.  Where v3
 * had model.ckpt.* directly in it, runs here have a folder each.  The file written
 * last counts: weights that came with the archive serve until the first run.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/handler/loader.h"

#define LOADER_FILE "model.safetensors"

/* Modification time of dir/model.safetensors in seconds; -1 when there is none. */
static double loader_time(const char *dir, char **path)
{
	struct stat st;

	*path = sys_join(dir, LOADER_FILE);
	if (stat(*path, &st) || !S_ISREG(st.st_mode))
		return -1;
	return (double)st.st_mtim.tv_sec + 1e-9 * (double)st.st_mtim.tv_nsec;
}

char *loader_newest_weights(const char *dir, struct err *err)
{
	char **names, *best = NULL, *path;
	double newest = loader_time(dir, &best);
	int n;

	if (newest < 0) {
		free(best);
		best = NULL;
	}
	if (!sys_is_dir(dir)) {
		err_set(err, ERR_NOINPUT, "no checkpoint folder '%s'", dir);
		return NULL;
	}
	n = sys_list_dir(dir, &names, err);
	if (n < 0)
		return NULL;
	for (int i = 0; i < n; i++) {
		char *sub = sys_join(dir, names[i]);
		double t = loader_time(sub, &path);

		if (t >= 0 && t >= newest) {
			free(best);
			best = path;
			newest = t;
		} else {
			free(path);
		}
		free(sub);
	}
	sys_free_names(names, n);
	if (!best)
		err_set(err, ERR_NOINPUT, "no %s in '%s' or its run folders, train first",
			LOADER_FILE, dir);
	return best;
}

char *loader_weights(const struct component_use *loader, struct err *err)
{
	const struct loader_ops *ops = loader->c ? loader->c->ops : NULL;

	if (!ops) {
		err_set(err, ERR_DATA, "no model loader is configured");
		return NULL;
	}
	return ops->weights(loader->args, err);
}

static char *checkpoint_weights(const void *args, struct err *err)
{
	const struct checkpoint_loader_args *a = args;

	return loader_newest_weights(a->checkpoint_dir, err);
}

static const struct arg_def checkpoint_args[] = {
	{"checkpoint_dir", ARG_STRING, offsetof(struct checkpoint_loader_args, checkpoint_dir),
		.flags = ARG_REQUIRED, .help = "folder of the runs, or of one run"},
	ARG_END,
};

static const struct loader_ops checkpoint_ops = {.weights = checkpoint_weights};

const struct component component_checkpoint_loader = {
	.name = "CheckpointLoader",
	.kind = COMPONENT_LOADER,
	.help = "loads the newest model.safetensors of a checkpoint folder and its runs",
	.args = checkpoint_args,
	.args_size = sizeof(struct checkpoint_loader_args),
	.ops = &checkpoint_ops,
};
