/*
 * Films: a data set for classification that is made, not taken.
 *
 * A grey picture of a body with soft edges, mottle and grain; on two of three of
 * them there is a finding, the class: a round bright nodule, or a thin bright
 * line.  Place, size, contrast, body and grain are random, so that no single pixel
 * and no mean value tells the class.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/sys.h"
#include "core/volume/phantom.h"
#include "core/volume/phantom_scene.h"
#include "core/volume/png.h"

static const uint64_t FILM_PURPOSE = 0x66696c6d;

const char *film_label_name(int label)
{
	static const char *const names[FILM_LABELS] = {"nothing", "nodule", "line"};

	return names[label];
}

/* Lengths are in units of the picture's shorter side, the origin is in the middle. */
struct film {
	int label;
	float body[2], body_at[2], dark;
	float at[2], radius, angle, contrast;
	uint32_t seed;
};

static void film_init(struct film *f, struct rng *r, int label)
{
	double way = rng_range(r, 0, 2 * M_PI), far = 0.28 * sqrt(rng_uniform(r));

	f->label = label;
	f->seed = rng_u32(r);
	for (int i = 0; i < 2; i++) {
		f->body[i] = (float)rng_range(r, 0.36, 0.46);
		f->body_at[i] = (float)rng_range(r, -0.04, 0.04);
	}
	f->dark = (float)rng_range(r, 0.25, 0.45);
	f->at[0] = (float)(far * cos(way));
	f->at[1] = (float)(far * sin(way));
	f->radius = (float)(label == FILM_NODULE ? rng_range(r, 0.06, 0.1) : 0.015);
	f->angle = (float)rng_range(r, 0, M_PI);
	f->contrast = (float)rng_range(r, 0.25, 0.4);
}

static float film_edge(float distance, float soft)
{
	float t = 0.5f - distance / soft;

	return t < 0 ? 0 : t > 1 ? 1 : t * t * (3 - 2 * t);
}

/* How much of the finding is at a place, 0 to 1. */
static float film_finding(const struct film *f, float x, float y)
{
	float dx = x - f->at[0], dy = y - f->at[1];
	float along = dx * cosf(f->angle) + dy * sinf(f->angle);
	float across = dy * cosf(f->angle) - dx * sinf(f->angle);

	switch (f->label) {
	case FILM_NODULE:
		return film_edge(sqrtf(dx * dx + dy * dy) - f->radius, 0.04f);
	case FILM_LINE:
		return film_edge(fabsf(across) - f->radius, 0.03f) *
		       film_edge(fabsf(along) - 0.22f, 0.04f);
	default:
		return 0;
	}
}

static void film_draw(const struct film *f, struct rng *r, const int dim[3], uint8_t *out)
{
	float side = (float)(dim[0] < dim[1] ? dim[0] : dim[1]);

	for (int y = 0; y < dim[1]; y++) {
		for (int x = 0; x < dim[0]; x++) {
			float u = ((float)x - 0.5f * (float)(dim[0] - 1)) / side;
			float v = ((float)y - 0.5f * (float)(dim[1] - 1)) / side;
			float p[3] = {u, v, 0};
			float bx = (u - f->body_at[0]) / f->body[0];
			float by = (v - f->body_at[1]) / f->body[1];
			float body = film_edge(sqrtf(bx * bx + by * by) - 1, 0.2f);
			float value = 0.05f + f->dark * body;

			value += 0.06f * body * scene_noise(f->seed, p, 0.15f);
			value += f->contrast * body * film_finding(f, u, v);
			value += 0.03f * (float)rng_normal(r);
			value = value < 0 ? 0 : value > 1 ? 1 : value;
			out[(size_t)y * (size_t)dim[0] + (size_t)x] = (uint8_t)(value * 255 + 0.5f);
		}
	}
}

static int film_write(
	const char *dir, const struct phantom_config *c, int i, cJSON *list, struct err *err)
{
	struct rng r = rng_stream(c->seed, 0, (uint64_t)i, FILM_PURPOSE);
	char *name = mem_printf("images/film_%04d.png", i), *path = sys_join(dir, name);
	uint8_t *pixels = mem_alloc((size_t)c->dim[0] * (size_t)c->dim[1]);
	struct film f;
	cJSON *row;
	int rc;

	film_init(&f, &r, i % FILM_LABELS);
	film_draw(&f, &r, c->dim, pixels);
	rc = png_file_write(path, c->dim[0], c->dim[1], 1, pixels, err);
	if (!rc) {
		row = cJSON_CreateObject();
		cJSON_AddStringToObject(row, "image", name);
		cJSON_AddNumberToObject(row, "label", f.label);
		cJSON_AddItemToArray(list, row);
	}
	free(pixels);
	free(path);
	free(name);
	return rc;
}

void film_defaults(struct phantom_config *c)
{
	*c = (struct phantom_config){
		.dim = {64, 64, 1}, .training = 240, .validation = 60, .seed = 1};
}

static cJSON *film_json(const struct phantom_config *c)
{
	cJSON *root = cJSON_CreateObject(), *labels;
	char key[8];

	cJSON_AddStringToObject(root, "name", "film phantom");
	cJSON_AddStringToObject(root, "description",
		"Generated films with a nodule, a line or nothing; not from patients");
	cJSON_AddStringToObject(root, "reference", "axial phantom");
	cJSON_AddStringToObject(root, "licence", "CC0");
	cJSON_AddNumberToObject(root, "seed", (double)c->seed);
	cJSON_AddStringToObject(root, "tensorImageSize", "2D");
	labels = cJSON_AddObjectToObject(root, "labels");
	for (int i = 0; i < FILM_LABELS; i++) {
		snprintf(key, sizeof(key), "%d", i);
		cJSON_AddStringToObject(labels, key, film_label_name(i));
	}
	return root;
}

int film_write_all(const char *dir, const struct phantom_config *c, struct err *err)
{
	char *path;
	cJSON *root, *lists[2];
	int rc;

	for (int i = 0; i < 2; i++)
		if (c->dim[i] < 16 || c->dim[i] > 1024)
			return err_set(err, ERR_USAGE,
				"films have 16 to 1024 pixels along each side, not %d", c->dim[i]);
	if (c->training < 1 || c->validation < 0)
		return err_set(err, ERR_USAGE, "at least one training case is needed");
	path = sys_join(dir, "images");
	rc = sys_mkdirs(path, err);
	free(path);
	if (rc)
		return -1;
	root = film_json(c);
	lists[0] = cJSON_AddArrayToObject(root, "training");
	lists[1] = cJSON_AddArrayToObject(root, "validation");
	for (int i = 0; !rc && i < c->training + c->validation; i++)
		rc = film_write(dir, c, i, lists[i >= c->training], err);
	if (!rc) {
		path = sys_join(dir, "dataset.json");
		rc = json_write(path, root, err);
		free(path);
	}
	cJSON_Delete(root);
	return rc;
}
