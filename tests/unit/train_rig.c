/*
 * A tiny network with a learner, for the tests of training and of checkpoints.
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
#include "tests/unit/train_rig.h"

const char *const spec_text =
	"{\"name\":\"Unet\",\"in_channels\":1,\"args\":{\"num_classes\":2,\"nf_enc\":\"4,4,4,4\","
	"\"nf_dec\":\"4,4,4,4,4,4,4\",\"use_group_norm\":true,\"use_group_normG\":2}}";

const struct learner_shape fixture_shape = {2, {16, 16, 16}, 1, {16, 16, 16}};

static void use(struct component_use *u, enum component_kind kind, const char *name)
{
	struct problems ps = {0};

	assert_int_equal(
		component_use_init(u, component_find(kind, name), NULL, NULL, "t", "t", &ps), 0);
	problems_release(&ps);
}

void fixture_init(struct fixture *f, const char *spec, const char *optimizer, uint64_t seed)
{
	struct err err = ERR_INIT;
	cJSON *j = json_parse(spec, strlen(spec), "spec", &err);
	size_t n = 2 * 16 * 16 * 16;

	memset(f, 0, sizeof(*f));
	assert_non_null(j);
	if (model_init(&f->model, j, seed, "cpu", &err))
		fail_msg("%s", err.msg);
	cJSON_Delete(j);
	use(&f->loss, COMPONENT_LOSS, "Dice");
	use(&f->optimizer, COMPONENT_OPTIMIZER, optimizer);
	if (learner_init(
		    &f->learner, &f->model, &f->loss, &f->optimizer, &fixture_shape, seed, &err))
		fail_msg("%s", err.msg);
	f->batch = (struct batch){.n = 2, .dim = {16, 16, 16}, .channels = 1, .label_channels = 1};
	f->batch.image = mem_alloc(n * sizeof(float));
	f->batch.label = mem_alloc(n * sizeof(float));
	f->case_ids[0] = f->case_ids[1] = "case";
	f->batch.case_ids = f->case_ids;
	for (size_t i = 0; i < n; i++) {
		f->batch.label[i] = (i / 8) % 3 == 0;
		f->batch.image[i] = f->batch.label[i] + 0.1f * (float)(i % 7);
	}
}

void fixture_release(struct fixture *f)
{
	learner_release(&f->learner);
	model_release(&f->model);
	component_use_release(&f->loss);
	component_use_release(&f->optimizer);
	free(f->batch.image);
	free(f->batch.label);
}

double steps_at(struct fixture *f, int n, double lr)
{
	struct err err = ERR_INIT;
	double loss = NAN;

	for (int i = 0; i < n; i++)
		if (learner_step(&f->learner, &f->batch, lr, &loss, &err))
			fail_msg("%s", err.msg);
	return loss;
}

double steps(struct fixture *f, int n)
{
	return steps_at(f, n, 0.01);
}
