/*
 * Enlarging in ONNX: Resize.  Nearest neighbour times two is written with its exact
 * scale (coordinates "asymmetric", rounded down: out[o] = in[o / 2]), then cut where
 * the wanted size is odd, so that no runtime's rounding can shift a voxel.
 *
 * Trilinear: PyTorch's two conventions are ONNX's "align_corners" and "half_pixel";
 * where the latter looks outside the image, both take the nearest voxel.
 */
#include "core/export/onnx_build.h"
#include "core/graph/layers.h"

static const char *onnx_double(struct onnx_builder *b, const struct node *node, const char *out)
{
	const float scales[5] = {1, 1, node->shape.d[1] > 1 ? 2 : 1, 2, 2};
	const char *in[] = {onnx_value(b, node->in[0]), "", onnx_floats(b, scales, 5), NULL};
	Onnx__NodeProto *n = onnx_add(b, "Resize", in, out);

	onnx_attr_text(b, n, "mode", "nearest");
	onnx_attr_text(b, n, "coordinate_transformation_mode", "asymmetric");
	onnx_attr_text(b, n, "nearest_mode", "floor");
	return out;
}

int onnx_emit_upsample(struct onnx_builder *b, const struct node *node, struct err *err)
{
	const struct upsample_attr *a = node->attr;
	const struct shape *in = &node->in[0]->shape;
	const int64_t begin[3] = {0, 0, 0}, axes[3] = {2, 3, 4};
	int64_t end[3];
	const char *twice;
	bool cut = false;

	for (int i = 0; i < 3; i++) {
		int64_t factor = i == 0 && node->shape.d[1] == 1 ? 1 : 2;

		end[i] = a->size[i];
		cut |= a->size[i] != factor * in->d[i + 1];
	}
	if (cut && b->dynamic)
		return err_set(err, ERR_DATA,
			"the size is cut to %lld x %lld x %lld here, which holds for one size of image "
			"only: give --size multiples of what the strides divide by",
			(long long)end[2], (long long)end[1], (long long)end[0]);
	twice = onnx_double(b, node, cut ? onnx_temp(b) : onnx_out(b, node));
	if (cut)
		onnx_add(b, "Slice",
			(const char *[]){twice, onnx_ints(b, begin, 3), onnx_ints(b, end, 3),
				onnx_ints(b, axes, 3), NULL},
			onnx_out(b, node));
	return 0;
}

/* Name of the sizes N C D H W of out, with N and C as x has them. */
static const char *onnx_sizes(struct onnx_builder *b, const char *x, const int32_t size[3])
{
	const int64_t zero[1] = {0}, two[1] = {2}, space[3] = {size[0], size[1], size[2]};
	const char *shape = onnx_temp(b), *head = onnx_temp(b), *sizes = onnx_temp(b);

	onnx_add(b, "Shape", (const char *[]){x, NULL}, shape);
	onnx_add(b, "Slice",
		(const char *[]){shape, onnx_ints(b, zero, 1), onnx_ints(b, two, 1), NULL}, head);
	onnx_attr_int(b,
		onnx_add(b, "Concat", (const char *[]){head, onnx_ints(b, space, 3), NULL}, sizes),
		"axis", 0);
	return sizes;
}

int onnx_emit_resize(struct onnx_builder *b, const struct node *node, struct err *err)
{
	const struct resize_attr *a = node->attr;
	const struct shape *from = &node->in[0]->shape;
	const char *in[5] = {onnx_value(b, node->in[0]), "", ""};
	float scales[5] = {1, 1};
	Onnx__NodeProto *n;

	for (int i = 0; i < 3; i++) {
		scales[i + 2] = (float)(a->size[i] / from->d[i + 1]);
		if (b->dynamic && a->size[i] % from->d[i + 1])
			return err_set(err, ERR_DATA,
				"%lld voxels become %d here, which no whole factor says: leave "
				"--dynamic out",
				(long long)from->d[i + 1], a->size[i]);
	}
	if (b->dynamic)
		in[2] = onnx_floats(b, scales, 5);
	else
		in[3] = onnx_sizes(b, in[0], a->size);
	n = onnx_add(b, "Resize", in, onnx_out(b, node));
	onnx_attr_text(b, n, "mode", "linear");
	onnx_attr_text(b, n, "coordinate_transformation_mode",
		a->align_corners ? "align_corners" : "half_pixel");
	return 0;
}
