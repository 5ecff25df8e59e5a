/*
 * Every loss component against PyTorch (tests/ref/losses.py): its value, and its
 * gradient by the network's logits, rel <= 1e-5.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/mem.h"
#include "core/cpu/cpu.h"
#include "core/graph/layers.h"
#include "core/graph/plan.h"
#include "core/loss/loss.h"
#include "tests/unit/ref.h"
#include "tests/unit/use.h"

enum label_kind {
	INDEX,  /* class numbers */
	ONEHOT, /* the same as one channel per class */
	HOLE,   /* class numbers without class 1 */
	MULTI,  /* independent channels */
};

/* activation: the network's own; LOSS_LINEAR is how v4's networks end. */
static const struct loss_row {
	const char *name, *component, *json;
	int classes;
	enum loss_activation activation;
	enum label_kind label;
	bool points; /* a classifier's output */
} rows[] = {
	{"dice", "Dice", NULL, 3, LOSS_SOFTMAX, INDEX, false},
	{"dice", "Dice", "{\"is_onehot_targets\": true}", 3, LOSS_SOFTMAX, ONEHOT, false},
	{"dice_v3", "Dice",
		"{\"skip_background\": true, \"squared_pred\": true, \"jaccard\": true, "
		"\"smooth\": 0.1, \"top_smooth\": 0.2}",
		3, LOSS_SOFTMAX, HOLE, false},
	{"dice_sigmoid", "Dice", "{\"is_onehot_targets\": true}", 2, LOSS_SIGMOID, MULTI, false},
	{"dice_one", "Dice", NULL, 1, LOSS_SIGMOID, INDEX, false},
	{"jaccard", "Jaccard", "{\"skip_background\": true}", 3, LOSS_SOFTMAX, INDEX, false},
	{"jaccard_smooth", "Jaccard", "{\"smooth\": 0.3, \"top_smooth\": 0.1}", 2, LOSS_SOFTMAX,
		INDEX, false},
	{"tversky", "Tversky", NULL, 3, LOSS_SOFTMAX, INDEX, false},
	{"tversky_fg", "Tversky", "{\"alpha\": 0.8, \"beta\": 0.1, \"skip_background\": true}", 3,
		LOSS_SOFTMAX, INDEX, false},
	{"cross_entropy", "CrossEntropy", NULL, 4, LOSS_SOFTMAX, INDEX, false},
	{"cross_entropy_fg", "CrossEntropy", "{\"skip_background\": true}", 4, LOSS_LINEAR, INDEX,
		false},
	{"focal", "Focal", NULL, 3, LOSS_SOFTMAX, INDEX, false},
	{"focal_alpha", "Focal",
		"{\"gamma\": 1.5, \"alpha\": [0.2, 0.5, 0.9], \"skip_background\": true}", 3,
		LOSS_SOFTMAX, INDEX, false},
	{"focal_sigmoid", "Focal", "{\"alpha\": 0.25, \"is_onehot_targets\": true}", 2,
		LOSS_SIGMOID, MULTI, false},
	{"focal_dice", "FocalDice", NULL, 3, LOSS_SOFTMAX, INDEX, false},
	{"cross_entropy_dice", "CrossEntropyDice", "{\"skip_background\": true}", 3, LOSS_SOFTMAX,
		INDEX, false},
	{"binary", "BinaryClassificationLoss", NULL, 3, LOSS_SIGMOID, MULTI, true},
	{"binary", "BinaryClassificationLoss", NULL, 3, LOSS_LINEAR, MULTI, true},
	{"binary_index", "BinaryClassificationLoss", NULL, 3, LOSS_SIGMOID, INDEX, true},
	{"multiclass", "MulticlassClassificationLoss", NULL, 3, LOSS_SOFTMAX, INDEX, true},
	{"multiclass", "MulticlassClassificationLoss", NULL, 3, LOSS_LINEAR, ONEHOT, true},
	{"weighted", "WeightedMulticlassClassificationLoss", "{\"class_weights\": [0.5, 2.0, 0.0]}",
		3, LOSS_SOFTMAX, INDEX, true},
	{"DiceLoss", "DiceLoss", "{\"to_onehot_y\": true, \"softmax\": true}", 3, LOSS_LINEAR,
		INDEX, false},
	{"DiceLoss", "DiceLoss", "{\"softmax\": true}", 3, LOSS_SOFTMAX, ONEHOT, false},
	{"DiceLoss_all", "DiceLoss",
		"{\"to_onehot_y\": true, \"softmax\": true, \"include_background\": false, "
		"\"squared_pred\": true, \"jaccard\": true, \"smooth_nr\": 0.1, \"smooth_dr\": 0.2, "
		"\"batch\": true, \"reduction\": \"sum\"}",
		3, LOSS_LINEAR, HOLE, false},
	{"DiceLoss_sigmoid", "DiceLoss", "{\"sigmoid\": true}", 2, LOSS_LINEAR, MULTI, false},
	{"DiceCELoss", "DiceCELoss",
		"{\"to_onehot_y\": true, \"softmax\": true, \"include_background\": false, "
		"\"lambda_dice\": 0.7, \"lambda_ce\": 1.3, \"ce_weight\": [0.5, 2, 1]}",
		3, LOSS_LINEAR, INDEX, false},
	{"DiceCELoss_one", "DiceCELoss", "{\"sigmoid\": true}", 1, LOSS_LINEAR, INDEX, false},
	{"DiceFocalLoss", "DiceFocalLoss",
		"{\"to_onehot_y\": true, \"softmax\": true, \"gamma\": 1.5, \"lambda_focal\": 0.5}",
		3, LOSS_LINEAR, INDEX, false},
	{"FocalLoss", "FocalLoss", "{\"to_onehot_y\": true}", 3, LOSS_LINEAR, INDEX, false},
	{"FocalLoss_fg", "FocalLoss",
		"{\"to_onehot_y\": true, \"include_background\": false, \"alpha\": 0.25, "
		"\"weight\": [1.5, 0.5]}",
		3, LOSS_LINEAR, INDEX, false},
	{"FocalLoss_softmax", "FocalLoss",
		"{\"to_onehot_y\": true, \"use_softmax\": true, \"alpha\": 0.75}", 3, LOSS_LINEAR,
		INDEX, false},
	{"GeneralizedDiceLoss", "GeneralizedDiceLoss", "{\"to_onehot_y\": true, \"softmax\": true}",
		3, LOSS_LINEAR, HOLE, false},
	{"GeneralizedDiceLoss_simple", "GeneralizedDiceLoss",
		"{\"to_onehot_y\": true, \"softmax\": true, \"include_background\": false, "
		"\"w_type\": \"simple\"}",
		3, LOSS_LINEAR, INDEX, false},
	{"TverskyLoss", "TverskyLoss",
		"{\"to_onehot_y\": true, \"softmax\": true, \"alpha\": 0.2, \"beta\": 0.6, "
		"\"batch\": true}",
		3, LOSS_LINEAR, INDEX, false},
	{"BCEWithLogitsLoss", "BCEWithLogitsLoss", "{\"pos_weight\": [1, 2, 3]}", 3, LOSS_LINEAR,
		MULTI, true},
	{"CrossEntropyLoss", "CrossEntropyLoss",
		"{\"weight\": [0.5, 2, 1], \"label_smoothing\": 0.1}", 3, LOSS_LINEAR, INDEX,
		false},
	{"CrossEntropyLoss_sum", "CrossEntropyLoss", "{\"reduction\": \"sum\"}", 3, LOSS_LINEAR,
		INDEX, false},
};

static struct shape row_shape(const struct loss_row *r, int channels)
{
	return r->points ? shape5(6, 1, 1, 1, channels) : shape5(2, 3, 4, 5, channels);
}

static void row_label(const struct loss_row *r, float *label, size_t voxels)
{
	char *name = mem_printf("%s.label", r->name);
	float *k = mem_alloc(voxels * sizeof(float));

	if (r->label == MULTI) {
		ref_values(name, label, voxels * (size_t)r->classes, 1);
		for (size_t i = 0; i < voxels * (size_t)r->classes; i++)
			label[i] = label[i] > 0;
	} else {
		ref_labels(name, k, voxels, r->classes < 2 ? 2 : r->classes);
		for (size_t i = 0; i < voxels; i++) {
			if (r->label == HOLE && k[i] == 1)
				k[i] = 0;
			for (int c = 0; r->label == ONEHOT && c < r->classes; c++)
				label[i * (size_t)r->classes + (size_t)c] = k[i] == (float)c;
			if (r->label != ONEHOT)
				label[i] = k[i];
		}
	}
	free(k);
	free(name);
}

/* The logits are a parameter, so that a step's gradients are theirs. */
static struct node *row_build(const struct loss_row *r, struct graph *g, struct err *err)
{
	bool channels = r->label == ONEHOT || r->label == MULTI;
	struct shape x = row_shape(r, r->classes), t = row_shape(r, channels ? r->classes : 1);
	struct component_use u = use_of(COMPONENT_LOSS, r->component, r->json);
	struct loss_input in = {.activation = r->activation};
	struct init init = {0};
	struct node *loss = NULL;

	in.prediction = in.logits = graph_param(g, "x", &x, init, err);
	in.label = graph_input(g, "label", &t, err);
	if (in.prediction && r->activation == LOSS_SOFTMAX)
		in.prediction = layer_softmax(g, in.logits, err);
	else if (in.prediction && r->activation == LOSS_SIGMOID)
		in.prediction = layer_act(g, in.logits, ACT_SIGMOID, 0, err);
	if (!in.prediction || !in.label || loss_build(&u, g, &in, &loss, err) ||
		graph_add_loss(g, loss, 1, err))
		fail_msg("%s: %s", r->name, err->msg);
	component_use_release(&u);
	return in.label;
}

static void compare(struct ref *dump, struct backend *cpu, const struct loss_row *r)
{
	struct graph *g = graph_new();
	struct err err = ERR_INIT;
	struct node *label = row_build(r, g, &err);
	struct params *p = params_new(g, 1, &err);
	const struct plan_opts opts = {.training = true};
	struct plan *plan = p ? plan_new(g, p, cpu, &opts, &err) : NULL;
	size_t n, voxels;
	float *t = mem_alloc(shape_count(&label->shape) * sizeof(float));
	struct shape x = row_shape(r, r->classes);
	char *loss_key = mem_printf("%s.loss", r->name), *grad_key = mem_printf("%s.grad", r->name);
	double want, e;

	if (!plan)
		fail_msg("%s: %s", r->name, err.msg);
	n = shape_count(&x);
	voxels = n / (size_t)r->classes;
	row_label(r, t, voxels);
	ref_values(r->name, p->w + p->param[0].offset, n, 3);
	params_touch(p);
	if (plan_upload(plan, label, t, &err) || plan_forward(plan, true, 1, 0, &err) ||
		plan_backward(plan, &err))
		fail_msg("%s: %s", r->name, err.msg);
	want = ref_f64(dump, loss_key, 1)[0];
	if (!(fabs(plan_loss(plan) - want) <= 1e-5 * fabs(want)))
		fail_msg("%s: loss %.9g, PyTorch %.9g", r->name, plan_loss(plan), want);
	e = ref_error(p->g + p->param[0].offset, ref_f32(dump, grad_key, n), n);
	if (!(e <= 1e-5))
		fail_msg("%s: gradient differs by %.3g", r->name, e);
	free(t);
	free(loss_key);
	free(grad_key);
	plan_free(plan);
	params_free(p);
	graph_free(g);
}

static void test_losses(void **state)
{
	struct err err = ERR_INIT;
	struct backend *cpu = cpu_open(NULL, &err);
	struct ref *dump = ref_open("losses");

	(void)state;
	assert_non_null(cpu);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		compare(dump, cpu, &rows[i]);
	ref_close(dump);
	cpu->ops->close(cpu);
}

/* A loss without a row above is a loss that nothing was compared with. */
static void test_all_are_here(void **state)
{
	(void)state;
	for (int i = 0; component_at(i); i++) {
		const struct component *c = component_at(i);
		bool found = c->kind != COMPONENT_LOSS;

		for (size_t k = 0; !found && k < ARRAY_SIZE(rows); k++)
			found = !strcmp(rows[k].component, c->name);
		if (!found)
			fail_msg("loss '%s' has no reference", c->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_all_are_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
