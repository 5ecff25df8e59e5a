/*
 * Adding loss ops to a graph, and the shape rule that they share.
 */
#include "core/graph/losses.h"

#include "core/graph/loss_block.h"

int losses_shape(int onehot, const struct shape *in, struct shape *out, struct err *err)
{
	char a[SHAPE_TEXT], b[SHAPE_TEXT];
	int64_t c = shape_channels(in);
	struct shape want = in[0];

	if (in[0].n != 5 || c < 1 || c > LOSS_CLASSES_MAX || !shape_count(in))
		return err_set(err, ERR_DATA,
			"a loss needs N D H W C with 1 to %d channels, found %s", LOSS_CLASSES_MAX,
			shape_text(in, a));
	if (!onehot)
		want.d[4] = 1;
	if (!shape_eq(&in[1], &want))
		return err_set(err, ERR_DATA, "a prediction of %s needs a label of %s, found %s",
			shape_text(in, a), shape_text(&want, b),
			shape_text(&in[1], (char[SHAPE_TEXT]){0}));
	*out = shape1(1);
	return 0;
}

static struct node *add_loss(struct graph *g, const char *op, struct node *x, struct node *label,
	const void *attr, struct err *err)
{
	return graph_op(g, op_find(op), attr, (struct node *[]){x, label}, 2, NULL, err);
}

struct node *layer_dice(struct graph *g, struct node *prediction, struct node *label,
	const struct dice_attr *attr, struct err *err)
{
	return add_loss(g, "loss_dice", prediction, label, attr, err);
}

struct node *layer_cross_entropy(struct graph *g, struct node *x, struct node *label,
	const struct entropy_attr *attr, struct err *err)
{
	return add_loss(g, "loss_cross_entropy", x, label, attr, err);
}

struct node *layer_focal(struct graph *g, struct node *x, struct node *label,
	const struct entropy_attr *attr, struct err *err)
{
	return add_loss(g, "loss_focal", x, label, attr, err);
}

struct node *layer_mse(struct graph *g, struct node *a, struct node *b, struct err *err)
{
	struct node *in[2] = {a, b};

	return graph_op(g, &op_loss_mse, NULL, in, 2, NULL, err);
}

struct node *layer_vae_sample(
	struct graph *g, struct node *stats, const char *name, struct err *err)
{
	return graph_op(g, &op_vae_sample, NULL, &stats, 1, name, err);
}

struct node *layer_kl(struct graph *g, struct node *stats, double scale, struct err *err)
{
	struct kl_attr a = {(float)scale};

	return graph_op(g, &op_loss_kl, &a, &stats, 1, NULL, err);
}

struct node *layer_loss_call(struct graph *g, struct node *x, struct node *label,
	const struct loss_call_attr *attr, struct err *err)
{
	return add_loss(g, "loss_call", x, label, attr, err);
}
