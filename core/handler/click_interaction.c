/*
 * ClickInteraction (deepgrow): what a training or a validation does with a batch before its
 * step: an annotator is simulated.
 *
 *   Sakinis et al., "Interactive segmentation of medical images through fully
 *   convolutional neural networks", arXiv 1903.08205; monai.apps.deepgrow.interaction.
 *
 * max_interactions times: the network predicts (no gradient, as in inference), and the
 * transforms find where the prediction is wrong, add a click there and make the image's
 * channels of clicks anew.  In a training interaction j happens with the probability
 * 1 - j / max_interactions, so that the network sees few clicks as well as many; a
 * validation always clicks.  The loop itself is core/train/click.c.
 */
#include "core/handler/click.h"

static const struct arg_def click_defs[] = {
	{"max_interactions", ARG_INT, offsetof(struct click_args, max_interactions),
		.flags = ARG_REQUIRED, .min = 1, .max = 1000,
		.help = "predictions, each followed by a click, before the step"},
	{"key_probability", ARG_STRING, offsetof(struct click_args, key_probability),
		.def = "\"probability\"", .alias = "click_probability_key",
		.help = "field that gets the probability of the next click"},
	{"train", ARG_BOOL, offsetof(struct click_args, train), .flags = ARG_REQUIRED,
		.help = "true: interaction j has the probability 1 - j / max_interactions; false: 1"},
	{"deepgrow_probability", ARG_FLOAT, offsetof(struct click_args, deepgrow_probability),
		.def = "1", .min = 0, .max = 1,
		.help = "of a sample in training to be clicked at all; others keep the clicks that "
			"they came with"},
	{"transforms", ARG_JSON, offsetof(struct click_args, transforms), .flags = ARG_REQUIRED,
		.help = "transforms of each interaction: the prediction is 'pred'; usually "
			"Activationsd, FindDiscrepancyRegionsd, AddRandomGuidanced, "
			"AddGuidanceSignald"},
	ARG_END,
};

double click_probability(const struct click_args *a, int64_t j)
{
	return a->train ? 1 - (double)j / (double)a->max_interactions : 1;
}

const struct component component_click_interaction = {
	.name = "ClickInteraction",
	.kind = COMPONENT_ITERATION,
	.aliases = (const char *const[]){"Interaction", NULL},
	.help = "deepgrow: before each step (or, in \"validate\", before the measured prediction) the "
		"network predicts and a simulated annotator clicks where it is wrong, "
		"max_interactions times (arXiv 1903.08205)",
	.args = click_defs,
	.args_size = sizeof(struct click_args),
};
