/*
 * MergeBatchDims, a batch transform of Clara Train 3.x: output_batch_size cases of which a crop
 * made batch_size samples each become one batch of their product.  The loader puts
 * samples into one row of places from the start, so there is nothing left to do.
 */
#include "core/transform/fields.h"

static const struct arg_def merge_defs[] = {FIELDS_ARG, ARG_END};

static int merge_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	(void)args;
	(void)rng;
	return err_set(err, ERR_DATA,
		"MergeBatchDims belongs into batch_transforms, case '%s' is no batch", s->case_id);
}

const struct component component_merge_batch_dims = {
	.name = "MergeBatchDims",
	.kind = COMPONENT_TRANSFORM,
	.help = "in batch_transforms: the crops of all cases of a batch become one batch of "
		"output_batch_size x batch_size samples",
	.args = merge_defs,
	.args_size = sizeof(struct strlist),
	.ops =
		&(const struct transform_ops){
			.apply = merge_apply, .check = fields_check, .reads = fields_reads},
};
