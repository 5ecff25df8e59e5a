/*
 * Voxel types to fp32 and back.
 *
 * A CT arrives as 16-bit integers and leaves as fp32, twice the size, and most of
 * the cost is touching memory.  So the file's bytes are unpacked into the end of the
 * very buffer that becomes the volume, and conversion walks forward through it:
 * a block of voxels is lifted into a small array (which stays in the L1 cache),
 * byte-swapped there when needed, and written as floats.  With at most 4 bytes per
 * file voxel the write position never overtakes the read position.
 *
 * Unscaled integers convert straight to fp32 (exact up to 24 bits, rounded to
 * nearest beyond); scaled ones go through double, as nibabel does.
 */
#include "core/volume/voxel.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"

#define VOXEL_BLOCK 2048

enum voxel_code {
	VOXEL_U8 = 2,
	VOXEL_I16 = 4,
	VOXEL_I32 = 8,
	VOXEL_F32 = 16,
	VOXEL_F64 = 64,
	VOXEL_I8 = 256,
	VOXEL_U16 = 512,
	VOXEL_U32 = 768,
	VOXEL_I64 = 1024,
	VOXEL_U64 = 1280,
};

static const struct voxel_type voxel_types[] = {
	{VOXEL_U8, "uint8", 1, true, 255.0},
	{VOXEL_I16, "int16", 2, true, 32768.0},
	{VOXEL_I32, "int32", 4, true, 2147483648.0},
	{VOXEL_F32, "float32", 4, true, 0},
	{VOXEL_F64, "float64", 8, true, 0},
	{VOXEL_I8, "int8", 1, true, 128.0},
	{VOXEL_U16, "uint16", 2, true, 65535.0},
	{VOXEL_U32, "uint32", 4, true, 4294967295.0},
	{VOXEL_I64, "int64", 8, true, 9223372036854775808.0},
	{VOXEL_U64, "uint64", 8, true, 18446744073709551615.0},
	{0, "unknown", 0, false, 0},
	{1, "binary", 0, false, 0},
	{32, "complex64", 8, false, 0},
	{128, "RGB24", 3, false, 0},
	{1536, "float128", 16, false, 0},
	{1792, "complex128", 16, false, 0},
	{2048, "complex256", 32, false, 0},
	{2304, "RGBA32", 4, false, 0},
};

const struct voxel_type *voxel_type_find(int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(voxel_types); i++)
		if (voxel_types[i].code == code)
			return &voxel_types[i];
	return NULL;
}

/* Room for one block of any type. */
union voxel_block {
	uint8_t u8[VOXEL_BLOCK];
	int8_t i8[VOXEL_BLOCK];
	uint16_t u16[VOXEL_BLOCK];
	int16_t i16[VOXEL_BLOCK];
	uint32_t u32[VOXEL_BLOCK];
	int32_t i32[VOXEL_BLOCK];
	uint64_t u64[VOXEL_BLOCK];
	int64_t i64[VOXEL_BLOCK];
	float f32[VOXEL_BLOCK];
	double f64[VOXEL_BLOCK];
};

static void voxel_swap(union voxel_block *b, int bytes, size_t n)
{
	if (bytes == 2)
		for (size_t i = 0; i < n; i++)
			b->u16[i] = __builtin_bswap16(b->u16[i]);
	else if (bytes == 4)
		for (size_t i = 0; i < n; i++)
			b->u32[i] = __builtin_bswap32(b->u32[i]);
	else if (bytes == 8)
		for (size_t i = 0; i < n; i++)
			b->u64[i] = __builtin_bswap64(b->u64[i]);
}

/* One loop per type, scaled or not, that the compiler can vectorise. */
#define VOXEL_LOOP(field)                                                              \
	do {                                                                           \
		if (plain)                                                             \
			for (size_t i = 0; i < n; i++)                                 \
				out[i] = (float)b->field[i];                           \
		else                                                                   \
			for (size_t i = 0; i < n; i++)                                 \
				out[i] = (float)((double)b->field[i] * slope + inter); \
	} while (0)

static void voxel_block_convert(const union voxel_block *b, int code, double slope, double inter,
	float *restrict out, size_t n)
{
	bool plain = slope == 1 && inter == 0;

	switch (code) {
	case VOXEL_U8:
		VOXEL_LOOP(u8);
		break;
	case VOXEL_I8:
		VOXEL_LOOP(i8);
		break;
	case VOXEL_U16:
		VOXEL_LOOP(u16);
		break;
	case VOXEL_I16:
		VOXEL_LOOP(i16);
		break;
	case VOXEL_U32:
		VOXEL_LOOP(u32);
		break;
	case VOXEL_I32:
		VOXEL_LOOP(i32);
		break;
	case VOXEL_U64:
		VOXEL_LOOP(u64);
		break;
	case VOXEL_I64:
		VOXEL_LOOP(i64);
		break;
	case VOXEL_F64:
		VOXEL_LOOP(f64);
		break;
	default:
		VOXEL_LOOP(f32);
		break;
	}
}

/* Replaces what is not finite; told by the exponent bits, so that no compiler flag matters. */
static size_t voxel_block_clean(float *out, size_t n)
{
	size_t bad = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t u;

		memcpy(&u, &out[i], sizeof(u));
		if ((u & 0x7f800000u) == 0x7f800000u) {
			out[i] = 0;
			bad++;
		}
	}
	return bad;
}

size_t voxel_to_float(const struct voxel_type *type, bool swap, double slope, double inter,
	const void *src, float *out, size_t n)
{
	bool exact = type->max > 0 && slope == 1 && inter == 0;
	const char *p = src;
	union voxel_block b;
	size_t bad = 0;

	for (size_t i = 0; i < n; i += VOXEL_BLOCK) {
		size_t k = n - i < VOXEL_BLOCK ? n - i : VOXEL_BLOCK;

		memcpy(&b, p + i * (size_t)type->bytes, k * (size_t)type->bytes);
		if (swap)
			voxel_swap(&b, type->bytes, k);
		voxel_block_convert(&b, type->code, slope, inter, out + i, k);
		if (!exact)
			bad += voxel_block_clean(out + i, k);
	}
	return bad;
}

void voxel_to_uint8(const float *src, unsigned char *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float x = rintf(src[i]);

		out[i] = x >= 255 ? 255 : x > 0 ? (unsigned char)x : 0;
	}
}

void voxel_to_int16(const float *src, short *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float x = rintf(src[i]);

		out[i] = x >= 32767 ? 32767 : x > -32768 ? (short)x : -32768;
	}
}
