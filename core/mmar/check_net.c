/*
 * Builds the configured network, and the loss on top of it, as a graph without
 * memory behind it.  What a network refuses (a list of the wrong length, norms that
 * exclude each other) and what loss and network disagree about is thereby known
 * before anything runs.
 */
#include <string.h>

#include "core/graph/graph.h"
#include "core/loss/loss.h"
#include "core/mmar/check.h"
#include "core/net/net.h"

#define CHECK_SIZE 32 /* voxels along each axis; divisible by the strides in use */

static enum loss_activation net_activation(const struct net_out *out)
{
	if (out->pred == out->logits || !out->pred->op)
		return LOSS_LINEAR;
	return out->pred->op == &op_softmax ? LOSS_SOFTMAX : LOSS_SIGMOID;
}

static int net_loss(const struct component_use *loss, struct graph *g, const struct net_out *net,
	int64_t label_channels, struct err *err)
{
	struct shape s = net->pred->shape;
	const struct loss_ops *ops = loss->c->ops;
	struct loss_input in = {net->pred, net->logits, NULL, net_activation(net)};
	struct node *node;

	s.d[s.n - 1] = label_channels;
	in.label = graph_input(g, "label", &s, err);
	return in.label ? ops->build(loss->args, g, &in, &node, err) : -1;
}

/* Of one training image, where the pipeline says its size; of a small one otherwise. */
static struct shape net_input(const struct component_use *pipe, int64_t channels)
{
	int64_t size[3] = {0};

	if (!use_int3(pipe, "output_crop_size", size) || size[0] < 1 || size[1] < 1)
		size[0] = size[1] = size[2] = CHECK_SIZE;
	if (use_number(pipe, "output_data_dims", 3) == 2)
		size[2] = 1;
	else if (size[2] < 1)
		size[2] = CHECK_SIZE;
	return shape5(1, size[2], size[1], size[0], channels);
}

void check_network(struct config_reader *r, const struct train_config *cfg)
{
	const struct component_use *u = &cfg->network;
	const struct net_ops *ops = u->c ? u->c->ops : NULL;
	int64_t channels = (int64_t)use_number(&cfg->train_pipeline, "output_image_channels", 1);
	int64_t labels = (int64_t)use_number(&cfg->train_pipeline, "output_label_channels", 0);
	struct shape s = net_input(&cfg->train_pipeline, channels);
	struct err err = ERR_INIT;
	struct graph *g;
	struct node *image;
	struct net_out out;

	if (!ops || !ops->build || channels < 1)
		return;
	g = graph_new();
	g->training = true;
	image = graph_input(g, "image", &s, &err);
	if (!image || ops->build(u->args, g, image, &out, &err))
		reader_error(r, u->path, NULL, "%s", err.msg);
	else if (labels > 0 && cfg->loss.c && /* 0: classification, the data list tells */
		 net_loss(&cfg->loss, g, &out, labels, &err))
		reader_error(r, cfg->loss.path, NULL, "%s", err.msg);
	graph_free(g);
}
