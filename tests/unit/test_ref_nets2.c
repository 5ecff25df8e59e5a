/*
 * DenseNet121, Alexnet, SegAhnet and DynUNet against plain PyTorch: loss, logits and the
 * gradient of every parameter (tests/ref/networks2.py).
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
#include "tests/unit/net_rig.h"
#include "tests/unit/ref.h"

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

/* value_of() of networks2.py. */
static void fill_param(const char *name, const struct shape *s, float *w, bool calm)
{
	size_t n = shape_count(s);
	bool beta = ends_with(name, ".beta") && calm, side;

	side = ends_with(name, "bn3.beta") || ends_with(name, "downsample.1.beta");
	if (ends_with(name, ".weight") && s->n == 5)
		ref_values(name, w, n, sqrt(6.0 * (double)s->d[0] / (double)n));
	else
		ref_values(name, w, n, beta ? 1 : 0.2);
	for (size_t k = 0; ends_with(name, ".gamma") && k < n; k++)
		w[k] += calm ? 0.4f : 1;
	for (size_t k = 0; beta && k < n; k++)
		w[k] += w[k] < -0.5f && !side ? -3 : 4;
}

static void fill_params(struct params *p, bool calm)
{
	for (int i = 0; i < p->n; i++)
		fill_param(p->param[i].name, &p->param[i].shape, p->w + p->param[i].offset, calm);
	params_touch(p);
}

static double rms(double squares, size_t n)
{
	return sqrt(squares / (double)n);
}

/* Largest root mean square of a dumped gradient. */
static double top_gradient(struct ref *ref, const struct params *p)
{
	double top = 0;

	for (int i = 0; i < p->n; i++)
		top = fmax(top, rms(ref_f64(ref, p->param[i].name, 3)[1], p->param[i].count));
	return top;
}

/*
 * Of a digest, or, where the gradient all but cancels (a shift before a batch norm), of its
 * size against a hundredth of the largest.
 */
static double gradient_error(struct ref *ref, const struct params *p, int i, double top)
{
	const struct param *q = &p->param[i];
	const float *g = p->g + q->offset;
	double want = rms(ref_f64(ref, q->name, 3)[1], q->count), sum = 0;

	if (want > 1e-4 * top)
		return ref_digest_error(ref, q->name, q->name, g, q->count);
	for (size_t k = 0; k < q->count; k++)
		sum += (double)g[k] * (double)g[k];
	return fabs(rms(sum, q->count) - want) / (1e-2 * top);
}

static void check(const char *dump, const char *name, const char *json, struct shape image,
	int classes, bool calm)
{
	struct ref *ref = ref_open(dump);
	struct net_rig r;
	double loss, worst = 0, error, top;
	const char *where = "";
	size_t n;

	net_rig_open(&r, name, json, image);
	fill_params(r.params, calm);
	ref_values("image", plan_value(r.plan, r.image), shape_count(&image), 1);
	n = shape_count(&r.label->shape);
	ref_labels("label", plan_value(r.plan, r.label), n, classes);
	loss = net_rig_step(&r);
	assert_true(fabs(loss - *ref_f64(ref, "loss", 1)) < 1e-5 * loss);
	n = shape_count(&r.out.logits->shape);
	error = ref_digest_error(ref, "logits", "logits", plan_value(r.plan, r.out.logits), n);
	print_message("%s: loss %.6f, logits %.1e", dump, loss, error);
	assert_true(error < 1e-4);
	top = top_gradient(ref, r.params);
	for (int i = 0; i < r.params->n; i++) {
		error = gradient_error(ref, r.params, i, top);
		if (!(error <= worst)) {
			worst = error;
			where = r.params->param[i].name;
		}
	}
	print_message(", worst gradient %.1e (%s) of %d\n", worst, where, r.params->n);
	assert_true(worst < 1e-4);
	net_rig_close(&r);
	ref_close(ref);
}

static void densenet(void **state)
{
	(void)state;
	check("nets2_densenet121_2d", "DenseNet121", "{\"num_classes\":3}", shape5(2, 1, 64, 64, 1),
		3, true);
	check("nets2_densenet_3d", "DenseNet121",
		"{\"out_channels\":2,\"in_channels\":2,\"spatial_dims\":3,\"init_features\":8,"
		"\"growth_rate\":4,\"block_config\":[2,3],\"bn_size\":2}",
		shape5(2, 24, 32, 28, 2), 2, true);
}

static void alexnet(void **state)
{
	(void)state;
	check("nets2_alexnet_2d", "Alexnet",
		"{\"num_classes\":4,\"num_feat\":\"8,16,16,16,16,24,32\",\"use_group_normG\":4,"
		"\"dropout_prob\":0}",
		shape5(2, 1, 67, 64, 1), 4, false);
	check("nets2_alexnet_3d_mil", "Alexnet",
		"{\"num_classes\":3,\"num_feat\":\"8,16,16,16,16,24,32\",\"use_group_normG\":4,"
		"\"dropout_prob\":0,\"mil\":true}",
		shape5(2, 37, 32, 33, 1), 3, false);
}

static void segahnet(void **state)
{
	(void)state;
	check("nets2_segahnet_2d", "SegAhnet", "{\"num_classes\":2,\"if_use_psp\":true}",
		shape5(2, 1, 64, 64, 1), 2, true);
	check("nets2_segahnet_3d", "SegAhnet",
		"{\"num_classes\":2,\"n_spatial_dim\":3,\"plane\":\"x\"}", shape5(1, 64, 64, 6, 1),
		2, true);
}

static void dynunet(void **state)
{
	(void)state;
	check("nets2_dynunet_3d", "DynUNet",
		"{\"out_channels\":3,\"kernel_size\":[[3,3,1],[3,3,3],3],\"strides\":[1,[2,2,1],2],"
		"\"filters\":[6,8,10]}",
		shape5(1, 8, 16, 16, 1), 3, false);
	check("nets2_dynunet_2d_res", "DynUNet",
		"{\"spatial_dims\":2,\"in_channels\":2,\"out_channels\":2,\"kernel_size\":[[3,3],"
		"[3,3],[3,3]],\"strides\":[[1,1],[2,2],[2,2]],\"upsample_kernel_size\":[[2,2],[2,"
		"2]],\"filters\":[4,8,8],\"res_block\":true}",
		shape5(2, 1, 24, 16, 2), 2, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(densenet),
		cmocka_unit_test(alexnet),
		cmocka_unit_test(segahnet),
		cmocka_unit_test(dynunet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
