#ifndef CORE_GRAPH_LOSSES_H
#define CORE_GRAPH_LOSSES_H

#include "core/graph/graph.h"

/*
 * Loss ops: in[0] is N D H W C (probabilities or logits), in[1] the label, N D H
 * W 1 of class numbers or N D H W C (onehot); out is a scalar.  They differentiate
 * in in[0].  With C = 1 the channel is the foreground, to which a label above 0.5
 * belongs, and skip_background has no effect.  A label outside 0 .. C-1 belongs
 * to no class.
 */
enum dice_jaccard {
	DICE_PLAIN,
	DICE_JACCARD_V3, /* D - I: the intersection is taken off the denominator */
	DICE_JACCARD,    /* 2 (D - I): the Jaccard index, as MONAI has it */
};

/* Weight of a class in generalized Dice, from the sum T of its targets. */
enum dice_general {
	DICE_PER_CLASS,       /* every class by itself, not generalized */
	DICE_GENERAL_SQUARE,  /* 1 / T^2 */
	DICE_GENERAL_SIMPLE,  /* 1 / T */
	DICE_GENERAL_UNIFORM, /* 1 */
};

struct dice_attr {
	int32_t onehot, skip_background;
	int32_t squared; /* squares in the denominator */
	int32_t jaccard; /* enum dice_jaccard */
	float smooth, top_smooth;
	int32_t tversky;   /* (I + top) / (I + alpha (P - I) + beta (T - I) + smooth) instead */
	float alpha, beta; /* weights of false positives and false negatives */
	int32_t general;   /* enum dice_general */
	int32_t batch;     /* sums run over the items as well */
	int32_t sum;       /* sum over items and classes instead of the mean */
	float weight;      /* factor of the loss; 0 stands for 1 */
};

/* What in[0] of a loss with logarithms is. */
enum entropy_form {
	ENTROPY_SOFTMAX_LOGITS, /* the op takes the softmax itself */
	ENTROPY_SIGMOID_LOGITS, /* the op takes the sigmoid itself */
	ENTROPY_SOFTMAX_PROB,
	ENTROPY_SIGMOID_PROB,
};

#define ENTROPY_ALPHA_MAX 32

/* What the sum of the terms is divided by. */
enum entropy_mean {
	ENTROPY_MEAN_DEFAULT,  /* voxels; cross entropy of independent channels: all elements */
	ENTROPY_MEAN_ELEMENTS, /* voxels times channels that count */
	ENTROPY_MEAN_WEIGHTS,  /* the sum of the labels' class weights (PyTorch) */
	ENTROPY_MEAN_NONZERO,  /* how many labels have a weight that is not 0 (TensorFlow) */
	ENTROPY_MEAN_NONE,     /* nothing: the sum */
};

/* What alpha of a class means for its two terms. */
enum entropy_alpha {
	ENTROPY_ALPHA_BALANCE,  /* alpha for the class, 1 - alpha for the rest */
	ENTROPY_ALPHA_POSITIVE, /* alpha for the class, 1 for the rest (pos_weight) */
	ENTROPY_ALPHA_ONLY,     /* alpha (1 without) for the class, 0 for the rest */
};

struct entropy_attr {
	int32_t form; /* enum entropy_form */
	int32_t onehot, skip_background;
	float smooth;    /* cross entropy of probabilities: log(p + smooth) */
	float gamma;     /* focal */
	int32_t n_alpha; /* of independent terms: 0 none, 1 one for all classes, or C */
	float alpha[ENTROPY_ALPHA_MAX];
	int32_t alpha_rule;              /* enum entropy_alpha */
	int32_t mean;                    /* enum entropy_mean */
	int32_t n_weight;                /* 0 none, 1 one for all classes, or C */
	float weight[ENTROPY_ALPHA_MAX]; /* of a class's terms */
	float label_smoothing;           /* cross entropy of exclusive logits: t (1 - s) + s / C */
	float scale;                     /* factor of the loss; 0 stands for 1 */
};

enum dice_logits_second {
	DICE_LOGITS_ALONE,
	DICE_LOGITS_CROSS_ENTROPY,
	DICE_LOGITS_FOCAL,
};

/* Made by fusion: Dice of the softmax or sigmoid of in[0], plus a second loss of in[0] itself. */
struct dice_logits_attr {
	struct dice_attr dice;
	struct entropy_attr entropy;
	int32_t sigmoid;
	int32_t second; /* enum dice_logits_second; its onehot is dice's */
};

/* loss_kl: in N 1 1 1 2Z, see op/loss_kl.c. */
struct kl_attr {
	float scale;
};

/* A loss that comes from outside: shapes of x and label, their values, gradient or NULL. */
struct loss_call_attr {
	double (*value)(const void *ctx, const struct shape *in, const float *x, const float *label,
		float *gradient);
	const void *ctx;
};

/* Each adds the loss to g and returns its scalar node, or NULL: shapes that do not fit. */
struct node *layer_dice(struct graph *g, struct node *prediction, struct node *label,
	const struct dice_attr *attr, struct err *err) MUST_CHECK;
struct node *layer_cross_entropy(struct graph *g, struct node *x, struct node *label,
	const struct entropy_attr *attr, struct err *err) MUST_CHECK;
struct node *layer_focal(struct graph *g, struct node *x, struct node *label,
	const struct entropy_attr *attr, struct err *err) MUST_CHECK;

/* Mean squared difference of two tensors of one shape. */
struct node *layer_mse(struct graph *g, struct node *a, struct node *b, struct err *err) MUST_CHECK;

/* A draw from the Gaussian of stats (N 1 1 1 2Z -> N 1 1 1 Z), and its distance to N(0, 1). */
struct node *layer_vae_sample(
	struct graph *g, struct node *stats, const char *name, struct err *err) MUST_CHECK;
struct node *layer_kl(
	struct graph *g, struct node *stats, double scale, struct err *err) MUST_CHECK;

struct node *layer_loss_call(struct graph *g, struct node *x, struct node *label,
	const struct loss_call_attr *attr, struct err *err) MUST_CHECK;

/* Shape rule of the three: checks the label for onehot or class numbers; out {1}. */
int losses_shape(int onehot, const struct shape *in, struct shape *out, struct err *err) MUST_CHECK;

#endif
