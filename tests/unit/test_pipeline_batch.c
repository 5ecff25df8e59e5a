/*
 * Crops that make several samples of a case become batches, of one case or of
 * several; labels that are numbers; draws by category.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/pipeline_rig.h"

enum { CASES = 7, CROPS = 3, BATCHES = 20 };

/* Clara v2: the crops of one volume are the batch. */
static void test_by_transforms(void **state)
{
	int seen[CASES] = {0};

	(void)state;
	prig_reset();
	for (int64_t size = 0; size <= CROPS; size += CROPS) {
		struct prig *r = prig_new(CASES, (int)size, CROPS, 1);
		struct pipeline_shape shape;
		struct pipeline *p;

		r->args.batched_by_transforms = true;
		p = prig_start(r, 0, 0);
		pipeline_shape(p, &shape);
		assert_int_equal(pipeline_length(p), CASES);
		assert_int_equal(pipeline_batch_size(p), CROPS);
		assert_int_equal(shape.batch, CROPS);
		assert_int_equal(shape.label_dim[2], PRIG_SIDE);
		for (int i = 0; i < CASES; i++) {
			struct batch *b = prig_next(p);

			assert_int_equal(b->n, CROPS);
			assert_int_equal(b->epoch, 0);
			assert_int_equal(b->step, i);
			seen[prig_case(b->case_ids[0])]++;
			for (int k = 0; k < CROPS; k++) {
				assert_string_equal(b->case_ids[k], b->case_ids[0]);
				assert_int_equal(
					(int)b->image[k * PRIG_VOXELS], prig_case(b->case_ids[0]));
				for (int j = 0; j < k; j++)
					assert_true(
						prig_hash_sample(b, k) != prig_hash_sample(b, j));
			}
		}
		pipeline_free(p);
		prig_free(r);
	}
	for (int i = 0; i < CASES; i++)
		assert_int_equal(seen[i], 2);
}

/* Clara v3: the crops of several volumes, merged. */
static void test_merged(void **state)
{
	struct prig *r = prig_new(CASES, 2, CROPS, 1);
	struct pipeline *p = prig_start(r, 0, 0);
	struct pipeline_stats stats;

	(void)state;
	assert_int_equal(pipeline_length(p), 4);
	assert_int_equal(pipeline_batch_size(p), 2 * CROPS);
	for (int i = 0; i < 4; i++) {
		struct batch *b = prig_next(p);

		assert_int_equal(b->n, 2 * CROPS);
		for (int k = 0; k < 2 * CROPS; k++)
			assert_string_equal(b->case_ids[k], b->case_ids[k / CROPS * CROPS]);
		assert_string_not_equal(b->case_ids[0], b->case_ids[CROPS]);
	}
	pipeline_stats(p, &stats);
	assert_int_equal(stats.items, 4 * 2 * CROPS);
	pipeline_free(p);
	prig_free(r);
}

/* What a crop draws depends on its case and number, not on how batches are put together. */
static void test_streams(void **state)
{
	uint64_t alone[CASES][CROPS];
	struct prig *r = prig_new(CASES, 0, CROPS, 1);
	struct pipeline *p;
	struct batch *b;

	(void)state;
	r->args.batched_by_transforms = true;
	p = prig_start(r, 3, 0);
	for (int i = 0; i < CASES; i++) {
		b = prig_next(p);
		for (int k = 0; k < CROPS; k++)
			alone[prig_case(b->case_ids[0])][k] = prig_hash_sample(b, k);
	}
	pipeline_free(p);
	r->args.batched_by_transforms = false;
	r->args.output_batch_size = CASES;
	p = prig_start(r, 3, 0);
	b = prig_next(p);
	for (int i = 0; i < CASES; i++) {
		for (int k = 0; k < CROPS; k++)
			assert_true(prig_hash_sample(b, i * CROPS + k) ==
				    alone[prig_case(b->case_ids[i * CROPS])][k]);
	}
	pipeline_free(p);
	prig_free(r);
}

static void test_threads_and_resume(void **state)
{
	uint64_t one[BATCHES], five[BATCHES];

	(void)state;
	for (int v2 = 0; v2 < 2; v2++) {
		struct prig *r = prig_new(CASES, v2 ? 0 : 3, CROPS, 2);
		struct pipeline *p;

		r->args.batched_by_transforms = v2;
		prig_run(r, 1, BATCHES, one);
		prig_jitter = 300;
		prig_run(r, 5, BATCHES, five);
		assert_memory_equal(one, five, sizeof(one));
		for (int i = 0; i < BATCHES; i++)
			for (int k = 0; k < i; k++)
				assert_true(one[i] != one[k]);
		p = prig_start(r, 1, 2);
		for (int i = (int)pipeline_length(p) + 2; i < BATCHES; i++)
			assert_true(prig_hash(prig_next(p)) == one[i]);
		prig_reset();
		pipeline_free(p);
		prig_free(r);
	}
}

/* A crop within a crop: six samples of a case, all different. */
static void test_nested(void **state)
{
	struct prig *r = prig_new(CASES, 2, 3, 2);
	struct pipeline *p = prig_start(r, 0, 0);
	struct batch *b = prig_next(p);

	(void)state;
	assert_int_equal(b->n, 12);
	for (int i = 0; i < 12; i++)
		for (int k = 0; k < i; k++)
			assert_true(prig_hash_sample(b, i) != prig_hash_sample(b, k));
	pipeline_free(p);
	prig_free(r);
}

static void test_validation(void **state)
{
	struct prig *r = prig_new(CASES, 1, CROPS, 1);
	struct err err = ERR_INIT;
	struct sample *s;
	struct pipeline *p;
	int n = 0;

	(void)state;
	r->config.training = false;
	p = prig_start(r, 0, 0);
	while (pipeline_next_sample(p, &s, &err) == 1) {
		n++;
		sample_free(s);
	}
	assert_int_equal(n, CASES);
	pipeline_free(p);
	prig_free(r);
}

static void refused(struct prig *r, const char *says)
{
	struct err err = ERR_INIT;

	assert_null(pipeline_new(&r->config, &err));
	if (!strstr(err.msg, says))
		fail_msg("'%s' is not in: %s", says, err.msg);
	assert_int_equal(err.code, ERR_DATA);
	prig_free(r);
}

static void test_refused(void **state)
{
	static const char *const labels[] = {"0", "2", "1"}, *const half[] = {"0.5", "1"};
	static double two[] = {1, 2}, zero[] = {0, 0, 0}, format[] = {2};
	struct prig *r = prig_new(CASES, 4, CROPS, 1);

	(void)state;
	r->args.batched_by_transforms = true;
	refused(r, "set output_batch_size to 0 or 3");
	refused(prig_new(CASES, 0, 1, 1), "needs batched_by_transforms");
	r = prig_new(CASES, 2, 1, 1);
	r->args.output_label_channels = 0;
	refused(r, "no labels that are numbers");
	r = prig_new_labels(3, 2, labels);
	r->args.output_label_channels = 1;
	refused(r, "use ClassificationImagePipeline");
	r = prig_new_labels(3, 2, labels);
	r->args.category_weights = (struct numlist){two, 2};
	refused(r, "category_weights has 2 numbers, but the labels of 'training' make 3");
	r = prig_new_labels(3, 2, labels);
	r->args.category_weights = (struct numlist){zero, 3};
	refused(r, "all numbers of category_weights are 0");
	r = prig_new_labels(2, 2, half);
	r->args.items_per_category = (struct numlist){two, 1};
	refused(r, "names no category");
	r = prig_new_labels(3, 2, labels);
	r->args.output_label_format = (struct numlist){format, 1};
	refused(r, "training.#2, case 'case_1' has the label 2");
	r = prig_new_labels(3, 1, labels);
	r->config.training = false;
	r->args.output_label_format = (struct numlist){format, 1};
	refused(r, "training.#2, case 'case_1' has the label 2");
}

/* Class numbers, one-hot by output_label_format, several findings. */
static void test_labels(void **state)
{
	static const char *const one[] = {"0", "2", "1"};
	static const char *const list[] = {"[1, 0]", "[0, 2]", "[1, 1]"};
	static double three[] = {3}, mixed[] = {1, 3};
	const float findings[3][4] = {{1, 1, 0, 0}, {0, 0, 0, 1}, {1, 0, 1, 0}};
	struct prig *r = prig_new_labels(3, 3, one);
	struct pipeline_shape shape;
	struct pipeline *p;
	struct batch *b;

	(void)state;
	r->args.shuffle = false;
	p = prig_start(r, 0, 0);
	b = prig_next(p);
	assert_int_equal(b->label_dim[0] * b->label_dim[1] * b->label_dim[2], 1);
	assert_int_equal(b->label_channels, 1);
	assert_true(b->label[0] == 0 && b->label[1] == 2 && b->label[2] == 1);
	pipeline_free(p);
	r->args.output_label_format = (struct numlist){three, 1};
	p = prig_start(r, 0, 0);
	pipeline_shape(p, &shape);
	assert_int_equal(shape.label_channels, 3);
	b = prig_next(p);
	assert_memory_equal(
		b->label, ((const float[]){1, 0, 0, 0, 0, 1, 0, 1, 0}), 9 * sizeof(float));
	pipeline_free(p);
	prig_free(r);
	r = prig_new_labels(3, 3, list);
	r->args.shuffle = false;
	p = prig_start(r, 0, 0);
	b = prig_next(p);
	assert_int_equal(b->label_channels, 2);
	assert_true(b->label[2] == 0 && b->label[3] == 2);
	pipeline_free(p);
	r->args.output_label_format = (struct numlist){mixed, 2};
	p = prig_start(r, 0, 0);
	b = prig_next(p);
	assert_memory_equal(b->label, findings, sizeof(findings));
	pipeline_free(p);
	prig_free(r);
}

/* Ten entries: eight of class 0, one of class 1, one of class 2. */
static const char *const skewed[] = {"0", "0", "0", "1", "0", "0", "0", "2", "0", "0"};

static void count_classes(struct pipeline *p, int steps, int seen[3], int cases[10])
{
	for (int i = 0; i < steps; i++) {
		struct batch *b = prig_next(p);

		for (int k = 0; k < b->n; k++) {
			seen[(int)b->label[k]]++;
			cases[prig_case(b->case_ids[k])]++;
		}
	}
}

static void test_items_per_category(void **state)
{
	static double four[] = {4}, each[] = {6, 0, 2};
	struct prig *r = prig_new_labels(10, 4, skewed);
	struct pipeline *p;

	(void)state;
	r->args.items_per_category = (struct numlist){four, 1};
	p = prig_start(r, 0, 0);
	assert_int_equal(pipeline_length(p), 3);
	for (int epoch = 0; epoch < 5; epoch++) {
		int seen[3] = {0}, cases[10] = {0};

		count_classes(p, 3, seen, cases);
		for (int i = 0; i < 3; i++)
			assert_int_equal(seen[i], 4);
		assert_int_equal(cases[3], 4);
		for (int i = 0; i < 10; i++)
			assert_true(skewed[i][0] != '0' || cases[i] <= 1);
	}
	pipeline_free(p);
	r->args.items_per_category = (struct numlist){each, 3};
	p = prig_start(r, 0, 0);
	assert_int_equal(pipeline_length(p), 2);
	for (int epoch = 0; epoch < 3; epoch++) {
		int seen[3] = {0}, cases[10] = {0};

		count_classes(p, 2, seen, cases);
		assert_int_equal(seen[0], 6);
		assert_int_equal(seen[1], 0);
		assert_int_equal(seen[2], 2);
	}
	pipeline_free(p);
	prig_free(r);
}

static void test_category_weights(void **state)
{
	static double weights[] = {1, 1, 2}, ten[] = {10};
	uint64_t one[BATCHES], five[BATCHES];
	struct prig *r = prig_new_labels(10, 5, skewed);
	int seen[3] = {0}, cases[10] = {0};
	struct pipeline *p;

	(void)state;
	r->args.category_weights = (struct numlist){weights, 3};
	p = prig_start(r, 0, 0);
	assert_int_equal(pipeline_length(p), 2);
	count_classes(p, 800, seen, cases); /* 4000 items */
	assert_in_range(seen[0], 900, 1100);
	assert_in_range(seen[1], 900, 1100);
	assert_in_range(seen[2], 1850, 2150);
	for (int i = 0; i < 10; i++)
		assert_true(cases[i] > 80);
	pipeline_free(p);
	prig_run(r, 1, BATCHES, one);
	prig_run(r, 5, BATCHES, five);
	assert_memory_equal(one, five, sizeof(one));
	p = prig_start(r, 3, 1);
	assert_true(prig_hash(prig_next(p)) == one[7]);
	pipeline_free(p);
	r->args.items_per_category = (struct numlist){ten, 1};
	p = prig_start(r, 0, 0);
	assert_int_equal(pipeline_length(p), 6); /* 3 x 10 items by weight */
	pipeline_free(p);
	prig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_transforms),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_threads_and_resume),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_validation),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_items_per_category),
		cmocka_unit_test(test_category_weights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
