/*
 * FrozenGraphModelLoader: v3 configurations name a TensorFlow graph file
 * ("{MMAR_CKPT_DIR}/model.trt.pb").  Such a file cannot be read here; what was
 * trained here under that name lies in the same folder as .safetensors.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/handler/loader.h"

static char *frozen_weights(const void *args, struct err *err)
{
	const struct frozen_graph_loader_args *a = args;
	const char *file = a->model_file_path, *base = sys_basename(file);
	const char *end = strrchr(base, '.');
	char *dir, *path;

	if (end && !strcmp(end, ".safetensors")) {
		if (sys_exists(file))
			return mem_strdup(file);
		err_set(err, ERR_NOINPUT, "no model file '%s'", file);
		return NULL;
	}
	dir = base == file ? mem_strdup(".") : mem_strndup(file, (size_t)(base - file));
	path = loader_newest_weights(dir, err);
	if (!path)
		err_wrap(err, "'%s' stands for the model trained here", file);
	free(dir);
	return path;
}

static const struct arg_def frozen_args[] = {
	{"model_file_path", ARG_STRING, offsetof(struct frozen_graph_loader_args, model_file_path),
		.flags = ARG_REQUIRED,
		.help = "a .safetensors file; for a .pb file, model.safetensors in its folder"},
	ARG_END,
};

static const struct loader_ops frozen_ops = {.weights = frozen_weights};

const struct component component_frozen_graph_loader = {
	.name = "FrozenGraphModelLoader",
	.kind = COMPONENT_LOADER,
	.help = "loads the weights that stand for a frozen graph: model.safetensors beside it",
	.args = frozen_args,
	.args_size = sizeof(struct frozen_graph_loader_args),
	.ops = &frozen_ops,
};
