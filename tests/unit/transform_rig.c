/*
 * Samples with known voxels, and components out of JSON, for the tests of transforms
 * and pipelines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/data/pipeline.h"
#include "tests/unit/transform_rig.h"

const int rig_dim[3] = {17, 13, 11};

struct volume *rig_volume(int channels, float (*value)(int c, int x, int y, int z))
{
	struct volume *v = volume_new(channels, rig_dim, NULL);
	float *p = v->data;

	assert_non_null(v);
	for (int c = 0; c < channels; c++)
		for (int z = 0; z < rig_dim[2]; z++)
			for (int y = 0; y < rig_dim[1]; y++)
				for (int x = 0; x < rig_dim[0]; x++)
					*p++ = value(c, x, y, z);
	v->affine[0][0] = v->original.affine[0][0] = -2;
	v->affine[0][3] = v->original.affine[0][3] = 30;
	return v;
}

__attribute__((noinline)) float rig_image(int c, int x, int y, int z)
{
	return x < 2 ? 0.0f : sinf((float)(x + 3 * y + 7 * z + c) * 0.37f) + 0.01f * (float)x;
}

float rig_label(int c, int x, int y, int z)
{
	(void)c;
	if (z < 3 || z > 7 || y < 2 || y > 6)
		return 0;
	return x > 3 && x < 8 ? 1 : x > 10 && x < 14 ? 2 : 0;
}

float rig_model(int c, int x, int y, int z)
{
	return rig_label(0, x, y, z) == (float)c ? 0.6f : 0.2f;
}

struct sample *rig_sample(const char *folder)
{
	struct sample *s = sample_new("case1");
	struct err err = ERR_INIT;
	char *image = sys_join(folder, "image.nii"), *label = sys_join(folder, "label.nii.gz");

	assert_int_equal(sample_add_file(s, "image", image, &err), 0);
	assert_int_equal(sample_add_file(s, "label", label, &err), 0);
	assert_int_equal(sample_set(s, "image", rig_volume(1, rig_image), &err), 0);
	assert_int_equal(sample_set(s, "label", rig_volume(1, rig_label), &err), 0);
	assert_int_equal(sample_set(s, "model", rig_volume(3, rig_model), &err), 0);
	free(image);
	free(label);
	return s;
}

int rig_use(struct component_use *u, enum component_kind kind, const char *name, const char *args,
	int place, struct problems *ps)
{
	const struct component *c = component_find(kind, name);
	cJSON *json = json_parse(args, strlen(args), "test", NULL);
	char *path = mem_printf("train.pre_transforms.#%d", place), *inside;
	int rc;

	assert_non_null(c);
	assert_non_null(json);
	inside = mem_printf("%s.args", path);
	rc = component_use_init(u, c, json, NULL, "test.json", path, ps);
	if (!rc && kind == COMPONENT_TRANSFORM) {
		const struct transform_ops *ops = c->ops;

		if (ops->check)
			ops->check(u->args, "test.json", inside, ps);
	} else if (!rc && kind == COMPONENT_PIPELINE) {
		((const struct pipeline_ops *)c->ops)->check(u->args, "test.json", inside, ps);
	}
	cJSON_Delete(json);
	free(inside);
	free(path);
	return problems_errors(ps);
}

int rig_apply(struct sample *s, const char *name, const char *args, int stream, struct err *err)
{
	struct problems ps = {0};
	struct component_use u;
	struct rng rng;
	int rc;

	assert_int_equal(rig_use(&u, COMPONENT_TRANSFORM, name, args, 1, &ps), 0);
	assert_int_equal(ps.n, 0);
	rng = transform_stream(5, (uint64_t)stream, s->case_id, 0, &u);
	rc = transform_apply(&u, s, transform_is_deterministic(&u) ? NULL : &rng, err);
	component_use_release(&u);
	problems_release(&ps);
	return rc;
}

void rig_must(struct sample *s, const char *name, const char *args, int stream)
{
	struct err err = ERR_INIT;
	int rc = rig_apply(s, name, args, stream, &err);

	if (rc)
		fail_msg("%s: %s", name, err.msg);
}

bool rig_same_volume(const struct volume *a, const struct volume *b)
{
	return a->channels == b->channels && !memcmp(a->dim, b->dim, sizeof(a->dim)) &&
	       !memcmp(a->affine, b->affine, sizeof(a->affine)) &&
	       !memcmp(a->data, b->data, volume_voxels(a) * (size_t)a->channels * sizeof(*a->data));
}

bool rig_same(struct sample *a, struct sample *b)
{
	if (a->n != b->n)
		return false;
	for (int i = 0; i < a->n; i++)
		if (!rig_same_volume(a->field[i].vol, b->field[i].vol))
			return false;
	return true;
}

void rig_check_dim(const struct volume *v, int x, int y, int z)
{
	assert_int_equal(v->dim[0], x);
	assert_int_equal(v->dim[1], y);
	assert_int_equal(v->dim[2], z);
}

float rig_voxel(const struct volume *v, int x, int y, int z)
{
	return v->data[((size_t)z * (size_t)v->dim[1] + (size_t)y) * (size_t)v->dim[0] + (size_t)x];
}
