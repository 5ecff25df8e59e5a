/*
 * Packed files.  The first two bytes say what is done to the rest: 0: it is the file;
 * else it is a NIfTI file which is packed, and then one byte of the packed file changes.
 */
#include <stdlib.h>

#include "core/volume/gz.h"
#include "core/volume/nifti.h"
#include "tests/fuzz/fuzz.h"

static void fuzz_read(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file("x.nii.gz", data, size);
	struct err err = ERR_INIT;

	volume_free(nifti_read(path, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	uint8_t *packed;
	size_t len, at;
	void *out;

	if (size < 3)
		return 0;
	if (!data[0]) {
		fuzz_read(data + 2, size - 2);
		return 0;
	}
	if (gz_pack(data + 2, size - 2, &out, &len, &err))
		return 0;
	packed = out;
	at = (size_t)data[0] * 31 % len;
	packed[at] ^= data[1];
	fuzz_read(packed, len);
	free(packed);
	return 0;
}
