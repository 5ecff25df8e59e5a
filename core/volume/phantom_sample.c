/*
 * What the scanner sees at one place of the phantom.
 *
 * Tissues are painted one over the other.  Each has a signed distance to its surface
 * (negative inside); over a width of about a voxel the brightness blends from the
 * one to the other, which is the partial-volume effect without supersampling.  The
 * label changes where the distance changes sign.
 *
 * The distance to an ellipsoid is its implicit function over the length of its
 * gradient (first order, exact on the surface).  Surfaces and brightness are
 * roughened by lattice noise; two fields per place serve all shapes.
 */
#include "core/volume/phantom_scene.h"

#include <math.h>

#include "core/volume/phantom.h"

static float clamp01(float x)
{
	return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* A hash of a lattice point in -1 ... 1 (multiply-xorshift rounds). */
static float lattice(uint32_t seed, int x, int y, int z)
{
	uint32_t h = seed ^ (uint32_t)x * 0x9e3779b1u ^ (uint32_t)y * 0x85ebca77u ^
		     (uint32_t)z * 0xc2b2ae3du;

	h = (h ^ h >> 15) * 0x2c1b3c6du;
	h = (h ^ h >> 12) * 0x297a2d39u;
	h ^= h >> 15;
	return (float)(h >> 8) * (2.0f / 16777216.0f) - 1.0f;
}

float scene_noise(uint32_t seed, const float p[3], float size)
{
	float f[3], w[3], sum = 0;
	int k[3];

	for (int i = 0; i < 3; i++) {
		float q = p[i] / size;

		f[i] = floorf(q);
		k[i] = (int)f[i];
		w[i] = q - f[i];
		w[i] = w[i] * w[i] * (3 - 2 * w[i]);
	}
	for (int c = 0; c < 8; c++)
		sum += (c & 1 ? w[0] : 1 - w[0]) * (c & 2 ? w[1] : 1 - w[1]) *
		       (c & 4 ? w[2] : 1 - w[2]) *
		       lattice(seed, k[0] + (c & 1), k[1] + (c >> 1 & 1), k[2] + (c >> 2));
	return sum;
}

/* State of one place. */
struct place {
	const struct scene *s;
	float p[3];         /* reference mm */
	float coarse, fine; /* noise */
	float soft;
	float body, wall, cavity; /* distances to skin, muscle and peritoneum */
	float hu;
	int label;
};

static void paint(struct place *q, float d, float hu, int label)
{
	float a = clamp01(0.5f - d / q->soft);

	q->hu += a * (hu - q->hu);
	if (d < 0)
		q->label = label;
}

static float ellipsoid(const struct shape *e, const float p[3])
{
	float v[3] = {p[0] - e->c[0], p[1] - e->c[1], p[2] - e->c[2]}, f2 = 0, g2 = 0, f;

	for (int i = 0; i < 3; i++) {
		float u = e->rot[i][0] * v[0] + e->rot[i][1] * v[1] + e->rot[i][2] * v[2];
		float t = u / e->r[i];

		f2 += t * t;
		g2 += t * t / (e->r[i] * e->r[i]);
	}
	f = sqrtf(f2);
	if (g2 <= 0)
		return -fminf(e->r[0], fminf(e->r[1], e->r[2]));
	return f * (f - 1) / sqrtf(g2);
}

static void paint_shape(struct place *q, const struct shape *e)
{
	float d, hu;

	for (int i = 0; i < 3; i++)
		if (fabsf(q->p[i] - e->c[i]) > e->reach[i] + q->soft)
			return;
	if ((e->flags & SHAPE_INSIDE) && q->label != e->label)
		return;
	d = ellipsoid(e, q->p) + e->rough[0] * q->coarse + e->rough[1] * q->fine;
	if (e->flags & SHAPE_CLIP)
		d = fmaxf(d, q->cavity + 2);
	if (d >= q->soft)
		return;
	hu = e->hu + e->texture * q->fine;
	if (e->flags & SHAPE_MIX)
		hu += 60 * q->fine * q->coarse;
	if (e->flags & SHAPE_GAS)
		hu += clamp01(0.5f + (q->p[1] - e->level) / q->soft) * (-960 - hu);
	paint(q, d, hu, e->label);
}

/* Skin, fat, muscle wall, cavity with its fat; the table below. */
static void paint_body(struct place *q)
{
	const struct scene *s = q->s;
	float waist = 1 + 0.025f * cosf(q->p[2] / 70), a = s->half[0] * waist,
	      b = s->half[1] * waist;
	float x = q->p[0], y = q->p[1], r = sqrtf(x * x + y * y);
	float k = powf(powf(fabsf(x / a), 2.3f) + powf(fabsf(y / b), 2.3f), 1 / 2.3f);
	float back = clamp01((-y - 30) / 40), table;

	q->body = k > 0 ? r * (1 - 1 / k) : -b;
	q->body = fmaxf(q->body, -y - 0.93f * b) + 1.5f * q->coarse;
	q->wall = q->body + s->fat * (1 + 0.3f * q->coarse) * (1 - 0.3f * back);
	q->cavity = q->wall + 9 + 8 * back;
	table = fabsf(y + 0.93f * b + 14 - x * x / 900) - 4;
	paint(q, fmaxf(table, fabsf(x) - 165), -120, 0);
	paint(q, q->body, 10, 0);
	paint(q, q->body + 2.5f, s->fat_hu + 8 * q->fine, 0);
	paint(q, q->wall, s->muscle_hu + 8 * q->fine, 0);
	paint(q, q->cavity, s->fat_hu + 6 + 14 * q->fine + 8 * q->coarse, 0);
}

/* Above the two domes of the diaphragm: fat of the mediastinum, and a lung on each side. */
static void paint_lungs(struct place *q)
{
	const struct scene *s = q->s;
	float x = fabsf(q->p[0]) - 60, y = q->p[1] - 6;
	float bend = x < 0 ? 0.3f : 1; /* flatter towards the middle */
	float dome =
		s->dome[q->p[0] > 0 ? 0 : 1] - 0.0085f * (bend * x * x + y * y) + 3 * q->coarse;
	float half = 15 + 0.22f * fmaxf(y, 0) + 8 * q->coarse; /* of the mediastinum */
	float chest = fmaxf(dome - q->p[2], q->cavity + 1),
	      lung = fmaxf(chest, half - fabsf(q->p[0]));
	float vessel = q->fine > 0.45f ? 900 * (q->fine - 0.45f) : 0;

	if (chest > 4 + q->soft)
		return;
	/* The diaphragm itself: a thin sheet of muscle. */
	paint(q, fmaxf(chest - 4, q->cavity), s->muscle_hu, 0);
	paint(q, chest, s->fat_hu + 20 + 15 * q->fine, 0);
	paint(q, lung, s->lung_hu + 30 * q->fine + vessel, 0);
}

static void paint_spine(struct place *q)
{
	const struct scene *s = q->s;
	float x = q->p[0], y = q->p[1], z = q->p[2], period = 36;
	float phase = z + s->disc_phase,
	      disc = fabsf(phase - period * floorf(phase / period) - 18) - 14;
	float body = (sqrtf(x * x / (21 * 21) + (y + 47) * (y + 47) / (16.5f * 16.5f)) - 1) * 17;
	float canal = sqrtf(x * x + (y + 70) * (y + 70)) - 8;
	float arch = sqrtf(x * x + (y + 70) * (y + 70)) - 13;
	float spinous = fmaxf(fabsf(x) - 4, fmaxf(y + 76, -y - 93));
	float side = sqrtf((y + 66) * (y + 66) + (disc + 14) * (disc + 14)) - 6;
	float erector = (sqrtf((fabsf(x) - 30) * (fabsf(x) - 30) / (23 * 23) +
				 (y + 77) * (y + 77) / (14 * 14)) -
				1) *
			16;

	paint(q, fmaxf(erector, q->wall), s->muscle_hu + 6 * q->fine, 0);
	paint(q, fmaxf(side, fabsf(x) - 36), s->bone_hu * 0.8f, 0);
	paint(q, arch, s->bone_hu, 0);
	paint(q, fmaxf(spinous, disc), s->bone_hu, 0);
	paint(q, body, s->bone_hu + 60, 0);
	paint(q, body + 4, 0.55f * s->bone_hu + 35 * q->fine, 0);
	paint(q, fmaxf(body, disc < 0 ? 9 : 3 - disc), 85 + 8 * q->fine, 0);
	paint(q, canal, 30, 0);
}

/* Ribs run in the muscle wall, falling from the spine to the front. */
static void paint_ribs(struct place *q)
{
	const struct scene *s = q->s;
	float theta = atan2f(fabsf(q->p[0]), -q->p[1] - 20), period = 31;
	float along = q->p[2] + 58 * theta + s->rib_phase;
	float dz = along - period * (floorf(along / period) + 0.5f);
	float depth = q->wall + 6, d = sqrtf(depth * depth + 0.4f * dz * dz) - 4.6f;
	float front = clamp01((theta - 2.0f) * 2), margin = -42 + 40 * theta - q->p[2];

	if (theta < 0.35f || theta > 2.8f || d > q->soft)
		return;
	d = fmaxf(d, margin);
	paint(q, d, s->bone_hu + 40 - front * (s->bone_hu - 60), 0);
}

float scene_sample(const struct scene *s, const float mm[3], float soft, int *label)
{
	float x = (mm[0] - s->shift[0]) / s->scale, y = (mm[1] - s->shift[1]) / s->scale;
	struct place q = {.s = s, .soft = soft / s->scale, .hu = -1000};

	q.p[0] = s->roll_cos * x + s->roll_sin * y;
	q.p[1] = s->roll_cos * y - s->roll_sin * x;
	q.p[2] = (mm[2] - s->shift[2]) / s->scale;
	/* In the air around the body there is nothing to roughen. */
	if (fabsf(q.p[0]) < s->half[0] * 1.03f + 8 && fabsf(q.p[1]) < s->half[1] * 1.03f + 8) {
		q.coarse = scene_noise(s->seed, q.p, 38);
		q.fine = scene_noise(s->seed + 1, q.p, 11);
	}
	paint_body(&q);
	if (q.body < q.soft) {
		for (int i = 0; i < s->before_lungs; i++)
			paint_shape(&q, &s->shape[i]);
		paint_lungs(&q);
		for (int i = s->before_lungs; i < s->n; i++)
			paint_shape(&q, &s->shape[i]);
		paint_spine(&q);
		paint_ribs(&q);
	}
	*label = q.label;
	return q.hu;
}
