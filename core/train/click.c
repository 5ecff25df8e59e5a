/*
 * Deepgrow's loop of clicks (arXiv 1903.08205, monai.apps.deepgrow.interaction): predict
 * without gradient, find what is wrong, click there, show the network the clicks.
 *
 * Each sample goes through it by itself, with the plan that validation uses: a network in
 * inference does not mix the samples of a batch.  When an interaction did not change the
 * image (no click was drawn, or nothing is wrong), the next prediction would be the same
 * bits and is not computed again.
 *
 * Nothing of it has a state: draws are named by seed, epoch, place in the epoch, case,
 * interaction and transform, so a resumed run repeats them.
 */
#include "core/train/click.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/data/batch.h"
#include "core/handler/click.h"
#include "core/metric/overlap.h"
#include "core/train/trainer.h"
#include "core/transform/transform.h"

static const struct click_args *click_args_of(const struct click_loop *c)
{
	return c->it->use.args;
}

int click_count(const struct config_iteration *it)
{
	const struct click_args *a = it->use.c ? it->use.args : NULL;

	return a ? (int)a->max_interactions : 0;
}

/* The stream of interaction j's transform u; NULL names the draw for the whole sample. */
static struct rng click_stream(const struct click_loop *c, const struct sample *s, uint64_t epoch,
	uint64_t item, int64_t j, const struct component_use *u)
{
	/* Odd constants spread small numbers over the 64-bit names. */
	uint64_t who = rng_hash(s->case_id) + item * 0x9E3779B97F4A7C15ull;
	uint64_t what = rng_hash(u ? u->path : c->it->use.path);

	return rng_stream(c->seed, epoch, who, what + (uint64_t)j * 0xA24BAED4963EE407ull);
}

static struct volume *click_predict(
	const struct click_loop *c, const struct volume *image, struct err *err)
{
	struct component_use whole = {.c = component_find(COMPONENT_INFERER, "TFSimpleInferer")};
	const struct component_use *inferer = c->inferer && c->inferer->c ? c->inferer : &whole;

	return model_predict(c->model, inferer, image, c->hooks ? c->hooks->cancelled : NULL,
		c->hooks ? c->hooks->ctx : NULL, err);
}

static int click_set_probability(
	const struct click_loop *c, struct sample *s, double p, struct err *err)
{
	static const int one[3] = {1, 1, 1};
	struct volume *v = volume_new(1, one, err);

	if (!v)
		return -1;
	v->data[0] = (float)p;
	return sample_set(s, click_args_of(c)->key_probability, v, err);
}

static int click_transforms(const struct click_loop *c, struct sample *s, uint64_t epoch,
	uint64_t item, int64_t j, struct err *err)
{
	for (int i = 0; i < c->it->transforms.n; i++) {
		const struct component_use *u = &c->it->transforms.v[i];
		struct rng rng = click_stream(c, s, epoch, item, j, u);

		if (transform_apply(u, s, &rng, err))
			return err_wrap(err, "interaction %lld", (long long)j + 1);
	}
	return 0;
}

/* Dice of "pred" against "label", both above 0.5; NaN when they cannot be compared. */
static double click_measure(struct sample *s)
{
	const struct sample_field *p = sample_find(s, "pred"), *l = sample_find(s, "label");
	struct overlap_map pred, label;
	struct overlap_count count = {0};
	size_t n;

	if (!p || !l || !p->vol || !l->vol || p->vol->channels != 1 ||
		memcmp(p->vol->dim, l->vol->dim, sizeof(l->vol->dim)))
		return NAN;
	n = volume_voxels(l->vol);
	pred = (struct overlap_map){p->vol->data, 1, n, 1};
	label = (struct overlap_map){l->vol->data, 1, n, 1};
	overlap_add(&pred, &label, false, OVERLAP_THRESHOLD, 0.5, 0, n, &count);
	return overlap_dice(&count);
}

static bool click_same(const struct volume *a, const struct volume *b)
{
	return a->channels == b->channels && !memcmp(a->dim, b->dim, sizeof(a->dim)) &&
	       !memcmp(a->data, b->data, volume_voxels(a) * (size_t)a->channels * sizeof(*a->data));
}

/*
 * Interaction j.  *answer is the network's for the image as it is, or NULL: not known; after it
 * likewise.
 */
static int click_once(const struct click_loop *c, struct sample *s, uint64_t epoch, uint64_t item,
	int64_t j, struct volume **answer, double *dice, struct err *err)
{
	struct volume *image = sample_volume(s, "image", err), *before;
	int rc;

	if (!image)
		return -1;
	if (!*answer)
		*answer = click_predict(c, image, err);
	if (!*answer)
		return err_wrap(err, "case '%s'", s->case_id);
	before = volume_share(image);
	rc = sample_set(s, "model", volume_share(*answer), err) ||
			     click_set_probability(
				     c, s, click_probability(click_args_of(c), j), err) ||
			     click_transforms(c, s, epoch, item, j, err)
		     ? -1
		     : 0;
	image = rc ? NULL : sample_volume(s, "image", err);
	if (!rc && dice)
		*dice = click_measure(s);
	if (!image || !click_same(before, image)) {
		volume_free(*answer);
		*answer = NULL;
	}
	volume_free(before);
	return image ? 0 : -1;
}

int click_sample(const struct click_loop *c, struct sample *s, uint64_t epoch, uint64_t item,
	double *dice, struct err *err)
{
	const struct click_args *a = click_args_of(c);
	struct rng whole = click_stream(c, s, epoch, item, 0, NULL);
	struct volume *answer = NULL;
	int rc = 0;

	if (a->train && !(rng_uniform(&whole) < a->deepgrow_probability))
		return 0;
	for (int64_t j = 0; !rc && j < a->max_interactions; j++) {
		if (c->hooks && trainer_cancelled(c->hooks))
			rc = err_set(err, ERR_INTR, "stopped");
		else
			rc = click_once(c, s, epoch, item, j, &answer, dice ? dice + j : NULL, err);
	}
	volume_free(answer);
	return rc;
}

int click_dice(const struct click_loop *c, const struct sample *s, double *dice, struct err *err)
{
	struct sample *copy = sample_share(s);
	int rc = click_set_probability(c, copy, 0, err) || click_transforms(c, copy, 0, 0, 0, err)
			 ? -1
			 : 0;

	*dice = rc ? NAN : click_measure(copy);
	sample_free(copy);
	return rc;
}

int click_batch(const struct click_loop *c, struct batch *b, struct err *err)
{
	for (int i = 0; i < b->n; i++) {
		uint64_t item = (uint64_t)b->step * (uint64_t)b->n + (uint64_t)i;

		if (click_sample(c, b->samples[i], (uint64_t)b->epoch, item, NULL, err) ||
			batch_put(b, i, b->samples[i], err))
			return -1;
	}
	return 0;
}

void click_table_init(struct click_table *t, int clicks)
{
	*t = (struct click_table){.clicks = clicks};
}

void click_table_clear(struct click_table *t)
{
	for (int i = 0; i < t->n; i++) {
		free(t->v[i].case_id);
		free(t->v[i].dice);
	}
	t->n = 0;
}

void click_table_release(struct click_table *t)
{
	click_table_clear(t);
	free(t->v);
	*t = (struct click_table){0};
}

double *click_table_add(struct click_table *t, const char *case_id)
{
	double *dice = mem_alloc((size_t)(t->clicks + 1) * sizeof(*dice));

	for (int k = 0; k <= t->clicks; k++)
		dice[k] = NAN;
	t->v = mem_realloc(t->v, (size_t)(t->n + 1) * sizeof(*t->v));
	t->v[t->n++] = (struct click_row){mem_strdup(case_id), dice};
	return dice;
}

double click_table_mean(const struct click_table *t, int k)
{
	double sum = 0;
	int n = 0;

	for (int i = 0; i < t->n; i++)
		if (isfinite(t->v[i].dice[k])) {
			sum += t->v[i].dice[k];
			n++;
		}
	return n ? sum / n : NAN;
}
