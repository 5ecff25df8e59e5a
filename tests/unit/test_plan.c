/*
 * Plans: liveness, fusion, in-place work and shared weights, on a small network
 * with a skip connection (so gradients are added), batch norm, dropout and a
 * regulariser.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/cpu/cpu.h"
#include "core/graph/layers.h"
#include "core/graph/losses.h"
#include "core/graph/plan.h"

struct net {
	struct graph *g;
	struct node *image, *label, *pred;
	struct params *params;
	struct backend *cpu;
	bool odd;
};

static struct err err;

static struct node *block(struct graph *g, struct node *x, const char *name, int channels,
	int stride, enum norm_kind kind)
{
	char norm[32];

	snprintf(norm, sizeof(norm), "%s.norm", name);
	x = layer_conv(g, x, name, channels, 3, stride, false, &err);
	assert_non_null(x);
	x = layer_norm(g, x, norm, kind, 4, &err);
	assert_non_null(x);
	x = layer_act(g, x, ACT_LEAKY, 0.2f, &err);
	assert_non_null(x);
	return x;
}

static struct graph *build(struct net *n, int64_t batch, bool loss)
{
	struct graph *g = graph_new();
	struct shape s = n->odd ? shape5(batch, 7, 9, 5, 1) : shape5(batch, 8, 8, 6, 1);
	struct dice_attr dice = {.smooth = 1e-3f};
	struct node *x, *skip, *in[2];

	n->image = graph_input(g, "image", &s, &err);
	skip = block(g, n->image, "a", 8, 1, NORM_GROUP);
	x = block(g, skip, "b", 16, 2, NORM_BATCH);
	assert_int_equal(layer_l2(g, graph_find(g, "b.weight"), 1e-3, &err), 0);
	in[0] = layer_upsample(g, x, skip, &err);
	in[1] = skip;
	assert_non_null(in[0]);
	x = layer_concat(g, in, 2, &err);
	assert_non_null(x);
	x = layer_conv(g, x, "c", 8, 3, 1, true, &err);
	assert_non_null(x);
	x = layer_act(g, x, ACT_RELU, 0, &err);
	assert_non_null(x);
	x = layer_add(g, x, skip, &err);
	assert_non_null(x);
	x = layer_dropout(g, x, 0.1, &err);
	assert_non_null(x);
	x = layer_conv(g, x, "out", 3, 1, 1, true, &err);
	assert_non_null(x);
	n->pred = layer_softmax(g, x, &err);
	assert_non_null(n->pred);
	graph_output(g, n->pred);
	n->label = NULL;
	if (loss) {
		s.d[4] = 1;
		n->label = graph_input(g, "label", &s, &err);
		x = layer_dice(g, n->pred, n->label, &dice, &err);
		assert_non_null(x);
		assert_int_equal(graph_add_loss(g, x, 1, &err), 0);
	}
	return g;
}

static struct net make(bool odd)
{
	struct net n = {.odd = odd};

	n.g = build(&n, 2, true);
	n.params = params_new(n.g, 3, &err);
	assert_non_null(n.params);
	n.cpu = cpu_open(NULL, &err);
	assert_non_null(n.cpu);
	return n;
}

static void drop(struct net *n)
{
	params_free(n->params);
	n->cpu->ops->close(n->cpu);
	graph_free(n->g);
}

static void upload(struct plan *p, const struct net *n)
{
	struct rng r = rng_stream(9, 0, 0, 0);
	const struct node *in[2] = {n->image, n->label};

	for (int i = 0; i < 2 && in[i]; i++) {
		float *v = plan_value(p, in[i]);
		size_t count = shape_count(&in[i]->shape);

		for (size_t k = 0; k < count; k++)
			v[k] = i ? (float)rng_below(&r, 3) : (float)rng_normal(&r);
	}
}

static struct plan *plan(struct net *n, struct plan_opts opts)
{
	struct plan *p = plan_new(n->g, n->params, n->cpu, &opts, &err);

	if (!p)
		print_error("%s\n", err.msg);
	assert_non_null(p);
	return p;
}

/* Forward and backward in training mode from fresh inputs; returns the loss. */
static double step(struct plan *p, const struct net *n)
{
	upload(p, n);
	assert_int_equal(plan_forward(p, true, 1, 2, &err), 0);
	if (n->params->g)
		assert_int_equal(plan_backward(p, &err), 0);
	return plan_loss(p);
}

static void blocks_do_not_overlap(struct plan *p)
{
	for (int i = 0; i < plan_blocks(p); i++) {
		struct plan_block_info a = plan_block_info(p, i);

		assert_true(a.offset % 64 == 0 && a.first <= a.last);
		assert_true(a.offset + a.bytes <= plan_arena_bytes(p));
		for (int k = 0; k < i; k++) {
			struct plan_block_info b = plan_block_info(p, k);
			bool time = a.first <= b.last && b.first <= a.last;
			bool place = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;

			if (time && place)
				print_error("%s and %s overlap\n", a.what, b.what);
			assert_false(time && place);
		}
	}
}

static void liveness(void **state)
{
	struct net n = make(false);
	struct plan *train = plan(&n, (struct plan_opts){.training = true});
	struct plan *parts = plan(&n, (struct plan_opts){.training = true, .no_fuse = true});
	struct plan *infer = plan(&n, (struct plan_opts){.training = false});

	(void)state;
	blocks_do_not_overlap(train);
	blocks_do_not_overlap(parts);
	blocks_do_not_overlap(infer);
	assert_true(plan_steps(train) < plan_steps(parts));
	assert_true(plan_arena_bytes(train) < plan_arena_bytes(parts));
	assert_true(plan_arena_bytes(infer) < plan_arena_bytes(train) * 3 / 4);
	plan_free(train);
	plan_free(parts);
	plan_free(infer);
	drop(&n);
}

static void near(const float *a, const float *b, size_t n, double tolerance)
{
	double top = 1e-6;

	for (size_t i = 0; i < n; i++)
		top = fmax(top, fabs((double)b[i]));
	for (size_t i = 0; i < n; i++)
		if (!(fabs((double)a[i] - (double)b[i]) <= tolerance * top))
			fail_msg("element %zu: %g, not %g", i, (double)a[i], (double)b[i]);
}

static void all_ways_agree(bool odd)
{
	static const struct plan_opts ways[] = {
		{.training = true, .reference = true, .no_fuse = true},
		{.training = true, .reference = true}, {.training = true, .no_fuse = true},
		{.training = true}};
	float *grad[4], *states[4];
	double loss[4];

	for (int i = 0; i < 4; i++) {
		struct net n = make(odd);
		struct plan *p = plan(&n, ways[i]);

		loss[i] = step(p, &n);
		grad[i] = mem_alloc(n.params->len * sizeof(float));
		memcpy(grad[i], n.params->g, n.params->len * sizeof(float));
		states[i] = mem_alloc(n.params->state_len * sizeof(float));
		memcpy(states[i], n.params->s, n.params->state_len * sizeof(float));
		if (i) {
			assert_true(fabs(loss[i] - loss[0]) < 1e-5);
			for (int k = 0; k < n.params->n; k++)
				near(grad[i] + n.params->param[k].offset,
					grad[0] + n.params->param[k].offset,
					n.params->param[k].count, 1e-3);
			near(states[i], states[0], n.params->state_len, 1e-5);
		}
		plan_free(p);
		drop(&n);
	}
	for (int i = 0; i < 4; i++) {
		free(grad[i]);
		free(states[i]);
	}
}

static void reference_kernels_and_fusion_agree(void **state)
{
	(void)state;
	all_ways_agree(false);
	all_ways_agree(true);
}

/* The gradient of the whole network, by differences along random directions. */
static void whole_gradient(void **state)
{
	struct net n = make(false);
	struct plan *p = plan(&n, (struct plan_opts){.training = true});
	struct rng r = rng_stream(4, 0, 0, 0);

	(void)state;
	step(p, &n);
	for (int k = 0; k < n.params->n; k++) {
		const struct param *q = &n.params->param[k];
		float *w = n.params->w + q->offset, *keep = mem_alloc(q->count * sizeof(float));
		float *dir = mem_alloc(q->count * sizeof(float));
		double want = 0, l[2], h = 5e-3, square = 0;

		step(p, &n);
		memcpy(keep, w, q->count * sizeof(float));
		for (size_t i = 0; i < q->count; i++) {
			float g = n.params->g[q->offset + i];

			dir[i] = (float)rng_normal(&r) * 0.1f + (g > 0 ? 1.0f : -1.0f);
			square += (double)dir[i] * (double)dir[i];
		}
		for (size_t i = 0; i < q->count; i++) {
			dir[i] /= (float)sqrt(square);
			want += (double)dir[i] * (double)n.params->g[q->offset + i];
		}
		for (int s = 0; s < 2; s++) {
			for (size_t i = 0; i < q->count; i++)
				w[i] = keep[i] + (float)(s ? -h : h) * dir[i];
			params_touch(n.params);
			l[s] = step(p, &n);
		}
		memcpy(w, keep, q->count * sizeof(float));
		params_touch(n.params);
		if (fabs((l[0] - l[1]) / (2 * h) - want) > 0.02 * fabs(want) + 1e-4)
			fail_msg("%s: backward %g, difference %g", q->name, want,
				(l[0] - l[1]) / (2 * h));
		free(keep);
		free(dir);
	}
	plan_free(p);
	drop(&n);
}

static void same_bits_again(void **state)
{
	struct net n = make(false);
	struct plan *p = plan(&n, (struct plan_opts){.training = true});
	float *first = mem_alloc(n.params->len * sizeof(float));
	double loss = step(p, &n);

	(void)state;
	memcpy(first, n.params->g, n.params->len * sizeof(float));
	assert_true(step(p, &n) == loss);
	assert_memory_equal(first, n.params->g, n.params->len * sizeof(float));
	plan_free(p);
	p = plan(&n, (struct plan_opts){.training = true});
	assert_true(step(p, &n) == loss);
	assert_memory_equal(first, n.params->g, n.params->len * sizeof(float));
	free(first);
	plan_free(p);
	drop(&n);
}

/* An inference plan at another batch size shares the weights and gives the same output. */
static void plans_share_weights(void **state)
{
	struct net n = make(false), one = {0};
	struct plan *train = plan(&n, (struct plan_opts){.training = true}), *infer;
	size_t item = shape_count(&n.pred->shape) / 2, voxels = shape_count(&n.image->shape) / 2;
	float *image = mem_alloc(voxels * sizeof(float));
	struct plan_opts opts = {.training = false};

	(void)state;
	step(train, &n);
	for (size_t i = 0; i < n.params->len; i++)
		n.params->w[i] -= 0.1f * n.params->g[i];
	params_touch(n.params);
	one.g = build(&one, 1, false);
	infer = plan_new(one.g, n.params, n.cpu, &opts, &err);
	assert_non_null(infer);
	upload(train, &n);
	memcpy(image, plan_value(train, n.image), voxels * sizeof(float));
	assert_int_equal(plan_forward(train, false, 0, 0, &err), 0);
	for (int pass = 0; pass < 2; pass++) {
		assert_int_equal(plan_upload(infer, one.image, image, &err), 0);
		assert_int_equal(plan_forward(infer, false, 0, 0, &err), 0);
		near(plan_value(infer, one.pred), plan_value(train, n.pred), item, 1e-5);
	}
	assert_true(plan_arena_bytes(infer) < plan_arena_bytes(train) * 3 / 4);
	free(image);
	plan_free(infer);
	plan_free(train);
	graph_free(one.g);
	drop(&n);
}

static void errors_and_text(void **state)
{
	struct net n = make(false);
	struct plan *p = plan(&n, (struct plan_opts){.training = true});
	struct plan *infer = plan(&n, (struct plan_opts){.training = false});
	struct graph *other = graph_new();
	struct plan_opts opts = {0};
	struct shape s = shape5(1, 2, 2, 2, 1);
	struct node *x = graph_input(other, "image", &s, &err);
	struct buf text = {0};
	float v;

	(void)state;
	assert_int_equal(plan_backward(p, &err), -1);
	upload(infer, &n);
	assert_int_equal(plan_forward(infer, false, 0, 0, &err), 0);
	assert_int_equal(plan_backward(infer, &err), -1);
	assert_int_equal(plan_download(p, graph_find(n.g, "a"), &v, &err), -1);
	assert_null(graph_input(other, "image", &s, &err));
	assert_non_null(strstr(err.msg, "'image'"));
	x = layer_conv(other, x, "stranger", 4, 3, 1, true, &err);
	assert_non_null(x);
	graph_output(other, x);
	assert_null(plan_new(other, n.params, n.cpu, &opts, &err));
	assert_non_null(strstr(err.msg, "stranger.weight"));
	plan_describe(p, &text);
	assert_non_null(strstr(text.p, "upconv"));
	assert_non_null(strstr(text.p, "arena"));
	assert_true(plan_flops(p) > 0);
	buf_release(&text);
	graph_free(other);
	plan_free(infer);
	plan_free(p);
	drop(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(liveness),
		cmocka_unit_test(reference_kernels_and_fusion_agree),
		cmocka_unit_test(whole_gradient),
		cmocka_unit_test(same_bits_again),
		cmocka_unit_test(plans_share_weights),
		cmocka_unit_test(errors_and_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
