/* Pictures and arrays: the first byte chooses PNG, JPEG or .npy, and whether it is a label. */
#include "core/volume/image_file.h"
#include "tests/fuzz/fuzz.h"

#define PICTURE_VOXELS ((size_t)1 << 20) /* larger ones only cost time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"x.png", "x.jpg", "x.npy"};
	struct err err = ERR_INIT, second = ERR_INIT;
	struct image_info info;
	struct volume *v;
	const char *path;
	size_t voxels;

	if (!size)
		return 0;
	path = fuzz_file(names[data[0] / 2 % 3], data + 1, size - 1);
	/* The values of a file whose header was refused are never read. */
	if (image_file_info(path, &info, &err))
		return 0;
	voxels = (size_t)info.dim[0] * (size_t)info.dim[1] * (size_t)info.dim[2];
	if (voxels > PICTURE_VOXELS)
		return 0;
	v = image_file_read(path, info.kind, data[0] & 1, &second);
	if (v && (v->channels != info.channels && !(data[0] & 1)))
		__builtin_trap(); /* the check before a training saw another picture */
	volume_free(v);
	return 0;
}
