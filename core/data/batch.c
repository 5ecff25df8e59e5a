/*
 * Training batches: two blocks of floats, written in place by the loader threads.
 *
 * A batch is channels-last (NDHWC) because the engine computes so.  A volume has x
 * fastest and z slowest, which is the D, H, W of the batch already; one channel is
 * therefore a plain copy and several are interleaved.
 */
#include "core/data/batch.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

static int batch_block(int n, const int dim[3], int channels, size_t *bytes)
{
	size_t b = sizeof(float);

	for (int i = 0; i < 3; i++)
		if (mem_mul(b, (size_t)dim[i], &b))
			return -1;
	return mem_mul(b, (size_t)n, &b) || mem_mul(b, (size_t)channels, bytes) ? -1 : 0;
}

struct batch *batch_new(const struct pipeline_shape *s, struct err *err)
{
	struct batch *b = mem_zalloc(sizeof(*b));
	size_t image, label;

	b->n = s->batch;
	memcpy(b->dim, s->dim, sizeof(b->dim));
	memcpy(b->label_dim, s->label_dim, sizeof(b->label_dim));
	b->channels = s->channels;
	b->label_channels = s->label_channels;
	b->case_ids = mem_zalloc((size_t)b->n * sizeof(*b->case_ids));
	if (batch_block(b->n, b->dim, b->channels, &image) ||
		batch_block(b->n, b->label_dim, b->label_channels, &label)) {
		err_set(err, ERR_NOMEM, "a batch of %d x %d x %d x %d voxels is impossible", b->n,
			b->dim[0], b->dim[1], b->dim[2]);
		batch_free(b);
		return NULL;
	}
	b->image = mem_try_big(image, "the images of a batch", err);
	b->label = b->image ? mem_try_big(label, "the labels of a batch", err) : NULL;
	if (b->label)
		return b;
	batch_free(b);
	return NULL;
}

void batch_free(struct batch *b)
{
	if (!b)
		return;
	free(b->image);
	free(b->label);
	free(b->case_ids);
	for (int i = 0; b->samples && i < b->n; i++)
		sample_free(b->samples[i]);
	free(b->samples);
	free(b);
}

static size_t batch_floats(const int dim[3], int channels)
{
	return (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2] * (size_t)channels;
}

size_t batch_bytes(const struct batch *b)
{
	return (size_t)b->n *
	       (batch_floats(b->dim, b->channels) + batch_floats(b->label_dim, b->label_channels)) *
	       sizeof(float);
}

/* Puts a volume of this size into a place of channels * voxels floats. */
static int batch_put_volume(const struct volume *v, const char *what, const int dim[3],
	int channels, float *out, struct err *err)
{
	size_t n = batch_floats(dim, 1);

	if (memcmp(v->dim, dim, sizeof(v->dim)))
		return err_set(err, ERR_DATA,
			"%s has %d x %d x %d voxels after the transforms, but output_crop_size is "
			"%d x %d x %d",
			what, v->dim[0], v->dim[1], v->dim[2], dim[0], dim[1], dim[2]);
	if (v->channels != channels)
		return err_set(err, ERR_DATA,
			"%s has %d channels after the transforms, but output_%s_channels is %d",
			what, v->channels, what, channels);
	if (channels == 1) {
		memcpy(out, v->data, n * sizeof(*out));
		return 0;
	}
	for (int c = 0; c < channels; c++)
		for (size_t i = 0; i < n; i++)
			out[i * (size_t)channels + (size_t)c] = v->data[(size_t)c * n + i];
	return 0;
}

int batch_put(struct batch *b, int i, struct sample *s, struct err *err)
{
	size_t image = batch_floats(b->dim, b->channels);
	size_t label = batch_floats(b->label_dim, b->label_channels);
	struct volume *v = sample_volume(s, "image", err);
	const struct sample_field *f = sample_find(s, "label");

	if (!v)
		return -1;
	if (batch_put_volume(v, "image", b->dim, b->channels, b->image + (size_t)i * image, err))
		return err_wrap(err, "case '%s'", s->case_id);
	if (!f || !f->vol)
		memset(b->label + (size_t)i * label, 0, label * sizeof(*b->label));
	else if (batch_put_volume(f->vol, "label", b->label_dim, b->label_channels,
			 b->label + (size_t)i * label, err))
		return err_wrap(err, "case '%s'", s->case_id);
	return 0;
}
