/*
 * WarmUp: the rate rises in a straight line to the configured one, then another policy
 * begins, as if the training started there (Goyal et al., arXiv 1706.02677).
 *
 *     {"name": "WarmUp", "args": {"warmup_epochs": 5,
 *         "policy": {"name": "ReducePoly", "args": {"poly_power": 0.9}}}}
 *
 * The policy inside keeps the checkpointed numbers; this one needs none.
 */
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/schedule/schedule.h"

extern const struct component component_warm_up;

struct warm_up_args {
	int64_t steps;
	double epochs, start;
	cJSON *policy;
};

static int64_t warm_up_steps(const struct warm_up_args *a, const struct schedule_at *at)
{
	if (a->steps > 0)
		return a->steps;
	if (at->epochs <= 0)
		return 0;
	return (int64_t)(a->epochs * (double)at->steps_total / (double)at->epochs + 0.5);
}

/* The policy inside; u->c NULL when there is none or it is faulty.  Release it in any case. */
static void warm_up_inner(const struct warm_up_args *a, struct component_use *u, const char *file,
	const char *path, struct problems *ps)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(a->policy, "name");
	const cJSON *args = cJSON_GetObjectItemCaseSensitive(a->policy, "args");
	const struct component *c = NULL;
	char *inside;

	*u = (struct component_use){0};
	if (!a->policy || cJSON_IsNull(a->policy))
		return;
	if (cJSON_IsString(name))
		c = component_find(COMPONENT_SCHEDULE, name->valuestring);
	if (!c || c->name == component_warm_up.name) {
		const char *near = cJSON_IsString(name) ? component_nearest(COMPONENT_SCHEDULE,
								  name->valuestring)
							: NULL;

		problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, path, near,
			"\"policy\" of WarmUp must be a learning-rate policy: {\"name\": ..., "
			"\"args\": {...}}");
		return;
	}
	inside = mem_printf("%s.policy", path);
	if (component_use_init(u, c, args, NULL, file, inside, ps)) {
		component_use_release(u);
		*u = (struct component_use){0};
	}
	free(inside);
}

static double warm_up_lr(const void *args, double lr0, const struct schedule_at *at)
{
	const struct warm_up_args *a = args;
	int64_t warm = warm_up_steps(a, at), epoch = 0;
	struct schedule_at inner = *at;
	struct component_use u;
	struct problems ps = {0};
	double lr;

	if (at->step < warm)
		return lr0 * (a->start + (1 - a->start) * (double)(at->step + 1) / (double)warm);
	if (at->steps_total > 0 && at->epochs > 0)
		epoch = warm * at->epochs / at->steps_total;
	inner.step -= warm;
	inner.steps_total -= warm;
	inner.epoch = at->epoch > epoch ? at->epoch - epoch : 0;
	inner.epochs -= epoch;
	warm_up_inner(a, &u, "", "", &ps);
	lr = schedule_lr(&u, lr0, &inner);
	component_use_release(&u);
	problems_release(&ps);
	return lr;
}

static void warm_up_validated(const void *args, double metric, double state[SCHEDULE_STATE])
{
	struct component_use u;
	struct problems ps = {0};

	warm_up_inner(args, &u, "", "", &ps);
	schedule_validated(&u, metric, state);
	component_use_release(&u);
	problems_release(&ps);
}

static void warm_up_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct warm_up_args *a = args;
	struct component_use u;

	if ((a->steps > 0) == (a->epochs > 0))
		problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, path, "\"warmup_epochs\": 5",
			"WarmUp needs one of warmup_steps and warmup_epochs");
	warm_up_inner(a, &u, file, path, ps);
	if (u.c && ((const struct schedule_ops *)u.c->ops)->check) {
		char *inside = mem_printf("%s.policy.args", path);

		((const struct schedule_ops *)u.c->ops)->check(u.args, file, inside, ps);
		free(inside);
	}
	component_use_release(&u);
}

static const struct arg_def warm_up_arg_defs[] = {
	{"warmup_steps", ARG_INT, offsetof(struct warm_up_args, steps), .def = "0", .min = 0,
		.max = 1e12, .unit = "step", .help = "length of the rise in steps"},
	{"warmup_epochs", ARG_FLOAT, offsetof(struct warm_up_args, epochs), .def = "0", .min = 0,
		.max = 1e9, .unit = "epoch", .help = "or in epochs"},
	{"start_factor", ARG_FLOAT, offsetof(struct warm_up_args, start), .def = "0.0", .min = 0,
		.max = 1, .help = "part of the learning rate that it rises from"},
	{"policy", ARG_JSON, offsetof(struct warm_up_args, policy),
		.help = "what follows: {\"name\": POLICY, \"args\": {...}}; absent: constant"},
	ARG_END};

static const struct schedule_ops warm_up_ops = {
	.lr = warm_up_lr,
	.validated = warm_up_validated,
	.check = warm_up_check,
};

const struct component component_warm_up = {
	.name = "WarmUp",
	.kind = COMPONENT_SCHEDULE,
	.help = "a straight rise to the learning rate over warmup_steps or warmup_epochs, then the "
		"policy in 'policy', which counts from there",
	.args = warm_up_arg_defs,
	.args_size = sizeof(struct warm_up_args),
	.ops = &warm_up_ops,
};
