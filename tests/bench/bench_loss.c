/*
 * bench_loss: times what follows the network in a training step: the losses, from the
 * logits to their gradient, and the optimizers.
 *
 *   bench_loss [--batch N] [--size D H W] [--classes N] [--weights N] [--reps N] [--only TEXT]
 *
 * Prints medians and the best in ms: forward (softmax and value) and backward (gradient of
 * the logits) of each loss; one step of each optimizer over N weights in tensors of the
 * sizes that a U-Net has, without and with clipping by norm.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/component.h"
#include "core/cpu/cpu.h"
#include "core/graph/layers.h"
#include "core/graph/plan.h"
#include "core/loss/loss.h"
#include "core/optim/optim.h"
#include "tests/bench/lib/stats.h"

enum { MAX_REPS = 1000, TENSORS = 60 };

struct bench {
	int64_t batch, size[3], classes, weights;
	int reps;
	const char *only;
};

static const struct loss_case {
	const char *name, *args;
	enum loss_activation activation;
} loss_cases[] = {
	{"Dice", "{\"squared_pred\":true}", LOSS_SOFTMAX},
	{"Dice", NULL, LOSS_SIGMOID},
	{"CrossEntropy", NULL, LOSS_SOFTMAX},
	{"CrossEntropyDice", "{\"squared_pred\":true}", LOSS_SOFTMAX},
	{"Focal", NULL, LOSS_SOFTMAX},
	{"FocalDice", NULL, LOSS_SOFTMAX},
	{"Tversky", NULL, LOSS_SOFTMAX},
	{"Jaccard", NULL, LOSS_SOFTMAX},
	{"DiceLoss", "{\"to_onehot_y\":true,\"softmax\":true}", LOSS_LINEAR},
	{"DiceLoss", "{\"to_onehot_y\":true,\"sigmoid\":true}", LOSS_LINEAR},
	{"DiceCELoss", "{\"to_onehot_y\":true,\"softmax\":true}", LOSS_LINEAR},
	{"DiceFocalLoss", "{\"to_onehot_y\":true,\"softmax\":true}", LOSS_LINEAR},
	{"CrossEntropyLoss", NULL, LOSS_LINEAR},
};

static const char *const optim_cases[] = {
	"Adam", "AdamW", "SGD", "Momentum", "NovoGrad", "Novograd", "RMSProp"};

static double fwd[MAX_REPS], bwd[MAX_REPS];

static int parse(struct bench *b, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (i + 1 < argc && !strcmp(argv[i], "--batch"))
			b->batch = strtol(argv[++i], NULL, 10);
		else if (i + 1 < argc && !strcmp(argv[i], "--classes"))
			b->classes = strtol(argv[++i], NULL, 10);
		else if (i + 1 < argc && !strcmp(argv[i], "--weights"))
			b->weights = strtol(argv[++i], NULL, 10);
		else if (i + 1 < argc && !strcmp(argv[i], "--reps"))
			b->reps = (int)strtol(argv[++i], NULL, 10);
		else if (i + 1 < argc && !strcmp(argv[i], "--only"))
			b->only = argv[++i];
		else if (i + 3 < argc && !strcmp(argv[i], "--size"))
			for (int k = 0; k < 3; k++)
				b->size[k] = strtol(argv[++i], NULL, 10);
		else
			return -1;
	}
	return b->reps < 1 || b->reps > MAX_REPS || b->weights < TENSORS ? -1 : 0;
}

static int use_init(struct component_use *u, enum component_kind kind, const char *name,
	const char *json, struct err *err)
{
	const struct component *c = component_find(kind, name);
	cJSON *args = json ? cJSON_Parse(json) : NULL;
	struct problems ps = {0};
	int rc;

	if (!c)
		return err_set(err, ERR_DATA, "no component '%s'", name);
	rc = component_use_init(u, c, args, NULL, "bench", name, &ps);
	if (rc)
		problems_to_err(&ps, err);
	problems_release(&ps);
	cJSON_Delete(args);
	return rc;
}

/* The logits are a parameter, so that they have a gradient. */
static struct node *loss_graph(const struct bench *b, const struct loss_case *c,
	const struct component_use *use, struct graph *g, struct err *err)
{
	struct shape s = shape5(b->batch, b->size[0], b->size[1], b->size[2], b->classes);
	const struct init start = {.kind = INIT_HE_NORMAL, .fan_in = 2, .fan_out = 2};
	struct loss_input in = {.activation = c->activation};
	struct node *loss;

	in.logits = in.prediction = graph_param(g, "logits", &s, start, err);
	if (in.logits && c->activation == LOSS_SOFTMAX)
		in.prediction = layer_softmax(g, in.logits, err);
	else if (in.logits && c->activation == LOSS_SIGMOID)
		in.prediction = layer_act(g, in.logits, ACT_SIGMOID, 0, err);
	s.d[4] = 1;
	in.label = in.prediction ? graph_input(g, "label", &s, err) : NULL;
	if (!in.label || loss_build(use, g, &in, &loss, err) || graph_add_loss(g, loss, 1, err))
		return NULL;
	return in.label;
}

static int loss_run(const struct bench *b, struct plan *p, const struct node *label,
	const char **kind, struct err *err)
{
	struct rng r = rng_stream(1, 0, 0, 0);
	float *v = plan_value(p, label);

	plan_time(p, true);
	for (int rep = -2; rep < b->reps; rep++) {
		for (size_t i = 0; i < shape_count(&label->shape); i++)
			v[i] = (float)rng_below(&r, (uint32_t)b->classes);
		if (plan_forward(p, true, 1, 1, err) || plan_backward(p, err))
			return -1;
		if (rep < 0)
			continue;
		fwd[rep] = bwd[rep] = 0;
		for (int i = 0; i < plan_steps(p); i++) {
			struct plan_step_info s = plan_step_info(p, i);

			fwd[rep] += s.fwd_sec;
			bwd[rep] += s.bwd_sec;
			*kind = s.reference ? "reference" : *kind;
		}
	}
	return 0;
}

static int loss_time(
	const struct bench *b, const struct loss_case *c, struct backend *cpu, struct err *err)
{
	static const char *const names[] = {"linear", "softmax", "sigmoid"};
	const struct plan_opts opts = {.training = true};
	struct component_use use = {0};
	struct graph *g = graph_new();
	struct params *params = NULL;
	struct plan *p = NULL;
	struct node *label;
	const char *kind = "";
	int rc = use_init(&use, COMPONENT_LOSS, c->name, c->args, err);

	if (!rc && (label = loss_graph(b, c, &use, g, err)) != NULL &&
		(params = params_new(g, 1, err)) != NULL &&
		(p = plan_new(g, params, cpu, &opts, err)) != NULL &&
		!loss_run(b, p, label, &kind, err)) {
		double f = values_median(fwd, b->reps), w = values_median(bwd, b->reps);

		printf("%-18s %-8s %2d steps  forward %7.3f  backward %7.3f  sum %7.3f  best %7.3f ms  "
		       "loss %.7f  %s\n",
			c->name, names[c->activation], plan_steps(p), f * 1e3, w * 1e3,
			(f + w) * 1e3, (fwd[0] + bwd[0]) * 1e3, plan_loss(p), kind);
	} else {
		rc = -1;
	}
	plan_free(p);
	params_free(params);
	graph_free(g);
	component_use_release(&use);
	return rc;
}

/* Sizes of a U-Net's tensors: few large ones hold most of the weights. */
static void tensor_sizes(int64_t weights, size_t n[TENSORS])
{
	int64_t left = weights;

	for (int i = 0; i < TENSORS; i++) {
		int64_t part = i == TENSORS - 1 ? left : i % 3 ? 16 << i / 15 : left / 5;

		n[i] = (size_t)(part < left ? part : left);
		left -= (int64_t)n[i];
	}
}

/* One step over all tensors, as core/train/learner.c makes it. */
static void optim_step_all(const struct component_use *use, const struct optim_step *step,
	struct optim_tensor *all, const size_t n[TENSORS], double *scalar)
{
	size_t at = 0;

	if (optim_ops(use)->elementwise) {
		optim_update(use, step, all);
		return;
	}
	for (int i = 0; i < TENSORS; at += n[i++]) {
		struct optim_tensor t = {.n = n[i], .w = all->w + at, .g = all->g + at};

		for (int s = 0; s < optim_ops(use)->slots; s++)
			t.slot[s] = all->slot[s] + at;
		t.scalar[0] = scalar[i];
		optim_update(use, step, &t);
		scalar[i] = t.scalar[0];
	}
}

static int optim_time(const struct bench *b, const char *name, double clip, struct err *err)
{
	struct component_use use = {0};
	size_t count = (size_t)b->weights, n[TENSORS];
	struct optim_tensor all = {.n = count};
	double scalar[TENSORS] = {0};
	float *mem[2 + OPTIM_SLOTS];

	if (use_init(&use, COMPONENT_OPTIMIZER, name, NULL, err))
		return -1;
	tensor_sizes(b->weights, n);
	for (int i = 0; i < 2 + OPTIM_SLOTS; i++) {
		mem[i] = mem_try_big(count * sizeof(float), "bench", err);
		if (!mem[i])
			return -1;
		for (size_t k = 0; k < count; k++)
			mem[i][k] = i < 2 ? (float)((k * 2654435761u >> 8 & 0xffff) / 65536.0 - 0.5)
					  : 0;
	}
	all.w = mem[0], all.g = mem[1];
	for (int i = 0; i < OPTIM_SLOTS; i++)
		all.slot[i] = mem[2 + i];
	for (int rep = -2; rep < b->reps; rep++) {
		struct optim_step step = {.lr = 1e-4, .t = rep + 3};
		struct optim_span span = {mem[1], count};
		double t0 = sys_now(), norm;

		norm = clip > 0 ? optim_clip_norm(&span, 1, clip * (1 + 0.001 * rep)) : 0;
		optim_step_all(&use, &step, &all, n, scalar);
		if (rep >= 0)
			fwd[rep] = sys_now() - t0 + 0 * norm;
	}
	printf("%-10s %-9s step %7.3f  best %7.3f ms  %.1f GB/s\n", name,
		clip > 0 ? "clip_norm" : "", values_median(fwd, b->reps) * 1e3, fwd[0] * 1e3,
		(double)(count * (size_t)(12 + 8 * optim_ops(&use)->slots)) * 1e-9 /
			values_median(fwd, b->reps));
	for (int i = 0; i < 2 + OPTIM_SLOTS; i++)
		free(mem[i]);
	component_use_release(&use);
	return 0;
}

static bool wanted(const struct bench *b, const char *name)
{
	return !b->only || strstr(name, b->only);
}

int main(int argc, char **argv)
{
	struct bench b = {
		.batch = 4, .size = {48, 64, 48}, .classes = 3, .weights = 4807482, .reps = 20};
	struct err err = ERR_INIT;
	struct backend *cpu;
	int rc = 0;

	if (parse(&b, argc, argv)) {
		fputs("usage: see the top of bench_loss.c\n", stderr);
		return 64;
	}
	cpu = cpu_open(NULL, &err);
	rc = cpu ? 0 : -1;
	for (size_t i = 0; !rc && i < ARRAY_SIZE(loss_cases); i++)
		if (wanted(&b, loss_cases[i].name))
			rc = loss_time(&b, &loss_cases[i], cpu, &err);
	for (size_t i = 0; !rc && i < ARRAY_SIZE(optim_cases); i++)
		for (int clip = 0; !rc && clip < 2 && wanted(&b, optim_cases[i]); clip++)
			rc = optim_time(&b, optim_cases[i], clip, &err);
	if (rc)
		fprintf(stderr, "bench_loss: %s\n", err.msg);
	if (cpu)
		cpu->ops->close(cpu);
	return rc ? 1 : 0;
}
