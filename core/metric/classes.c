/*
 * From volumes to values per class.
 */
#include "core/metric/classes.h"

#include <math.h>
#include <string.h>

#include "core/base/mem.h"

struct classes_args classes_monai(const struct classes_args *a)
{
	struct classes_args out = *a;

	out.remove_bg = !a->include_background;
	out.auto_onehot = true;
	return out;
}

static int classes_check(struct classes *c, const struct classes_args *a, struct err *err)
{
	int want = c->pred->channels, have = c->label->channels;

	for (int i = 0; i < 3; i++)
		if (c->pred->dim[i] != c->label->dim[i])
			return err_set(err, ERR_DATA,
				"'%s' has %d x %d x %d voxels, '%s' has %d x %d x %d",
				a->common.field, c->pred->dim[0], c->pred->dim[1], c->pred->dim[2],
				a->label_field, c->label->dim[0], c->label->dim[1],
				c->label->dim[2]);
	c->onehot = a->onehot || (a->auto_onehot && want > 1 && have == want);
	want = c->onehot ? want : 1;
	if (have != want)
		return err_set(err, ERR_DATA, "'%s' has %d channels, expected %d%s", a->label_field,
			have, want, a->onehot ? " (is_one_hot_targets)" : "");
	return 0;
}

int classes_open(struct classes *c, const struct classes_args *a, const struct metric_case *mc,
	struct err *err)
{
	size_t voxels;

	*c = (struct classes){.args = a};
	if (!mc->sample)
		return err_set(err, ERR_DATA, "the case has no volumes");
	c->pred = sample_volume(mc->sample, a->common.field, err);
	c->label = c->pred ? sample_volume(mc->sample, a->label_field, err) : NULL;
	if (!c->label || classes_check(c, a, err))
		return -1;
	voxels = volume_voxels(c->pred);
	c->p = (struct overlap_map){c->pred->data, c->pred->channels, voxels, 1};
	c->l = (struct overlap_map){c->label->data, c->label->channels, voxels, 1};
	c->rule = mc->independent || a->independent ? OVERLAP_THRESHOLD : OVERLAP_ARGMAX;
	c->skip = a->remove_bg && c->pred->channels > 1;
	return 0;
}

int classes_check_top(const struct classes *c, int top, struct err *err)
{
	if (c->pred->channels > 1 && top >= c->pred->channels)
		return err_set(err, ERR_DATA, "'%s' holds class %d, but '%s' has only %d channels",
			c->args->label_field, top, c->args->common.field, c->pred->channels);
	return 0;
}

void classes_row(
	const struct classes *c, const double *value, struct metric_row *row, int *first_class)
{
	double total = 0;
	int n = 0;

	*first_class = c->pred->channels == 1 || c->skip ? 1 : 0;
	row->n_classes = c->pred->channels - c->skip;
	row->classes = mem_alloc((size_t)row->n_classes * sizeof(double));
	for (int k = 0; k < row->n_classes; k++) {
		double v = value[k + c->skip];

		row->classes[k] = c->args->negate ? -v : v;
		if (isnan(v))
			continue;
		total += row->classes[k];
		n++;
	}
	row->value = n ? total / n : NAN;
}

void classes_masks(const struct classes *c, int k, unsigned char *in_pred, unsigned char *in_label)
{
	overlap_masks(&c->p, &c->l, c->onehot, c->rule, c->args->logit_thresh,
		volume_voxels(c->pred), k, in_pred, in_label);
}
