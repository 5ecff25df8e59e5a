/*
 * bench_transforms: time of reading an image and of each transform.
 *
 *   bench_transforms [--reps N] [--threads N] [--only NAME] [--size X Y Z] [IMAGE LABEL]
 *
 * Two tables: a crop of 128^3 (or --size) made here, and, when a CT and its label map
 * are named, these as they lie on the disk.  Random transforms run with
 * probability 1.  A row: the median of N runs, the smallest, and the rate, which
 * counts the voxels of the fields before and after, read and written once each.
 * The line "copy" is memcpy() of one such field over memory that is in use: the
 * rate that a transform can reach.  Samples are copied before the clock starts.
 */
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/transform/transform.h"
#include "tests/bench/lib/stats.h"

enum { MAX_REPS = 101 };

struct bench {
	int reps, threads, size[3];
	const char *only, *image, *label;
};

/* What is read at the start counts as "file". */
static const struct {
	const char *name, *args;
} rows[] = {
	{"LoadImaged", "{\"keys\": [\"image\"]}"},
	{"LoadImaged", "{\"keys\": [\"label\"]}"},
	{"LoadNifti", "{\"fields\": [\"image\", \"label\"], \"as_closest_canonical\": true}"},
	{"Orientationd", "{\"keys\": [\"image\", \"label\"], \"axcodes\": \"RAS\"}"},
	{"Orientationd", "{\"keys\": [\"image\", \"label\"], \"axcodes\": \"SPR\"}"},
	{"Spacingd",
		"{\"keys\": [\"image\", \"label\"], \"pixdim\": [1, 1, 1], \"mode\": [\"bilinear\", \"nearest\"]}"},
	{"ScaleByResolution", "{\"fields\": [\"image\"], \"target_resolution\": [1, 1, 1]}"},
	{"ScaleByResolution",
		"{\"fields\": [\"label\"], \"target_resolution\": [1, 1, 1], \"is_label\": true}"},
	{"ScaleIntensityRange",
		"{\"fields\": \"image\", \"a_min\": -57, \"a_max\": 164, \"b_min\": 0, \"b_max\": 1, \"clip\": true}"},
	{"ScaleIntensityd", "{\"keys\": \"image\"}"},
	{"NormalizeIntensityd", "{\"keys\": \"image\"}"},
	{"NormalizeIntensityd", "{\"keys\": \"image\", \"nonzero\": true}"},
	{"NormalizeNonzeroIntensities", "{\"fields\": \"image\"}"},
	{"CenterData", "{\"fields\": \"image\"}"},
	{"ThresholdIntensityd", "{\"keys\": \"image\", \"threshold\": 0}"},
	{"ThresholdValues", "{\"fields\": \"image\"}"},
	{"AddGaussianNoise", "{\"fields\": \"image\", \"probability\": 1}"},
	{"RandGaussianNoised", "{\"keys\": \"image\", \"prob\": 1}"},
	{"AdjustContrast", "{\"fields\": \"image\", \"probability\": 1}"},
	{"RandAdjustContrastd", "{\"keys\": \"image\", \"prob\": 1}"},
	{"RandomMRBiasField", "{\"fields\": \"image\", \"probability\": 1}"},
	{"RandomGaussianSmooth", "{\"fields\": \"image\", \"probability\": 1, \"sigma\": [1, 1]}"},
	{"RandScaleIntensityd", "{\"keys\": \"image\", \"prob\": 1, \"factors\": 0.1}"},
	{"RandShiftIntensityd", "{\"keys\": \"image\", \"prob\": 1, \"offsets\": 0.1}"},
	{"ScaleShiftIntensity", "{\"fields\": \"image\"}"},
	{"ScaleIntensityOscillation", "{\"fields\": \"image\", \"magnitude\": 0.1}"},
	{"RandFlipd", "{\"keys\": [\"image\", \"label\"], \"prob\": 1, \"spatial_axis\": 0}"},
	{"RandFlipd", "{\"keys\": [\"image\", \"label\"], \"prob\": 1, \"spatial_axis\": 1}"},
	{"RandFlipd", "{\"keys\": [\"image\", \"label\"], \"prob\": 1, \"spatial_axis\": 2}"},
	{"RandRotate90d",
		"{\"keys\": [\"image\", \"label\"], \"prob\": 1, \"max_k\": 1, \"spatial_axes\": [0, 1]}"},
	{"RandRotate90d",
		"{\"keys\": [\"image\", \"label\"], \"prob\": 1, \"max_k\": 1, \"spatial_axes\": [0, 2]}"},
	{"RandAffined",
		"{\"keys\": [\"image\", \"label\"], \"prob\": 1, \"rotate_range\": 0.3, \"scale_range\": 0.1, \"mode\": [\"bilinear\", \"nearest\"], \"padding_mode\": \"border\"}"},
	{"RandomElastic3D", "{\"fields\": [\"image\", \"label\"], \"label_fields\": [\"label\"]}"},
	{"RandZoomd",
		"{\"keys\": [\"image\", \"label\"], \"prob\": 1, \"mode\": [\"bilinear\", \"nearest\"]}"},
	{"RandomZoom", "{\"image_field\": \"image\", \"label_field\": \"label\"}"},
	{"CropForegroundd", "{\"keys\": [\"image\", \"label\"], \"source_key\": \"image\"}"},
	{"RandCropByPosNegLabeld",
		"{\"keys\": [\"image\", \"label\"], \"label_key\": \"label\", \"spatial_size\": [96, 96, 96]}"},
	{"RandCropByPosNegLabeld",
		"{\"keys\": [\"image\", \"label\"], \"label_key\": \"label\", \"spatial_size\": [96, 96, 96], \"image_key\": \"image\"}"},
	{"FastPosNegRatioCropROI", "{\"size\": [96, 96, 96]}"},
	{"FastPosNegRatioCropROI",
		"{\"size\": [96, 96, 96], \"deform\": true, \"rotation\": true, \"scale\": true}"},
	{"KeepLargestCC", "{\"fields\": \"label\"}"},
	{"ConvertToMultiChannelBasedOnLabel", "{\"fields\": \"label\", \"labels\": [0, 1]}"},
	{"SpatialPadd", "{\"keys\": [\"image\", \"label\"], \"spatial_size\": [160, 160, 160]}"},
};

/* Tissue of -1000 ... 400 with an organ in the middle; label: the organ. */
static struct volume *made(const int dim[3], bool label)
{
	struct volume *v = volume_new(1, dim, NULL);
	float *p = v ? v->data : NULL;

	for (int z = 0; p && z < dim[2]; z++)
		for (int y = 0; y < dim[1]; y++)
			for (int x = 0; x < dim[0]; x++) {
				float dx = (float)x / (float)dim[0] - 0.6f,
				      dy = (float)y / (float)dim[1] - 0.5f,
				      dz = (float)z / (float)dim[2] - 0.5f;
				bool organ = dx * dx + dy * dy + dz * dz < 0.04f;

				*p++ = label ? organ
					     : rintf(100.0f * sinf(0.1f * (float)(x + y)) +
						       50.0f * cosf(0.7f * (float)(y - z)) +
						       (organ ? 120.0f : -100.0f));
			}
	return v;
}

static int sample_open(const struct bench *b, bool file, struct sample **out, struct err *err)
{
	struct sample *s = *out = sample_new("bench");

	if (!file)
		return sample_set(s, "image", made(b->size, false), err) ||
				       sample_set(s, "label", made(b->size, true), err)
			       ? -1
			       : 0;
	return sample_add_file(s, "image", b->image, err) ||
			       sample_add_file(s, "label", b->label, err)
		       ? -1
		       : 0;
}

static double sample_bytes(const struct sample *s, const char *args)
{
	double bytes = 0;

	for (int i = 0; i < s->n; i++)
		if (s->field[i].vol && strstr(args, s->field[i].name))
			bytes += (double)volume_voxels(s->field[i].vol) *
				 s->field[i].vol->channels * sizeof(float);
	return bytes;
}

/* The same voxels in memory of their own. */
static struct sample *sample_copy(const struct sample *s, struct err *err)
{
	struct sample *c = sample_share(s);

	for (int i = 0; i < c->n; i++)
		if (c->field[i].vol && volume_make_writable(c->field[i].vol, err)) {
			sample_free(c);
			return NULL;
		}
	return c;
}

static void print_row(const char *name, const char *args, double *ms, int n, double bytes)
{
	double median = values_median(ms, n);

	printf("%-28s %9.3f %9.3f %8.2f  %.70s\n", name, median, ms[0], bytes / 1e6 / median, args);
	fflush(stdout);
}

static int run(const struct bench *b, size_t row, const struct sample *s, struct err *err)
{
	const struct component *c = component_find(COMPONENT_TRANSFORM, rows[row].name);
	cJSON *json = json_parse(rows[row].args, strlen(rows[row].args), "bench", NULL);
	bool load = !strncmp(rows[row].name, "Load", 4);
	struct problems ps = {0};
	struct component_use u;
	double ms[MAX_REPS], bytes = 0, begin = sys_now();
	int n = 0, rc;

	rc = !c || !json || component_use_init(&u, c, json, NULL, "bench", rows[row].name, &ps)
		     ? err_set(err, ERR_DATA, "'%s' takes no %s", rows[row].name, rows[row].args)
		     : 0;
	while (!rc && n < b->reps && (n < 3 || sys_now() - begin < 2)) {
		struct sample *copy = load ? sample_share(s) : sample_copy(s, err);
		struct rng rng = transform_stream(1, (uint64_t)n, "bench", 0, &u);
		double t;

		if (!copy)
			return -1;
		for (int i = 0; load && i < copy->n; i++) {
			volume_free(copy->field[i].vol);
			copy->field[i].vol = NULL;
		}
		bytes = sample_bytes(copy, rows[row].args);
		t = sys_now();
		rc = transform_apply(&u, copy, &rng, err);
		ms[n++] = (sys_now() - t) * 1e3;
		bytes += sample_bytes(copy, rows[row].args);
		sample_free(copy);
	}
	if (!rc)
		print_row(rows[row].name, rows[row].args, ms, n, bytes);
	cJSON_Delete(json);
	if (c)
		component_use_release(&u);
	problems_release(&ps);
	return rc;
}

static int copy_row(const struct bench *b, const struct sample *s, struct err *err)
{
	const struct volume *v = s->field[0].vol;
	size_t bytes = volume_voxels(v) * sizeof(float);
	char *to = mem_try_big(bytes, "a copy", err);
	double ms[MAX_REPS];

	if (!to)
		return -1;
	for (int i = -1; i < b->reps; i++) {
		double t = sys_now();

		memcpy(to, v->data, bytes);
		if (i >= 0)
			ms[i] = (sys_now() - t) * 1e3;
	}
	print_row("copy", "", ms, b->reps, 2 * (double)bytes);
	free(to);
	return 0;
}

static int table(const struct bench *b, bool file, struct err *err)
{
	struct sample *s;
	int rc = sample_open(b, file, &s, err);

	for (int i = 0; !rc && file && i < 2; i++) {
		char *args = mem_printf("{\"fields\": [\"%s\"]}", s->field[i].name);
		cJSON *json = json_parse(args, strlen(args), "bench", NULL);
		struct problems ps = {0};
		struct component_use u;

		rc = component_use_init(&u, component_find(COMPONENT_TRANSFORM, "LoadNifti"), json,
			NULL, "bench", "load", &ps);
		rc = rc ? rc : transform_apply(&u, s, NULL, err);
		component_use_release(&u);
		problems_release(&ps);
		cJSON_Delete(json);
		free(args);
	}
	if (!rc) {
		const struct volume *v = s->field[0].vol;

		printf("\n%d x %d x %d voxels, %d threads%47s\n%-28s %9s %9s %8s\n", v->dim[0],
			v->dim[1], v->dim[2], b->threads, "", "transform", "ms", "least", "GB/s");
		rc = copy_row(b, s, err);
	}
	for (size_t i = 0; !rc && i < ARRAY_SIZE(rows); i++)
		if ((file || strncmp(rows[i].name, "Load", 4)) &&
			(!b->only || strstr(rows[i].name, b->only)))
			rc = run(b, i, s, err);
	sample_free(s);
	return rc;
}

static int parse(struct bench *b, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (i + 1 < argc && !strcmp(argv[i], "--reps"))
			b->reps = (int)strtol(argv[++i], NULL, 10);
		else if (i + 1 < argc && !strcmp(argv[i], "--threads"))
			b->threads = (int)strtol(argv[++i], NULL, 10);
		else if (i + 1 < argc && !strcmp(argv[i], "--only"))
			b->only = argv[++i];
		else if (i + 3 < argc && !strcmp(argv[i], "--size"))
			for (int k = 0; k < 3; k++)
				b->size[k] = (int)strtol(argv[++i], NULL, 10);
		else if (i + 2 == argc) {
			b->image = argv[i++];
			b->label = argv[i];
		} else
			return -1;
	}
	return b->reps < 1 || b->reps > MAX_REPS || b->threads < 1 ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct bench b = {.reps = 21, .threads = omp_get_max_threads(), .size = {128, 128, 128}};
	struct err err = ERR_INIT;

	if (parse(&b, argc, argv)) {
		fprintf(stderr, "usage: bench_transforms [--reps N] [--threads N] [--only NAME] "
				"[--size X Y Z] [IMAGE LABEL]\n");
		return 64;
	}
	omp_set_num_threads(b.threads);
	if (table(&b, false, &err) || (b.image && table(&b, true, &err))) {
		fprintf(stderr, "bench_transforms: %s\n", err.msg);
		return 1;
	}
	return 0;
}
