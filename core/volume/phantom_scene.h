#ifndef CORE_VOLUME_PHANTOM_SCENE_H
#define CORE_VOLUME_PHANTOM_SCENE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * One patient of the phantom, before it is sampled.  Coordinates are mm in a
 * reference body: x towards the patient's right, y anterior, z superior, origin in
 * the middle of the abdomen.  Attenuation is in HU.
 */
#define SCENE_SHAPES 128

enum shape_flags {
	SHAPE_CLIP = 1 << 0,   /* ends at the wall of the abdominal cavity */
	SHAPE_INSIDE = 1 << 1, /* painted only over label, which stays (vessels in the liver) */
	SHAPE_GAS = 1 << 2,    /* gas above the fluid level (towards anterior: supine) */
	SHAPE_MIX = 1 << 3,    /* coarse mottle, as stool */
};

/* An ellipsoid with a rough surface. */
struct shape {
	float c[3], r[3];
	float rot[3][3]; /* patient to shape axes */
	float reach[3];  /* half the size of the box about c that holds it, noise included */
	float hu, texture;
	float rough[2]; /* mm of surface noise, coarse and fine */
	float level;    /* of SHAPE_GAS: y */
	int label;
	unsigned flags;
};

struct scene {
	float scale;    /* patient mm per reference mm */
	float shift[3]; /* of the body on the table, mm */
	float roll_cos, roll_sin;
	float half[2]; /* of the body outline, x and y */
	float fat;     /* thickness under the skin */
	float fat_hu, muscle_hu, bone_hu, lung_hu, blood_hu;
	float dome[2]; /* tops of the diaphragm, right and left */
	float rib_phase, disc_phase;
	float noise;                      /* standard deviation, HU */
	uint32_t seed;                    /* of the textures */
	struct shape shape[SCENE_SHAPES]; /* in painting order */
	int n;
	int before_lungs; /* how many of them stand below lungs and bones */
};

/* The patient number i of a data set. */
void scene_init(struct scene *s, uint64_t seed, int i);

/* HU without noise, and the label, at a place in mm relative to the middle of the grid; soft:
 * the width over which tissues blend (about a voxel). */
float scene_sample(const struct scene *s, const float mm[3], float soft, int *label);

/* Smooth noise of mean 0 in about -1 ... 1 with bumps of the given size. */
float scene_noise(uint32_t seed, const float p[3], float size);

#endif
