/*
 * Transforms from outside: volumes in, volumes out.
 */
#include <string.h>

#include "core/custom/wrap.h"

#define TRANSFORM_FIELDS 16

static int transform_fields(
	const struct custom *c, const struct axial_value *v, const char **names, int max)
{
	int n = 0;

	for (int i = 0; i < c->n_args; i++)
		for (int k = 0; c->ext->args[i].type == AXIAL_FIELDS && k < v[i].n && n < max; k++)
			names[n++] = v[i].texts[k];
	return n;
}

/* private_: struct volume * of the new size. */
static float *transform_resize(struct axial_volume *v, int channels, const int size[3])
{
	struct err err = ERR_INIT;

	if (channels < 1 || size[0] < 1 || size[1] < 1 || size[2] < 1)
		return NULL;
	volume_free(v->private_);
	v->private_ = volume_new(channels, size, &err);
	return v->private_ ? ((struct volume *)v->private_)->data : NULL;
}

static void transform_take(struct volume *v, struct axial_volume *out)
{
	double affine[4][4];

	memcpy(affine, out->affine, sizeof(affine));
	if (out->private_)
		volume_take(v, out->private_);
	memcpy(v->affine, affine, sizeof(affine));
}

static int custom_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	struct axial_value values[CUSTOM_ARGS];
	const struct custom *c = custom_values(args, values);
	const char *names[TRANSFORM_FIELDS];
	int n = transform_fields(c, values, names, TRANSFORM_FIELDS), rc;
	struct axial_volume v[TRANSFORM_FIELDS];
	struct volume *vol[TRANSFORM_FIELDS];
	struct custom_call call;

	for (int i = 0; i < n; i++) {
		vol[i] = sample_volume(s, names[i], err);
		if (!vol[i] || volume_make_writable(vol[i], err))
			return -1;
		v[i] = custom_volume(names[i], vol[i]);
	}
	custom_call_init(&call, c->ext->transform->random ? rng : NULL);
	c->ext->transform->apply(values, v, n, transform_resize, &call.call);
	rc = custom_call_status(&call, err);
	for (int i = 0; i < n; i++) {
		if (rc)
			volume_free(v[i].private_);
		else
			transform_take(vol[i], v + i);
	}
	return rc;
}

static void custom_reads(const void *args, const char **names, int max, int *n)
{
	struct axial_value values[CUSTOM_ARGS];
	const struct custom *c = custom_values(args, values);

	*n += transform_fields(c, values, names + *n, max - *n);
}

void custom_wrap_transform(struct custom *c)
{
	c->ops.transform = (struct transform_ops){.apply = custom_apply, .reads = custom_reads};
	if (c->ext->transform && c->ext->transform->random)
		c->ops.transform.flags = TRANSFORM_RANDOM;
}
