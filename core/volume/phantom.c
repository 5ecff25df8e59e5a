/*
 * The CT phantom: a data set that anyone can make, with organs to find.
 *
 * A case is sampled from its scene (phantom_scene.c, phantom_sample.c) on a grid
 * whose voxel size differs a little from case to case and whose affine is that of
 * a real CT (LAS, origin at the corner of the field of view).  Noise is Gaussian,
 * smoothed over a pixel's neighbours in the slice as reconstruction kernels do, and
 * scaled back to 15-20 HU.
 *
 * Everything random comes from counter-based streams named after seed, case and
 * slice: the number of threads does not matter, equal seeds give equal bytes.
 */
#include "core/volume/phantom.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/sys.h"
#include "core/volume/nifti.h"
#include "core/volume/phantom_scene.h"

#define PHANTOM_FOV_XY 320.0 /* mm */
#define PHANTOM_FOV_Z  240.0
#define PHANTOM_CASES  100000

void phantom_defaults(struct phantom_config *c)
{
	*c = (struct phantom_config){
		.dim = {64, 64, 40}, .training = 16, .validation = 4, .seed = 1};
}

const char *phantom_label_name(int label)
{
	static const char *const names[] = {"background", "liver", "spleen", "kidney"};

	return label >= 0 && label < PHANTOM_LABELS ? names[label] : "";
}

static int phantom_check(const struct phantom_config *c, struct err *err)
{
	for (int i = 0; i < 3; i++)
		if (c->dim[i] < 16 || c->dim[i] > 1024)
			return err_set(err, ERR_USAGE,
				"a phantom of %d x %d x %d voxels is not possible, each must be 16 to 1024",
				c->dim[0], c->dim[1], c->dim[2]);
	if (c->training < 0 || c->validation < 0 || c->training + c->validation < 1 ||
		c->training > PHANTOM_CASES || c->validation > PHANTOM_CASES)
		return err_set(err, ERR_USAGE,
			"%d training and %d validation cases are not possible", c->training,
			c->validation);
	return 0;
}

/* Adds the noise of one slice: white, then 1-2-1 along x and y, scaled to sigma. */
static void phantom_add_noise(float *slice, const int dim[3], float sigma, struct rng *r)
{
	/* Deviation of white noise after 1-2-1 / 4 twice: 6/16 along each axis, squared. */
	const float gain = sigma / 0.375f;
	int w = dim[0] + 2, h = dim[1] + 2;
	float *n = mem_alloc((size_t)w * (size_t)h * sizeof(float));

	for (int i = 0; i < w * h; i++)
		n[i] = (float)rng_normal(r);
	for (int y = 0; y < dim[1]; y++)
		for (int x = 0; x < dim[0]; x++) {
			const float *p = n + (size_t)y * (size_t)w + x;
			float a = p[0] + 2 * p[1] + p[2];
			float b = p[w] + 2 * p[w + 1] + p[w + 2];
			float c = p[2 * w] + 2 * p[2 * w + 1] + p[2 * w + 2];

			slice[(size_t)y * (size_t)dim[0] + (size_t)x] +=
				gain * (a + 2 * b + c) / 16;
		}
	free(n);
}

static void phantom_slice(const struct phantom_config *c, const struct scene *s, int i, int z,
	const double mm[3], float *hu, float *label)
{
	struct rng r = rng_stream(c->seed, (uint64_t)z, (uint64_t)i, rng_hash("phantom noise"));
	float soft = (float)((mm[0] + mm[1] + mm[2]) / 3);
	size_t n = (size_t)c->dim[0] * (size_t)c->dim[1], at = 0;

	for (int y = 0; y < c->dim[1]; y++)
		for (int x = 0; x < c->dim[0]; x++, at++) {
			/* x of the grid grows towards the patient's left. */
			const float p[3] = {(float)(-(x - (c->dim[0] - 1) / 2.0) * mm[0]),
				(float)((y - (c->dim[1] - 1) / 2.0) * mm[1]),
				(float)((z - (c->dim[2] - 1) / 2.0) * mm[2])};
			int id;

			hu[at] = scene_sample(s, p, soft, &id);
			label[at] = (float)id;
		}
	phantom_add_noise(hu, c->dim, s->noise, &r);
	for (size_t k = 0; k < n; k++)
		hu[k] = rintf(fminf(fmaxf(hu[k], -1024), 3071));
}

int phantom_case(const struct phantom_config *c, int i, struct volume **image,
	struct volume **label, struct err *err)
{
	struct rng r = rng_stream(c->seed, 1, (uint64_t)i, rng_hash("phantom grid"));
	double zoom = rng_range(&r, 0.97, 1.04),
	       fov[3] = {PHANTOM_FOV_XY * zoom, PHANTOM_FOV_XY * zoom, PHANTOM_FOV_Z};
	size_t plane = (size_t)c->dim[0] * (size_t)c->dim[1];
	struct scene *s;
	double mm[3];

	*image = *label = NULL;
	if (phantom_check(c, err))
		return -1;
	*image = volume_new(1, c->dim, err);
	*label = *image ? volume_new(1, c->dim, err) : NULL;
	if (!*label) {
		volume_free(*image);
		*image = NULL;
		return -1;
	}
	s = mem_alloc(sizeof(*s));
	scene_init(s, c->seed, i);
	for (int k = 0; k < 3; k++) {
		mm[k] = rint(fov[k] / c->dim[k] * 1000) / 1000;
		(*image)->affine[k][k] = k == 0 ? -mm[k] : mm[k];
		(*image)->affine[k][3] = (k == 0 ? 0.5 : -0.5) * (c->dim[k] - 1) * mm[k];
	}
	(*image)->affine[2][3] -= 150 + rint(rng_range(&r, -40, 40));
#pragma omp parallel for schedule(dynamic)
	for (int z = 0; z < c->dim[2]; z++)
		phantom_slice(c, s, i, z, mm, (*image)->data + (size_t)z * plane,
			(*label)->data + (size_t)z * plane);
	free(s);
	memcpy((*label)->affine, (*image)->affine, sizeof((*label)->affine));
	for (int k = 0; k < 2; k++) {
		struct volume *v = k ? *label : *image;

		memcpy(v->original.affine, v->affine, sizeof(v->affine));
	}
	return 0;
}

static int phantom_write_case(
	const char *dir, const struct phantom_config *c, int i, cJSON *list, struct err *err)
{
	char *image_name = mem_printf("./imagesTr/phantom_%03d.nii.gz", i);
	char *label_name = mem_printf("./labelsTr/phantom_%03d.nii.gz", i);
	char *image_path = sys_join(dir, image_name + 2),
	     *label_path = sys_join(dir, label_name + 2);
	struct volume *image = NULL, *label = NULL;
	cJSON *row;
	int rc = phantom_case(c, i, &image, &label, err);

	if (!rc)
		rc = nifti_write(image_path, image, NIFTI_OUT_INT16, err);
	if (!rc)
		rc = nifti_write(label_path, label, NIFTI_OUT_UINT8, err);
	if (!rc) {
		row = cJSON_CreateObject();
		cJSON_AddStringToObject(row, "image", image_name);
		cJSON_AddStringToObject(row, "label", label_name);
		cJSON_AddItemToArray(list, row);
	}
	volume_free(image);
	volume_free(label);
	free(image_name);
	free(label_name);
	free(image_path);
	free(label_path);
	return rc;
}

/* The description of the data set, with empty lists. */
static cJSON *phantom_json(const struct phantom_config *c)
{
	cJSON *root = cJSON_CreateObject(), *modality, *labels;
	char key[8];

	cJSON_AddStringToObject(root, "name", "CT phantom");
	cJSON_AddStringToObject(root, "description",
		"Generated CT-like abdomens with liver, spleen and kidneys; not from patients");
	cJSON_AddStringToObject(root, "reference", "axial phantom");
	cJSON_AddStringToObject(root, "licence", "CC0");
	cJSON_AddStringToObject(root, "release", "1.0");
	cJSON_AddNumberToObject(root, "seed", (double)c->seed);
	cJSON_AddStringToObject(root, "tensorImageSize", "3D");
	modality = cJSON_AddObjectToObject(root, "modality");
	cJSON_AddStringToObject(modality, "0", "CT");
	labels = cJSON_AddObjectToObject(root, "labels");
	for (int i = 0; i < PHANTOM_LABELS; i++) {
		key[0] = (char)('0' + i);
		key[1] = '\0';
		cJSON_AddStringToObject(labels, key, phantom_label_name(i));
	}
	cJSON_AddNumberToObject(root, "numTraining", c->training);
	cJSON_AddNumberToObject(root, "numValidation", c->validation);
	cJSON_AddNumberToObject(root, "numTest", 0);
	return root;
}

int phantom_write(const char *dir, const struct phantom_config *c, struct err *err)
{
	static const char *const folders[] = {"imagesTr", "labelsTr"};
	cJSON *root, *lists[2];
	char *path;
	int rc = phantom_check(c, err);

	for (size_t i = 0; !rc && i < ARRAY_SIZE(folders); i++) {
		path = sys_join(dir, folders[i]);
		rc = sys_mkdirs(path, err);
		free(path);
	}
	if (rc)
		return -1;
	root = phantom_json(c);
	lists[0] = cJSON_AddArrayToObject(root, "training");
	lists[1] = cJSON_AddArrayToObject(root, "validation");
	cJSON_AddArrayToObject(root, "test");
	for (int i = 0; !rc && i < c->training + c->validation; i++)
		rc = phantom_write_case(dir, c, i, lists[i >= c->training], err);
	/* Last, so that a list never names files that are not there. */
	if (!rc) {
		path = sys_join(dir, "dataset.json");
		rc = json_write(path, root, err);
		free(path);
	}
	cJSON_Delete(root);
	return rc;
}
