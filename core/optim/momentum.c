/*
 * Gradient descent with momentum, in TensorFlow's form (v3 runs on it):
 *
 *     a = momentum a + g
 *     w = w - lr a                     [- lr (g + momentum a): use_nesterov]
 *
 * Argument names are TensorFlow's; the v3 reference names the component only.
 */
#include "core/optim/optim.h"

struct momentum_args {
	double momentum;
	bool use_nesterov;
};

static void momentum_update(const void *args, const struct optim_step *step, struct optim_tensor *p)
{
	const struct momentum_args *a = args;
	float mu = (float)a->momentum, lr = (float)step->lr;
	float ka = a->use_nesterov ? mu : 1, kg = a->use_nesterov ? 1 : 0;
	float *restrict w = p->w, *restrict m = p->slot[0];
	const float *restrict g = p->g;

#pragma omp parallel for simd schedule(static) if (p->n >= 32768)
	for (size_t i = 0; i < p->n; i++) {
		float mi = mu * m[i] + g[i];

		m[i] = mi;
		w[i] -= lr * (ka * mi + kg * g[i]);
	}
}

static const struct arg_def momentum_arg_defs[] = {
	{"momentum", ARG_FLOAT, offsetof(struct momentum_args, momentum), .def = "0.9", .min = 0,
		.max = 0.999999, .help = "decay of the accumulated gradient"},
	{"use_nesterov", ARG_BOOL, offsetof(struct momentum_args, use_nesterov), .def = "false",
		.help = "look one momentum step ahead"},
	ARG_END};

static const struct optim_ops momentum_ops = {
	.slots = 1,
	.elementwise = true,
	.slot_names = {"m"},
	.update = momentum_update,
};

const struct component component_momentum = {
	.name = "Momentum",
	.kind = COMPONENT_OPTIMIZER,
	.help = "gradient descent with momentum",
	.args = momentum_arg_defs,
	.args_size = sizeof(struct momentum_args),
	.ops = &momentum_ops,
};
