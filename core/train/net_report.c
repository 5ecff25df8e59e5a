/*
 * Networks in numbers, for people who choose one.
 *
 * Two dry plans of the same graph: they have kernels and offsets but no arena and no
 * weights, so a network of thousands of millions answers at once and in little memory.
 */
#include "core/train/net_report.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/graph/losses.h"
#include "core/graph/plan.h"
#include "core/net/net.h"

/* Arguments that have no default, in usual sizes; others: num_classes 2. */
static const struct {
	const char *net, *args;
} report_examples[] = {
	{"DynUNet", "{\"out_channels\":2,\"kernel_size\":[3,3,3,3,3],\"strides\":[1,2,2,2,2]}"},
	{"SegAhnet", "{\"num_classes\":2,\"n_spatial_dim\":3}"},
	{"UNet", "{\"out_channels\":2,\"channels\":[16,32,64,128,256],\"strides\":[2,2,2,2],"
		 "\"num_res_units\":2}"},
};

const char *net_report_example(const struct component *net)
{
	const struct arg_def *classes = args_find(net->args, "num_classes");

	for (size_t i = 0; i < ARRAY_SIZE(report_examples); i++)
		if (!strcmp(report_examples[i].net, net->name))
			return report_examples[i].args;
	return classes ? "{\"num_classes\":2}" : "{\"out_channels\":2}";
}

/*
 * Searching for kernels takes minutes where a tensor has more numbers than 32 bits count,
 * and nothing could run it.
 */
static int report_check_sizes(const struct graph *g, struct err *err)
{
	char text[SHAPE_TEXT];

	for (int i = 0; i < g->n; i++) {
		const struct node *node = g->node[i];

		if (shape_count(&node->shape) > INT32_MAX)
			return err_set(err, ERR_DATA,
				"%s '%s' would be %s, %zu numbers, which is too large: at most %d "
				"are possible",
				node->kind == NODE_PARAM ? "weight" : "layer", node->name,
				shape_text(&node->shape, text), shape_count(&node->shape),
				INT32_MAX);
	}
	return 0;
}

static struct graph *report_graph(const struct component_use *net, const struct shape *image,
	bool training, struct net_out *out, struct err *err)
{
	const struct net_ops *ops = net->c->ops;
	struct entropy_attr entropy = {.form = ENTROPY_SOFTMAX_LOGITS};
	struct graph *g = graph_new();
	struct node *x = graph_input(g, "image", image, err), *label, *loss;
	struct shape s;

	g->training = training;
	if (!x || ops->build(net->args, g, x, out, err) || report_check_sizes(g, err)) {
		graph_free(g);
		return NULL;
	}
	s = out->logits->shape;
	if (s.d[4] == 1)
		entropy.form = ENTROPY_SIGMOID_LOGITS;
	s.d[4] = 1;
	label = training ? graph_input(g, "label", &s, err) : NULL;
	loss = label ? layer_cross_entropy(g, out->logits, label, &entropy, err) : NULL;
	if (training && (!loss || graph_add_loss(g, loss, 1, err))) {
		graph_free(g);
		return NULL;
	}
	return g;
}

static int report_layers(const struct graph *g)
{
	int n = 0;

	for (int i = 0; i < g->n; i++)
		n += g->node[i]->kind == NODE_PARAM && g->node[i]->shape.n == 5;
	return n;
}

static int report_plan(const struct component_use *net, struct backend *b,
	const struct shape *image, bool training, struct buf *text, struct net_report *r,
	struct err *err)
{
	const struct plan_opts opts = {.training = training, .dry = true};
	struct net_out out;
	struct graph *g = report_graph(net, image, training, &out, err);
	struct params *params = g ? params_layout(g) : NULL;
	struct plan *p = params ? plan_new(g, params, b, &opts, err) : NULL;
	size_t weights = params ? (params->len + params->state_len) * sizeof(float) : 0;

	if (p && training) {
		r->train_flops = plan_flops(p);
		r->train_bytes = plan_arena_bytes(p) + weights + 3 * params->len * sizeof(float);
	} else if (p) {
		r->out = out.pred->shape;
		r->params = params_count(params);
		r->layers = report_layers(g);
		r->flops = plan_flops(p);
		r->infer_bytes = plan_arena_bytes(p) + weights;
	}
	if (p && text)
		plan_describe(p, text);
	plan_free(p);
	params_free(params);
	graph_free(g);
	return p ? 0 : -1;
}

int net_report_make(const struct component_use *net, struct backend *b, const struct shape *image,
	bool training_text, struct buf *text, struct net_report *r, struct err *err)
{
	memset(r, 0, sizeof(*r));
	if (report_plan(net, b, image, false, training_text ? NULL : text, r, err))
		return -1;
	return report_plan(net, b, image, true, training_text ? text : NULL, r, err);
}
