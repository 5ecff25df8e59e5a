/*
 * RMSProp (Tieleman and Hinton 2012), in PyTorch's form:
 *
 *     g = g + weight_decay w
 *     v = alpha v + (1 - alpha) g^2
 *     d = g / (sqrt(v) + eps)            [v - a^2 for v, a the running mean of g: centered]
 *     b = momentum b + d                 w = w - lr b
 */
#include <math.h>

#include "core/optim/optim.h"

struct rmsprop_args {
	double alpha, eps, weight_decay, momentum;
	bool centered;
	struct optim_torch_args torch; /* lr and params only */
};

static void rmsprop_update(const void *args, const struct optim_step *step, struct optim_tensor *p)
{
	const struct rmsprop_args *a = args;
	float alpha = (float)a->alpha, beta = (float)(1 - a->alpha), eps = (float)a->eps;
	float lr = (float)step->lr, kw = (float)a->weight_decay, mu = (float)a->momentum;
	float centre = a->centered ? 1 : 0;
	float *restrict w = p->w, *restrict v = p->slot[0];
	float *restrict b = p->slot[1], *restrict mean = p->slot[2];
	const float *restrict g = p->g;

#pragma omp parallel for simd schedule(static) if (p->n >= 32768)
	for (size_t i = 0; i < p->n; i++) {
		float gi = g[i] + kw * w[i];
		float vi = alpha * v[i] + beta * (gi * gi);
		float mi = alpha * mean[i] + beta * gi, spread = vi - centre * (mi * mi);
		float bi = mu * b[i] + gi / (sqrtf(spread > 0 ? spread : 0) + eps);

		v[i] = vi;
		mean[i] = mi;
		b[i] = bi;
		w[i] -= lr * bi;
	}
}

static const struct arg_def rmsprop_arg_defs[] = {
	{"alpha", ARG_FLOAT, offsetof(struct rmsprop_args, alpha), .def = "0.99", .min = 0,
		.max = 0.9999999, .help = "decay of the mean squared gradient", .alias = "decay"},
	{"eps", ARG_FLOAT, offsetof(struct rmsprop_args, eps), .def = "1e-8", .min = 1e-30,
		.max = 1, .help = "keeps the quotient finite", .alias = "epsilon"},
	{"weight_decay", ARG_FLOAT, offsetof(struct rmsprop_args, weight_decay), .def = "0.0",
		.min = 0, .max = 1, .help = "L2: weight_decay w is added to the gradient"},
	{"momentum", ARG_FLOAT, offsetof(struct rmsprop_args, momentum), .def = "0.0", .min = 0,
		.max = 0.999999, .help = "decay of the accumulated steps"},
	{"centered", ARG_BOOL, offsetof(struct rmsprop_args, centered), .def = "false",
		.help = "divide by the standard deviation of the gradient instead"},
	OPTIM_LR_ROWS(struct rmsprop_args, torch), ARG_END};

static const struct optim_ops rmsprop_ops = {
	.slots = 3,
	.slot_names = {"v", "b", "mean"},
	.elementwise = true,
	.update = rmsprop_update,
};

static const char *const rmsprop_aliases[] = {"RMSprop", NULL};

const struct component component_rmsprop = {
	.name = "RMSProp",
	.kind = COMPONENT_OPTIMIZER,
	.aliases = rmsprop_aliases,
	.help = "steps scaled by the running mean of the squared gradient (Tieleman and Hinton 2012)",
	.args = rmsprop_arg_defs,
	.args_size = sizeof(struct rmsprop_args),
	.ops = &rmsprop_ops,
};
