/*
 * Losses in two passes over memory: forward reads logits (or probabilities) and label and
 * makes the sums, backward reads them again, makes the activation anew and writes the
 * gradient of the logits.  An exponential in registers costs less than a probability that
 * goes to memory and comes back.
 *
 * One walk serves Dice (and all that its op stands for), cross entropy, focal loss, and
 * Dice of activated logits with one of the other two.  Sums: floats inside a block of 256
 * voxels, doubles over the blocks of a chunk, chunks in their order, so the number of
 * threads never shows in the result.
 */
#include <string.h>

#include "core/cpu/cpu_backend.h"
#include "core/cpu/loss_rows.h"
#include "core/graph/dice.h"
#include "core/graph/entropy.h"

enum activation { ACTIVE_ALREADY, ACTIVE_SOFTMAX, ACTIVE_SIGMOID };

/* What a kernel computes; either of dice and entropy may be NULL. */
struct loss_job {
	const struct dice_attr *dice;
	const struct entropy_attr *entropy;
	bool focal;
	enum activation active; /* of what Dice reads */
	int classes, label_channels;
	size_t voxels, chunks;
};

static struct loss_job loss_job(const struct kernel_spec *s)
{
	struct loss_job j = {0};

	j.classes = (int)shape_channels(s->in);
	j.label_channels = (int)shape_channels(s->in + 1);
	j.voxels = (size_t)shape_voxels(s->in);
	j.chunks = dice_chunks(s->in) * (size_t)s->in->d[0];
	if (s->op == &op_loss_dice) {
		j.dice = s->attr;
	} else if (s->op == &op_loss_dice_logits) {
		const struct dice_logits_attr *a = s->attr;

		j.dice = &a->dice;
		j.active = a->sigmoid ? ACTIVE_SIGMOID : ACTIVE_SOFTMAX;
		j.entropy = a->second ? &a->entropy : NULL;
		j.focal = a->second == DICE_LOGITS_FOCAL;
	} else {
		j.entropy = s->attr;
		j.focal = s->op == &op_loss_focal;
	}
	return j;
}

static struct loss_job loss_job_of(const struct op *op, const struct op_io *io)
{
	const struct kernel_spec s = {.op = op, .attr = io->attr, .in = io->in_shape};

	return loss_job(&s);
}

static size_t coef_bytes(const struct loss_job *j, const struct shape *in)
{
	return j->dice ? (size_t)in->d[0] * (size_t)j->classes * sizeof(struct dice_coef) : 0;
}

static bool logs_wanted(const struct loss_job *j)
{
	return j->entropy && j->entropy->form == ENTROPY_SOFTMAX_LOGITS;
}

/* Rows of the n voxels from voxel v on, and what Dice reads in b->p. */
static void rows_read(
	struct loss_rows *b, const struct loss_job *j, const struct op_io *io, size_t v, int n)
{
	b->n = n;
	loss_rows_load(b, io->in[0] + v * (size_t)j->classes);
	loss_rows_target(b, io->in[1] + v * (size_t)j->label_channels, j->label_channels);
	if (j->active == ACTIVE_SOFTMAX || logs_wanted(j))
		loss_rows_softmax(b, logs_wanted(j));
	else if (j->active == ACTIVE_SIGMOID)
		loss_rows_sigmoid(b);
}

static const float *dice_values(const struct loss_rows *b, const struct loss_job *j)
{
	return j->active == ACTIVE_ALREADY ? b->z : b->p;
}

static void dice_block(
	const struct loss_rows *b, const float *values, bool squared, struct dice_sums *sums)
{
	for (int c = 0; c < b->classes; c++) {
		const float *restrict p = values + c * b->len, *restrict t = b->t + c * b->len;
		float si = 0, st = 0, sp = 0;
		int n = b->n;

#pragma omp simd reduction(+ : si, st, sp)
		for (int i = 0; i < n; i++) {
			si += t[i] * p[i];
			st += squared ? t[i] * t[i] : t[i];
			sp += squared ? p[i] * p[i] : p[i];
		}
		sums[c].i += (double)si;
		sums[c].t += (double)st;
		sums[c].p += (double)sp;
	}
}

/* g = scale * dDice/dx with x what the activation was taken of. */
static void dice_gradient(struct loss_rows *b, const float *values, enum activation active,
	const struct dice_coef *coef, double scale)
{
	float dot[256] = {0};
	int n = b->n;

	for (int c = 0; c < b->classes; c++) {
		const float *restrict p = values + c * b->len, *restrict t = b->t + c * b->len;
		float *restrict g = b->g + c * b->len;
		float kt = (float)(scale * coef[c].t), kp = (float)(scale * coef[c].p);
		float k1 = (float)(scale * coef[c].one);

#pragma omp simd
		for (int i = 0; i < n; i++) {
			g[i] = kt * t[i] + kp * p[i] + k1;
			dot[i] += g[i] * p[i];
		}
	}
	for (int c = 0; active != ACTIVE_ALREADY && c < b->classes; c++) {
		const float *restrict p = values + c * b->len;
		float *restrict g = b->g + c * b->len;

#pragma omp simd
		for (int i = 0; i < n; i++)
			g[i] = active == ACTIVE_SOFTMAX ? p[i] * (g[i] - dot[i])
							: g[i] * (p[i] * (1 - p[i]));
	}
}

/* Dice first: entropy destroys the targets. */
static void forward_block(struct loss_rows *b, const struct loss_job *j, struct dice_sums *sums,
	struct loss_terms *terms)
{
	struct loss_terms t;

	if (j->dice)
		dice_block(b, dice_values(b, j), j->dice->squared, sums);
	if (!j->entropy)
		return;
	t = loss_rows_entropy(b, j->entropy, j->focal, 0);
	terms->loss += t.loss;
	terms->norm += t.norm;
}

struct loss_space {
	_Alignas(64) float z[LOSS_SPACE], p[LOSS_SPACE], t[LOSS_SPACE], g[LOSS_SPACE];
};

static struct loss_rows loss_rows_in(struct loss_space *s, int classes)
{
	struct loss_rows b;

	b.classes = classes;
	b.len = loss_block_len(classes);
	b.z = s->z, b.p = s->p, b.t = s->t, b.g = s->g;
	return b;
}

static size_t chunk_voxels(const struct loss_job *j, size_t chunk, size_t *first)
{
	size_t per_item = (j->voxels + LOSS_CHUNK - 1) / LOSS_CHUNK,
	       at = chunk % per_item * LOSS_CHUNK;
	size_t left = j->voxels - at;

	*first = chunk / per_item * j->voxels + at;
	return left < LOSS_CHUNK ? left : LOSS_CHUNK;
}

static void forward_chunk(const struct loss_job *j, const struct op_io *io, size_t chunk,
	struct dice_sums *sums, struct loss_terms *terms)
{
	struct loss_space space;
	struct loss_rows b = loss_rows_in(&space, j->classes);
	size_t first, n = chunk_voxels(j, chunk, &first);

	memset(sums, 0, (size_t)j->classes * sizeof(*sums));
	*terms = (struct loss_terms){0};
	for (size_t at = 0; at < n; at += (size_t)b.len) {
		rows_read(&b, j, io, first + at, n - at < (size_t)b.len ? (int)(n - at) : b.len);
		forward_block(&b, j, sums, terms);
	}
}

static void loss_forward(const struct loss_job *j, int threads, const struct op_io *io)
{
	struct dice_sums *sums = io->work;
	struct loss_terms *terms = (struct loss_terms *)(sums + j->chunks * (size_t)j->classes);
	double *scale = (double *)((char *)io->save + coef_bytes(j, io->in_shape));
	float dice = 0, second = 0;
	double loss = 0, norm = 0;

#pragma omp parallel for schedule(static) num_threads(threads)
	for (size_t k = 0; k < j->chunks; k++)
		forward_chunk(j, io, k, sums + k * (size_t)j->classes, terms + k);
	if (j->dice)
		dice = (float)dice_finish(j->dice, io->in_shape, sums, io->save);
	for (size_t k = 0; j->entropy && k < j->chunks; k++) {
		loss += terms[k].loss;
		norm += terms[k].norm;
	}
	if (j->entropy) {
		*scale = entropy_scale(j->entropy, io->in_shape, j->focal, norm);
		second = (float)(loss * *scale);
	}
	io->out[0] = dice + second;
}

static void backward_chunk(
	const struct loss_job *j, const struct op_io *io, size_t chunk, float scale)
{
	struct loss_space space;
	struct loss_rows b = loss_rows_in(&space, j->classes);
	size_t first, n = chunk_voxels(j, chunk, &first), item = first / j->voxels;
	const struct dice_coef *coef =
		(const struct dice_coef *)io->save + item * (size_t)j->classes;

	for (size_t at = 0; at < n; at += (size_t)b.len) {
		rows_read(&b, j, io, first + at, n - at < (size_t)b.len ? (int)(n - at) : b.len);
		if (j->dice)
			dice_gradient(
				&b, dice_values(&b, j), j->active, coef, -(double)io->dout[0]);
		else
			memset(b.g, 0, (size_t)(b.classes * b.len) * sizeof(float));
		if (j->entropy)
			loss_rows_entropy(&b, j->entropy, j->focal, scale);
		loss_rows_store(
			&b, io->din[0] + (first + at) * (size_t)j->classes, io->acc & OP_IN(0));
	}
}

static void loss_backward(const struct loss_job *j, int threads, const struct op_io *io)
{
	const double *scale =
		(const double *)((const char *)io->save + coef_bytes(j, io->in_shape));
	float weight = j->entropy ? (float)((double)io->dout[0] * *scale) : 0;

	if (!io->din[0])
		return;
#pragma omp parallel for schedule(static) num_threads(threads)
	for (size_t k = 0; k < j->chunks; k++)
		backward_chunk(j, io, k, weight);
}

static int loss_new(struct cpu_backend *b, const struct kernel_spec *s, struct kernel **k,
	void (*forward)(const struct cpu_simple *, const struct op_io *),
	void (*backward)(const struct cpu_simple *, const struct op_io *))
{
	struct loss_job j = loss_job(s);
	struct cpu_simple *made;

	/* The softmax takes its maximum off the logits that the sigmoid would read. */
	if (j.dice && j.active == ACTIVE_SIGMOID && logs_wanted(&j))
		return 0;
	made = cpu_simple_new(b, forward, backward);
	made->base.save_bytes = coef_bytes(&j, s->in) + sizeof(double);
	made->base.fwd_work = j.chunks * ((size_t)j.classes * sizeof(struct dice_sums) +
						 sizeof(struct loss_terms));
	*k = &made->base;
	return 0;
}

#define LOSS_KERNEL(name)                                                               \
	static void name##_forward(const struct cpu_simple *k, const struct op_io *io)  \
	{                                                                               \
		struct loss_job j = loss_job_of(&op_loss_##name, io);                   \
                                                                                        \
		loss_forward(&j, k->threads, io);                                       \
	}                                                                               \
                                                                                        \
	static void name##_backward(const struct cpu_simple *k, const struct op_io *io) \
	{                                                                               \
		struct loss_job j = loss_job_of(&op_loss_##name, io);                   \
                                                                                        \
		loss_backward(&j, k->threads, io);                                      \
	}                                                                               \
                                                                                        \
	int cpu_loss_##name##_new(struct cpu_backend *b, const struct kernel_spec *s,   \
		struct kernel **k, struct err *err)                                     \
	{                                                                               \
		(void)err;                                                              \
		return loss_new(b, s, k, name##_forward, name##_backward);              \
	}

LOSS_KERNEL(cross_entropy)
LOSS_KERNEL(dice)
LOSS_KERNEL(dice_logits)
LOSS_KERNEL(focal)
