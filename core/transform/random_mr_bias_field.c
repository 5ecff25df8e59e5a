/*
 * RandomMRBiasField: the slow change of brightness across an MR image.
 *
 * As MONAI's RandBiasField: x * exp(f), f a sum of products of Legendre polynomials
 * of x, y, z in -1 ... 1, of total degree up to degree, their coefficients uniform
 * in coeff_range.  The polynomials along x are a table of rows; their factors are
 * summed once per row, so that a voxel costs degree + 1 products and one exp.
 */
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/graph/fmath.h"
#include "core/transform/fields.h"

enum { BIAS_DEGREE = 8, BIAS_TERMS = BIAS_DEGREE + 1 };

struct bias_args {
	struct strlist fields;
	double probability;
	int64_t degree;
	struct numlist coeff_range;
};

static const struct arg_def bias_defs[] = {
	FIELDS_ARG,
	{.name = "probability",
		.type = ARG_FLOAT,
		.offset = offsetof(struct bias_args, probability),
		.def = "0.5",
		.min = 0,
		.max = 1,
		.alias = "prob",
		.help = "probability of a change"},
	{.name = "degree",
		.type = ARG_INT,
		.offset = offsetof(struct bias_args, degree),
		.def = "3",
		.min = 1,
		.max = BIAS_DEGREE,
		.help = "total degree of the polynomials"},
	{.name = "coeff_range",
		.type = ARG_FLOATLIST,
		.offset = offsetof(struct bias_args, coeff_range),
		.def = "[0.0, 0.1]",
		.min = -10,
		.max = 10,
		.help = "range of the coefficients, uniform"},
	ARG_END,
};

struct bias {
	int degree;
	double c[BIAS_TERMS][BIAS_TERMS][BIAS_TERMS]; /* of x, y, z */
};

/* p[k][i]: Legendre polynomial k at the i-th of n places from -1 to 1. */
static void bias_legendre(int degree, int n, float *p)
{
	for (int i = 0; i < n; i++) {
		double x = n > 1 ? -1 + 2.0 * i / (n - 1) : -1, a = 1, b = x;

		p[i] = 1;
		for (int k = 1; k <= degree; k++) {
			double next = ((2 * k + 1) * x * b - k * a) / (k + 1);

			p[(size_t)k * (size_t)n + (size_t)i] = (float)b;
			a = b;
			b = next;
		}
	}
}

static void bias_row(float *x, size_t n, const float *px, const float f[BIAS_TERMS], int degree,
	float *restrict sum)
{
	for (size_t i = 0; i < n; i++)
		sum[i] = f[0];
	for (int k = 1; k <= degree; k++) {
		const float *restrict p = px + (size_t)k * n;

		for (size_t i = 0; i < n; i++)
			sum[i] += f[k] * p[i];
	}
	for (size_t i = 0; i < n; i++)
		x[i] *= fmath_exp(sum[i]);
}

static int bias_volume(struct volume *v, const void *ctx, struct err *err)
{
	const struct bias *b = ctx;
	size_t n = (size_t)v->dim[0], voxels = volume_voxels(v);
	float *p[3], *sum = mem_alloc(n * sizeof(*sum)), f[BIAS_TERMS];

	(void)err;
	for (int i = 0; i < 3; i++) {
		p[i] = mem_alloc((size_t)v->dim[i] * (size_t)(b->degree + 1) * sizeof(float));
		bias_legendre(b->degree, v->dim[i], p[i]);
	}
	for (size_t row = 0; row < (size_t)v->dim[1] * (size_t)v->dim[2]; row++) {
		size_t y = row % (size_t)v->dim[1], z = row / (size_t)v->dim[1];

		for (int i = 0; i <= b->degree; i++) {
			double t = 0;

			for (int j = 0; j <= b->degree - i; j++)
				for (int k = 0; k <= b->degree - i - j; k++)
					t += b->c[i][j][k] *
					     (double)p[1][(size_t)j * (size_t)v->dim[1] + y] *
					     (double)p[2][(size_t)k * (size_t)v->dim[2] + z];
			f[i] = (float)t;
		}
		for (int c = 0; c < v->channels; c++)
			bias_row(
				v->data + (size_t)c * voxels + row * n, n, p[0], f, b->degree, sum);
	}
	for (int i = 0; i < 3; i++)
		free(p[i]);
	free(sum);
	return 0;
}

static int bias_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct bias_args *a = args;
	bool on = rng_uniform(rng) < a->probability;
	struct bias b = {.degree = (int)a->degree};

	if (!on)
		return 0;
	for (int i = 0; i <= b.degree; i++)
		for (int j = 0; j <= b.degree - i; j++)
			for (int k = 0; k <= b.degree - i - j; k++)
				b.c[i][j][k] =
					rng_range(rng, a->coeff_range.v[0], a->coeff_range.v[1]);
	return fields_each(&a->fields, s, bias_volume, &b, err);
}

static void bias_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct bias_args *a = args;
	char *at;

	fields_check(args, file, path, ps);
	if (a->coeff_range.n == 2 && a->coeff_range.v[0] <= a->coeff_range.v[1])
		return;
	at = mem_printf("%s.coeff_range", path);
	problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, at, "give [lowest, highest]",
		"no range of coefficients");
	free(at);
}

const struct component component_random_mr_bias_field = {
	.name = "RandomMRBiasField",
	.kind = COMPONENT_TRANSFORM,
	.help = "multiplies by exp of a random polynomial of the position, as uneven coils do; the "
		"same for all fields",
	.args = bias_defs,
	.args_size = sizeof(struct bias_args),
	.ops = &(const struct transform_ops){.apply = bias_apply,
		.flags = TRANSFORM_RANDOM,
		.check = bias_check,
		.reads = fields_reads},
};
