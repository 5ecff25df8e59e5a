/*
 * How each op is said in ONNX (opset 13): the table, and the ops that are one
 * ONNX node.
 */
#include "core/export/onnx_build.h"
#include "core/graph/layers.h"

static int onnx_emit_act(struct onnx_builder *b, const struct node *node, struct err *err)
{
	const struct act_attr *a = node->attr;
	const char *in[] = {onnx_value(b, node->in[0]), NULL}, *out = onnx_out(b, node);

	switch (a->kind) {
	case ACT_RELU:
		onnx_add(b, "Relu", in, out);
		return 0;
	case ACT_LEAKY:
		onnx_attr_float(b, onnx_add(b, "LeakyRelu", in, out), "alpha", a->slope);
		return 0;
	case ACT_SIGMOID:
		onnx_add(b, "Sigmoid", in, out);
		return 0;
	case ACT_NONE:
		onnx_add(b, "Identity", in, out);
		return 0;
	default:
		return err_set(err, ERR_DATA, "activation %d has no rule for ONNX", a->kind);
	}
}

static int onnx_emit_add(struct onnx_builder *b, const struct node *node, struct err *err)
{
	const char *in[] = {onnx_value(b, node->in[0]), onnx_value(b, node->in[1]), NULL};

	(void)err;
	onnx_add(b, "Add", in, onnx_out(b, node));
	return 0;
}

static int onnx_emit_concat(struct onnx_builder *b, const struct node *node, struct err *err)
{
	const char *in[OP_MAX_IN + 1] = {NULL};

	(void)err;
	for (int i = 0; i < node->n_in; i++)
		in[i] = onnx_value(b, node->in[i]);
	onnx_attr_int(b, onnx_add(b, "Concat", in, onnx_out(b, node)), "axis", 1);
	return 0;
}

static int onnx_emit_softmax(struct onnx_builder *b, const struct node *node, struct err *err)
{
	const char *in[] = {onnx_value(b, node->in[0]), NULL};

	(void)err;
	onnx_attr_int(b, onnx_add(b, "Softmax", in, onnx_out(b, node)), "axis", 1);
	return 0;
}

/* Inference drops nothing. */
static int onnx_emit_dropout(struct onnx_builder *b, const struct node *node, struct err *err)
{
	const char *in[] = {onnx_value(b, node->in[0]), NULL};

	(void)err;
	onnx_add(b, "Identity", in, onnx_out(b, node));
	return 0;
}

static int onnx_emit_global_pool(struct onnx_builder *b, const struct node *node, struct err *err)
{
	const struct global_pool_attr *a = node->attr;
	const char *in[] = {onnx_value(b, node->in[0]), NULL};

	(void)err;
	onnx_add(b, a->max ? "GlobalMaxPool" : "GlobalAveragePool", in, onnx_out(b, node));
	return 0;
}

static int onnx_emit_prelu(struct onnx_builder *b, const struct node *node, struct err *err)
{
	const char *in[] = {onnx_value(b, node->in[0]), onnx_channels(b, node->in[1]), NULL};

	(void)err;
	onnx_add(b, "PRelu", in, onnx_out(b, node));
	return 0;
}

static const struct onnx_rule onnx_rules[] = {
	{&op_act, onnx_emit_act, NULL},
	{&op_add, onnx_emit_add, NULL},
	{&op_concat, onnx_emit_concat, NULL},
	{&op_conv3d, onnx_emit_conv, NULL},
	{&op_conv_transpose, onnx_emit_conv_transpose, NULL},
	{&op_dropout, onnx_emit_dropout, NULL},
	{&op_global_pool, onnx_emit_global_pool, NULL},
	{&op_l2, NULL, "a term of the loss"},
	{&op_norm, onnx_emit_norm, NULL},
	{&op_pool, onnx_emit_pool, NULL},
	{&op_prelu, onnx_emit_prelu, NULL},
	{&op_resize, onnx_emit_resize, NULL},
	{&op_softmax, onnx_emit_softmax, NULL},
	{&op_upconv, NULL, "made by fusion only"},
	{&op_upsample, onnx_emit_upsample, NULL},
	{&op_vae_sample, NULL, "the variational branch is for training"},
};

const struct onnx_rule *onnx_rule(const struct op *op)
{
	for (size_t i = 0; i < sizeof(onnx_rules) / sizeof(onnx_rules[0]); i++)
		if (onnx_rules[i].op == op)
			return &onnx_rules[i];
	return NULL;
}

int onnx_emit(struct onnx_builder *b, const struct node *node, struct err *err)
{
	const struct onnx_rule *rule = onnx_rule(node->op);

	if (!rule || !rule->emit)
		return err_set(err, ERR_DATA, "layer '%s': the op '%s' cannot be written as ONNX",
			node->name, node->op->name);
	if (rule->emit(b, node, err))
		return err_wrap(err, "layer '%s' (%s)", node->name, node->op->name);
	return 0;
}
