/*
 * Reading a NIfTI file and two transforms, beside nibabel, niftilib and torch.
 *
 * The file is a volume of int16 noise over smooth structure, 512 x 512 x 200, made here;
 * the transforms work on the spleen CT where it is (../shared/data), which is what
 * the figures were measured on.  Rounds alternate: ours, then theirs.
 */
#include <math.h>
#include <nifti2_io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/rng.h"
#include "core/base/sys.h"
#include "core/transform/transform.h"
#include "core/volume/nifti.h"
#include "tests/bench/lib/bench.h"
#include "tests/bench/lib/noise.h"
#include "tests/bench/lib/peer.h"

static const char data_dir[] = "build/bench";
static const char data_synthetic[] = "build/bench/synthetic.nii.gz";
static const char data_image[] = "../shared/data/spleen_ct/imagesTr/spleen_8.nii.gz";
static const char data_label[] = "../shared/data/spleen_ct/labelsTr/spleen_8.nii.gz";

enum { DATA_ROUNDS = 5 };

struct data_row {
	const char *name, *component, *args;
	double target;
};

static const struct data_row data_rows[] = {
	{"read", NULL, NULL, 2},
	{"spacing", "Spacingd",
		"{\"keys\":[\"image\",\"label\"],\"pixdim\":[1,1,1],\"mode\":[\"bilinear\","
		"\"nearest\"]}",
		0},
	{"range", "ScaleIntensityRange",
		"{\"fields\":\"image\",\"a_min\":-57,\"a_max\":164,\"b_min\":0,\"b_max\":1,"
		"\"clip\":true}",
		0},
};

static int data_make(bool tiny, struct err *err)
{
	const int dim[3] = {tiny ? 32 : 512, tiny ? 32 : 512, tiny ? 16 : 200};
	struct rng r = rng_stream(1, 0, 0, 0);
	struct volume *v;
	int rc = -1;

	if (sys_mkdirs(data_dir, err))
		return -1;
	v = volume_new(1, dim, err);
	if (v) {
		size_t n = volume_voxels(v);

		for (size_t i = 0; i < n; i++)
			v->data[i] = (float)(int)(200 * sin((double)(i % 512) / 40) +
						  12 * rng_normal(&r));
		rc = nifti_write(data_synthetic, v, NIFTI_OUT_INT16, err);
	}
	volume_free(v);
	return rc;
}

static struct sample *data_sample(struct err *err)
{
	struct sample *s = sample_new("spleen_8");

	if (sample_set(s, "image", nifti_read(data_image, err), err) ||
		sample_set(s, "label", nifti_read(data_label, err), err) ||
		!sample_volume(s, "image", err) || !sample_volume(s, "label", err)) {
		sample_free(s);
		return NULL;
	}
	return s;
}

/* Milliseconds of one reading by us. */
static int data_read(double *ms, struct err *err)
{
	double begin = sys_now();
	struct volume *v = nifti_read(data_synthetic, err);

	*ms = 1e3 * (sys_now() - begin);
	volume_free(v);
	return v ? 0 : -1;
}

/* The same by niftilib alone. */
static double data_niftilib(void)
{
	double begin = sys_now();
	nifti_image *image = nifti_image_read(data_synthetic, 1);
	double ms = image ? 1e3 * (sys_now() - begin) : NAN;

	nifti_image_free(image);
	return ms;
}

static int data_transform(
	const struct data_row *row, const struct sample *from, double *ms, struct err *err)
{
	cJSON *args = json_parse(row->args, strlen(row->args), row->name, err);
	struct component_use u = {0};
	struct problems ps = {0};
	struct sample *s = sample_share(from);
	struct rng rng = rng_stream(1, 0, 0, 0);
	double begin;
	int rc = component_use_init(&u, component_find(COMPONENT_TRANSFORM, row->component), args,
		NULL, "bench", row->name, &ps);

	if (rc)
		problems_to_err(&ps, err);
	begin = sys_now();
	if (!rc)
		rc = transform_apply(&u, s, &rng, err);
	*ms = 1e3 * (sys_now() - begin);
	component_use_release(&u);
	problems_release(&ps);
	cJSON_Delete(args);
	sample_free(s);
	return rc;
}

static double data_theirs(struct peer *p, const char *name)
{
	struct err err = ERR_INIT;
	char line[32];
	cJSON *answer;
	const cJSON *v;
	double ms;

	if (!p->pid)
		return NAN;
	snprintf(line, sizeof(line), "%s 1", name);
	answer = peer_ask(p, line, &err);
	v = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(answer, "ms"), 0);
	ms = v ? v->valuedouble : NAN;
	cJSON_Delete(answer);
	return ms;
}

static int data_row(struct bench *b, struct peer *peer, const struct data_row *row,
	const struct sample *sample, cJSON *out, struct err *err)
{
	struct samples s[3] = {0}; /* ours, theirs, niftilib */
	struct noise noise;
	char key[64];
	int rc = 0;

	noise_begin(&noise, peer->pid);
	for (int i = -1; !rc && i < DATA_ROUNDS; i++) { /* round -1 warms up */
		double ms, theirs, lib;

		rc = row->component ? data_transform(row, sample, &ms, err) : data_read(&ms, err);
		theirs = data_theirs(peer, row->name);
		lib = row->component ? NAN : data_niftilib();
		if (i < 0 || rc)
			continue;
		samples_add(&s[0], ms);
		samples_add(&s[1], theirs);
		samples_add(&s[2], lib);
	}
	if (!rc) {
		double others = noise_end(&noise), ours = samples_at(&s[0], 0.5);

		bench_say(b, "%-12s axial %7.1f (%.1f-%.1f) ms   theirs %.1f", row->name, ours,
			samples_at(&s[0], 0.1), samples_at(&s[0], 0.9), samples_at(&s[1], 0.5));
		if (others > NOISE_LIMIT && !b->tiny)
			bench_noisy(b, row->name, others);
		snprintf(key, sizeof(key), "data_%s_ratio", row->name);
		bench_ratio(b, key, samples_at(&s[1], 0.5) / ours, row->target);
		if (!row->component)
			bench_ratio(
				b, "data_read_niftilib_ratio", samples_at(&s[2], 0.5) / ours, 2);
		cJSON_AddItemToObject(out, row->name, samples_json(&s[0]));
		snprintf(key, sizeof(key), "%s_peer", row->name);
		cJSON_AddItemToObject(out, key, samples_json(&s[1]));
	}
	for (int i = 0; i < 3; i++)
		samples_release(&s[i]);
	return rc;
}

int section_data(struct bench *b, struct err *err)
{
	bool spleen = sys_exists(data_image) && sys_exists(data_label) && !b->tiny;
	const char *args[] = {
		data_synthetic, spleen ? data_image : NULL, spleen ? data_label : NULL, NULL};
	cJSON *out = cJSON_AddObjectToObject(b->report, "data");
	struct sample *sample = NULL;
	struct err why = ERR_INIT;
	struct peer peer = {0};
	int rc = 0;

	bench_say(b, "data: NIfTI of 512 x 512 x 200 int16; spleen CT%s",
		spleen ? "" : " (not here: its rows are left out)");
	if (data_make(b->tiny, err) || (spleen && !(sample = data_sample(err))))
		return -1;
	if (!b->no_peer && peer_start(&peer, "data.py", args, &why))
		bench_say(b, "nothing to compare with: %s", why.msg);
	for (size_t i = 0; !rc && i < sizeof(data_rows) / sizeof(data_rows[0]); i++)
		if (sample || !data_rows[i].component)
			rc = data_row(b, &peer, &data_rows[i], sample, out, err);
	peer_stop(&peer);
	if (sample)
		sample_free(sample);
	return rc;
}
