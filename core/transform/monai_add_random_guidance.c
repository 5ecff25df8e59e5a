/*
 * AddRandomGuidanced (deepgrow): the next click of an annotator, in the larger of the two
 * regions of discrepancy, deep inside it more probable.  Whether there is a click is drawn
 * first, with the probability that the interaction sets for each round.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/clicks.h"
#include "core/transform/monai.h"

struct guidance_args {
	char *guidance, *discrepancy, *probability;
};

static const struct arg_def guidance_defs[] = {
	{"guidance", ARG_STRING, offsetof(struct guidance_args, guidance), .def = "\"guidance\"",
		.help = "field of the clicks"},
	{"discrepancy", ARG_STRING, offsetof(struct guidance_args, discrepancy),
		.def = "\"discrepancy\"", .help = "field of what is wrong"},
	{"probability", ARG_STRING, offsetof(struct guidance_args, probability),
		.def = "\"probability\"",
		.help = "field of one value, 0 to 1: the probability of a click"},
	MONAI_IGNORED("batched", "accepted; each case by itself"),
	ARG_END,
};

/* Whether the annotator clicks: 1 or 0, or -1 on an error. */
static int guidance_drawn(
	const struct guidance_args *a, struct sample *s, struct rng *rng, struct err *err)
{
	const struct volume *p = sample_volume(s, a->probability, err);

	if (!p)
		return -1;
	if (!(p->data[0] >= 0 && p->data[0] <= 1))
		return err_set(err, ERR_DATA, "'%s' is %g, a probability is 0 to 1", a->probability,
			(double)p->data[0]);
	return rng_uniform(rng) < (double)p->data[0];
}

static int guidance_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct guidance_args *a = args;
	struct volume *clicks = sample_volume(s, a->guidance, err);
	const struct volume *wrong = clicks ? sample_volume(s, a->discrepancy, err) : NULL;
	size_t n, count[2] = {0, 0};
	unsigned char *mask;
	int channel, drawn = wrong ? guidance_drawn(a, s, rng, err) : -1;
	long at;

	if (drawn < 0)
		return -1;
	if (memcmp(clicks->dim, wrong->dim, sizeof(wrong->dim)) || clicks->channels != 2 ||
		wrong->channels != 2)
		return err_set(
			err, ERR_DATA, "'%s' does not fit '%s'", a->guidance, a->discrepancy);
	n = volume_voxels(wrong);
	for (int c = 0; c < 2; c++)
		for (size_t i = 0; i < n; i++)
			count[c] += wrong->data[(size_t)c * n + i] > 0;
	channel = count[0] < count[1];
	if (!drawn || !count[channel])
		return 0;
	mask = mem_alloc(n);
	for (size_t i = 0; i < n; i++)
		mask[i] = wrong->data[(size_t)channel * n + i] > 0;
	at = clicks_draw(mask, wrong->dim, rng);
	free(mask);
	if (volume_make_writable(clicks, err))
		return -1;
	if (at >= 0)
		clicks->data[(size_t)channel * n + (size_t)at] = 1;
	return 0;
}

static void guidance_reads(const void *args, const char **names, int max, int *n)
{
	fields_add_name(((const struct guidance_args *)args)->guidance, names, max, n);
	fields_add_name(((const struct guidance_args *)args)->discrepancy, names, max, n);
	fields_add_name(((const struct guidance_args *)args)->probability, names, max, n);
}

const struct component component_monai_add_random_guidance = {
	.name = "AddRandomGuidanced",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("AddRandomGuidance"),
	.help = "deepgrow: with the given probability one more click, in the larger region of "
		"discrepancy, weight exp(distance to its border) - 1",
	.args = guidance_defs,
	.args_size = sizeof(struct guidance_args),
	.ops = &(const struct transform_ops){.apply = guidance_apply,
		.flags = TRANSFORM_RANDOM,
		.reads = guidance_reads},
};
