#ifndef CORE_EXPORT_EXPORT_H
#define CORE_EXPORT_EXPORT_H

#include "core/tensor/dtype.h"
#include "core/train/model.h"

/*
 * Models for use elsewhere: without what only training needs.
 *
 * Safetensors: the file that `axial evaluate` and `axial infer` load like any
 * other; its metadata "network" has "inference": true, which says that batch norms
 * are folded (core/graph/fold.h) and training branches are gone.  dtype is that of
 * the convolution weights; vectors (biases, norms) stay fp32, because they are
 * small and a variance can exceed the range of fp16.
 *
 * ONNX: opset 13, one input N C D H W (N C H W of a 2-D network) and one output,
 * probabilities N classes D H W, or N classes of a classifier.  The batch is open;
 * the size is fixed unless dynamic.
 */
#define EXPORT_INPUT_NAME  "NV_MODEL_INPUT"
#define EXPORT_OUTPUT_NAME "NV_MODEL_OUTPUT"

struct export_options {
	const char *weights; /* file of a trained model */
	const char *out;     /* file to write */
	enum dtype dtype;    /* DTYPE_F32, DTYPE_F16 or DTYPE_BF16 (safetensors only) */
	int size[3];         /* ONNX: x, y, z; 0: the size that the weights were trained at */
	int channels;        /* ONNX: refused when the network takes another number; 0: any */
	bool dynamic;        /* ONNX: sizes left open (multiples of what the strides need) */
	const char *input_name, *output_name; /* ONNX; NULL: EXPORT_..._NAME */
};

struct export_result {
	size_t bytes; /* of the file */
	int tensors;
	size_t values;  /* numbers in them */
	int folded;     /* batch norms */
	int not_folded; /* batch norms that stay */
	int size[3];    /* ONNX: of the graph */
	bool two_d;     /* ONNX: input N C H W */
	bool classifier;
	int channels, classes; /* of input and output */
};

int export_safetensors(
	const struct export_options *opt, struct export_result *res, struct err *err) MUST_CHECK;
int export_onnx(
	const struct export_options *opt, struct export_result *res, struct err *err) MUST_CHECK;

/*
 * Writes Triton's config.pbtxt for what export_onnx() wrote: the model's name there, its
 * input and output.  A size that is open is -1.
 */
int export_triton_config(const struct export_options *opt, const struct export_result *res,
	const char *name, const char *path, struct err *err) MUST_CHECK;

/*
 * The inference model of a weight file: as model_init_from_file(), but folded
 * whether the file is or not.  *folded: how many batch norms this call folded.
 * Call model_release() in any case.
 */
int export_model_init(
	struct model *m, const char *weights, int *folded, struct err *err) MUST_CHECK;

/* How many batch norms an inference model still has. */
int export_batch_norms(const struct model *m);

#endif
