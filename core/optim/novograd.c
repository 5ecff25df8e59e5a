/*
 * NovoGrad (Ginsburg et al., arXiv 1905.11286) as Clara v3 defines it: one second
 * moment per layer, and the learning rate inside the momentum.
 *
 *     v = b2 v + (1 - b2) |g|^2                       per tensor
 *     d = g / sqrt(v + epsilon) + weight_decay w      [times 1 - b1: grad_averaging]
 *     m = b1 m + lr d
 *     w = w - m                                       [- b1 m - lr d: use_nesterov]
 *
 * MONAI's Novograd keeps the learning rate out of the momentum and epsilon out of the
 * root:
 *
 *     d = g / (sqrt(v) + eps) + weight_decay w        [times 1 - b1: grad_averaging]
 *     m = b1 m + d
 *     w = w - lr m
 *
 * The first step sets v = |g|^2, as the paper does: from zero, the quotient would
 * be ten times too long at b2 = 0.99.  The norm is summed in double in a fixed
 * order (optim_sum_squares), so equal inputs give equal bits for any thread count.
 */
#include <math.h>

#include "core/optim/optim.h"

struct novograd_args {
	double beta1, beta2, epsilon, weight_decay;
	bool grad_averaging, use_nesterov;
	struct optim_torch_args torch;
};

/* v of this step. */
static double novograd_moment(const struct novograd_args *a, struct optim_tensor *p)
{
	double beta2 = optim_beta(&a->torch, 1, a->beta2), norm2 = optim_sum_squares(p->g, p->n);

	if (p->scalar[0] != 0)
		norm2 = beta2 * p->scalar[0] + (1 - beta2) * norm2;
	p->scalar[0] = norm2;
	return norm2;
}

static void novograd_update(const void *args, const struct optim_step *step, struct optim_tensor *p)
{
	const struct novograd_args *a = args;
	double v = novograd_moment(a, p), beta1 = optim_beta(&a->torch, 0, a->beta1);
	double rate = step->lr * (a->grad_averaging ? 1 - beta1 : 1);
	float b1 = (float)beta1, kg = (float)(rate / sqrt(v + a->epsilon));
	float kw = (float)(rate * a->weight_decay);
	float nesterov_m = a->use_nesterov ? b1 : 1, nesterov_d = a->use_nesterov ? 1 : 0;
	float *restrict w = p->w, *restrict m = p->slot[0];
	const float *restrict g = p->g;

#pragma omp parallel for simd schedule(static) if (p->n >= 32768)
	for (size_t i = 0; i < p->n; i++) {
		float d = kg * g[i] + kw * w[i];
		float mi = b1 * m[i] + d;

		m[i] = mi;
		w[i] -= nesterov_m * mi + nesterov_d * d;
	}
}

static void novograd_torch_update(
	const void *args, const struct optim_step *step, struct optim_tensor *p)
{
	const struct novograd_args *a = args;
	double v = novograd_moment(a, p), beta1 = optim_beta(&a->torch, 0, a->beta1);
	double rate = a->grad_averaging ? 1 - beta1 : 1;
	float b1 = (float)beta1, kg = (float)(rate / (sqrt(v) + a->epsilon));
	float kw = (float)(rate * a->weight_decay), lr = (float)step->lr;
	float *restrict w = p->w, *restrict m = p->slot[0];
	const float *restrict g = p->g;

#pragma omp parallel for simd schedule(static) if (p->n >= 32768)
	for (size_t i = 0; i < p->n; i++) {
		float mi = b1 * m[i] + kg * g[i] + kw * w[i];

		m[i] = mi;
		w[i] -= lr * mi;
	}
}

static void novograd_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	optim_torch_check(&((const struct novograd_args *)args)->torch, file, path, ps);
}

static const struct arg_def novograd_arg_defs[] = {
	{"beta1", ARG_FLOAT, offsetof(struct novograd_args, beta1), .def = "0.95", .min = 0,
		.max = 0.999999, .help = "decay of the momentum"},
	{"beta2", ARG_FLOAT, offsetof(struct novograd_args, beta2), .def = "0.99", .min = 0,
		.max = 0.9999999, .help = "decay of the layer's squared gradient norm"},
	{"epsilon", ARG_FLOAT, offsetof(struct novograd_args, epsilon), .def = "1e-8", .min = 1e-30,
		.max = 1, .help = "keeps the quotient finite", .alias = "eps"},
	{"weight_decay", ARG_FLOAT, offsetof(struct novograd_args, weight_decay), .def = "0.0",
		.min = 0, .max = 1, .help = "pulls the weights to zero"},
	{"grad_averaging", ARG_BOOL, offsetof(struct novograd_args, grad_averaging), .def = "false",
		.help = "scale the new term by 1 - beta1"},
	{"use_nesterov", ARG_BOOL, offsetof(struct novograd_args, use_nesterov), .def = "false",
		.help = "look one momentum step ahead"},
	OPTIM_BETAS_ROWS(struct novograd_args, torch), ARG_END};

static const struct arg_def novograd_torch_arg_defs[] = {
	{"eps", ARG_FLOAT, offsetof(struct novograd_args, epsilon), .def = "1e-8", .min = 1e-30,
		.max = 1, .help = "keeps the quotient finite", .alias = "epsilon"},
	{"weight_decay", ARG_FLOAT, offsetof(struct novograd_args, weight_decay), .def = "0.0",
		.min = 0, .max = 1, .help = "pulls the weights to zero"},
	{"grad_averaging", ARG_BOOL, offsetof(struct novograd_args, grad_averaging), .def = "false",
		.help = "scale the new term by 1 - beta1"},
	{"betas", ARG_FLOATLIST, offsetof(struct novograd_args, torch.betas), .def = "[0.9, 0.98]",
		.min = 0, .max = 0.9999999, .help = "decay of momentum and of the squared norm"},
	{"amsgrad", ARG_BOOL, offsetof(struct novograd_args, torch.amsgrad), .def = "false",
		.help = "accepted as false only"},
	OPTIM_LR_ROWS(struct novograd_args, torch), ARG_END};

static const struct optim_ops novograd_ops = {
	.slots = 1,
	.scalars = 1,
	.slot_names = {"m"},
	.scalar_names = {"v"},
	.update = novograd_update,
	.check = novograd_check,
};

static const struct optim_ops novograd_torch_ops = {
	.slots = 1,
	.scalars = 1,
	.slot_names = {"m"},
	.scalar_names = {"v"},
	.update = novograd_torch_update,
	.check = novograd_check,
};

static const char *const novograd_aliases[] = {"NovaGrad", NULL};

const struct component component_novograd = {
	.name = "NovoGrad",
	.kind = COMPONENT_OPTIMIZER,
	.aliases = novograd_aliases,
	.help = "NovoGrad (Ginsburg et al. 2019): momentum over gradients normalised per layer",
	.args = novograd_arg_defs,
	.args_size = sizeof(struct novograd_args),
	.ops = &novograd_ops,
};

const struct component component_novograd_torch = {
	.name = "Novograd",
	.kind = COMPONENT_OPTIMIZER,
	.help = "NovoGrad as MONAI has it: learning rate outside the momentum, betas (0.9, 0.98)",
	.args = novograd_torch_arg_defs,
	.args_size = sizeof(struct novograd_args),
	.ops = &novograd_torch_ops,
};
