/*
 * Networks from outside: their calls become layers of the graph.
 */
#include <stdlib.h>

#include "core/custom/wrap.h"
#include "core/graph/layers.h"

#define CONCAT_MAX 8

struct builder {
	struct graph *g;
	struct err *err;
	bool failed;
};

static struct builder *builder(const struct axial_layers *l)
{
	return l->private_;
}

/* Keeps the first fault. */
static struct axial_node *made(const struct axial_layers *l, struct node *n)
{
	if (!n)
		builder(l)->failed = true;
	return (struct axial_node *)n;
}

static struct node *node_of(struct axial_node *n)
{
	return (struct node *)n;
}

static bool flat(const struct node *x)
{
	return x->shape.d[1] == 1;
}

/* Arguments that would not be possible, as a fault of the plug-in. */
static struct axial_node *refuse(const struct axial_layers *l, const char *what)
{
	if (!builder(l)->failed)
		err_set(builder(l)->err, ERR_DATA, "%s", what);
	builder(l)->failed = true;
	return NULL;
}

static struct axial_node *layers_conv(const struct axial_layers *l, struct axial_node *x,
	const char *name, int channels, int kernel, int stride, int bias)
{
	struct layer_window w;

	if (!x)
		return NULL;
	if (!name || channels < 1 || kernel < 1 || kernel > 31 || stride < 1 || stride > 31)
		return refuse(l, "conv needs a name, channels >= 1, kernel and stride in 1 .. 31");
	w = layer_window(flat(node_of(x)), kernel, stride, -1);
	return made(l, layer_conv_nd(builder(l)->g, node_of(x), name, channels, &w, bias != 0,
			       builder(l)->err));
}

static struct axial_node *layers_batch_norm(
	const struct axial_layers *l, struct axial_node *x, const char *name)
{
	if (!x)
		return NULL;
	if (!name)
		return refuse(l, "batch_norm needs a name");
	return made(l, layer_norm(builder(l)->g, node_of(x), name, NORM_BATCH, 1, builder(l)->err));
}

static struct axial_node *layers_group_norm(
	const struct axial_layers *l, struct axial_node *x, const char *name, int groups)
{
	if (!x)
		return NULL;
	if (!name || groups < 1)
		return refuse(l, "group_norm needs a name and groups >= 1");
	return made(l,
		layer_norm(builder(l)->g, node_of(x), name, NORM_GROUP, groups, builder(l)->err));
}

static struct axial_node *activation(
	const struct axial_layers *l, struct axial_node *x, enum act_kind kind, double slope)
{
	if (!x)
		return NULL;
	return made(l, layer_act(builder(l)->g, node_of(x), kind, (float)slope, builder(l)->err));
}

static struct axial_node *layers_relu(const struct axial_layers *l, struct axial_node *x)
{
	return activation(l, x, ACT_RELU, 0);
}

static struct axial_node *layers_leaky(
	const struct axial_layers *l, struct axial_node *x, double slope)
{
	return activation(l, x, ACT_LEAKY, slope);
}

static struct axial_node *layers_sigmoid(const struct axial_layers *l, struct axial_node *x)
{
	return activation(l, x, ACT_SIGMOID, 0);
}

static struct axial_node *layers_softmax(const struct axial_layers *l, struct axial_node *x)
{
	return x ? made(l, layer_softmax(builder(l)->g, node_of(x), builder(l)->err)) : NULL;
}

static struct axial_node *pool(
	const struct axial_layers *l, struct axial_node *x, bool max, int kernel, int stride)
{
	struct layer_window w;

	if (!x)
		return NULL;
	if (kernel < 1 || kernel > 31 || stride < 1 || stride > 31)
		return refuse(l, "a pool needs kernel and stride in 1 .. 31");
	w = layer_window(flat(node_of(x)), kernel, stride, -1);
	return made(l, layer_pool_nd(builder(l)->g, node_of(x), max, &w, builder(l)->err));
}

static struct axial_node *layers_max_pool(
	const struct axial_layers *l, struct axial_node *x, int kernel, int stride)
{
	return pool(l, x, true, kernel, stride);
}

static struct axial_node *layers_average_pool(
	const struct axial_layers *l, struct axial_node *x, int kernel, int stride)
{
	return pool(l, x, false, kernel, stride);
}

static struct axial_node *layers_global_pool(const struct axial_layers *l, struct axial_node *x)
{
	return x ? made(l, layer_global_pool(builder(l)->g, node_of(x), false, builder(l)->err))
		 : NULL;
}

static struct axial_node *layers_upsample(
	const struct axial_layers *l, struct axial_node *x, struct axial_node *like)
{
	if (!x || !like)
		return NULL;
	return made(l, layer_upsample(builder(l)->g, node_of(x), node_of(like), builder(l)->err));
}

static struct axial_node *layers_concat(
	const struct axial_layers *l, struct axial_node *const *x, int n)
{
	struct node *in[CONCAT_MAX];

	if (n < 1 || n > CONCAT_MAX)
		return refuse(l, "concat takes 1 to 8 nodes");
	for (int i = 0; i < n; i++) {
		if (!x[i])
			return NULL;
		in[i] = node_of(x[i]);
	}
	return made(l, layer_concat(builder(l)->g, in, n, builder(l)->err));
}

static struct axial_node *layers_add(
	const struct axial_layers *l, struct axial_node *a, struct axial_node *b)
{
	if (!a || !b)
		return NULL;
	return made(l, layer_add(builder(l)->g, node_of(a), node_of(b), builder(l)->err));
}

static struct axial_node *layers_dropout(
	const struct axial_layers *l, struct axial_node *x, double rate)
{
	if (!x)
		return NULL;
	if (!(rate >= 0 && rate < 1))
		return refuse(l, "a dropout rate is 0 or more and less than 1");
	return rate > 0 ? made(l, layer_dropout(builder(l)->g, node_of(x), rate, builder(l)->err))
			: x;
}

static int layers_channels(const struct axial_layers *l, struct axial_node *x)
{
	(void)l;
	return x ? (int)shape_channels(&node_of(x)->shape) : 0;
}

static void layers_size(const struct axial_layers *l, struct axial_node *x, int size[3])
{
	(void)l;
	for (int i = 0; i < 3; i++)
		size[i] = x ? (int)node_of(x)->shape.d[3 - i] : 0;
}

static const struct axial_layers layers_table = {
	.conv = layers_conv,
	.batch_norm = layers_batch_norm,
	.group_norm = layers_group_norm,
	.relu = layers_relu,
	.leaky_relu = layers_leaky,
	.sigmoid = layers_sigmoid,
	.softmax = layers_softmax,
	.max_pool = layers_max_pool,
	.average_pool = layers_average_pool,
	.global_pool = layers_global_pool,
	.upsample = layers_upsample,
	.concat = layers_concat,
	.add = layers_add,
	.dropout = layers_dropout,
	.channels = layers_channels,
	.size = layers_size,
};

static int custom_build(
	const void *args, struct graph *g, struct node *image, struct net_out *out, struct err *err)
{
	struct axial_value values[CUSTOM_ARGS];
	const struct custom *c = custom_values(args, values);
	struct builder b = {.g = g, .err = err};
	struct axial_layers l = layers_table;
	struct axial_node *logits, *pred = NULL;
	struct custom_call call;
	int classes = c->ext->network->classes(values);

	l.private_ = &b;
	custom_call_init(&call, NULL);
	logits = c->ext->network->build(values, &l, (struct axial_node *)image, &pred, &call.call);
	if (b.failed)
		return -1;
	if (custom_call_status(&call, err))
		return -1;
	if (!logits || !pred)
		return err_set(err, ERR_DATA, "it built no output");
	if (shape_channels(&node_of(pred)->shape) != classes)
		return err_set(err, ERR_DATA, "its output has %d channels, its classes() says %d",
			(int)shape_channels(&node_of(pred)->shape), classes);
	out->logits = node_of(logits);
	out->pred = node_of(pred);
	graph_output(g, out->pred);
	return 0;
}

static int custom_classes(const void *args)
{
	struct axial_value values[CUSTOM_ARGS];
	const struct custom *c = custom_values(args, values);

	return c->ext->network->classes(values);
}

void custom_wrap_network(struct custom *c)
{
	c->ops.net = (struct net_ops){.build = custom_build, .classes = custom_classes};
}
