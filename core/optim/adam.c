/*
 * Adam (Kingma and Ba, ICLR 2015, algorithm 1) and AdamW (Loshchilov and Hutter,
 * ICLR 2019).
 *
 *     m = b1 m + (1 - b1) g          mh = m / (1 - b1^t)
 *     v = b2 v + (1 - b2) g^2        vh = v / (1 - b2^t)
 *     w = w - lr mh / (sqrt(vh) + epsilon)
 *
 * Clara v3 runs on TensorFlow's Adam, which adds epsilon before the correction of
 * v ("epsilon hat"); with epsilon 1e-8 the two differ only while the gradient is
 * of that size.  This is the paper's form, which PyTorch has as well.
 * AdamW takes lr weight_decay w off the weights in the same step; Adam's weight_decay
 * adds weight_decay w to the gradient, as PyTorch's does.
 */
#include <math.h>

#include "core/optim/optim.h"

struct adam_args {
	double beta1, beta2, epsilon, weight_decay;
	struct optim_torch_args torch;
};

/* decay: into the gradient (Adam) or off the weights (AdamW). */
static void adam_step(const struct adam_args *a, double l2, double decay,
	const struct optim_step *step, struct optim_tensor *p)
{
	double beta1 = optim_beta(&a->torch, 0, a->beta1);
	double beta2 = optim_beta(&a->torch, 1, a->beta2);
	double c1 = 1 - pow(beta1, (double)step->t), c2 = 1 - pow(beta2, (double)step->t);
	float b1 = (float)beta1, b2 = (float)beta2, kw = (float)l2;
	float k1 = (float)(1 - beta1), k2 = (float)(1 - beta2);
	float rate = (float)(step->lr / c1), scale = (float)(1 / sqrt(c2));
	float eps = (float)a->epsilon, keep = (float)(1 - step->lr * decay);
	float *restrict w = p->w, *restrict m = p->slot[0], *restrict s = p->slot[1];
	const float *restrict grad = p->g;

#pragma omp parallel for simd schedule(static) if (p->n >= 32768)
	for (size_t i = 0; i < p->n; i++) {
		float g = grad[i] + kw * w[i];
		float mi = b1 * m[i] + k1 * g;
		float si = b2 * s[i] + k2 * (g * g);

		m[i] = mi;
		s[i] = si;
		w[i] = keep * w[i] - rate * mi / (sqrtf(si) * scale + eps);
	}
}

static void adam_update(const void *v, const struct optim_step *step, struct optim_tensor *p)
{
	const struct adam_args *a = v;

	adam_step(a, a->weight_decay, 0, step, p);
}

static void adamw_update(const void *v, const struct optim_step *step, struct optim_tensor *p)
{
	const struct adam_args *a = v;

	adam_step(a, 0, a->weight_decay, step, p);
}

static void adam_check(const void *v, const char *file, const char *path, struct problems *ps)
{
	optim_torch_check(&((const struct adam_args *)v)->torch, file, path, ps);
}

#define ADAM_ROWS                                                                                 \
	{"beta1", ARG_FLOAT, offsetof(struct adam_args, beta1), .def = "0.9", .min = 0,           \
		.max = 0.999999, .help = "decay of the mean gradient"},                           \
		{"beta2", ARG_FLOAT, offsetof(struct adam_args, beta2), .def = "0.999", .min = 0, \
			.max = 0.9999999, .help = "decay of the mean squared gradient"},          \
		{"epsilon", ARG_FLOAT, offsetof(struct adam_args, epsilon), .def = "1e-8",        \
			.min = 1e-30, .max = 1, .help = "keeps the quotient finite",              \
			.alias = "eps"},                                                          \
		OPTIM_BETAS_ROWS(struct adam_args, torch)

static const struct arg_def adam_arg_defs[] = {ADAM_ROWS,
	{"weight_decay", ARG_FLOAT, offsetof(struct adam_args, weight_decay), .def = "0.0",
		.min = 0, .max = 1, .help = "L2: weight_decay w is added to the gradient"},
	ARG_END};

static const struct arg_def adamw_arg_defs[] = {ADAM_ROWS,
	{"weight_decay", ARG_FLOAT, offsetof(struct adam_args, weight_decay), .def = "0.01",
		.min = 0, .max = 1, .help = "part of the weights taken off per unit of lr"},
	ARG_END};

static const struct optim_ops adam_ops = {
	.slots = 2,
	.slot_names = {"m", "v"},
	.elementwise = true,
	.update = adam_update,
	.check = adam_check,
};

static const struct optim_ops adamw_ops = {
	.slots = 2,
	.slot_names = {"m", "v"},
	.elementwise = true,
	.update = adamw_update,
	.check = adam_check,
};

const struct component component_adam = {
	.name = "Adam",
	.kind = COMPONENT_OPTIMIZER,
	.help = "Adam (Kingma and Ba 2015): steps scaled by running means of gradient and its square",
	.args = adam_arg_defs,
	.args_size = sizeof(struct adam_args),
	.ops = &adam_ops,
};

const struct component component_adamw = {
	.name = "AdamW",
	.kind = COMPONENT_OPTIMIZER,
	.help = "Adam with decoupled weight decay (Loshchilov and Hutter 2019)",
	.args = adamw_arg_defs,
	.args_size = sizeof(struct adam_args),
	.ops = &adamw_ops,
};
