#ifndef CORE_CPU_THIN_PACK_H
#define CORE_CPU_THIN_PACK_H

#include <stdint.h>

/*
 * Rows of voxels (all channels of a voxel beside each other) to planes (all voxels
 * of a channel beside each other) and back.  c: channels, w: voxels of the row, plane:
 * floats from one channel to the next.  A row of ss * w voxels split by ss is a row of
 * w voxels with ss * c channels, so strides need no code of their own.
 *
 * c is at most THIN_PACK_MAX.  thin_pack writes planes up to the next multiple of
 * sixteen voxels, zeros behind the row's end; thin_unpack reads as far.
 */
#define THIN_PACK_MAX 64

void thin_pack(const float *row, int64_t floats, int64_t w, int64_t c, float *to, int64_t plane);

/* floats: of the row that are written; what lies behind is dropped. */
void thin_unpack(
	const float *from, int64_t plane, int64_t w, int64_t c, float *row, int64_t floats);

#endif
