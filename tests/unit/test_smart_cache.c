/*
 * The Smart Cache: which cases are in the window of each epoch, how often each is made,
 * what happens when replacements come late, when memory is short, when a case is bad, and
 * that a training which goes on in the middle sees what an uninterrupted one sees.
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
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/sys.h"
#include "core/data/cache_plan.h"
#include "tests/unit/pipeline_rig.h"

/* A training with a window of n cases; batches of batch. */
static struct prig *smart_new(int cases, int n, double replace, int batch, bool shuffle)
{
	struct prig *r = prig_new(cases, batch, 1, 1);

	prig_reset();
	r->args.num_cache_objects = n;
	r->args.replace_percent = replace;
	r->args.shuffle = shuffle;
	return r;
}

/* Waits until the replacement thread has made all that it makes, and not more. */
static void wait_made(int total)
{
	double end = sys_now() + 10;

	while (prig_total() < total && sys_now() < end)
		usleep(1000);
	usleep(3000);
	assert_int_equal(prig_total(), total);
}

/* The example of the documentation: five items, four in the cache, a quarter exchanged. */
static void test_documented_window(void **state)
{
	static const char *const windows[] = {"0123", "1234", "2340", "3401", "4012", "0123"};
	struct prig *r = smart_new(5, 4, 0.25, 2, false);
	struct pipeline *p = prig_start(r, 0, 0);
	struct pipeline_stats stats;

	(void)state;
	assert_int_equal(pipeline_length(p), 2);
	for (int epoch = 0; epoch < 6; epoch++) {
		char seen[5] = "";

		for (int step = 0; step < 2; step++) {
			struct batch *b = prig_next(p);

			assert_int_equal(b->epoch, epoch);
			for (int k = 0; k < 2; k++)
				seen[step * 2 + k] = (char)('0' + prig_case(b->case_ids[k]));
			/* One batch is made ahead, which is of this epoch after the first step. */
			if (!step)
				wait_made(4 + epoch + 1);
		}
		assert_string_equal(seen, windows[epoch]);
	}
	/* The batch ahead is of epoch 7 by now; then the window and what comes next are kept. */
	wait_made(4 + 7);
	for (double end = sys_now() + 10;;) {
		pipeline_stats(p, &stats);
		if (stats.cache_cases == 5 || sys_now() > end)
			break;
		usleep(1000);
	}
	assert_int_equal(stats.cache_cases, 5);
	assert_int_equal(stats.cache_objects, 4);
	assert_int_equal(stats.cache_replace, 1);
	pipeline_free(p);
	prig_free(r);
}

/* 15 x 0.2 = 3 per epoch, as a fraction and as a percent; also 10 x 0.25, rounded up. */
static void test_three_per_epoch(void **state)
{
	static const struct {
		int n;
		double replace;
	} rows[] = {{15, 0.2}, {15, 20}, {10, 0.25}};

	(void)state;
	for (size_t row = 0; row < ARRAY_SIZE(rows); row++) {
		int n = rows[row].n;
		struct prig *r = smart_new(40, n, rows[row].replace, 5, false);
		struct pipeline *p = prig_start(r, 0, 0);

		assert_int_equal(pipeline_length(p), n / 5);
		for (int epoch = 0; epoch < 6; epoch++) {
			int made[PRIG_CASES] = {0};

			for (int step = 0; step < n / 5; step++) {
				struct batch *b = prig_next(p);

				for (int k = 0; k < 5; k++)
					made[prig_case(b->case_ids[k])]++;
				if (!step)
					wait_made(n + 3 * (epoch + 1));
			}
			for (int i = 0; i < 40; i++)
				assert_int_equal(made[i], (i + 40 - epoch * 3) % 40 < n);
		}
		for (int i = 0; i < 40; i++)
			assert_in_range(atomic_load(&prig_made[i]), 0, 1);
		pipeline_free(p);
		prig_free(r);
	}
}

/* With shuffle the window runs over the list in another order, but as steadily. */
static void test_shuffled_window(void **state)
{
	enum { N = 6, STEPS = 2, EPOCHS = 20 };
	struct prig *r = smart_new(20, N, 0.34, 3, true);
	uint64_t hashes[2][STEPS * EPOCHS];
	bool in[EPOCHS][20] = {{false}};
	struct pipeline *p;

	(void)state;
	prig_run(r, 1, STEPS * EPOCHS, hashes[0]);
	prig_reset();
	prig_jitter = 400;
	prig_run(r, 5, STEPS * EPOCHS, hashes[1]);
	assert_memory_equal(hashes[0], hashes[1], sizeof(hashes[0]));
	prig_jitter = 0;
	p = prig_start(r, 0, 0);
	for (int i = 0; i < STEPS * EPOCHS; i++) {
		struct batch *b = prig_next(p);

		for (int k = 0; k < b->n; k++)
			in[b->epoch][prig_case(b->case_ids[k])] = true;
	}
	pipeline_free(p);
	for (int e = 0; e < EPOCHS; e++) {
		int n = 0, stay = 0;

		for (int i = 0; i < 20; i++) {
			n += in[e][i];
			stay += e && in[e][i] && in[e - 1][i];
		}
		assert_int_equal(n, N);
		assert_true(!e || stay == N - 3);
	}
	prig_free(r);
}

static void test_full_cache(void **state)
{
	struct prig *r = smart_new(8, 32, 0, 4, true);
	struct pipeline *p = prig_start(r, 0, 0);
	struct pipeline_stats stats;

	(void)state;
	assert_int_equal(pipeline_length(p), 2);
	for (int i = 0; i < 20; i++)
		prig_next(p);
	assert_int_equal(prig_total(), 8);
	pipeline_stats(p, &stats);
	assert_int_equal(stats.cache_cases, 8);
	assert_int_equal(stats.cache_replace, 0);
	assert_int_equal(stats.overruns, 0);
	assert_int_equal(stats.loaded_items - stats.cache_hits, 8);
	assert_true(stats.cache_bytes > 0);
	assert_int_equal(r->n_warnings, 0);
	pipeline_free(p);
	prig_free(r);
}

/* Nothing is exchanged and the list is longer: what is never used is said. */
static void test_fixed_window(void **state)
{
	struct prig *r = smart_new(8, 4, 0, 4, true);
	struct pipeline *p = prig_start(r, 0, 0);

	(void)state;
	for (int i = 0; i < 5; i++)
		prig_next(p);
	assert_int_equal(prig_total(), 4);
	assert_int_equal(r->n_warnings, 1);
	assert_non_null(strstr(r->warnings.p, "only these of the 8 cases are ever used"));
	pipeline_free(p);
	prig_free(r);
}

static void test_overrun(void **state)
{
	struct prig *r = smart_new(40, 8, 0.5, 4, true);
	struct pipeline_stats stats;
	struct pipeline *p;

	(void)state;
	prig_delay = 20000;
	r->args.num_workers = 2;
	p = prig_start(r, 0, 0);
	for (int i = 0; i < 12; i++) /* six epochs, as fast as it goes */
		prig_next(p);
	pipeline_stats(p, &stats);
	assert_in_range(stats.overruns, 2, 6);
	assert_true(stats.replace_lag_total > 0.02 && stats.replace_lag_total < 10);
	/* Each once, with what is to be done. */
	assert_in_range(r->n_warnings, 2, stats.overruns);
	assert_non_null(strstr(r->warnings.p, "of 4 replacements of the cache were not ready"));
	assert_non_null(strstr(r->warnings.p, "smaller replace_percent"));
	pipeline_free(p);
	prig_free(r);
	/* A consumer that takes its time finds them ready. */
	r = smart_new(40, 8, 0.5, 4, true);
	p = prig_start(r, 0, 0);
	for (int i = 0; i < 6; i++) {
		prig_next(p);
		if (i % 2 == 0)
			wait_made(8 + 4 * (i / 2 + 1));
	}
	pipeline_stats(p, &stats);
	assert_int_equal(stats.overruns, 0);
	assert_true(stats.replace_lag == 0);
	assert_int_equal(r->n_warnings, 0);
	pipeline_free(p);
	prig_free(r);
}

static void test_resume(void **state)
{
	enum { BATCHES = 40 };
	struct prig *r = smart_new(11, 6, 0.3, 4, true);
	uint64_t straight[BATCHES];
	struct pipeline *p;
	int length;

	(void)state;
	r->args.duplicate_count = 2; /* 12 items, 3 steps */
	prig_run(r, 3, BATCHES, straight);
	p = prig_start(r, 0, 0);
	length = (int)pipeline_length(p);
	assert_int_equal(length, 3);
	for (int at = 1; at < BATCHES - 3; at += 5) {
		struct err err = ERR_INIT;

		assert_int_equal(pipeline_start(p, at / length, at % length, &err), 0);
		for (int i = at; i < at + 3; i++)
			assert_true(prig_hash(prig_next(p)) == straight[i]);
	}
	pipeline_free(p);
	/* The window of the epoch is loaded and no other. */
	prig_reset();
	r->args.shuffle = false;
	r->args.duplicate_count = 1;
	r->args.output_batch_size = 6;
	p = prig_start(r, 4, 0);
	prig_next(p);
	for (int i = 0; i < 11; i++) {
		bool now = (i + 11 - 4 * 2) % 11 < 6, next = (i + 11 - 4 * 2) % 11 < 10;

		assert_in_range(atomic_load(&prig_made[i]), now, next);
	}
	pipeline_free(p);
	prig_free(r);
}

/* Too little memory: said once, and the same batches. */
static void test_memory(void **state)
{
	enum { BATCHES = 30 };
	uint64_t whole[BATCHES], small[BATCHES];
	struct prig *r = smart_new(20, 10, 0.2, 5, true);
	struct pipeline_stats stats;
	struct pipeline *p;

	(void)state;
	prig_run(r, 2, BATCHES, whole);
	assert_null(strstr(r->warnings.p ? r->warnings.p : "", "does not fit"));
	r->args.cache_mb = 4 * PRIG_VOXELS * 2.0 / 1048576; /* four cases as bytes */
	p = prig_start(r, 0, 0);
	for (int i = 0; i < BATCHES; i++)
		small[i] = prig_hash(prig_next(p));
	assert_memory_equal(whole, small, sizeof(whole));
	pipeline_stats(p, &stats);
	assert_in_range(stats.cache_cases, 1, 4);
	assert_true(stats.cache_bytes <= 4 * PRIG_VOXELS * 2);
	assert_non_null(strstr(r->warnings.p, "does not fit into cache_mb"));
	assert_null(strstr(strstr(r->warnings.p, "does not fit") + 1, "does not fit"));
	pipeline_free(p);
	prig_free(r);
}

/* A bad case keeps its place in the window, and others of the window stand in for it. */
static void test_quarantine(void **state)
{
	enum { BATCHES = 60 };
	uint64_t one[BATCHES], five[BATCHES];
	struct prig *r = smart_new(30, 6, 0.5, 3, false);
	struct pipeline *p;

	(void)state;
	prig_bad = 7;
	prig_run(r, 1, BATCHES, one);
	prig_jitter = 200;
	prig_run(r, 5, BATCHES, five);
	assert_memory_equal(one, five, sizeof(one));
	p = prig_start(r, 0, 0);
	for (int i = 0; i < BATCHES; i++) {
		struct batch *b = prig_next(p);

		for (int k = 0; k < b->n; k++) {
			int at = prig_case(b->case_ids[k]);

			assert_int_not_equal(at, 7);
			assert_true((at + 30 * 9 - (int)b->epoch * 3) % 30 < 6);
		}
	}
	assert_non_null(strstr(r->warnings.p, "case 'case_7' is left out: "));
	pipeline_free(p);
	prig_free(r);
}

/* A validation sees every case, whatever fits into its cache. */
static void test_validation(void **state)
{
	struct prig *r = smart_new(9, 4, 0, 1, true);
	struct err err = ERR_INIT;
	struct pipeline *p;
	struct sample *s;

	(void)state;
	r->config.training = false;
	p = prig_start(r, 0, 0);
	for (int round = 1; round <= 3; round++) {
		int n = 0;

		assert_int_equal(pipeline_start(p, round, 0, &err), 0);
		while (pipeline_next_sample(p, &s, &err) == 1) {
			assert_int_equal(prig_case(s->case_id), n++);
			sample_free(s);
		}
		assert_int_equal(n, 9);
	}
	/* Starting twice loads a few of the first round once more. */
	for (int i = 0; i < 9; i++)
		assert_in_range(atomic_load(&prig_made[i]), i < 4 ? 1 : 3, i < 4 ? 1 : 4);
	pipeline_free(p);
	prig_free(r);
}

/* Classes drawn from a window: an empty class is made up for by the others. */
static void test_categories(void **state)
{
	enum { BATCHES = 40 };
	static const char *const labels[] = {"0", "0", "0", "0", "0", "0", "1", "1", "2", "2"};
	static double two[] = {2};
	uint64_t one[BATCHES], five[BATCHES];
	struct prig *r = prig_new_labels(10, 3, labels);

	(void)state;
	prig_reset();
	r->args.num_cache_objects = 4;
	r->args.replace_percent = 0.25;
	r->args.items_per_category = (struct numlist){two, 1};
	r->args.shuffle = false;
	prig_run(r, 1, BATCHES, one);
	prig_jitter = 200;
	prig_run(r, 5, BATCHES, five);
	assert_memory_equal(one, five, sizeof(one));
	prig_free(r);
}

/* Random delays everywhere, starts at random places, more threads than cores. */
static void test_stress(void **state)
{
	enum { BATCHES = 60 };
	uint64_t straight[BATCHES];
	struct prig *r = smart_new(13, 5, 0.4, 2, true);
	struct rng rng = rng_stream(8, 0, 0, 0);
	struct pipeline *p;
	int length;

	(void)state;
	r->args.batched_by_transforms = false;
	prig_run(r, 1, BATCHES, straight);
	prig_jitter = 1500;
	prig_bad = -1;
	r->args.num_workers = 9;
	r->args.prefetch_size = 3;
	p = prig_start(r, 0, 0);
	length = (int)pipeline_length(p);
	for (int round = 0; round < 25; round++) {
		int at = (int)rng_below(&rng, BATCHES - 12), n = (int)rng_below(&rng, 12);
		struct err err = ERR_INIT;

		assert_int_equal(pipeline_start(p, at / length, at % length, &err), 0);
		for (int i = at; i < at + n; i++)
			assert_true(prig_hash(prig_next(p)) == straight[i]);
		if (round % 3 == 0)
			pipeline_stop(p);
	}
	pipeline_free(p);
	prig_free(r);
}

/* What `axial cache-plan` measures: here the transforms are known. */
static void test_plan_measure(void **state)
{
	struct prig *r = smart_new(12, 4, 0.25, 2, true);
	struct cache_plan_times t;
	struct err err = ERR_INIT;

	(void)state;
	prig_delay = 4000;
	assert_int_equal(cache_plan_measure(&r->config, 5, &t, &err), 0);
	assert_int_equal(t.cases, 5);
	assert_int_equal(prig_total(), 5);
	assert_int_equal(t.prefix, 1);
	assert_int_equal(t.transforms, 4);
	assert_true(t.prefix_seconds >= 0.004 && t.prefix_worst >= t.prefix_seconds);
	assert_true(t.random_seconds > 0 && t.random_seconds < t.prefix_seconds);
	/* Image and label are whole numbers below 256: a byte each. */
	assert_true(t.bytes == 2 * PRIG_VOXELS && t.bytes_worst == t.bytes);
	assert_int_equal(cache_plan_measure(&r->config, 100, &t, &err), 0);
	assert_int_equal(t.cases, 12);
	prig_free(r);
}

static void test_plan_propose(void **state)
{
	struct cache_plan_times t = {.prefix_seconds = 2, .random_seconds = 0.05, .bytes = 1 << 20};
	struct cache_plan_setting s = {.entries = 100,
		.unique = 100,
		.batch = 4,
		.workers = 2,
		.memory = 200.0 * (1 << 20),
		.step_seconds = 0.5};
	struct cache_plan p;

	(void)state;
	cache_plan_propose(&t, &s, &p);
	assert_int_equal(p.objects, 100);
	assert_int_equal(p.replace, 0);
	assert_true(fabs(p.epoch_now - 25 * 4 * 2.05 / 2) < 1e-9);
	assert_true(fabs(p.epoch_then - 25 * 0.5) < 1e-9);
	/* 0.8 x 0.5 s / 4 per case of the window, of 2 s: a twentieth. */
	s.memory = 50.0 * (1 << 20);
	cache_plan_propose(&t, &s, &p);
	assert_int_equal(p.objects, 44); /* 50 / 1.05 = 47, a multiple of 4 */
	assert_int_equal(p.replace, 2);
	assert_true(p.bytes <= s.memory && p.lag == 0);
	assert_true(ceil((double)p.objects * p.fraction) == 2);
	assert_int_equal(p.pass, 1 + 28);
	/* Cheap transforms: a quarter, not more. */
	t.prefix_seconds = 0.01;
	cache_plan_propose(&t, &s, &p);
	assert_int_equal(p.objects, 40);
	assert_int_equal(p.replace, 10);
	/* One takes longer than an epoch: said. */
	t.prefix_seconds = 60;
	s.memory = 8.0 * (1 << 20);
	cache_plan_propose(&t, &s, &p);
	assert_int_equal(p.replace, 1);
	assert_true(p.lag > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documented_window),
		cmocka_unit_test(test_three_per_epoch),
		cmocka_unit_test(test_shuffled_window),
		cmocka_unit_test(test_full_cache),
		cmocka_unit_test(test_fixed_window),
		cmocka_unit_test(test_overrun),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_quarantine),
		cmocka_unit_test(test_validation),
		cmocka_unit_test(test_categories),
		cmocka_unit_test(test_stress),
		cmocka_unit_test(test_plan_measure),
		cmocka_unit_test(test_plan_propose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
