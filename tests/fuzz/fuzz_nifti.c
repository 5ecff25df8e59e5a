/* NIfTI headers and voxels as they are, and as NIfTI pairs. */
#include "core/volume/nifti.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file("x.nii", data, size);
	struct err err = ERR_INIT, second = ERR_INIT;
	struct nifti_info info;
	struct volume *v;

	/* The voxels of a file whose header was refused are never read. */
	if (nifti_read_info(path, &info, &err))
		return 0;
	v = nifti_read(path, &second);
	volume_free(v);
	return 0;
}
