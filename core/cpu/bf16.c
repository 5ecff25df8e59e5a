/*
 * Operands in bf16 for the convolutions.
 *
 * Activations, gradients, weights and everything else stay fp32 in memory; what a
 * convolution reads is rounded on the way in, and it adds up in fp32.  bf16 has the
 * exponent of fp32, so losses need no scaling.
 *
 * The rule of bf16_pays() comes from measuring the layers of Unet with 8 to 256 channels
 * on a CPU with AVX512_BF16: direct sums in bf16 need less time than Winograd's in fp32,
 * but with few output voxels the rounding and packing of the weights takes more than
 * the products save.
 */
#include "core/cpu/bf16.h"

#include <string.h>

#include "core/cpu/conv_prim.h"
#include "core/cpu/dnnl_api.h"

static const int64_t BF16_MIN_CHANNELS = 8, BF16_MIN_ROWS = 256;

bool bf16_supported(void)
{
	unsigned isa = (unsigned)dnnl.get_effective_cpu_isa();
	unsigned need = (unsigned)dnnl_cpu_isa_avx512_core_bf16;

	return (isa & need) == need;
}

bool bf16_pays(const struct conv_spec *s)
{
	int64_t rows = s->n * s->out[0] * s->out[1] * s->out[2];

	/* the strided gradient of oneDNN 2.6 is slower than in fp32 where channels are few */
	if (s->dir == CONV_BWD_W && s->ci < 32 && s->stride[0] * s->stride[1] * s->stride[2] > 1)
		return false;
	return s->ci >= BF16_MIN_CHANNELS && s->co >= BF16_MIN_CHANNELS && rows >= BF16_MIN_ROWS;
}

void bf16_round(uint16_t *dst, const float *src, size_t n)
{
#pragma omp parallel for simd schedule(static) if (n >= 65536)
	for (size_t i = 0; i < n; i++) {
		uint32_t u;

		memcpy(&u, src + i, sizeof(u));
		dst[i] = (u & 0x7fffffffu) > 0x7f800000u
				 ? (uint16_t)(u >> 16 | 0x40)
				 : (uint16_t)((u + 0x7fffu + (u >> 16 & 1)) >> 16);
	}
}
