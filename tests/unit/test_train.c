/*
 * Weights, the training step and checkpoints: what is saved comes back bit for
 * bit, what belongs to another network, optimizer or seed is refused.
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
#include "core/base/sys.h"
#include "tests/unit/mmar_dir.h"
#include "tests/unit/train_rig.h"

static const char *const wide_spec =
	"{\"name\":\"Unet\",\"in_channels\":1,\"args\":{\"num_classes\":2,\"nf_enc\":\"8,16,16,16\","
	"\"nf_dec\":\"16,16,16,16,8,8,8\",\"use_group_norm\":true,\"use_group_normG\":2}}";

static const char *const norm_spec =
	"{\"name\":\"Unet\",\"in_channels\":1,\"args\":{\"num_classes\":2,\"nf_enc\":\"4,4,4,4\","
	"\"nf_dec\":\"4,4,4,4,4,4,4\",\"use_batch_norm\":true,\"use_group_norm\":false}}";

static void test_steps_lower_the_loss(void **state)
{
	struct fixture f;
	double first, last;

	(void)state;
	fixture_init(&f, spec_text, "Adam", 3);
	first = steps(&f, 1);
	last = steps(&f, 30);
	assert_true(last < first * 0.8);
	fixture_release(&f);
}

static void test_checkpoint_brings_back_the_training(void **state)
{
	char *path = mem_strdup("/tmp/axial-ckpt-XXXXXX");
	struct train_position pos = {.epoch = 3,
				      .step = 4,
				      .total_step = 31,
				      .loss_sum = 0.1,
				      .best = NAN,
				      .best_epoch = 2,
				      .validated_epoch = 2,
				      .schedule = {1, 0.25, 3, 4}},
			      back;
	struct fixture a, b;
	struct err err = ERR_INIT;
	double straight, resumed;

	(void)state;
	assert_true(mkstemp(path) >= 0);
	fixture_init(&a, spec_text, "NovoGrad", 3);
	steps(&a, 3);
	assert_int_equal(checkpoint_save(path, &a.learner, &pos, &err), 0);
	straight = steps(&a, 4);
	fixture_init(&b, spec_text, "NovoGrad", 3);
	if (checkpoint_load(path, &b.learner, &back, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(back.epoch, 3);
	assert_int_equal(back.step, 4);
	assert_int_equal(back.total_step, 31);
	assert_int_equal(back.validated_epoch, 2);
	assert_true(back.loss_sum == 0.1);
	assert_true(isnan(back.best));
	assert_memory_equal(back.schedule, pos.schedule, sizeof(pos.schedule));
	resumed = steps(&b, 4);
	assert_true(straight == resumed);
	assert_memory_equal(
		a.model.params->w, b.model.params->w, a.model.params->len * sizeof(float));
	fixture_release(&a);
	fixture_release(&b);
	assert_int_equal(sys_remove_tree(path, &err), 0);
	free(path);
}

static void expect_refused(
	const char *path, const char *spec, const char *optimizer, uint64_t seed, const char *what)
{
	struct train_position pos;
	struct err err = ERR_INIT;
	struct fixture f;

	fixture_init(&f, spec, optimizer, seed);
	assert_int_equal(checkpoint_load(path, &f.learner, &pos, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	if (!strstr(err.msg, what))
		fail_msg("'%s' does not say '%s'", err.msg, what);
	fixture_release(&f);
}

static void test_foreign_checkpoints_are_refused(void **state)
{
	static const char *const other =
		"{\"name\":\"Unet\",\"in_channels\":1,\"args\":{\"num_classes\":2,\"nf_enc\":\"4,4,4,8\","
		"\"nf_dec\":\"4,4,4,4,4,4,4\",\"use_group_norm\":true,\"use_group_normG\":2}}";
	char *path = mem_strdup("/tmp/axial-ckpt-XXXXXX");
	struct train_position pos = {0};
	struct err err = ERR_INIT;
	struct fixture f;

	(void)state;
	assert_true(mkstemp(path) >= 0);
	fixture_init(&f, spec_text, "Adam", 3);
	assert_int_equal(checkpoint_save(path, &f.learner, &pos, &err), 0);
	fixture_release(&f);
	expect_refused(path, spec_text, "NovoGrad", 3, "optimizer");
	expect_refused(path, spec_text, "Adam", 4, "seed");
	expect_refused(path, other, "Adam", 3, "tensors differ");
	assert_int_equal(sys_remove_tree(path, &err), 0);
	free(path);
}

static void test_weight_file_knows_its_network(void **state)
{
	char *path = mem_strdup("/tmp/axial-model-XXXXXX");
	struct err err = ERR_INIT;
	struct fixture f;
	struct model m;

	(void)state;
	assert_true(mkstemp(path) >= 0);
	fixture_init(&f, spec_text, "Adam", 3);
	steps(&f, 2);
	assert_int_equal(model_save(&f.model, path, NULL, &err), 0);
	if (model_init_from_file(&m, path, "cpu", &err))
		fail_msg("%s", err.msg);
	assert_int_equal(m.classes, 2);
	assert_int_equal(m.activation, LOSS_SOFTMAX);
	assert_memory_equal(m.params->w, f.model.params->w, m.params->len * sizeof(float));
	model_release(&m);
	fixture_release(&f);
	assert_int_equal(sys_remove_tree(path, &err), 0);
	free(path);
}

/* A decoder that only training has may be missing in a file of weights. */
static void test_weights_without_the_decoder(void **state)
{
	static const char *const with =
		"{\"name\":\"SegResnet\",\"in_channels\":1,\"input_size\":[16,16,16],\"args\":{"
		"\"num_classes\":2,\"init_filters\":4,\"blocks_down\":\"1,1\",\"blocks_up\":\"1\","
		"\"use_group_normG\":2,\"use_vae\":%s}}";
	char *path = mem_strdup("/tmp/axial-model-XXXXXX");
	char *plain = test_replace(with, "%s", "false"), *vae = test_replace(with, "%s", "true");
	struct err err = ERR_INIT;
	struct fixture a, b;
	int spare = 0;

	(void)state;
	assert_true(mkstemp(path) >= 0);
	fixture_init(&a, plain, "Adam", 3);
	fixture_init(&b, vae, "Adam", 4);
	assert_int_equal(model_save(&a.model, path, NULL, &err), 0);
	for (int i = 0; i < b.model.params->n; i++)
		spare += b.model.spare[i];
	assert_int_equal(b.model.params->n, a.model.params->n + spare);
	assert_true(spare > 0);
	if (model_load(&b.model, path, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(model_load_all(&b.model, path, &err), -1);
	assert_non_null(strstr(err.msg, "is missing"));
	assert_true(isfinite(steps(&b, 1)));
	fixture_release(&a);
	fixture_release(&b);
	assert_int_equal(sys_remove_tree(path, &err), 0);
	free(plain);
	free(vae);
	free(path);
}

static void test_nan_is_an_error(void **state)
{
	struct err err = ERR_INIT;
	struct fixture f;
	double loss;

	(void)state;
	fixture_init(&f, spec_text, "Adam", 3);
	f.batch.image[5] = NAN;
	assert_int_equal(learner_step(&f.learner, &f.batch, 0.01, &loss, &err), -1);
	assert_non_null(strstr(err.msg, "not finite"));
	assert_int_equal(f.learner.t, 0);
	fixture_release(&f);
}

static void test_gradient_is_clipped(void **state)
{
	const struct params *p;
	struct fixture f;
	struct optim_span all;
	double norm;

	(void)state;
	fixture_init(&f, spec_text, "Adam", 3);
	p = f.model.params;
	steps(&f, 1);
	all = (struct optim_span){p->g, p->len};
	norm = optim_norm(&all, 1);
	f.learner.clip_norm = norm / 4;
	steps(&f, 1);
	assert_true(optim_norm(&all, 1) <= norm / 4 * 1.0001);
	f.learner.clip_norm = 0;
	f.learner.clip_value = 1e-4;
	steps(&f, 1);
	for (size_t i = 0; i < p->len; i++)
		assert_true(fabsf(p->g[i]) <= 1e-4f);
	fixture_release(&f);
}

/* nan_policy "skip": as if the batch had not been there. */
static void test_nan_is_left_out(void **state)
{
	struct err err = ERR_INIT;
	struct fixture a, b;
	float good;
	double loss;

	(void)state;
	fixture_init(&a, norm_spec, "Adam", 3);
	fixture_init(&b, norm_spec, "Adam", 3);
	assert_true(a.model.params->state_len > 0);
	b.learner.skip_nan = true;
	steps(&a, 4);
	steps(&b, 2);
	good = b.batch.image[5];
	b.batch.image[5] = NAN;
	assert_int_equal(learner_step(&b.learner, &b.batch, 0.01, &loss, &err), 0);
	assert_true(isnan(loss));
	assert_non_null(strstr(err.msg, "not finite (cases 'case', 'case')"));
	b.batch.image[5] = good;
	steps(&b, 2);
	assert_memory_equal(
		a.model.params->w, b.model.params->w, a.model.params->len * sizeof(float));
	assert_memory_equal(
		a.model.params->s, b.model.params->s, a.model.params->state_len * sizeof(float));
	fixture_release(&a);
	fixture_release(&b);
}

static void amp_init(struct fixture *f)
{
	struct err err = ERR_INIT;

	fixture_init(f, wide_spec, "Adam", 3);
	learner_release(&f->learner);
	assert_true(model_use_amp(&f->model));
	if (learner_init(&f->learner, &f->model, &f->loss, &f->optimizer, &fixture_shape, 3, &err))
		fail_msg("%s", err.msg);
}

/* use_amp: close to fp32 after 20 steps, not the same bits, and each time the same. */
static void test_mixed_precision(void **state)
{
	struct fixture a, b, c;
	double fp32, bf16;

	(void)state;
	fixture_init(&a, wide_spec, "Adam", 3);
	if (!model_use_amp(&a.model)) {
		print_message("SKIPPED: this CPU has no bf16\n");
		fixture_release(&a);
		return;
	}
	a.model.dtype = DTYPE_F32;
	amp_init(&b);
	amp_init(&c);
	fp32 = steps_at(&a, 20, 1e-3);
	bf16 = steps_at(&b, 20, 1e-3);
	print_message("loss after 20 steps: fp32 %.6f, bf16 %.6f\n", fp32, bf16);
	assert_true(fabs(bf16 - fp32) < 2e-2 * fabs(fp32));
	assert_true(bf16 != fp32);
	assert_true(steps_at(&c, 20, 1e-3) == bf16);
	assert_memory_equal(
		b.model.params->w, c.model.params->w, b.model.params->len * sizeof(float));
	fixture_release(&a);
	fixture_release(&b);
	fixture_release(&c);
}

static void test_no_such_device(void **state)
{
	struct err err = ERR_INIT;
	cJSON *j = json_parse(spec_text, strlen(spec_text), "spec", &err);
	struct model m;

	(void)state;
	assert_int_equal(model_init(&m, j, 1, "gpu:7", &err), -1);
	assert_int_equal(err.code, ERR_NODEVICE);
	model_release(&m);
	cJSON_Delete(j);
}

static int init_of(struct model *m, const char *size, struct err *err)
{
	cJSON *j = json_parse(spec_text, strlen(spec_text), "spec", err);
	cJSON *more = json_parse(size, strlen(size), "size", err), *item;
	int rc;

	assert_non_null(j);
	assert_non_null(more);
	while ((item = cJSON_DetachItemFromArray(more, 0)))
		cJSON_AddItemToObject(j, item->string, item);
	rc = model_init(m, j, 1, "cpu", err);
	cJSON_Delete(more);
	cJSON_Delete(j);
	return rc;
}

static void test_spec_says_the_size_of_the_input(void **state)
{
	struct err err = ERR_INIT;
	struct model m;

	(void)state;
	if (init_of(&m, "{\"spatial_dims\":2,\"input_size\":[48,32,1]}", &err))
		fail_msg("%s", err.msg);
	assert_int_equal(m.input_size[0], 48);
	assert_int_equal(m.input_size[1], 32);
	assert_int_equal(m.input_size[2], 1);
	assert_false(m.classifier);
	model_release(&m);
	assert_int_equal(init_of(&m, "{\"spatial_dims\":4}", &err), -1);
	assert_non_null(strstr(err.msg, "spatial_dims"));
	model_release(&m);
	assert_int_equal(init_of(&m, "{\"input_size\":[32,\"a\",32]}", &err), -1);
	assert_non_null(strstr(err.msg, "input_size"));
	model_release(&m);
}

/* Adam in one call over the whole store and tensor by tensor: the same weights. */
static void test_update_in_one_pass(void **state)
{
	struct fixture a, b;
	struct optim_ops by_tensor;
	struct component c;

	(void)state;
	fixture_init(&a, spec_text, "Adam", 3);
	fixture_init(&b, spec_text, "Adam", 3);
	c = *b.optimizer.c;
	by_tensor = *optim_ops(&b.optimizer);
	assert_true(by_tensor.elementwise);
	by_tensor.elementwise = false;
	c.ops = &by_tensor;
	b.optimizer.c = &c;
	steps(&a, 3);
	steps(&b, 3);
	assert_memory_equal(
		a.model.params->w, b.model.params->w, a.model.params->len * sizeof(float));
	fixture_release(&a);
	fixture_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps_lower_the_loss),
		cmocka_unit_test(test_checkpoint_brings_back_the_training),
		cmocka_unit_test(test_foreign_checkpoints_are_refused),
		cmocka_unit_test(test_weight_file_knows_its_network),
		cmocka_unit_test(test_weights_without_the_decoder),
		cmocka_unit_test(test_nan_is_an_error),
		cmocka_unit_test(test_gradient_is_clipped),
		cmocka_unit_test(test_nan_is_left_out),
		cmocka_unit_test(test_mixed_precision),
		cmocka_unit_test(test_no_such_device),
		cmocka_unit_test(test_spec_says_the_size_of_the_input),
		cmocka_unit_test(test_update_in_one_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
