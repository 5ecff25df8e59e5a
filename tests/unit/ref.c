/*
 * The C side of tests/ref/ref.py.
 */
#include "tests/unit/ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/tensor/safetensors_read.h"

#define REF_MAX 4096

struct ref {
	struct safetensors *st;
	void *data[REF_MAX];
	int n;
};

struct ref *ref_open(const char *name)
{
	struct ref *r = mem_zalloc(sizeof(*r));
	struct err err = ERR_INIT;
	char *path = mem_printf("tests/ref/data/%s.safetensors", name);

	r->st = safetensors_open(path, &err);
	if (!r->st)
		fail_msg("%s", err.msg);
	free(path);
	return r;
}

void ref_close(struct ref *r)
{
	for (int i = 0; i < r->n; i++)
		free(r->data[i]);
	safetensors_close(r->st);
	free(r);
}

static const void *ref_load(struct ref *r, const char *tensor, enum dtype dtype, size_t bytes)
{
	const struct st_info *info = safetensors_find(r->st, tensor);
	struct err err = ERR_INIT;
	void *x;

	if (!info)
		fail_msg("the dump has no tensor '%s'", tensor);
	if (info->dtype != dtype || info->bytes != bytes)
		fail_msg("tensor '%s' has %zu bytes, not %zu, or another dtype", tensor,
			info->bytes, bytes);
	assert_true(r->n < REF_MAX);
	x = mem_alloc(bytes ? bytes : 1);
	r->data[r->n++] = x;
	if (safetensors_load(r->st, info, x, bytes, &err))
		fail_msg("%s", err.msg);
	return x;
}

const float *ref_f32(struct ref *r, const char *tensor, size_t n)
{
	return ref_load(r, tensor, DTYPE_F32, n * sizeof(float));
}

const double *ref_f64(struct ref *r, const char *tensor, size_t n)
{
	return ref_load(r, tensor, DTYPE_F64, n * sizeof(double));
}

static uint64_t ref_hash(const char *name)
{
	uint64_t h = 0xCBF29CE484222325u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001B3u;
	return h;
}

/* 24 bits in [0, 1). */
static double ref_unit(uint64_t h, size_t i)
{
	uint64_t z = h + 0x9E3779B97F4A7C15u * (uint64_t)(i + 1);

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	z ^= z >> 31;
	return (double)(z >> 40) / 16777216.0;
}

void ref_values(const char *name, float *x, size_t n, double scale)
{
	uint64_t h = ref_hash(name);

	for (size_t i = 0; i < n; i++)
		x[i] = (float)((2.0 * ref_unit(h, i) - 1.0) * scale);
}

void ref_labels(const char *name, float *x, size_t n, int classes)
{
	ref_values(name, x, n, 1.0);
	for (size_t i = 0; i < n; i++)
		x[i] = (float)fmin(floor(((double)x[i] + 1.0) / 2.0 * classes), classes - 1);
}

double ref_error(const float *a, const float *b, size_t n)
{
	double diff = 0, top = 0;

	for (size_t i = 0; i < n; i++) {
		double d = fabs((double)a[i] - (double)b[i]);

		if (!(d <= diff))
			diff = d;
		top = fmax(top, fabs((double)b[i]));
	}
	return top > 0 ? diff / top : diff;
}

double ref_digest_error(
	struct ref *r, const char *tensor, const char *name, const float *x, size_t n)
{
	const double *want = ref_f64(r, tensor, 3);
	double sum = 0, square = 0, dot = 0, scale;
	float *v = mem_alloc((n ? n : 1) * sizeof(*v));

	ref_values(name, v, n, 1.0);
	for (size_t i = 0; i < n; i++) {
		sum += x[i];
		square += (double)x[i] * x[i];
		dot += (double)x[i] * v[i];
	}
	free(v);
	scale = sqrt(want[1] * (double)n); /* |sum| and |dot| are at most this */
	if (scale <= 0)
		return fabs(sum) + square + fabs(dot);
	return fmax(fabs(square - want[1]) / want[1],
		fmax(fabs(sum - want[0]), fabs(dot - want[2])) / scale);
}
