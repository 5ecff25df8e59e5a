#ifndef CORE_EXPORT_ONNX_BUILD_H
#define CORE_EXPORT_ONNX_BUILD_H

#include "core/export/onnx.pb-c.h"
#include "core/graph/graph.h"
#include "core/graph/params.h"

/*
 * An ONNX graph under construction, from one of ours.  Values are N C D H W there.
 * Strings and arrays that the messages point to live in the builder; weights are
 * pointed to where they lie in params.
 */
struct onnx_builder {
	const struct graph *g;
	const struct params *params;
	bool dynamic;    /* spatial sizes are open */
	const char **at; /* by node id: name of the value, NULL: not there yet */
	Onnx__GraphProto graph;
	void **owned; /* what to free */
	size_t n_owned, cap_owned;
	int temps;
};

void onnx_builder_init(struct onnx_builder *b, const struct graph *g, const struct params *params);
void onnx_builder_release(struct onnx_builder *b);

/* Memory that lives as long as the builder. */
void *onnx_own(struct onnx_builder *b, size_t bytes);
char *onnx_text(struct onnx_builder *b, const char *s);

/* Name of the value of one of our nodes; a parameter or state becomes an initializer. */
const char *onnx_value(struct onnx_builder *b, const struct node *node);

/* A new value name. */
const char *onnx_temp(struct onnx_builder *b);

/* The name that node's value will have: given before, else from the node. */
const char *onnx_out(struct onnx_builder *b, const struct node *node);

/* Adds a node; in ends with NULL. */
Onnx__NodeProto *onnx_add(
	struct onnx_builder *b, const char *op_type, const char *const *in, const char *out);
void onnx_attr_int(struct onnx_builder *b, Onnx__NodeProto *n, const char *name, int64_t v);
void onnx_attr_ints(
	struct onnx_builder *b, Onnx__NodeProto *n, const char *name, const int64_t *v, int count);
void onnx_attr_float(struct onnx_builder *b, Onnx__NodeProto *n, const char *name, float v);
void onnx_attr_text(struct onnx_builder *b, Onnx__NodeProto *n, const char *name, const char *v);

/* Initializers; they return the name.  Values are copied. */
const char *onnx_ints(struct onnx_builder *b, const int64_t *v, int count);
const char *onnx_fill(struct onnx_builder *b, float value, int64_t count);
const char *onnx_floats(struct onnx_builder *b, const float *v, int count);

/* The vector of a parameter as C 1 1 1, to be broadcast over N C D H W. */
const char *onnx_channels(struct onnx_builder *b, const struct node *param);

/* Graph input or output. */
Onnx__ValueInfoProto *onnx_info(struct onnx_builder *b, const char *name, const int64_t *dims,
	const char *const *open, int n);

/*
 * How an op is said in ONNX: one row per op in onnx_ops.c.  emit adds nodes whose
 * last one makes onnx_out(b, node).
 */
struct onnx_rule {
	const struct op *op;
	int (*emit)(struct onnx_builder *b, const struct node *node, struct err *err);
	const char *absent; /* without emit: why no inference graph has it */
};

/* The rule of op, or NULL. */
const struct onnx_rule *onnx_rule(const struct op *op);

/* ERR_DATA when there is no rule; names node and op. */
int onnx_emit(struct onnx_builder *b, const struct node *node, struct err *err) MUST_CHECK;

/* A graph and what the file says of it. */
struct onnx_export {
	const struct graph *g; /* for inference; one image, one output */
	const struct params *params;
	const struct node *image, *pred;
	const char *input, *output; /* their names in the file */
	const char *name, *spec;    /* of the network; spec may be NULL */
	bool two_d;                 /* no D in the file */
	bool classifier;            /* output N classes */
	bool dynamic;
};
int onnx_export(
	const struct onnx_export *e, const char *path, int *tensors, struct err *err) MUST_CHECK;

/* Ops with more to them, in files of their own. */
int onnx_emit_conv(struct onnx_builder *b, const struct node *node, struct err *err);
int onnx_emit_conv_transpose(struct onnx_builder *b, const struct node *node, struct err *err);
int onnx_emit_pool(struct onnx_builder *b, const struct node *node, struct err *err);
int onnx_emit_norm(struct onnx_builder *b, const struct node *node, struct err *err);
int onnx_emit_upsample(struct onnx_builder *b, const struct node *node, struct err *err);
int onnx_emit_resize(struct onnx_builder *b, const struct node *node, struct err *err);

#endif
