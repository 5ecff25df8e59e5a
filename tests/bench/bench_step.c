/*
 * bench_step: times a training step of Unet (or --net) without data and optimizer.
 *
 *   bench_step [--batch N] [--size D H W] [--enc A,B,C,D] [--dec A,..,G] [--norm batch|group|none]
 *              [--infer] [--bf16] [--reps N] [--channels N] [--net NAME --args JSON]
 *
 * Prints per step of the plan: medians of forward and backward, GFLOP/s; then the
 * whole step, arena bytes and the peak resident set.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/component.h"
#include "core/cpu/cpu.h"
#include "core/graph/losses.h"
#include "core/graph/plan.h"
#include "core/net/net.h"
#include "tests/bench/lib/stats.h"

enum { MAX_REPS = 200, MAX_STEPS = 1000 };

struct bench {
	int64_t batch, size[3], channels;
	const char *enc, *dec, *norm, *net, *args;
	bool infer, bf16;
	int reps;
};

static double fwd[MAX_STEPS][MAX_REPS], bwd[MAX_STEPS][MAX_REPS];

static int parse(struct bench *b, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--infer"))
			b->infer = true;
		else if (!strcmp(argv[i], "--bf16"))
			b->bf16 = true;
		else if (i + 1 < argc && !strcmp(argv[i], "--batch"))
			b->batch = strtol(argv[++i], NULL, 10);
		else if (i + 1 < argc && !strcmp(argv[i], "--channels"))
			b->channels = strtol(argv[++i], NULL, 10);
		else if (i + 1 < argc && !strcmp(argv[i], "--enc"))
			b->enc = argv[++i];
		else if (i + 1 < argc && !strcmp(argv[i], "--dec"))
			b->dec = argv[++i];
		else if (i + 1 < argc && !strcmp(argv[i], "--norm"))
			b->norm = argv[++i];
		else if (i + 1 < argc && !strcmp(argv[i], "--net"))
			b->net = argv[++i];
		else if (i + 1 < argc && !strcmp(argv[i], "--args"))
			b->args = argv[++i];
		else if (i + 1 < argc && !strcmp(argv[i], "--reps"))
			b->reps = (int)strtol(argv[++i], NULL, 10);
		else if (i + 3 < argc && !strcmp(argv[i], "--size"))
			for (int k = 0; k < 3; k++)
				b->size[k] = strtol(argv[++i], NULL, 10);
		else
			return -1;
	}
	return b->reps < 1 || b->reps > MAX_REPS ? -1 : 0;
}

static int build(const struct bench *b, struct graph *g, struct node *io[2], struct err *err)
{
	const struct component *c = component_find(COMPONENT_NETWORK, b->net);
	struct component_use use = {0};
	struct problems ps = {0};
	char *json = mem_printf("{\"num_classes\":3,\"nf_enc\":\"%s\",\"nf_dec\":\"%s\","
				"\"use_batch_norm\":%s,\"use_group_norm\":%s}",
		b->enc, b->dec, strcmp(b->norm, "batch") ? "false" : "true",
		strcmp(b->norm, "group") ? "false" : "true");
	cJSON *args = cJSON_Parse(b->args ? b->args : json);
	struct shape s = shape5(b->batch, b->size[0], b->size[1], b->size[2], b->channels);
	struct dice_attr dice = {.squared = 1, .smooth = 1e-5f};
	struct net_out out;
	struct node *loss;
	int rc = !c || component_use_init(&use, c, args, NULL, "bench", "model", &ps);

	io[0] = io[1] = NULL;
	if (rc)
		problems_to_err(&ps, err);
	if (!rc)
		io[0] = graph_input(g, "image", &s, err);
	rc = !io[0] || ((const struct net_ops *)c->ops)->build(use.args, g, io[0], &out, err);
	if (!rc)
		s = out.pred->shape; /* a classifier has one voxel */
	s.d[4] = 1;
	if (!rc && !b->infer) {
		io[1] = graph_input(g, "label", &s, err);
		loss = io[1] ? layer_dice(g, out.pred, io[1], &dice, err) : NULL;
		rc = !loss || graph_add_loss(g, loss, 1, err);
		out.pred->output = false; /* as in training */
	}
	if (c)
		component_use_release(&use);
	problems_release(&ps);
	cJSON_Delete(args);
	free(json);
	return rc ? -1 : 0;
}

static void fill_inputs(struct plan *p, struct node *const io[2])
{
	struct rng r = rng_stream(1, 0, 0, 0);

	for (int i = 0; i < 2 && io[i]; i++) {
		float *v = plan_value(p, io[i]);
		size_t n = shape_count(&io[i]->shape);

		for (size_t k = 0; k < n; k++)
			v[k] = i ? (float)rng_below(&r, 3) : (float)rng_normal(&r);
	}
}

static void report(const struct bench *b, const struct plan *p, double *step, double *forward)
{
	double med = values_median(step, b->reps), med_forward = values_median(forward, b->reps);

	printf("%-22s %-10s %9s %8s %9s %8s\n", "layer", "op", "fwd ms", "GF/s", "bwd ms", "GF/s");
	for (int i = 0; i < plan_steps(p); i++) {
		struct plan_step_info s = plan_step_info(p, i);
		double f = values_median(fwd[i], b->reps), w = values_median(bwd[i], b->reps);

		printf("%-22s %-10s %9.3f %8.1f %9.3f %8.1f%s\n", s.name, s.op, f * 1e3,
			s.flops * 1e-9 / f, w * 1e3, w > 0 ? 2 * s.flops * 1e-9 / w : 0,
			s.reference ? "  reference" : "");
	}
	printf("step %.2f ms (forward %.2f), best %.2f ms; nominal %.2f GFLOP = %.0f GFLOP/s; "
	       "arena %.1f MiB, peak RSS %.1f MiB\n",
		med * 1e3, med_forward * 1e3, step[0] * 1e3, plan_flops(p) * 1e-9,
		plan_flops(p) * 1e-9 / med, (double)plan_arena_bytes(p) / 1048576,
		(double)sys_peak_rss() / 1048576);
}

static int time_steps(const struct bench *b, struct plan *p, struct node *const io[2],
	struct params *params, struct err *err)
{
	double step[MAX_REPS], forward[MAX_REPS];

	plan_time(p, true);
	for (int r = -2; r < b->reps; r++) {
		double t0, t1, t2;

		fill_inputs(p, io);
		params_touch(params);
		t0 = sys_now();
		if (plan_forward(p, !b->infer, 1, 1, err))
			return -1;
		t1 = sys_now();
		if (!b->infer && plan_backward(p, err))
			return -1;
		t2 = sys_now();
		if (r < 0)
			continue;
		step[r] = t2 - t0;
		forward[r] = t1 - t0;
		for (int i = 0; i < plan_steps(p) && i < MAX_STEPS; i++) {
			fwd[i][r] = plan_step_info(p, i).fwd_sec;
			bwd[i][r] = plan_step_info(p, i).bwd_sec;
		}
	}
	report(b, p, step, forward);
	return 0;
}

int main(int argc, char **argv)
{
	struct bench b = {.batch = 4,
		.size = {48, 64, 48},
		.channels = 1,
		.enc = "16,32,64,128",
		.dec = "64,64,32,32,16,16,16",
		.norm = "group",
		.net = "Unet",
		.reps = 10};
	struct err err = ERR_INIT;
	struct graph *g = graph_new();
	struct params *params = NULL;
	struct backend *cpu = NULL;
	struct plan *p = NULL;
	struct plan_opts opts = {0};
	struct node *io[2];
	struct buf text = {0};
	int rc = 1;

	if (parse(&b, argc, argv)) {
		fputs("usage: see the top of bench_step.c\n", stderr);
		graph_free(g);
		return 64;
	}
	opts.training = !b.infer;
	opts.dtype = b.bf16 ? DTYPE_BF16 : DTYPE_F32;
	if (!build(&b, g, io, &err) && (params = params_new(g, 1, &err)) != NULL &&
		(cpu = cpu_open(NULL, &err)) != NULL &&
		(p = plan_new(g, params, cpu, &opts, &err)) != NULL) {
		plan_describe(p, &text);
		fputs(text.p, stdout);
		rc = time_steps(&b, p, io, params, &err) ? 1 : 0;
	}
	if (rc)
		fprintf(stderr, "bench_step: %s\n", err.msg);
	buf_release(&text);
	plan_free(p);
	params_free(params);
	if (cpu)
		cpu->ops->close(cpu);
	graph_free(g);
	return rc;
}
