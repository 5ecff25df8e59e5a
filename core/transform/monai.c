/*
 * Helpers of MONAI's dictionary transforms.
 */
#include "core/transform/monai.h"

#include "core/base/mem.h"

void monai_reads(const void *args, const char **names, int max, int *n)
{
	const struct monai_keys *k = args;

	if (!k->allow_missing)
		fields_reads(args, names, max, n);
}

struct strlist monai_present(const struct monai_keys *k, struct sample *s)
{
	struct strlist out = {mem_alloc((size_t)k->keys.n * sizeof(char *) + 1), 0};

	for (int i = 0; i < k->keys.n; i++)
		if (!k->allow_missing || sample_find(s, k->keys.v[i]))
			out.v[out.n++] = k->keys.v[i];
	return out;
}
