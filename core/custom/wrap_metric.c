/*
 * Metrics from outside: a number per case.
 */
#include <math.h>
#include <string.h>

#include "core/custom/wrap.h"

static int custom_measure(const void *args, const struct metric_case *mc, struct metric_row *row,
	int *first_class, struct err *err)
{
	const struct custom_block *b = args;
	struct axial_value values[CUSTOM_ARGS];
	const struct custom *c = custom_values(args, values);
	struct volume *pred, *label;
	struct axial_volume p, l;
	struct custom_call call;

	*first_class = 0;
	if (!mc->sample)
		return err_set(err, ERR_DATA, "the case has no volumes");
	pred = sample_volume(mc->sample, b->metric.field, err);
	label = pred ? sample_volume(mc->sample, b->label_field, err) : NULL;
	if (!label)
		return -1;
	if (memcmp(pred->dim, label->dim, sizeof(pred->dim)))
		return err_set(err, ERR_DATA, "'%s' has %d x %d x %d voxels, '%s' has %d x %d x %d",
			b->metric.field, pred->dim[0], pred->dim[1], pred->dim[2], b->label_field,
			label->dim[0], label->dim[1], label->dim[2]);
	p = custom_volume(b->metric.field, pred);
	l = custom_volume(b->label_field, label);
	custom_call_init(&call, NULL);
	row->value = c->ext->metric->measure(values, &p, &l, &call.call);
	return custom_call_status(&call, err);
}

void custom_wrap_metric(struct custom *c)
{
	c->ops.metric = (struct metric_ops){.measure = custom_measure};
}
