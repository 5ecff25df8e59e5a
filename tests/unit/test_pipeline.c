/*
 * The image pipeline: batches do not depend on threads, a resumed run goes on as if
 * it had never stopped, bad cases are left out, stopping is prompt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/data/pipeline.h"
#include "core/transform/transform.h"
#include "core/volume/nifti.h"
#include "tests/unit/transform_rig.h"

enum { CASES = 7, BATCH = 3, MANY = 40 };

static char folder[] = "/tmp/axial_pipeline_XXXXXX";

static char *path_of(const char *kind, int i)
{
	return mem_printf("%s/%s_%02d.nii%s", folder, kind, i, i % 2 ? ".gz" : "");
}

static void put(const char *kind, int i, bool label)
{
	int dim[3] = {9 + i % 7, 12 - i % 3, 8 + i % 5};
	struct volume *v = volume_new(1, dim, NULL);
	struct rng rng = rng_stream(99, (uint64_t)i, label, 0);
	char *path = path_of(kind, i);
	struct err err = ERR_INIT;

	for (size_t k = 0; k < volume_voxels(v); k++)
		v->data[k] = label ? (float)(rng_below(&rng, 8) == 0)
				   : (float)rng_below(&rng, 1000) - 200;
	if (nifti_write(path, v, label ? NIFTI_OUT_UINT8 : NIFTI_OUT_INT16, &err))
		fail_msg("%s", err.msg);
	volume_free(v);
	free(path);
}

/* A list with the key "training" of n cases; bad: whose image is a broken file, or -1. */
static char *put_list(const char *name, int n, int bad)
{
	char *file = sys_join(folder, name);
	struct buf b = {0};

	buf_puts(&b, "{\"training\": [");
	for (int i = 0; i < n; i++)
		buf_printf(&b, "%s{\"image\": \"%s_%02d.nii%s\", \"label\": \"label_%02d.nii%s\"}",
			i ? ", " : "", i == bad ? "broken" : "image", i, i % 2 ? ".gz" : "", i,
			i % 2 ? ".gz" : "");
	buf_puts(&b, "]}");
	assert_int_equal(sys_write_file(file, b.p, b.len, NULL), 0);
	buf_release(&b);
	return file;
}

static const char *const chain[][2] = {
	{"LoadNifti", "{\"fields\": [\"image\", \"label\"]}"},
	{"ScaleIntensityRange",
		"{\"fields\": \"image\", \"a_min\": 0, \"a_max\": 500, \"b_min\": 0, \"b_max\": 1, "
		"\"clip\": true}"},
	{"FastPosNegRatioCropROI", "{\"size\": [6, 7, 8]}"},
	{"RandomSpatialFlip", "{\"fields\": [\"image\", \"label\"]}"},
	{"AddGaussianNoise", "{\"fields\": \"image\"}"},
};

/* All that a pipeline borrows. */
struct rig {
	struct pipeline_args args;
	struct component_use pipeline, transforms[ARRAY_SIZE(chain)];
	struct pipeline_config config;
	char *list;
	int warnings;
	char last[512];
};

static void rig_warn(void *ctx, const char *text)
{
	struct rig *r = ctx;

	r->warnings++;
	snprintf(r->last, sizeof(r->last), "%s", text);
}

static void use_init(struct component_use *u, enum component_kind kind, const char *name,
	const char *args, int i)
{
	struct problems ps = {0};

	assert_int_equal(rig_use(u, kind, name, args, i + 1, &ps), 0);
	assert_int_equal(ps.n, 0);
}

static struct rig *rig_new(int n, int bad, bool training, int workers)
{
	struct rig *r = mem_zalloc(sizeof(*r));
	char *args;

	r->list = put_list("list.json", n, bad);
	args = mem_printf("{\"data_list_file_path\": \"%s\", \"output_crop_size\": [6, 7, 8], "
			  "\"output_batch_size\": %d, \"num_workers\": %d, \"prefetch_size\": 2}",
		r->list, BATCH, workers);
	use_init(&r->pipeline, COMPONENT_PIPELINE, "SegmentationImagePipeline", args, 0);
	free(args);
	for (size_t i = 0; i < ARRAY_SIZE(chain); i++)
		use_init(&r->transforms[i], COMPONENT_TRANSFORM, chain[i][0], chain[i][1], (int)i);
	r->args = *(struct pipeline_args *)r->pipeline.args;
	r->config = (struct pipeline_config){.args = &r->args,
		.transforms = r->transforms,
		.n_transforms = ARRAY_SIZE(chain),
		.seed = 17,
		.training = training,
		.warn = rig_warn,
		.warn_ctx = r};
	return r;
}

static void rig_free(struct rig *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(chain); i++)
		component_use_release(&r->transforms[i]);
	component_use_release(&r->pipeline);
	free(r->list);
	free(r);
}

static struct pipeline *start(struct rig *r, int64_t epoch, int64_t step)
{
	struct err err = ERR_INIT;
	struct pipeline *p = pipeline_new(&r->config, &err);

	if (!p || pipeline_start(p, epoch, step, &err))
		fail_msg("%s", err.msg);
	return p;
}

static uint64_t hash(uint64_t h, const void *data, size_t n)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return h;
}

static uint64_t batch_hash(const struct batch *b)
{
	size_t n = (size_t)b->n * 6 * 7 * 8 * sizeof(float);
	uint64_t h = hash(0xcbf29ce484222325ull, b->image, n);

	h = hash(h, b->label, n);
	for (int i = 0; i < b->n; i++)
		h = hash(h, b->case_ids[i], strlen(b->case_ids[i]));
	return hash(h, &b->step, sizeof(b->step));
}

static uint64_t next_hash(struct pipeline *p)
{
	struct err err = ERR_INIT;
	struct batch *b;

	if (pipeline_next(p, &b, &err) != 1)
		fail_msg("no batch: %s", err.msg);
	return batch_hash(b);
}

static void run(int workers, double cache_mb, int batches, uint64_t *hashes)
{
	struct rig *r = rig_new(CASES, -1, true, workers);
	struct pipeline *p;

	r->args.cache_mb = cache_mb;
	p = start(r, 0, 0);
	for (int i = 0; i < batches; i++)
		hashes[i] = next_hash(p);
	pipeline_free(p);
	rig_free(r);
}

static void test_threads(void **state)
{
	uint64_t one[MANY], four[MANY], bare[MANY];

	(void)state;
	run(1, 0, MANY, one);
	run(4, 0, MANY, bare);
	run(4, 64, MANY, four);
	assert_memory_equal(one, bare, sizeof(one));
	assert_memory_equal(one, four, sizeof(one));
	/* And they do differ from step to step. */
	for (int i = 0; i < MANY; i++)
		for (int k = 0; k < i; k++)
			assert_true(one[i] != one[k]);
}

static void test_shape(void **state)
{
	struct rig *r = rig_new(CASES, -1, true, 2);
	struct pipeline *p = start(r, 0, 0);
	struct err err = ERR_INIT;
	struct batch *b;
	int seen[CASES] = {0};

	(void)state;
	assert_int_equal(pipeline_length(p), 3);
	assert_int_equal(pipeline_list(p)->n, CASES);
	for (int step = 0; step < 6; step++) {
		assert_int_equal(pipeline_next(p, &b, &err), 1);
		assert_int_equal(b->n, BATCH);
		assert_int_equal(b->dim[0], 6);
		assert_int_equal(b->dim[1], 7);
		assert_int_equal(b->dim[2], 8);
		assert_int_equal(b->channels, 1);
		assert_int_equal(b->epoch, step / 3);
		assert_int_equal(b->step, step % 3);
		assert_int_equal((uintptr_t)b->image % 64, 0);
		for (int i = 0; step < 3 && i < BATCH; i++)
			seen[(b->case_ids[i][6] - '0') * 10 + b->case_ids[i][7] - '0']++;
		for (int i = 0; i < BATCH * 6 * 7 * 8; i++)
			assert_true(b->label[i] == 0 || b->label[i] == 1);
	}
	/* 9 places for 7 cases: each once, and two of them again to fill the last batch. */
	for (int i = 0; i < CASES; i++)
		assert_in_range(seen[i], 1, 2);
	assert_true(pipeline_memory(p) > 3 * BATCH * 6 * 7 * 8 * 8);
	pipeline_free(p);
	rig_free(r);
}

static void test_resume(void **state)
{
	uint64_t straight[12];
	struct rig *r = rig_new(CASES, -1, true, 3);
	struct pipeline *p;

	(void)state;
	run(2, 64, 12, straight);
	p = start(r, 1, 2); /* the sixth batch */
	for (int i = 5; i < 12; i++)
		assert_true(next_hash(p) == straight[i]);
	/* The same pipeline, started again elsewhere. */
	assert_int_equal(pipeline_start(p, 0, 3, NULL), 0); /* after the last step: epoch 1 */
	assert_true(next_hash(p) == straight[3]);
	assert_int_equal(pipeline_start(p, 0, 4, NULL), -1);
	pipeline_free(p);
	rig_free(r);
}

static void test_seed_and_order(void **state)
{
	struct rig *r = rig_new(CASES, -1, true, 2);
	struct pipeline *p = start(r, 0, 0);
	uint64_t first = next_hash(p);
	struct err err = ERR_INIT;
	struct batch *b;

	(void)state;
	pipeline_free(p);
	r->config.seed++;
	p = start(r, 0, 0);
	assert_true(next_hash(p) != first);
	pipeline_free(p);
	r->args.shuffle = false;
	r->args.repeat = false;
	r->args.duplicate_count = 2;
	p = start(r, 0, 0);
	assert_int_equal(pipeline_length(p), 5); /* 14 items */
	for (int step = 0; step < 5; step++) {
		assert_int_equal(pipeline_next(p, &b, &err), 1);
		for (int i = 0; i < BATCH; i++) {
			char *id = mem_printf("image_%02d", (step * BATCH + i) % CASES);

			assert_string_equal(b->case_ids[i], id);
			free(id);
		}
	}
	assert_int_equal(pipeline_next(p, &b, &err), 0);
	assert_int_equal(pipeline_next(p, &b, &err), 0);
	pipeline_free(p);
	rig_free(r);
}

/* A list of one case and batches of three: three different crops, as on one CT. */
static void test_single_case(void **state)
{
	struct rig *r = rig_new(1, -1, true, 4);
	struct pipeline *p = start(r, 0, 0);
	struct err err = ERR_INIT;
	struct pipeline_stats stats;
	struct batch *b;
	size_t n = 6 * 7 * 8;

	(void)state;
	assert_int_equal(pipeline_length(p), 1);
	for (int i = 0; i < 10; i++)
		assert_int_equal(pipeline_next(p, &b, &err), 1);
	assert_int_equal(b->epoch, 9);
	assert_memory_not_equal(b->image, b->image + n, n * sizeof(float));
	assert_memory_not_equal(b->image, b->image + 2 * n, n * sizeof(float));
	pipeline_stats(p, &stats);
	assert_int_equal(stats.items, 30);
	assert_true(stats.loaded_items >= 30);
	/* The threads waited for the first load instead of repeating it. */
	assert_int_equal(stats.cache_hits, stats.loaded_items - 1);
	assert_true(stats.cache_bytes > 0);
	pipeline_free(p);
	rig_free(r);
}

static void test_validation(void **state)
{
	uint64_t first[CASES];

	(void)state;
	for (int round = 0; round < 3; round++) {
		struct rig *r = rig_new(CASES, -1, false, round + 1);
		struct pipeline *p;
		struct err err = ERR_INIT;
		struct sample *s;
		struct batch *b;

		/* Only the deterministic transforms: whole volumes. */
		r->config.n_transforms = 2;
		p = start(r, round, 0);
		assert_int_equal(pipeline_length(p), CASES);
		for (int i = 0; i < CASES; i++) {
			char *id = mem_printf("image_%02d", i);
			struct volume *v;
			uint64_t h;

			assert_int_equal(pipeline_next_sample(p, &s, &err), 1);
			assert_string_equal(s->case_id, id);
			v = sample_volume(s, "image", &err);
			assert_int_equal(v->dim[0], 9 + i % 7);
			assert_int_equal(v->dim[1], 12 - i % 3);
			assert_non_null(sample_volume(s, "label", &err));
			h = hash(1, v->data, volume_voxels(v) * sizeof(float));
			if (!round)
				first[i] = h;
			assert_true(h == first[i]);
			sample_free(s);
			free(id);
		}
		assert_int_equal(pipeline_next_sample(p, &s, &err), 0);
		assert_int_equal(pipeline_next(p, &b, &err), -1);
		/* And again, now from the cache. */
		assert_int_equal(pipeline_start(p, round + 1, 0, &err), 0);
		for (int i = 0; i < CASES; i++) {
			struct volume *v;

			assert_int_equal(pipeline_next_sample(p, &s, &err), 1);
			v = sample_volume(s, "image", &err);
			assert_true(hash(1, v->data, volume_voxels(v) * sizeof(float)) == first[i]);
			sample_free(s);
		}
		pipeline_free(p);
		rig_free(r);
	}
}

static void test_random_validation(void **state)
{
	struct rig *r = rig_new(CASES, -1, false, 2);
	struct pipeline *p = start(r, 0, 0);
	struct err err = ERR_INIT;
	uint64_t h[2];

	(void)state;
	for (int epoch = 0; epoch < 2; epoch++) {
		struct sample *s;
		struct volume *v;

		assert_int_equal(pipeline_start(p, epoch, 0, &err), 0);
		assert_int_equal(pipeline_next_sample(p, &s, &err), 1);
		v = sample_volume(s, "image", &err);
		assert_int_equal(v->dim[0], 6);
		h[epoch] = hash(1, v->data, volume_voxels(v) * sizeof(float));
		sample_free(s);
	}
	assert_true(h[0] == h[1]);
	pipeline_free(p);
	rig_free(r);
}

static void write_broken(int i)
{
	char *path = path_of("broken", i);

	assert_int_equal(sys_write_file(path, "not an image", 12, NULL), 0);
	free(path);
}

static void test_quarantine(void **state)
{
	uint64_t hashes[3][20];

	(void)state;
	write_broken(5);
	for (int round = 0; round < 2; round++) {
		struct rig *r = rig_new(MANY, 5, true, round ? 4 : 1);
		struct pipeline *p = start(r, 0, 0);
		struct pipeline_stats stats;

		for (int i = 0; i < 20; i++)
			hashes[round][i] = next_hash(p);
		pipeline_stats(p, &stats);
		assert_int_equal(stats.quarantined, 1);
		assert_int_equal(r->warnings, 1);
		assert_non_null(strstr(r->last, "broken_05"));
		pipeline_free(p);
		rig_free(r);
	}
	assert_memory_equal(hashes[0], hashes[1], sizeof(hashes[0]));
}

static void test_validation_quarantine(void **state)
{
	struct rig *r = rig_new(MANY, 5, false, 3);
	struct pipeline *p = start(r, 0, 0);
	struct err err = ERR_INIT;
	struct sample *s;
	int n = 0;

	(void)state;
	while (pipeline_next_sample(p, &s, &err) == 1) {
		assert_string_not_equal(s->case_id, "broken_05");
		sample_free(s);
		n++;
	}
	assert_int_equal(err.code, 0);
	assert_int_equal(n, MANY - 1);
	pipeline_free(p);
	rig_free(r);
}

/* Asks for batches until one fails. */
static void fails(struct rig *r, const char *says, int code)
{
	struct pipeline *p = start(r, 0, 0);
	struct err err = ERR_INIT;
	struct batch *b;
	int rc = 1;

	for (int i = 0; i < 40 && rc == 1; i++)
		rc = pipeline_next(p, &b, &err);
	assert_int_equal(rc, -1);
	if (!strstr(err.msg, says))
		fail_msg("'%s' is not in: %s", says, err.msg);
	assert_int_equal(err.code, code);
	/* It goes on failing, and can still be stopped. */
	assert_int_equal(pipeline_next(p, &b, &err), -1);
	pipeline_free(p);
	rig_free(r);
}

static void test_errors(void **state)
{
	struct rig *r;

	(void)state;
	fails(rig_new(CASES, 5, true, 4), "1 of 7 cases are bad", ERR_DATA);
	r = rig_new(CASES, -1, true, 2);
	r->args.output_crop_size[1] = 9;
	fails(r, "6 x 7 x 8 voxels after the transforms, but output_crop_size is 6 x 9 x 8",
		ERR_DATA);
	r = rig_new(CASES, -1, true, 2);
	r->args.output_image_channels = 2;
	fails(r, "output_image_channels is 2", ERR_DATA);
}

static void test_new_errors(void **state)
{
	struct rig *r = rig_new(CASES, -1, true, 2);
	struct err err = ERR_INIT;
	char *key = r->args.data_list_key;

	(void)state;
	r->args.output_crop_size[0] = r->args.output_crop_size[1] = -1;
	assert_null(pipeline_new(&r->config, &err));
	assert_non_null(strstr(err.msg, "fixed size"));
	r->args.output_crop_size[0] = r->args.output_crop_size[1] = 6;
	r->args.data_list_key = (char *)"trainin";
	assert_null(pipeline_new(&r->config, &err));
	assert_non_null(strstr(err.msg, "'training'"));
	assert_int_equal(err.code, ERR_DATA);
	r->args.data_list_key = key;
	rig_free(r);
}

static void *cancel_thread(void *arg)
{
	usleep(30000);
	pipeline_cancel(arg);
	return NULL;
}

static void test_stop(void **state)
{
	struct rig *r = rig_new(MANY, -1, true, 4);
	struct pipeline *p = start(r, 0, 0);
	struct err err = ERR_INIT;
	double begin = sys_now();
	pthread_t thread;
	struct batch *b;
	int rc;

	(void)state;
	/* With a full ring, with threads at work, at once after the start. */
	assert_int_equal(pipeline_next(p, &b, &err), 1);
	usleep(20000);
	pipeline_stop(p);
	pipeline_stop(p);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(pipeline_start(p, i, 0, &err), 0);
		pipeline_stop(p);
	}
	assert_true(sys_now() - begin < 2.0);
	assert_int_equal(pipeline_next(p, &b, &err), -1);
	assert_int_equal(pipeline_start(p, 0, 0, &err), 0);
	assert_int_equal(pthread_create(&thread, NULL, cancel_thread, p), 0);
	do
		rc = pipeline_next(p, &b, &err);
	while (rc == 1);
	assert_int_equal(err.code, ERR_INTR);
	pthread_join(thread, NULL);
	pipeline_free(p);
	rig_free(r);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	for (int i = 0; i < MANY; i++) {
		put("image", i, false);
		put("label", i, true);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return sys_remove_tree(folder, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_seed_and_order),
		cmocka_unit_test(test_single_case),
		cmocka_unit_test(test_validation),
		cmocka_unit_test(test_random_validation),
		cmocka_unit_test(test_quarantine),
		cmocka_unit_test(test_validation_quarantine),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_new_errors),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
