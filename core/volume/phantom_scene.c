/*
 * The anatomy of the phantom: which organs there are, where, how large, how bright.
 *
 * Numbers are those of a supine adult in a portal-venous CT, rounded: liver 105 HU,
 * spleen 115, kidneys 160, muscle 60, fat -100, blood 140.  Each patient draws
 * size, pose, organ positions, radii, tilts and brightness around them, so that
 * neighbours overlap in HU (spleen and liver, kidney and aorta, stomach and
 * muscle) and a threshold does not find an organ.
 *
 * Shapes are painted in the order of the table: later ones cover earlier ones.
 */
#include "core/volume/phantom_scene.h"

#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/volume/phantom.h"

struct organ_def {
	float c[3], r[3];
	float tilt[3]; /* degrees about x, y, z */
	float move;    /* mm that the centre may be off */
	float grow;    /* fraction that the radii may differ */
	float turn;    /* degrees that each tilt may differ */
	float hu, hu_vary;
	float texture, rough;
	int label;
	unsigned flags;
	int follows; /* index of an earlier row of the same table whose displacement it shares, or
			-1 */
};

/* Below lungs and bones. */
static const struct organ_def soft_organs[] = {
	/* centre            radii           tilt           move grow turn  HU   +-  text rough
	   label */
	/* 0 ascending colon: wall and content */
	{{92, 6, -72}, {23, 22, 50}, {0, 5, 0}, 8, .12f, 8, 55, 10, 6, 4, 0, SHAPE_CLIP, -1},
	{{92, 6, -72}, {19, 18, 46}, {0, 5, 0}, 0, 0, 0, 10, 40, 60, 3, 0,
		SHAPE_CLIP | SHAPE_GAS | SHAPE_MIX, 0},
	/* 2 descending colon */
	{{-97, -10, -60}, {18, 18, 72}, {0, -4, 0}, 8, .12f, 8, 55, 10, 6, 4, 0, SHAPE_CLIP, -1},
	{{-97, -10, -60}, {14, 14, 68}, {0, -4, 0}, 0, 0, 0, 10, 40, 60, 3, 0,
		SHAPE_CLIP | SHAPE_GAS | SHAPE_MIX, 2},
	/* 4 transverse colon */
	{{5, 56, -28}, {78, 17, 19}, {8, 0, 0}, 9, .15f, 8, 55, 10, 6, 4, 0, SHAPE_CLIP, -1},
	{{5, 56, -28}, {74, 13, 15}, {8, 0, 0}, 0, 0, 0, 20, 40, 50, 3, 0,
		SHAPE_CLIP | SHAPE_GAS | SHAPE_MIX, 4},
	/* 6 pancreas: head, body, tail */
	{{30, 4, 0}, {18, 14, 21}, {0, 0, 0}, 5, .15f, 10, 92, 12, 12, 3, 0, SHAPE_CLIP, -1},
	{{-4, 12, 12}, {30, 10, 11}, {0, 12, -12}, 4, .15f, 10, 92, 12, 12, 3, 0, SHAPE_CLIP, 6},
	{{-46, -4, 24}, {26, 10, 11}, {0, 20, 20}, 4, .15f, 10, 92, 12, 12, 3, 0, SHAPE_CLIP, 6},
	/* 9 stomach: wall and content */
	{{-46, 30, 46}, {35, 31, 46}, {0, 24, 10}, 8, .18f, 12, 75, 10, 5, 4, 0, SHAPE_CLIP, -1},
	{{-46, 30, 46}, {30, 26, 41}, {0, 24, 10}, 0, 0, 0, 35, 35, 10, 3, 0,
		SHAPE_CLIP | SHAPE_GAS, 9},
	/* 11 spleen and its hilum */
	{{-89, -24, 30}, {29, 46, 49}, {0, -14, -22}, 6, .14f, 10, 115, 13, 6, 3, PHANTOM_SPLEEN,
		SHAPE_CLIP, -1},
	{{-64, -12, 28}, {11, 18, 18}, {0, -14, -22}, 3, .2f, 10, -80, 15, 12, 3, 0, SHAPE_CLIP,
		11},
	/* 13 liver: right and left lobe, portal and hepatic veins, gall bladder */
	{{66, 2, 46}, {61, 68, 78}, {0, 8, 12}, 5, .08f, 7, 105, 13, 6, 4, PHANTOM_LIVER,
		SHAPE_CLIP, -1},
	{{6, 42, 66}, {70, 33, 38}, {0, -12, 8}, 5, .14f, 8, 105, 0, 6, 4, PHANTOM_LIVER,
		SHAPE_CLIP, 13},
	{{48, 4, 44}, {30, 6, 6}, {0, -25, 20}, 4, .2f, 18, 142, 10, 0, 2, PHANTOM_LIVER,
		SHAPE_INSIDE, 13},
	{{70, -14, 62}, {7, 28, 6}, {20, 0, 15}, 5, .2f, 18, 142, 10, 0, 2, PHANTOM_LIVER,
		SHAPE_INSIDE, 13},
	{{28, 26, 66}, {26, 5, 5}, {0, 15, -40}, 5, .2f, 18, 142, 10, 0, 2, PHANTOM_LIVER,
		SHAPE_INSIDE, 13},
	{{80, 20, 30}, {6, 6, 24}, {0, 30, 0}, 6, .2f, 18, 142, 10, 0, 2, PHANTOM_LIVER,
		SHAPE_INSIDE, 13},
	{{44, 46, 4}, {14, 15, 25}, {15, 0, 0}, 6, .2f, 10, 12, 6, 3, 2, 0, SHAPE_CLIP, 13},
	/* 20 right kidney: fat around it, cortex, medulla, sinus */
	{{62, -37, -22}, {31.5f, 28.5f, 59}, {-6, -11, 0}, 7, .1f, 6, -102, 5, 8, 3, 0, SHAPE_CLIP,
		-1},
	{{62, -37, -22}, {28, 25, 55}, {-6, -11, 0}, 0, .04f, 0, 165, 18, 6, 2, PHANTOM_KIDNEY,
		SHAPE_CLIP, 20},
	{{62, -37, -22}, {17, 14, 40}, {-6, -11, 0}, 0, 0, 0, 132, 12, 10, 3, PHANTOM_KIDNEY,
		SHAPE_CLIP, 20},
	{{47, -33, -22}, {15, 9, 17}, {-6, -11, 0}, 1, .1f, 0, -55, 20, 20, 2, 0, SHAPE_CLIP, 20},
	/* 24 left kidney */
	{{-64, -37, -8}, {31.5f, 28.5f, 59}, {-6, 11, 0}, 7, .1f, 6, -102, 5, 8, 3, 0, SHAPE_CLIP,
		-1},
	{{-64, -37, -8}, {28, 25, 56}, {-6, 11, 0}, 0, .04f, 0, 165, 18, 6, 2, PHANTOM_KIDNEY,
		SHAPE_CLIP, 24},
	{{-64, -37, -8}, {17, 14, 41}, {-6, 11, 0}, 0, 0, 0, 132, 12, 10, 3, PHANTOM_KIDNEY,
		SHAPE_CLIP, 24},
	{{-49, -33, -8}, {15, 9, 17}, {-6, 11, 0}, 1, .1f, 0, -55, 20, 20, 2, 0, SHAPE_CLIP, 24},
	/* 28 psoas muscles, inferior vena cava, aorta */
	{{34, -51, -92}, {15, 14, 74}, {0, 6, 0}, 3, .1f, 3, 62, 6, 5, 2, 0, 0, -1},
	{{-34, -51, -92}, {15, 14, 74}, {0, -6, 0}, 3, .1f, 3, 62, 6, 5, 2, 0, 0, 28},
	{{21, -25, 0}, {13, 9, 900}, {0, 0, 0}, 3, .15f, 1, 128, 12, 0, 1, 0, 0, -1},
	{{-11, -24, 0}, {10, 10, 900}, {0, 0, 0}, 4, .15f, 1, 150, 18, 0, 1, 0, 0, -1},
};

/* Above the lungs. */
static const struct organ_def chest_organs[] = {
	{{-20, 32, 120}, {58, 44, 38}, {0, 15, 0}, 7, .1f, 8, 130, 18, 8, 3, 0, SHAPE_CLIP, -1},
	{{-6, -26, 110}, {9, 8, 30}, {0, 0, 0}, 3, .2f, 3, 50, 8, 5, 2, 0, 0, -1},
};

/* Rows whose brightness is that of another row: the two lobes, the two kidneys. */
static const int same_hu[][2] = {
	{14, 13}, {7, 6}, {8, 6}, {25, 21}, {26, 22}, {29, 28}, {16, 15}, {17, 15}, {18, 15}};

static float vary(struct rng *r, float x)
{
	return (float)rng_range(r, -x, x);
}

/* Rotation about x, then y, then z; transposed, because it takes places to shape axes. */
static void shape_turn(struct shape *s, const float deg[3])
{
	const float k = (float)(M_PI / 180);
	float cx = cosf(k * deg[0]), sx = sinf(k * deg[0]), cy = cosf(k * deg[1]);
	float sy = sinf(k * deg[1]), cz = cosf(k * deg[2]), sz = sinf(k * deg[2]);
	const float m[3][3] = {{cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx},
		{sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx}, {-sy, cy * sx, cy * cx}};

	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			s->rot[i][j] = m[j][i];
}

/* The box of a turned ellipsoid: half sizes are the norms of its scaled axes. */
static void shape_finish(struct shape *s)
{
	for (int i = 0; i < 3; i++) {
		float sum = 0;

		for (int k = 0; k < 3; k++)
			sum += s->rot[k][i] * s->r[k] * s->rot[k][i] * s->r[k];
		s->reach[i] = sqrtf(sum) + fabsf(s->rough[0]) + fabsf(s->rough[1]);
	}
}

/* How a row was displaced, so that others can follow it. */
struct moved {
	float c[3], grow, tilt[3];
};

static void scene_add(struct scene *s, struct rng *r, const struct organ_def *d, struct moved *own,
	const struct moved *lead)
{
	struct shape *p = &s->shape[s->n++];
	float deg[3];

	*own = lead ? *lead : (struct moved){.grow = 1};
	own->grow *= 1 + vary(r, d->grow);
	for (int i = 0; i < 3; i++) {
		own->c[i] += vary(r, d->move);
		own->tilt[i] += vary(r, d->turn);
		p->c[i] = d->c[i] + own->c[i];
		p->r[i] = d->r[i] * own->grow * (1 + vary(r, d->grow / 2));
		deg[i] = d->tilt[i] + own->tilt[i];
	}
	shape_turn(p, deg);
	p->hu = d->hu + vary(r, d->hu_vary);
	p->texture = d->texture;
	p->rough[0] = d->rough * (float)(rng_uniform(r) < 0.5 ? -1 : 1);
	p->rough[1] = vary(r, d->rough * 0.4f);
	p->level = p->c[1] + p->r[1] * (float)rng_range(r, -0.2, 0.9);
	p->label = d->label;
	p->flags = d->flags;
	shape_finish(p);
}

static void scene_add_table(struct scene *s, struct rng *r, const struct organ_def *table, int n)
{
	struct moved moved[SCENE_SHAPES];

	for (int i = 0; i < n; i++)
		scene_add(s, r, &table[i], &moved[i],
			table[i].follows >= 0 ? &moved[table[i].follows] : NULL);
}

/* Loops of small bowel: a wall around fluid, food, contrast medium or gas. */
static void scene_add_bowel(struct scene *s, struct rng *r)
{
	int loops = 28 + (int)rng_below(r, 8);

	for (int i = 0; i < loops; i++) {
		float tube = (float)rng_range(r, 10, 16), len = (float)rng_range(r, 20, 40);
		double kind = rng_uniform(r);
		struct organ_def d = {
			.c = {(float)rng_range(r, -72, 72), (float)rng_range(r, -8, 62),
				(float)rng_range(r, -118, -22)},
			.r = {len, tube, tube},
			.tilt = {vary(r, 60), vary(r, 60), vary(r, 90)},
			.hu = 70,
			.hu_vary = 12,
			.texture = 6,
			.rough = 3,
			.flags = SHAPE_CLIP,
		};
		struct moved wall, inner;

		scene_add(s, r, &d, &wall, NULL);
		for (int k = 0; k < 3; k++)
			d.r[k] -= 4;
		d.hu = kind < 0.6 ? 25 : kind < 0.8 ? 60 : 190;
		d.hu_vary = 20;
		d.flags |= kind < 0.35 ? SHAPE_GAS : 0;
		scene_add(s, r, &d, &inner, NULL);
	}
}

void scene_init(struct scene *s, uint64_t seed, int i)
{
	struct rng r = rng_stream(seed, 0, (uint64_t)i, rng_hash("phantom"));
	float roll = vary(&r, 0.06f);

	memset(s, 0, sizeof(*s));
	s->seed = rng_u32(&r);
	s->scale = (float)rng_range(&r, 0.92, 1.05);
	s->shift[0] = vary(&r, 5);
	s->shift[1] = vary(&r, 5) + 6;
	s->shift[2] = vary(&r, 9);
	s->roll_cos = cosf(roll);
	s->roll_sin = sinf(roll);
	s->fat = (float)rng_range(&r, 9, 20);
	s->half[0] = 122 + s->fat + vary(&r, 3);
	s->half[1] = 88 + s->fat + vary(&r, 3);
	s->fat_hu = -103 + vary(&r, 6);
	s->muscle_hu = 60 + vary(&r, 8);
	s->bone_hu = 330 + vary(&r, 80);
	s->lung_hu = -840 + vary(&r, 40);
	s->blood_hu = 140 + vary(&r, 20);
	s->dome[0] = 96 + vary(&r, 7);
	s->dome[1] = 86 + vary(&r, 7);
	s->rib_phase = vary(&r, 15);
	s->disc_phase = vary(&r, 17);
	s->noise = (float)rng_range(&r, 15, 20);
	scene_add_bowel(s, &r);
	{
		int base = s->n;

		scene_add_table(s, &r, soft_organs, (int)ARRAY_SIZE(soft_organs));
		for (size_t k = 0; k < ARRAY_SIZE(same_hu); k++)
			s->shape[base + same_hu[k][0]].hu = s->shape[base + same_hu[k][1]].hu;
	}
	s->before_lungs = s->n;
	scene_add_table(s, &r, chest_organs, (int)ARRAY_SIZE(chest_organs));
}
