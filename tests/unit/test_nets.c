/*
 * The networks beside Unet: that each builds, learns, takes 2-D images and sizes that
 * its strides do not divide, names its parameters as documented, and refuses what does
 * not fit; the variational branch of SegResnet; what the model makes of an output.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/cpu/cpu.h"
#include "core/graph/losses.h"
#include "core/graph/plan.h"
#include "core/net/net.h"
#include "core/train/model.h"
#include "tests/unit/use.h"

static struct err err;

struct net {
	struct graph *g;
	struct node *image;
	struct net_out out;
};

static int build(struct net *n, const char *name, const char *json, struct shape s, bool training)
{
	struct component_use u = use_of(COMPONENT_NETWORK, name, json);
	const struct net_ops *ops = u.c->ops;
	int rc;

	err = (struct err)ERR_INIT;
	*n = (struct net){.g = graph_new()};
	n->g->training = training;
	n->image = graph_input(n->g, "image", &s, &err);
	rc = ops->build(u.args, n->g, n->image, &n->out, &err);
	if (!rc)
		assert_int_equal(ops->classes(u.args), n->out.pred->shape.d[4]);
	component_use_release(&u);
	return rc;
}

/* A ball (class 1) in noise. */
static void fill(float *image, float *label, const struct shape *s)
{
	struct rng r = rng_stream(2, 0, 0, 0);
	size_t n = shape_count(s);

	for (size_t i = 0; i < n; i++) {
		int64_t w = (int64_t)i % s->d[3], h = (int64_t)i / s->d[3] % s->d[2];
		int64_t d = (int64_t)i / (s->d[3] * s->d[2]) % s->d[1];
		int64_t x = w - s->d[3] / 2, y = h - s->d[2] / 3, z = d - s->d[1] / 2;

		label[i] = x * x + y * y + z * z < 20;
		image[i] = label[i] + 0.5f * (float)rng_normal(&r);
	}
}

static void adam(struct params *p, float *m, float *v, int t)
{
	for (size_t i = 0; i < p->len; i++) {
		m[i] = 0.9f * m[i] + 0.1f * p->g[i];
		v[i] = 0.99f * v[i] + 0.01f * p->g[i] * p->g[i];
		p->w[i] -= 0.01f * (m[i] / (1 - powf(0.9f, (float)t))) /
			   (sqrtf(v[i] / (1 - powf(0.99f, (float)t))) + 1e-8f);
	}
	params_touch(p);
}

/* Ops without a kernel of their own that a training step may hold. */
static bool cheap(const char *op)
{
	static const char *const names[] = {"l2", "loss_kl", "loss_mse", "loss_dice",
		"loss_cross_entropy", "resize", "pool", "vae_sample", NULL};

	for (int i = 0; names[i]; i++)
		if (!strcmp(op, names[i]))
			return true;
	return false;
}

/* Loss after steps of training; the first to *first. */
static double fit(const char *name, const char *json, struct shape s, int steps, double *first)
{
	struct entropy_attr entropy = {.form = ENTROPY_SOFTMAX_LOGITS};
	struct backend *cpu = cpu_open(NULL, &err);
	struct plan_opts opts = {.training = true};
	struct node *label, *loss;
	struct params *params;
	struct plan *p;
	struct net n;
	float *m, *v;
	double last = 0;

	if (build(&n, name, json, s, true))
		fail_msg("%s", err.msg);
	label = graph_input(n.g, "label", &s, &err);
	loss = layer_cross_entropy(n.g, n.out.logits, label, &entropy, &err);
	assert_non_null(loss);
	assert_int_equal(graph_add_loss(n.g, loss, 1, &err), 0);
	params = params_new(n.g, 1, &err);
	p = plan_new(n.g, params, cpu, &opts, &err);
	if (!p)
		fail_msg("%s", err.msg);
	for (int i = 0; i < plan_steps(p); i++) {
		struct plan_step_info info = plan_step_info(p, i);

		if (info.reference && !cheap(info.op))
			fail_msg(
				"%s: step %s (%s) runs as the reference", name, info.name, info.op);
	}
	m = mem_zalloc(params->len * sizeof(float));
	v = mem_zalloc(params->len * sizeof(float));
	for (int t = 1; t <= steps; t++) {
		fill(plan_value(p, n.image), plan_value(p, label), &s);
		assert_int_equal(plan_forward(p, true, 1, (uint64_t)t, &err), 0);
		last = plan_loss(p);
		if (t == 1)
			*first = last;
		assert_int_equal(plan_backward(p, &err), 0);
		adam(params, m, v, t);
	}
	free(m);
	free(v);
	plan_free(p);
	params_free(params);
	cpu->ops->close(cpu);
	graph_free(n.g);
	return last;
}

#define RESNET_SMALL "\"blocks_down\":\"1,1\",\"blocks_up\":\"1\",\"init_filters\":4"

static const struct {
	const char *name, *json;
} nets[] = {
	{"SegResnet", "{\"num_classes\":2," RESNET_SMALL "}"},
	{"SegResnet", "{\"num_classes\":2," RESNET_SMALL ",\"use_vae\":true,\"reg_weight\":1e-6}"},
	{"SegResnet", "{\"num_classes\":2," RESNET_SMALL ",\"use_group_norm\":false}"},
	{"SegResnet",
		"{\"num_classes\":2,\"blocks_down\":\"1,1\",\"blocks_up\":\"1\",\"use_batch_norm\":true,"
		"\"dropout_prob\":0.1,\"init_filters\":2}"},
	/* as the published configurations have it: 8 groups for 2 channels are lowered */
	{"SegResnet", "{\"num_classes\":2,\"blocks_down\":\"1,1,1\",\"blocks_up\":\"1,1\","
		      "\"init_filters\":2,\"use_group_normG\":8,\"final_activation\":\"sigmoid\"}"},
	{"SegResNet", "{" RESNET_SMALL "}"},
	{"SegResNet", "{" RESNET_SMALL ",\"upsample_mode\":\"deconv\",\"norm\":\"batch\"}"},
	{"UNet", "{\"out_channels\":2,\"channels\":[4,8,8],\"strides\":[2,2]}"},
	{"UNet", "{\"out_channels\":2,\"channels\":[4,8],\"strides\":[2],\"num_res_units\":2,"
		 "\"norm\":\"batch\",\"act\":\"relu\",\"dropout\":0.1,\"dimensions\":3}"},
	{"UNet", "{\"out_channels\":2,\"channels\":[4,8],\"strides\":[[2,1,3]],"
		 "\"kernel_size\":[3,5,1],\"norm\":[\"group\",{\"num_groups\":2}],"
		 "\"act\":[\"prelu\",{\"num_parameters\":1}],\"adn_ordering\":\"AN\"}"},
	{"BasicUNet", "{\"features\":[4,4,4,8,8,4]}"},
	{"BasicUnet", "{\"features\":[4,4,4,8,8,4],\"upsample\":\"nontrainable\",\"dropout\":0.1}"},
};

static void every_network_learns(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nets); i++) {
		double first, last;

		last = fit(nets[i].name, nets[i].json, shape5(1, 8, 16, 16, 1), 25, &first);
		print_message("%s %s: %.3f -> %.3f\n", nets[i].name, nets[i].json, first, last);
		assert_true(last < 0.8 * first);
	}
}

/* Shapes that strides do not divide, and 2-D images: the output has the image's size. */
static void any_size_works(void **state)
{
	const struct shape odd[] = {shape5(2, 7, 13, 17, 1), shape5(1, 1, 15, 18, 1)};
	struct net n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nets); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(odd); k++) {
			struct shape want = odd[k];

			want.d[4] = 2;
			if (build(&n, nets[i].name, nets[i].json, odd[k], true))
				fail_msg("%s %s: %s", nets[i].name, nets[i].json, err.msg);
			assert_true(shape_eq(&n.out.pred->shape, &want));
			for (int j = 0; k == 1 && j < n.g->n; j++) {
				const struct node *w = n.g->node[j];

				/* no weight of a 2-D network reaches over D */
				if (w->kind == NODE_PARAM && w->shape.n == 5)
					assert_int_equal(w->shape.d[2], 1);
			}
			graph_free(n.g);
		}
	}
}

/* The branch and its losses are there in training, and leave nothing behind otherwise. */
static void variational_branch(void **state)
{
	static const char json[] = "{\"num_classes\":2," RESNET_SMALL ",\"use_vae\":true}";
	struct net train, infer;

	(void)state;
	assert_int_equal(build(&train, "SegResnet", json, shape5(2, 8, 8, 8, 3), true), 0);
	assert_int_equal(build(&infer, "SegResnet", json, shape5(2, 8, 8, 8, 3), false), 0);
	assert_int_equal(train.g->n_loss, 2);
	assert_int_equal(infer.g->n_loss, 0);
	assert_non_null(graph_find(train.g, "vae_conv_final.2.conv.weight"));
	assert_int_equal(graph_find(train.g, "vae_conv_final.2.conv.weight")->shape.d[0], 3);
	assert_int_equal(graph_find(train.g, "vae_fc.weight")->shape.d[0], 256);
	for (int i = 0; i < infer.g->n; i++) {
		assert_true(strncmp(infer.g->node[i]->name, "vae", 3) != 0);
		if (infer.g->node[i]->kind == NODE_PARAM)
			assert_non_null(graph_find(train.g, infer.g->node[i]->name));
	}
	graph_free(train.g);
	graph_free(infer.g);
}

static void names_are_monais(void **state)
{
	static const char *const names[] = {"model.0.conv.unit0.conv.weight",
		"model.0.conv.unit0.adn.A.weight", "model.0.residual.bias",
		"model.1.submodule.0.conv.unit1.conv.bias",
		"model.1.submodule.1.submodule.conv.unit1.adn.A.weight",
		"model.1.submodule.2.0.conv.weight", "model.2.0.adn.A.weight",
		"model.2.1.conv.unit0.conv.weight"};
	struct net n;

	(void)state;
	assert_int_equal(build(&n, "UNet",
				 "{\"out_channels\":2,\"channels\":[4,8,16],\"strides\":[2,2],"
				 "\"num_res_units\":2}",
				 shape5(1, 8, 8, 8, 1), false),
		0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!graph_find(n.g, names[i]))
			fail_msg("no %s", names[i]);
	assert_null(graph_find(n.g, "model.2.1.conv.unit0.adn.A.weight")); /* last: alone */
	graph_free(n.g);
}

static void faults(void **state)
{
	static const struct {
		const char *name, *json, *say;
	} rows[] = {
		{"SegResnet", "{\"num_classes\":2,\"blocks_down\":\"1,2\"}",
			"blocks_up has 3 numbers, 1 wanted"},
		{"SegResNet", "{\"norm\":\"layer\"}", "unknown norm 'layer'"},
		{"SegResNet", "{\"norm\":[\"group\",{\"groups\":4}]}", "option 'groups' of norm"},
		{"SegResNet", "{\"act\":\"gelu\"}", "unknown act 'gelu'"},
		{"SegResNet", "{\"in_channels\":4}", "in_channels is 4, the images have 1"},
		{"SegResNet", "{\"spatial_dims\":2}", "the images have a depth of 8"},
		{"UNet", "{\"out_channels\":2,\"channels\":[4],\"strides\":[]}",
			"channels has 1 numbers"},
		{"UNet", "{\"out_channels\":2,\"channels\":[4,8,8],\"strides\":[2]}",
			"strides must be a list of 2"},
		{"UNet", "{\"out_channels\":2,\"channels\":[4,8],\"strides\":[0]}",
			"stride 0 must be"},
		{"UNet",
			"{\"out_channels\":2,\"channels\":[4,8],\"strides\":[2],"
			"\"kernel_size\":4}",
			"kernel_size must be an odd number"},
		{"UNet",
			"{\"out_channels\":2,\"channels\":[4,8],\"strides\":[2],"
			"\"adn_ordering\":\"NN\"}",
			"adn_ordering"},
		{"BasicUNet", "{\"features\":[4,4]}", "features has 2 numbers, 6 wanted"},
	};
	struct net n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(
			build(&n, rows[i].name, rows[i].json, shape5(1, 8, 8, 8, 1), false), -1);
		assert_int_equal(err.code, ERR_DATA);
		if (!strstr(err.msg, rows[i].say))
			fail_msg("'%s' does not say '%s'", err.msg, rows[i].say);
		graph_free(n.g);
	}
}

/* What losses and metrics are told about the output. */
static void the_activation_is_seen(void **state)
{
	static const struct {
		const char *final;
		enum loss_activation want;
	} rows[] = {{"softmax", LOSS_SOFTMAX}, {"sigmoid", LOSS_SIGMOID}, {"linear", LOSS_LINEAR}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *text = mem_printf("{\"name\":\"SegResnet\",\"in_channels\":1,\"args\":{"
					"\"num_classes\":2," RESNET_SMALL
					",\"final_activation\":\"%s\"}}",
			rows[i].final);
		cJSON *spec = json_parse(text, strlen(text), "spec", &err);
		struct model m;

		if (model_init(&m, spec, 1, "cpu", &err))
			fail_msg("%s", err.msg);
		assert_int_equal(m.activation, rows[i].want);
		model_release(&m);
		cJSON_Delete(spec);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_network_learns),
		cmocka_unit_test(any_size_works),
		cmocka_unit_test(variational_branch),
		cmocka_unit_test(names_are_monais),
		cmocka_unit_test(faults),
		cmocka_unit_test(the_activation_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
