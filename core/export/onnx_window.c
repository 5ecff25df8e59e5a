/*
 * Convolutions and pooling in ONNX.
 *
 * SAME padding is TensorFlow's, which ONNX calls SAME_UPPER.  For a fixed size it is
 * written out, because some runtimes refuse auto_pad with three dimensions.
 */
#include "core/export/onnx_build.h"
#include "core/graph/window.h"

static void onnx_window(
	struct onnx_builder *b, Onnx__NodeProto *n, const struct window *w, bool same)
{
	int64_t pads[6];

	for (int i = 0; i < 3; i++) {
		pads[i] = w->pad[i];
		pads[i + 3] = w->pad_end[i];
	}
	onnx_attr_ints(b, n, "kernel_shape", w->kernel, 3);
	onnx_attr_ints(b, n, "strides", w->stride, 3);
	if (same && b->dynamic)
		onnx_attr_text(b, n, "auto_pad", "SAME_UPPER");
	else
		onnx_attr_ints(b, n, "pads", pads, 6);
}

int onnx_emit_conv(struct onnx_builder *b, const struct node *node, struct err *err)
{
	const struct conv_attr *a = node->attr;
	const char *in[4] = {onnx_value(b, node->in[0]), onnx_value(b, node->in[1])};
	struct window w;

	if (a->bias)
		in[2] = onnx_value(b, node->in[2]);
	if (a->act.kind != ACT_NONE)
		return err_set(err, ERR_DATA, "a fused activation");
	w = window_conv(a, &node->in[0]->shape);
	onnx_window(b, onnx_add(b, "Conv", in, onnx_out(b, node)), &w, a->same);
	return 0;
}

int onnx_emit_conv_transpose(struct onnx_builder *b, const struct node *node, struct err *err)
{
	const struct conv_transpose_attr *a = node->attr;
	const char *in[4] = {onnx_value(b, node->in[0]), onnx_value(b, node->in[1])};
	int64_t kernel[3], stride[3], pads[6], extra[3];
	Onnx__NodeProto *n;

	(void)err;
	if (a->bias)
		in[2] = onnx_value(b, node->in[2]);
	for (int i = 0; i < 3; i++) {
		int64_t size = node->in[0]->shape.d[i + 1];
		int64_t base = (size - 1) * a->stride[i] - 2 * (int64_t)a->pad[i] + a->kernel[i];
		int64_t more = a->size[i] - base;

		kernel[i] = a->kernel[i];
		stride[i] = a->stride[i];
		pads[i] = a->pad[i];
		pads[i + 3] = a->pad[i] + (more < 0 ? -more : 0);
		extra[i] = more > 0 ? more : 0;
	}
	n = onnx_add(b, "ConvTranspose", in, onnx_out(b, node));
	onnx_attr_ints(b, n, "kernel_shape", kernel, 3);
	onnx_attr_ints(b, n, "strides", stride, 3);
	onnx_attr_ints(b, n, "pads", pads, 6);
	onnx_attr_ints(b, n, "output_padding", extra, 3);
	return 0;
}

int onnx_emit_pool(struct onnx_builder *b, const struct node *node, struct err *err)
{
	const struct pool_attr *a = node->attr;
	const char *in[] = {onnx_value(b, node->in[0]), NULL};
	struct window w = window_pool(a, &node->in[0]->shape);
	Onnx__NodeProto *n = onnx_add(b, a->max ? "MaxPool" : "AveragePool", in, onnx_out(b, node));

	(void)err;
	onnx_window(b, n, &w, a->same);
	if (!a->max)
		onnx_attr_int(b, n, "count_include_pad", 0);
	return 0;
}
