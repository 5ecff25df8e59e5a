#ifndef CORE_TRAIN_IMPORT_H
#define CORE_TRAIN_IMPORT_H

#include "core/base/json.h"
#include "core/base/problem.h"

/*
 * Weights of other programs: a safetensors file with the names of PyTorch modules
 * becomes one of ours.
 */
struct import_options {
	const cJSON *network; /* {"name": ..., "args": {...}} */
	int in_channels;      /* 0: the network's argument in_channels, else 1 */
	bool zyx;             /* the tensors it was trained on were D H W, not x y z */
};

struct import_result {
	int tensors;    /* taken */
	int ignored;    /* of the file, known to have no meaning for inference */
	size_t numbers; /* weights taken */
	char *prefix;   /* that all names had in front, "" when none; owned */
};

/*
 * Reads path, writes out.  Tensors that are missing, left over or of another shape are
 * rows of ps, all of them, and nothing is written.  -1 with err: ERR_DATA for those, for
 * a network that cannot be built and for files of another format (a pickle is not read),
 * ERR_NOINPUT, ERR_IO.  Free with import_result_release() in any case.
 */
int import_weights(const char *path, const struct import_options *opt, const char *out,
	struct import_result *r, struct problems *ps, struct err *err) MUST_CHECK;
void import_result_release(struct import_result *r);

/* -1 and how to convert it when path is a pickle or a zip archive (.pt, .pth, .ckpt). */
int import_check_format(const char *path, struct err *err) MUST_CHECK;

#endif
