/* Data lists: no path that is accepted leaves the data folder. */
#include <stdlib.h>
#include <string.h>

#include "core/data/datalist.h"
#include "tests/fuzz/fuzz.h"

static void fuzz_check(const char *path)
{
	if (!strncmp(path, "/data/../", 9) || !strcmp(path, "/data/.."))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file("list.json", data, size);
	struct problems ps = {0};
	struct datalist *l = datalist_read(path, "/data", "training", &ps);

	for (int i = 0; l && i < l->n; i++) {
		struct err err = ERR_INIT;

		for (int k = 0; k < l->v[i].n_image; k++)
			fuzz_check(l->v[i].image[k]);
		if (l->v[i].label)
			fuzz_check(l->v[i].label);
		sample_free(datalist_sample(l, i, &err));
	}
	datalist_free(l);
	problems_release(&ps);
	return 0;
}
