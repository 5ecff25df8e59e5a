#ifndef CORE_HANDLER_LOADER_H
#define CORE_HANDLER_LOADER_H

#include "core/component.h"

/* Kind LOADER: where the weights for an evaluation come from. */
struct loader_ops {
	/* Path of the .safetensors file to load; the caller frees.  ERR_NOINPUT when there is none.
	 */
	char *(*weights)(const void *args, struct err *err);
};

/* Absolute paths after train_config_load()/validate_config_load(). */
struct checkpoint_loader_args {
	char *checkpoint_dir;
};

struct frozen_graph_loader_args {
	char *model_file_path;
};

/* Weights of a configured loader; see loader_ops. */
char *loader_weights(const struct component_use *loader, struct err *err) MUST_CHECK;

/*
 * Best weights in a checkpoint folder: the newest of DIR/model.safetensors and those of
 * the runs (sub-folders).  The caller frees.
 */
char *loader_newest_weights(const char *dir, struct err *err) MUST_CHECK;

/*
 * The weights that stand for file, a name from a v3 configuration: a .safetensors file
 * itself; else of a name like DIR/model.trt.pb the first that is there of
 * DIR/model.trt.safetensors, DIR/model.fzn.safetensors (what export writes),
 * DIR/model.safetensors and the model of the newest run in DIR.  The caller frees.
 */
char *loader_stand_in(const char *file, struct err *err) MUST_CHECK;

#endif
