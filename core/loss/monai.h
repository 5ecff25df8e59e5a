#ifndef CORE_LOSS_MONAI_H
#define CORE_LOSS_MONAI_H

#include "core/loss/parts.h"

/*
 * Losses under MONAI's names, with its arguments, defaults and formulas: Clara v4's
 * networks end in logits, and the loss takes softmax or sigmoid itself.
 */
struct monai_common {
	bool include_background, to_onehot_y, sigmoid, softmax;
	int reduction; /* 0 mean, 1 sum */
};

struct monai_dice_args {
	bool squared, jaccard, batch;
	double smooth_nr, smooth_dr;
};

extern const char *const monai_reductions[];

/* sigmoid with softmax: MONAI refuses the two together. */
void monai_check(
	const struct monai_common *c, const char *file, const char *path, struct problems *ps);

/* What the overlap losses read: the output after the activation that c asks for. */
struct node *monai_activated(const struct monai_common *c, struct graph *g,
	const struct loss_input *in, struct err *err) MUST_CHECK;

/*
 * Whether the label has a channel per class, as to_onehot_y says; ERR_DATA when its
 * channels say otherwise.
 */
int monai_onehot(const struct monai_common *c, const struct loss_input *in, int32_t *onehot,
	struct err *err) MUST_CHECK;

int monai_dice_build(const struct monai_common *c, const struct monai_dice_args *a, double weight,
	struct graph *g, const struct loss_input *in, struct node **loss,
	struct err *err) MUST_CHECK;

struct monai_focal_args {
	double gamma;
	struct numlist alpha, weight;
	bool use_softmax;
};

int monai_focal_build(const struct monai_common *c, const struct monai_focal_args *a, double scale,
	struct graph *g, const struct loss_input *in, struct node **loss,
	struct err *err) MUST_CHECK;

#define MONAI_REDUCTION_ROW(type)                                          \
	{                                                                  \
		"reduction", ARG_CHOICE, offsetof(type, common.reduction), \
			.def = "\"mean\"", .choices = monai_reductions,    \
			.help = "mean or sum over items and classes"       \
	}

#define MONAI_LABEL_ROWS(type)                                                                     \
	{"include_background", ARG_BOOL, offsetof(type, common.include_background), .def = "true", \
		.help = "false leaves channel 0 out"},                                             \
	{                                                                                          \
		"to_onehot_y", ARG_BOOL, offsetof(type, common.to_onehot_y),                       \
			.def = "false",                                                            \
			.help = "the label holds class numbers; false: it has a channel per class" \
	}

#define MONAI_COMMON_ROWS(type)                                                        \
	MONAI_LABEL_ROWS(type),                                                        \
		{"sigmoid", ARG_BOOL, offsetof(type, common.sigmoid), .def = "false",  \
			.help = "the loss takes the sigmoid of the network's output"}, \
		{"softmax", ARG_BOOL, offsetof(type, common.softmax), .def = "false",  \
			.help = "the loss takes the softmax of the network's output"}, \
		MONAI_REDUCTION_ROW(type)

#define MONAI_SMOOTH_ROWS(type, member)                                                     \
	{"smooth_nr", ARG_FLOAT, offsetof(type, member.smooth_nr), .def = "1e-5", .min = 0, \
		.max = 1e6, .help = "added to the numerator"},                              \
		{"smooth_dr", ARG_FLOAT, offsetof(type, member.smooth_dr), .def = "1e-5",   \
			.min = 0, .max = 1e6, .help = "added to the denominator"},          \
	{                                                                                   \
		"batch", ARG_BOOL, offsetof(type, member.batch),                            \
			.def = "false",                                                     \
			.help = "sums run over the whole batch, not each item by itself"    \
	}

#define MONAI_DICE_ROWS(type)                                                               \
	{"squared_pred", ARG_BOOL, offsetof(type, dice.squared), .def = "false",            \
		.help = "squares in the denominator"},                                      \
		{"jaccard", ARG_BOOL, offsetof(type, dice.jaccard), .def = "false",         \
			.help = "Jaccard index (intersection over union) instead of Dice"}, \
		MONAI_SMOOTH_ROWS(type, dice)

#endif
