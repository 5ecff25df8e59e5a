/* Cases without files, transforms that count and draw: see pipeline_rig.h. */
#include "tests/unit/pipeline_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/transform/transform.h"

atomic_int prig_made[PRIG_CASES]; /* lint: global, the transforms of the rig count here */
int prig_delay;                   /* lint: global, set by tests */
int prig_jitter;                  /* lint: global, set by tests */
int prig_bad = -1;                /* lint: global, set by tests */
static atomic_uint prig_noise;    /* lint: global, where the delays come from */

void prig_reset(void)
{
	for (int i = 0; i < PRIG_CASES; i++)
		atomic_store(&prig_made[i], 0);
	prig_delay = prig_jitter = 0;
	prig_bad = -1;
}

int prig_total(void)
{
	int sum = 0;

	for (int i = 0; i < PRIG_CASES; i++)
		sum += atomic_load(&prig_made[i]);
	return sum;
}

int prig_case(const char *case_id)
{
	return atoi(strrchr(case_id, '_') + 1);
}

static void prig_sleep(void)
{
	unsigned x = atomic_fetch_add(&prig_noise, 1u) * 2654435761u;
	int us = prig_delay + (prig_jitter ? (int)(x >> 8) % prig_jitter : 0);

	if (us > 0)
		usleep((useconds_t)us);
}

static int make_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	int i = prig_case(s->case_id);

	(void)args;
	(void)rng;
	prig_sleep();
	if (i == prig_bad)
		return err_set(err, ERR_DATA, "it is bad");
	atomic_fetch_add(&prig_made[i], 1);
	for (int k = 0; k < 2; k++) {
		struct volume *v =
			volume_new(1, (const int[]){PRIG_SIDE, PRIG_SIDE, PRIG_SIDE}, err);

		for (size_t n = 0; v && n < PRIG_VOXELS; n++)
			v->data[n] = (float)i;
		if (!v || (k && sample_find(s, "label")->vol))
			volume_free(v);
		else if (sample_set(s, k ? "label" : "image", v, err))
			return -1;
	}
	return 0;
}

static int draw_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	struct volume *v = sample_volume(s, "image", err);

	(void)args;
	if (!v || volume_make_writable(v, err))
		return -1;
	if (prig_jitter)
		prig_sleep();
	for (size_t n = 0; n < PRIG_VOXELS; n++)
		v->data[n] += (float)rng_uniform(rng) * 0.25f;
	return 0;
}

static int crop_count(const void *args)
{
	return *(const int *)args;
}

static int crop_split(const void *args, const struct sample *s, struct rng *rng,
	struct sample **out, struct err *err)
{
	for (int k = 0; k < crop_count(args); k++)
		out[k] = NULL;
	for (int k = 0; k < crop_count(args); k++) {
		out[k] = sample_share(s);
		if (draw_apply(NULL, out[k], rng, err))
			return -1;
	}
	return 0;
}

static const struct component make = {.name = "Make",
	.kind = COMPONENT_TRANSFORM,
	.ops = &(const struct transform_ops){.apply = make_apply}};
static const struct component draw = {.name = "Draw",
	.kind = COMPONENT_TRANSFORM,
	.ops = &(const struct transform_ops){.apply = draw_apply, .flags = TRANSFORM_RANDOM}};
static const struct component crop = {.name = "Crop",
	.kind = COMPONENT_TRANSFORM,
	.ops = &(const struct transform_ops){.apply = draw_apply,
		.flags = TRANSFORM_RANDOM,
		.count = crop_count,
		.split = crop_split}};

static void prig_warn(void *ctx, const char *text)
{
	struct prig *r = ctx;

	r->n_warnings++;
	buf_printf(&r->warnings, "%s\n", text);
}

static struct datalist *prig_list(int n, const char *const *labels)
{
	char path[] = "/tmp/axial_prig_XXXXXX";
	struct problems ps = {0};
	struct buf b = {0};
	struct datalist *l;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	buf_puts(&b, "{\"training\": [");
	for (int i = 0; i < n; i++) {
		buf_printf(&b, "%s{\"image\": \"case_%d.nii\", \"label\": ", i ? ", " : "", i);
		if (labels)
			buf_puts(&b, labels[i]);
		else
			buf_printf(&b, "\"label_%d.nii\"", i);
		buf_puts(&b, "}");
	}
	buf_puts(&b, "]}");
	assert_int_equal(sys_write_file(path, b.p, b.len, NULL), 0);
	l = datalist_read(path, "/tmp", "training", &ps);
	unlink(path);
	assert_non_null(l);
	buf_release(&b);
	problems_release(&ps);
	return l;
}

static struct component_use prig_use(const struct component *c, int arg, int place)
{
	struct component_use u = {.c = c};

	u.name = mem_strdup(c->name);
	u.path = mem_printf("train.pre_transforms.#%d", place);
	u.args = mem_zalloc(sizeof(int));
	*(int *)u.args = arg;
	return u;
}

static struct prig *prig_make(int n, int batch, int crops, int inner, const char *const *labels)
{
	struct prig *r = mem_zalloc(sizeof(*r));

	r->list = prig_list(n, labels);
	r->use[0] = prig_use(&make, 0, 1);
	r->use[1] = prig_use(&crop, crops, 2);
	r->use[2] = prig_use(&crop, inner, 3);
	r->use[3] = prig_use(&draw, 0, 4);
	r->args = (struct pipeline_args){.output_crop_size = {PRIG_SIDE, PRIG_SIDE, PRIG_SIDE},
		.output_batch_size = batch,
		.output_image_channels = 1,
		.output_label_channels = labels ? 0 : 1,
		.output_data_dims = 3,
		.num_workers = 3,
		.shuffle = true,
		.repeat = true,
		.duplicate_count = 1};
	r->config = (struct pipeline_config){.args = &r->args,
		.transforms = r->use,
		.n_transforms = ARRAY_SIZE(r->use),
		.list = r->list,
		.seed = 5,
		.training = true,
		.warn = prig_warn,
		.warn_ctx = r};
	return r;
}

struct prig *prig_new(int n, int batch, int crops, int inner)
{
	return prig_make(n, batch, crops, inner, NULL);
}

struct prig *prig_new_labels(int n, int batch, const char *const *labels)
{
	return prig_make(n, batch, 1, 1, labels);
}

void prig_free(struct prig *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(r->use); i++) {
		free(r->use[i].name);
		free(r->use[i].path);
		free(r->use[i].args);
	}
	datalist_free(r->list);
	buf_release(&r->warnings);
	free(r);
}

struct pipeline *prig_start(struct prig *r, int64_t epoch, int64_t step)
{
	struct err err = ERR_INIT;
	struct pipeline *p = pipeline_new(&r->config, &err);

	if (!p || pipeline_start(p, epoch, step, &err))
		fail_msg("%s", err.msg);
	return p;
}

struct batch *prig_next(struct pipeline *p)
{
	struct err err = ERR_INIT;
	struct batch *b;

	if (pipeline_next(p, &b, &err) != 1)
		fail_msg("no batch: %s", err.msg);
	return b;
}

static uint64_t prig_mix(uint64_t h, const void *data, size_t n)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return h;
}

uint64_t prig_hash_sample(const struct batch *b, int i)
{
	return prig_mix(1, b->image + (size_t)i * PRIG_VOXELS, PRIG_VOXELS * sizeof(float));
}

uint64_t prig_hash(const struct batch *b)
{
	uint64_t h = prig_mix(1, &b->epoch, sizeof(b->epoch));
	size_t label = (size_t)b->label_dim[0] * (size_t)b->label_dim[1] * (size_t)b->label_dim[2] *
		       (size_t)b->label_channels;

	h = prig_mix(h, &b->step, sizeof(b->step));
	h = prig_mix(h, b->image, (size_t)b->n * PRIG_VOXELS * sizeof(float));
	h = prig_mix(h, b->label, (size_t)b->n * label * sizeof(float));
	for (int i = 0; i < b->n; i++)
		h = prig_mix(h, b->case_ids[i], strlen(b->case_ids[i]));
	return h;
}

void prig_run(struct prig *r, int workers, int n, uint64_t *hashes)
{
	struct pipeline *p;

	r->args.num_workers = workers;
	p = prig_start(r, 0, 0);
	for (int i = 0; i < n; i++)
		hashes[i] = prig_hash(prig_next(p));
	pipeline_free(p);
}
