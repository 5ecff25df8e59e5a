/*
 * DenseNet121, Alexnet, SegAhnet and DynUNet: that each learns one fixed batch in 2-D and
 * 3-D, that weights do not depend on the image's size, and what they refuse.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/unit/net_rig.h"
#include "tests/unit/use.h"

#define SMALL_DENSE "\"init_features\":8,\"growth_rate\":4,\"block_config\":[2,2],\"bn_size\":2"
#define SMALL_ALEX  "\"num_feat\":[8,16,16,16,16,24,24],\"use_group_normG\":4"
#define DYN         "\"out_channels\":2,\"kernel_size\":[3,3,3],\"strides\":[1,2,2],\"filters\":[4,8,8]"

/* A box of ones in noise; a classifier's label is whether there is one. */
static void fill(struct net_rig *r)
{
	struct rng g = rng_stream(3, 0, 0, 0);
	const struct shape *s = &r->image->shape;
	int64_t c = s->d[4], voxels = shape_voxels(s);
	bool whole = shape_voxels(&r->label->shape) == 1;
	float *image = plan_value(r->plan, r->image), *label = plan_value(r->plan, r->label);

	for (int64_t i = 0; i < s->d[0] * voxels; i++) {
		int64_t n = i / voxels, w = i % s->d[3], h = i / s->d[3] % s->d[2];
		bool box =
			(!whole || n % 2) && w > s->d[3] / 3 && h > s->d[2] / 3 && h < s->d[2] - 2;

		for (int64_t k = 0; k < c; k++)
			image[i * c + k] = (float)box + 0.5f * (float)rng_normal(&g);
		label[whole ? n : i] = whole ? (float)(n % 2) : (float)box;
	}
}

/* rate: of Adam, or, when negative, the size of plain steps. */
static void learn(const char *name, const char *json, struct shape image, int steps, double rate)
{
	double first = 0, last = 0;
	struct net_rig r;

	net_rig_open(&r, name, json, image);
	for (int t = 0; t <= steps; t++) {
		fill(&r);
		last = rate > 0 ? net_rig_adam(&r, rate) : net_rig_descend(&r, -rate);
		if (!t)
			first = last;
	}
	print_message("%s %s: %.3f -> %.3f in %d steps\n", name, image.d[1] == 1 ? "2-D" : "3-D",
		first, last, steps);
	assert_true(isfinite(last) && last < 0.7 * first);
	net_rig_close(&r);
}

static void densenet_learns(void **state)
{
	(void)state;
	learn("DenseNet121", "{\"num_classes\":2," SMALL_DENSE "}", shape5(4, 1, 32, 32, 1), 10,
		0.01);
	learn("DenseNet121",
		"{\"num_classes\":2,\"dropout_prob\":0.1,\"reg_weight\":1e-6," SMALL_DENSE "}",
		shape5(4, 9, 17, 16, 2), 15, 0.01);
}

static void alexnet_learns(void **state)
{
	(void)state;
	learn("Alexnet", "{\"num_classes\":2,\"dropout_prob\":0.1," SMALL_ALEX "}",
		shape5(4, 1, 32, 33, 1), 20, 3e-3);
	learn("Alexnet",
		"{\"num_classes\":2,\"mil\":true,\"dropout_prob\":0,\"use_batch_norm\":true,"
		"\"reg_weight\":1e-6," SMALL_ALEX "}",
		shape5(4, 9, 32, 32, 1), 15, 3e-3);
}

static void segahnet_learns(void **state)
{
	(void)state;
	learn("SegAhnet", "{\"num_classes\":2}", shape5(1, 1, 32, 32, 1), 2, -1e-3);
	learn("SegAhnet",
		"{\"num_classes\":2,\"n_spatial_dim\":3,\"if_use_psp\":true,\"final_activation\":"
		"\"sigmoid\",\"pretrain_weight_name\":\"absent.h5\"}",
		shape5(1, 5, 32, 32, 1), 2, -1e-3);
}

static void dynunet_learns(void **state)
{
	(void)state;
	learn("DynUNet", "{" DYN ",\"spatial_dims\":2}", shape5(1, 1, 19, 22, 1), 15, 0.01);
	learn("DynUNet",
		"{" DYN ",\"res_block\":true,\"norm_name\":\"batch\",\"act_name\":\"prelu\"}",
		shape5(1, 9, 16, 13, 1), 15, 0.01);
}

static size_t count(const char *name, const char *json, struct shape image)
{
	struct err err = ERR_INIT;
	struct net_rig r;
	size_t n = 0;

	if (net_rig_build(&r, name, json, image, &err))
		fail_msg("%s: %s", name, err.msg);
	for (int i = 0; i < r.g->n; i++)
		n += r.g->node[i]->kind == NODE_PARAM ? shape_count(&r.g->node[i]->shape) : 0;
	graph_free(r.g);
	return n;
}

/* Counts that torchvision and MONAI print for the same layers. */
static void weights_do_not_depend_on_size(void **state)
{
	static const char dense[] = "{\"num_classes\":1000}", alex[] = "{\"num_classes\":2}";

	(void)state;
	assert_int_equal(count("DenseNet121", dense, shape5(1, 1, 224, 224, 3)), 7978856);
	assert_int_equal(count("DenseNet121", dense, shape5(1, 1, 31, 5, 3)), 7978856);
	assert_int_equal(count("DenseNet121", "{\"out_channels\":2}", shape5(1, 64, 64, 64, 1)),
		11243649 + 1025);
	assert_int_equal(count("Alexnet", alex, shape5(1, 1, 64, 64, 1)),
		count("Alexnet", alex, shape5(1, 1, 20, 100, 1)));
}

static const struct {
	const char *name, *json, *what;
	int64_t depth;
} bad[] = {
	{"DenseNet121", "{}", "num_classes", 1},
	{"DenseNet121", "{\"num_classes\":2,\"out_channels\":3}", "out_channels", 1},
	{"DenseNet121", "{\"out_channels\":2,\"spatial_dims\":2}", "spatial_dims", 8},
	{"DenseNet121", "{\"out_channels\":2,\"in_channels\":3}", "in_channels", 1},
	{"DenseNet121", "{\"num_classes\":2,\"norm\":\"layer\"}", "layer", 1},
	{"Alexnet", "{\"num_classes\":2,\"num_feat\":\"1,2,3\"}", "num_feat", 1},
	{"SegAhnet", "{\"num_classes\":2}", "n_spatial_dim", 8},
	{"DynUNet", "{" DYN ",\"deep_supervision\":true}", "deep_supervision", 8},
	{"DynUNet", "{" DYN ",\"dropout\":0.5}", "dropout", 8},
	{"DynUNet", "{" DYN ",\"upsample_kernel_size\":[2,2,2]}", "upsample_kernel_size", 8},
	{"DynUNet", "{\"out_channels\":2,\"kernel_size\":3,\"strides\":[1,2]}", "kernel_size", 8},
	{"DynUNet", "{\"out_channels\":2,\"kernel_size\":[3,[3,3]],\"strides\":[1,2]}",
		"kernel_size[1]", 8},
	{"DynUNet", "{\"out_channels\":2,\"kernel_size\":[3],\"strides\":[1]}", "strides", 8},
	{"DynUNet", "{\"out_channels\":2,\"kernel_size\":[3,3],\"strides\":[1,2],\"filters\":[4]}",
		"filters", 8},
};

static void faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = ERR_INIT;
		struct net_rig r;

		if (!net_rig_build(
			    &r, bad[i].name, bad[i].json, shape5(1, bad[i].depth, 8, 8, 1), &err))
			fail_msg("%s %s was taken", bad[i].name, bad[i].json);
		assert_int_equal(err.code, ERR_DATA);
		assert_non_null(strstr(err.msg, bad[i].name));
		if (!strstr(err.msg, bad[i].what))
			fail_msg("'%s' does not name '%s'", err.msg, bad[i].what);
		graph_free(r.g);
	}
	assert_true(use_faults(COMPONENT_NETWORK, "Alexnet", "{}") > 0);
	assert_true(use_faults(COMPONENT_NETWORK, "SegAhnet",
			    "{\"num_classes\":2,\"plane\":\"t\"}") > 0);
}

static void a_dry_plan_tells_the_real_size(void **state)
{
	const struct plan_opts opts = {.training = true, .dry = true};
	struct err err = ERR_INIT;
	struct params *params;
	struct net_rig r;
	struct plan *dry;

	(void)state;
	net_rig_open(&r, "DynUNet", "{" DYN "}", shape5(1, 9, 16, 13, 1));
	params = params_new(r.g, 1, &err);
	dry = plan_new(r.g, params, r.cpu, &opts, &err);
	assert_non_null(dry);
	assert_int_equal(plan_arena_bytes(dry), plan_arena_bytes(r.plan));
	assert_null(params->g);
	assert_int_equal(plan_forward(dry, true, 1, 1, &err), -1);
	plan_free(dry);
	params_free(params);
	net_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(densenet_learns),
		cmocka_unit_test(alexnet_learns),
		cmocka_unit_test(segahnet_learns),
		cmocka_unit_test(dynunet_learns),
		cmocka_unit_test(weights_do_not_depend_on_size),
		cmocka_unit_test(faults),
		cmocka_unit_test(a_dry_plan_tells_the_real_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
