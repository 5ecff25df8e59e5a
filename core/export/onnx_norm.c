/*
 * Norms in ONNX.
 *
 * Batch norm that was not folded is BatchNormalization.  Instance norm is
 * InstanceNormalization.  Group norm has an op of its own from opset 18 on only:
 * here the groups become channels by a reshape, are normalised as instances, and
 * gamma and beta follow as product and sum.
 */
#include "core/export/onnx_build.h"
#include "core/graph/layers.h"

static int onnx_batch_norm(struct onnx_builder *b, const struct node *node)
{
	const struct norm_attr *a = node->attr;
	const char *in[6] = {NULL};

	for (int i = 0; i < 5; i++)
		in[i] = onnx_value(b, node->in[i]);
	onnx_attr_float(
		b, onnx_add(b, "BatchNormalization", in, onnx_out(b, node)), "epsilon", a->eps);
	return 0;
}

static int onnx_instance_norm(struct onnx_builder *b, const struct node *node)
{
	const struct norm_attr *a = node->attr;
	int64_t channels = shape_channels(&node->shape);
	const char *in[4] = {onnx_value(b, node->in[0])};

	in[1] = a->plain ? onnx_fill(b, 1, channels) : onnx_value(b, node->in[1]);
	in[2] = a->plain ? onnx_fill(b, 0, channels) : onnx_value(b, node->in[2]);
	onnx_attr_float(
		b, onnx_add(b, "InstanceNormalization", in, onnx_out(b, node)), "epsilon", a->eps);
	return 0;
}

static int onnx_group_norm(struct onnx_builder *b, const struct node *node)
{
	const struct norm_attr *a = node->attr;
	const int64_t split[3] = {0, a->groups, -1};
	const char *x = onnx_value(b, node->in[0]);
	const char *shape = onnx_temp(b), *rows = onnx_temp(b), *normal = onnx_temp(b);
	const char *back = a->plain ? onnx_out(b, node) : onnx_temp(b), *scaled;
	Onnx__NodeProto *n;

	onnx_add(b, "Shape", (const char *[]){x, NULL}, shape);
	onnx_add(b, "Reshape", (const char *[]){x, onnx_ints(b, split, 3), NULL}, rows);
	n = onnx_add(b, "InstanceNormalization",
		(const char *[]){
			rows, onnx_fill(b, 1, a->groups), onnx_fill(b, 0, a->groups), NULL},
		normal);
	onnx_attr_float(b, n, "epsilon", a->eps);
	onnx_add(b, "Reshape", (const char *[]){normal, shape, NULL}, back);
	if (a->plain)
		return 0;
	scaled = onnx_temp(b);
	onnx_add(b, "Mul", (const char *[]){back, onnx_channels(b, node->in[1]), NULL}, scaled);
	onnx_add(b, "Add", (const char *[]){scaled, onnx_channels(b, node->in[2]), NULL},
		onnx_out(b, node));
	return 0;
}

int onnx_emit_norm(struct onnx_builder *b, const struct node *node, struct err *err)
{
	const struct norm_attr *a = node->attr;

	if (a->act.kind != ACT_NONE)
		return err_set(err, ERR_DATA, "a fused activation");
	if (a->kind == NORM_BATCH)
		return onnx_batch_norm(b, node);
	if (a->groups == shape_channels(&node->shape))
		return onnx_instance_norm(b, node);
	return onnx_group_norm(b, node);
}
