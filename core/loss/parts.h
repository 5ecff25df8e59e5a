#ifndef CORE_LOSS_PARTS_H
#define CORE_LOSS_PARTS_H

#include "core/graph/losses.h"
#include "core/loss/loss.h"

/*
 * Arguments and building of Dice, cross entropy and focal loss, which also stand
 * in combined losses.  Names and defaults are Clara v3's.
 */
struct loss_common {
	int data_format;
	bool skip_background, onehot;
};

struct loss_dice_args {
	bool squared, jaccard;
	double smooth, top_smooth;
};

struct loss_focal_args {
	double gamma;
	struct numlist alpha;
};

int loss_dice_build(const struct loss_common *c, const struct loss_dice_args *a, struct graph *g,
	const struct loss_input *in, struct node **loss, struct err *err) MUST_CHECK;
int loss_cross_entropy_build(const struct loss_common *c, double smooth, struct graph *g,
	const struct loss_input *in, struct node **loss, struct err *err) MUST_CHECK;
int loss_focal_build(const struct loss_common *c, double smooth, const struct loss_focal_args *a,
	struct graph *g, const struct loss_input *in, struct node **loss,
	struct err *err) MUST_CHECK;

/*
 * The node that a loss with a logarithm reads, and what it is: logits where they are
 * known.  sigmoid: channels are independent of each other, whatever the network's own
 * last activation.
 */
struct node *loss_log_input(const struct loss_input *in, bool sigmoid, int32_t *form);

/* The label has one channel per class, as its shape says. */
bool loss_label_onehot(const struct loss_input *in);

/* Copies a list of class weights or alphas; ERR_DATA when it is too long. */
int loss_numbers(const struct numlist *from, const char *arg, float to[ENTROPY_ALPHA_MAX],
	int32_t *n, struct err *err) MUST_CHECK;

/* Adds b to *loss. */
int loss_sum(struct graph *g, struct node **loss, struct node *b, struct err *err) MUST_CHECK;

extern const char *const loss_data_formats[];

#define LOSS_COMMON_ROWS(type)                                                                \
	{"data_format", ARG_CHOICE, offsetof(type, common.data_format),                       \
		.def = "\"channels_first\"", .choices = loss_data_formats,                    \
		.help = "accepted; memory is channels-last here", .flags = ARG_UNUSED},       \
		{"skip_background", ARG_BOOL, offsetof(type, common.skip_background),         \
			.def = "false", .help = "leave channel 0 out of the loss"},           \
	{                                                                                     \
		"is_onehot_targets", ARG_BOOL, offsetof(type, common.onehot),                 \
			.def = "false", .help = "the label has one channel per class already" \
	}

#define LOSS_DICE_ROWS(type)                                                                 \
	{"squared_pred", ARG_BOOL, offsetof(type, dice.squared), .def = "false",             \
		.help = "squares in the denominator"},                                       \
		{"jaccard", ARG_BOOL, offsetof(type, dice.jaccard), .def = "false",          \
			.help = "take the intersection off the denominator"},                \
		{"smooth", ARG_FLOAT, offsetof(type, dice.smooth), .def = "1e-5", .min = 0,  \
			.max = 1e6, .help = "added to the denominator"},                     \
	{                                                                                    \
		"top_smooth", ARG_FLOAT, offsetof(type, dice.top_smooth),                    \
			.def = "0.0", .min = 0, .max = 1e6, .help = "added to the numerator" \
	}

#define LOSS_FOCAL_ROWS(type)                                                                  \
	{"gamma", ARG_FLOAT, offsetof(type, focal.gamma), .def = "2.0", .min = 0, .max = 20,   \
		.help = "how much easy voxels are weighed down; 0 is cross entropy"},          \
	{                                                                                      \
		"alpha", ARG_FLOATLIST, offsetof(type, focal.alpha),                           \
			.min = 0, .max = 1,                                                    \
			.help = "weight of a class's voxels against 1 - alpha of the others: " \
				"one number or one per class; absent: both count 1"            \
	}

#endif
