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

/* DIR/STEM.END when it is a file, else NULL. */
static char *frozen_try(const char *file, size_t n, const char *end)
{
	char *path = mem_printf("%.*s%s", (int)n, file, end);

	if (sys_exists(path) && !sys_is_dir(path))
		return path;
	free(path);
	return NULL;
}

char *loader_stand_in(const char *file, struct err *err)
{
	const char *base = sys_basename(file), *dot = strrchr(base, '.');
	size_t n = dot ? (size_t)(dot - file) : strlen(file), first = n;
	char *dir, *path;

	if (dot && !strcmp(dot, ".safetensors")) {
		if (sys_exists(file))
			return mem_strdup(file);
		err_set(err, ERR_NOINPUT, "no model file '%s'", file);
		return NULL;
	}
	if (strchr(base, '.'))
		first = (size_t)(strchr(base, '.') - file);
	path = frozen_try(file, n, ".safetensors");
	if (!path)
		path = frozen_try(file, first, ".fzn.safetensors");
	if (!path)
		path = frozen_try(file, first, ".safetensors");
	if (path)
		return path;
	dir = base == file ? mem_strdup(".") : mem_strndup(file, (size_t)(base - file));
	path = loader_newest_weights(dir, err);
	if (!path)
		err_wrap(err, "'%s' stands for the model trained here", file);
	free(dir);
	return path;
}

static char *frozen_weights(const void *args, struct err *err)
{
	return loader_stand_in(
		((const struct frozen_graph_loader_args *)args)->model_file_path, err);
}

static const struct arg_def frozen_args[] = {
	{"model_file_path", ARG_STRING, offsetof(struct frozen_graph_loader_args, model_file_path),
		.flags = ARG_REQUIRED,
		.help = "a .safetensors file; for model.trt.pb model.trt.safetensors, "
			"model.fzn.safetensors or model.safetensors in its folder"},
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
