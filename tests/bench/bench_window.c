/*
 * bench_window: times sliding-window inference of one image, as evaluate and infer run it.
 *
 *   bench_window IMAGE [--bf16] [--fold] [--batch N] [--reps N] [--raw] [--roi N]
 *
 * The image is resampled to 1.5 x 1.5 x 2 mm (--raw: not) and scaled from -57 .. 164 HU to
 * 0 .. 1; the network is MONAI's UNet 16..256 with batch norm and 2 classes, its weights
 * are random.  --fold: batch norms are folded as infer does.  Prints seconds: the first
 * run (the plan is made), median and spread of the others, and the peak resident set.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/train/model.h"
#include "core/volume/nifti.h"
#include "core/volume/resample.h"
#include "tests/bench/lib/stats.h"

enum { MAX_REPS = 50 };

struct bench {
	const char *file;
	bool bf16, fold, raw;
	int reps, batch, roi;
};

static int parse(struct bench *b, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--bf16"))
			b->bf16 = true;
		else if (!strcmp(argv[i], "--fold"))
			b->fold = true;
		else if (!strcmp(argv[i], "--raw"))
			b->raw = true;
		else if (i + 1 < argc && !strcmp(argv[i], "--batch"))
			b->batch = (int)strtol(argv[++i], NULL, 10);
		else if (i + 1 < argc && !strcmp(argv[i], "--roi"))
			b->roi = (int)strtol(argv[++i], NULL, 10);
		else if (i + 1 < argc && !strcmp(argv[i], "--reps"))
			b->reps = (int)strtol(argv[++i], NULL, 10);
		else if (argv[i][0] != '-' && !b->file)
			b->file = argv[i];
		else
			return -1;
	}
	return !b->file || b->reps < 1 || b->reps > MAX_REPS || b->batch < 1 ? -1 : 0;
}

static struct volume *read_image(const struct bench *b, struct err *err)
{
	static const double spacing[3] = {1.5, 1.5, 2};
	struct volume *file = nifti_read(b->file, err), *v = file;

	if (file && !b->raw) {
		v = resample_to_spacing(file, spacing, RESAMPLE_LINEAR, err);
		volume_free(file);
	}
	if (v && volume_make_writable(v, err)) {
		volume_free(v);
		v = NULL;
	}
	for (size_t i = 0; v && i < volume_voxels(v); i++) {
		float x = (v->data[i] + 57) / 221;

		v->data[i] = x < 0 ? 0 : x > 1 ? 1 : x;
	}
	return v;
}

static int make_model(const struct bench *b, struct model *m, struct err *err)
{
	static const char spec[] =
		"{\"name\": \"UNet\", \"in_channels\": 1, \"spatial_dims\": 3, \"input_size\": [96, 96, 96], "
		"\"args\": {\"out_channels\": 2, \"channels\": [16, 32, 64, 128, 256], \"strides\": [2, 2, 2, 2], "
		"\"num_res_units\": 2, \"norm\": \"batch\", \"final_activation\": \"softmax\"}}";
	cJSON *json = json_parse(spec, strlen(spec), "network", err);
	int rc = json ? model_init(m, json, 1, "cpu", err) : -1, folded;

	cJSON_Delete(json);
	if (!rc && b->bf16 && !model_use_amp(m))
		rc = err_set(err, ERR_NODEVICE, "no bf16");
	if (!rc && b->fold)
		rc = model_fold(m, &folded, err);
	return rc;
}

static int run(const struct bench *b, struct model *m, const struct component_use *inferer,
	const struct volume *image, struct err *err)
{
	double t[MAX_REPS], first = 0, sum = 0, median;

	for (int i = -1; i < b->reps; i++) {
		double start = sys_now();
		struct volume *out = model_predict(m, inferer, image, NULL, NULL, err);

		if (!out)
			return -1;
		if (i < 0) {
			first = sys_now() - start;
			for (size_t k = 0; k < volume_voxels(out); k++)
				sum += (double)out->data[k];
		} else {
			t[i] = sys_now() - start;
		}
		volume_free(out);
	}
	median = values_median(t, b->reps);
	printf("%d x %d x %d  first %.3f s  median %.3f (%.3f .. %.3f)  peak RSS %.0f MiB  sum %.6g\n",
		image->dim[0], image->dim[1], image->dim[2], first, median, t[0], t[b->reps - 1],
		(double)sys_peak_rss() / 1048576, sum);
	return 0;
}

int main(int argc, char **argv)
{
	struct bench b = {.reps = 3, .batch = 4, .roi = 96};
	struct err err = ERR_INIT;
	struct problems ps = {0};
	struct component_use inferer = {0};
	struct model m = {0};
	struct volume *image;
	char *args;
	cJSON *json;
	int rc = 1;

	if (parse(&b, argc, argv)) {
		fputs("usage: see the top of bench_window.c\n", stderr);
		return 64;
	}
	args = mem_printf("{\"roi_size\": [%d, %d, %d], \"sw_batch_size\": %d}", b.roi, b.roi,
		b.roi, b.batch);
	json = json_parse(args, strlen(args), "inferer", &err);
	image = read_image(&b, &err);
	if (image && json &&
		!component_use_init(&inferer,
			component_find(COMPONENT_INFERER, "SlidingWindowInferer"), json, NULL, "",
			"inferer", &ps) &&
		!make_model(&b, &m, &err) && !run(&b, &m, &inferer, image, &err))
		rc = 0;
	if (rc)
		fprintf(stderr, "bench_window: %s\n", err.msg);
	volume_free(image);
	if (inferer.c)
		component_use_release(&inferer);
	model_release(&m);
	problems_release(&ps);
	cJSON_Delete(json);
	free(args);
	return rc;
}
