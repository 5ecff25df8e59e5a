/*
 * A folded model computes what the model computed: batch norms with real statistics, PReLUs
 * with slopes that fuse and one that does not.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/base/rng.h"
#include "core/train/model.h"
#include "tests/unit/use.h"

static void open_model(struct model *m)
{
	static const char spec[] =
		"{\"name\": \"UNet\", \"in_channels\": 1, \"args\": {\"out_channels\": 3, "
		"\"channels\": [8, 16, 16], \"strides\": [2, 2], \"num_res_units\": 2, "
		"\"norm\": \"batch\", \"final_activation\": \"softmax\"}}";
	struct err err = ERR_INIT;
	cJSON *json = json_parse(spec, strlen(spec), "spec", &err);

	assert_int_equal(model_init(m, json, 3, "cpu", &err), 0);
	cJSON_Delete(json);
}

/* Statistics, scales and slopes as a training leaves them; the first slope is negative. */
static void train_a_bit(struct model *m, float first_slope)
{
	struct params *p = m->params;
	struct rng r = rng_stream(7, 0, 0, 0);
	int slopes = 0;

	for (int i = 0; i < p->n_state; i++)
		for (size_t k = 0; k < p->state[i].count; k++)
			p->s[p->state[i].offset + k] = 0.5f + (float)rng_uniform(&r);
	for (int i = 0; i < p->n; i++) {
		float *w = p->w + p->param[i].offset;
		bool slope = strstr(p->param[i].name, ".adn.A") != NULL;

		for (size_t k = 0; k < p->param[i].count && p->param[i].shape.n == 1; k++)
			w[k] = 0.3f + 0.5f * (float)rng_uniform(&r);
		if (slope && !slopes++)
			w[0] = first_slope;
	}
	assert_true(slopes > 2);
	params_touch(p);
}

static struct volume *predict(struct model *m, const struct volume *image)
{
	struct component_use u = use_of(COMPONENT_INFERER, "SlidingWindowInferer",
		"{\"roi_size\": [16, 16, 16], \"sw_batch_size\": 2}");
	struct err err = ERR_INIT;
	struct volume *out = model_predict(m, &u, image, NULL, NULL, &err);

	if (!out)
		fail_msg("%s", err.msg);
	component_use_release(&u);
	return out;
}

static double differ(const struct volume *a, const struct volume *b)
{
	size_t n = volume_voxels(a) * (size_t)a->channels;
	double worst = 0;

	assert_int_equal(a->channels, b->channels);
	for (size_t i = 0; i < n; i++)
		worst = fmax(worst, fabs((double)a->data[i] - (double)b->data[i]));
	return worst;
}

static void check_slope(float slope)
{
	const int dim[3] = {23, 18, 20};
	struct err err = ERR_INIT;
	struct volume *image = volume_new(1, dim, &err), *before, *after, *moved;
	struct rng r = rng_stream(8, 0, 0, 0);
	struct model m;
	int folded = 0;

	assert_non_null(image);
	for (size_t i = 0; i < volume_voxels(image); i++)
		image->data[i] = 2 * (float)rng_uniform(&r) - 1;
	open_model(&m);
	train_a_bit(&m, slope);
	before = predict(&m, image);
	assert_int_equal(model_fold(&m, &folded, &err), 0);
	assert_true(folded > 4);
	assert_int_equal(m.params->n_state, 0);
	after = predict(&m, image);
	assert_true(differ(before, after) < 1e-4);
	/* Other slopes afterwards: the plan that has the old ones in it is not used again. */
	for (int i = 0; i < m.params->n; i++)
		if (strstr(m.params->param[i].name, ".adn.A"))
			m.params->w[m.params->param[i].offset] = 0.9f;
	params_touch(m.params);
	moved = predict(&m, image);
	assert_true(differ(after, moved) > 1e-3);
	volume_free(before);
	volume_free(after);
	volume_free(moved);
	volume_free(image);
	model_release(&m);
}

static void test_fold(void **state)
{
	(void)state;
	check_slope(0.25f);
	check_slope(-0.2f);
	check_slope(0.001f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_fold)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
