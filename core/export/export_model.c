/*
 * From trained weights to inference weights: the model is folded (model_fold()), which
 * leaves exactly the parameters that inference needs and says so in its specification.
 */
#include <string.h>

#include "core/export/export.h"

int export_model_init(struct model *m, const char *weights, int *folded, struct err *err)
{
	*folded = 0;
	return model_init_from_file(m, weights, NULL, err) ? -1 : model_fold(m, folded, err);
}

int export_batch_norms(const struct model *m)
{
	const struct params *p = m->params;
	int n = 0;

	for (int i = 0; i < p->n_state; i++) {
		size_t len = strlen(p->state[i].name);

		n += len > 4 && !strcmp(p->state[i].name + len - 4, ".var");
	}
	return n;
}
