/*
 * Gradient descent with momentum: in TensorFlow's form (v3 runs on it) and in PyTorch's.
 *
 *     g = g + weight_decay w
 *     a = momentum a + g                [PyTorch: (1 - dampening) g from the second step on]
 *     w = w - lr a                      [- lr (g + momentum a): Nesterov]
 *
 * Argument names of Momentum are TensorFlow's; the v3 reference names the component only.
 */
#include "core/optim/optim.h"

struct momentum_args {
	double momentum, weight_decay, dampening;
	bool nesterov;
	struct optim_torch_args torch; /* lr and params only */
};

static void momentum_update(const void *args, const struct optim_step *step, struct optim_tensor *p)
{
	const struct momentum_args *a = args;
	float mu = (float)a->momentum, lr = (float)step->lr, kw = (float)a->weight_decay;
	float ka = a->nesterov ? mu : 1, kg = a->nesterov ? 1 : 0;
	float kd = step->t > 1 ? (float)(1 - a->dampening) : 1;
	float *restrict w = p->w, *restrict m = p->slot[0];
	const float *restrict g = p->g;

#pragma omp parallel for simd schedule(static) if (p->n >= 32768)
	for (size_t i = 0; i < p->n; i++) {
		float gi = g[i] + kw * w[i];
		float mi = mu * m[i] + kd * gi;

		m[i] = mi;
		w[i] -= lr * (ka * mi + kg * gi);
	}
}

static void sgd_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct momentum_args *a = args;

	if (a->nesterov && (a->momentum == 0 || a->dampening != 0))
		problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, path, NULL,
			"nesterov needs a momentum above 0 and no dampening");
	if (a->momentum == 0 && a->dampening != 0)
		problems_add(ps, PROBLEM_WARNING, ERR_DATA, file, path, NULL,
			"dampening has no effect without momentum, and is taken as 0 in PyTorch");
}

/* Without momentum PyTorch keeps no average, so dampening has nothing to act on. */
static void sgd_update(const void *args, const struct optim_step *step, struct optim_tensor *p)
{
	struct momentum_args a = *(const struct momentum_args *)args;

	if (a.momentum == 0)
		a.dampening = 0;
	momentum_update(&a, step, p);
}

static const struct arg_def momentum_arg_defs[] = {
	{"momentum", ARG_FLOAT, offsetof(struct momentum_args, momentum), .def = "0.9", .min = 0,
		.max = 0.999999, .help = "decay of the accumulated gradient"},
	{"use_nesterov", ARG_BOOL, offsetof(struct momentum_args, nesterov), .def = "false",
		.help = "look one momentum step ahead", .alias = "nesterov"},
	{"weight_decay", ARG_FLOAT, offsetof(struct momentum_args, weight_decay), .def = "0.0",
		.min = 0, .max = 1, .help = "L2: weight_decay w is added to the gradient"},
	ARG_END};

static const struct arg_def sgd_arg_defs[] = {
	{"momentum", ARG_FLOAT, offsetof(struct momentum_args, momentum), .def = "0.0", .min = 0,
		.max = 0.999999, .help = "decay of the accumulated gradient"},
	{"dampening", ARG_FLOAT, offsetof(struct momentum_args, dampening), .def = "0.0", .min = 0,
		.max = 1, .help = "part of the gradient that momentum does not take up"},
	{"weight_decay", ARG_FLOAT, offsetof(struct momentum_args, weight_decay), .def = "0.0",
		.min = 0, .max = 1, .help = "L2: weight_decay w is added to the gradient"},
	{"nesterov", ARG_BOOL, offsetof(struct momentum_args, nesterov), .def = "false",
		.help = "look one momentum step ahead", .alias = "use_nesterov"},
	OPTIM_LR_ROWS(struct momentum_args, torch), ARG_END};

static const struct optim_ops momentum_ops = {
	.slots = 1,
	.slot_names = {"m"},
	.elementwise = true,
	.update = momentum_update,
};

static const struct optim_ops sgd_ops = {
	.slots = 1,
	.slot_names = {"m"},
	.elementwise = true,
	.update = sgd_update,
	.check = sgd_check,
};

const struct component component_momentum = {
	.name = "Momentum",
	.kind = COMPONENT_OPTIMIZER,
	.help = "gradient descent with momentum",
	.args = momentum_arg_defs,
	.args_size = sizeof(struct momentum_args),
	.ops = &momentum_ops,
};

const struct component component_sgd = {
	.name = "SGD",
	.kind = COMPONENT_OPTIMIZER,
	.help = "gradient descent, with momentum on request (PyTorch's arguments)",
	.args = sgd_arg_defs,
	.args_size = sizeof(struct momentum_args),
	.ops = &sgd_ops,
};
