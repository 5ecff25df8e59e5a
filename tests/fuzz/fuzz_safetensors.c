/* Weight files: every tensor that the header offers is read. */
#include <stdlib.h>

#include "core/tensor/safetensors_read.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file("x.safetensors", data, size);
	struct err err = ERR_INIT;
	struct safetensors *st = safetensors_open(path, &err);

	for (int i = 0; st && i < safetensors_count(st); i++) {
		const struct st_info *info = safetensors_at(st, i);
		void *to = malloc(info->bytes + 1);

		if (!to || safetensors_load(st, info, to, info->bytes, &err))
			abort(); /* what was accepted can be read */
		free(to);
	}
	safetensors_close(st);
	return 0;
}
