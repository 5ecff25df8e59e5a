/*
 * Medians and spreads of measured values.  A step is disturbed upwards only, and by any
 * amount, so means would say more about the disturbance than about the step.
 */
#include "tests/bench/lib/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

void samples_add(struct samples *s, double value)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 32;
		s->v = mem_realloc(s->v, (size_t)s->cap * sizeof(*s->v));
	}
	s->v[s->n++] = value;
}

void samples_release(struct samples *s)
{
	free(s->v);
	memset(s, 0, sizeof(*s));
}

static int samples_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double values_median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), samples_order);
	return v[n / 2];
}

double samples_at(const struct samples *s, double q)
{
	double *v, at = q * (s->n - 1), part, value;
	int i = (int)at;

	if (!s->n)
		return NAN;
	v = mem_alloc((size_t)s->n * sizeof(*v));
	memcpy(v, s->v, (size_t)s->n * sizeof(*v));
	qsort(v, (size_t)s->n, sizeof(*v), samples_order);
	part = at - i;
	value = i + 1 < s->n ? v[i] + part * (v[i + 1] - v[i]) : v[i];
	free(v);
	return value;
}

void report_number(cJSON *obj, const char *key, double value)
{
	if (isfinite(value))
		cJSON_AddNumberToObject(obj, key, round(value * 1e4) / 1e4);
	else
		cJSON_AddNullToObject(obj, key);
}

cJSON *samples_json(const struct samples *s)
{
	cJSON *obj = cJSON_CreateObject();

	report_number(obj, "median", samples_at(s, 0.5));
	report_number(obj, "p10", samples_at(s, 0.1));
	report_number(obj, "p90", samples_at(s, 0.9));
	cJSON_AddNumberToObject(obj, "n", s->n);
	return obj;
}
