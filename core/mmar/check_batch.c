/*
 * How samples become batches: output_batch_size, batched_by_transforms, crops that make
 * several samples, and MergeBatchDims have to fit together.
 */
#include <inttypes.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/data/pipeline.h"
#include "core/mmar/check.h"
#include "core/transform/transform.h"

static bool batch_is_merge(const struct component_use *u)
{
	return !strcmp(u->c->name, "MergeBatchDims");
}

/* Crops of v3 give a dimension of their own, those of MONAI a list that is merged anyway. */
static bool batch_needs_merge(const struct component_use *u)
{
	static const char *const names[] = {
		"CropByPosNegRatio", "FastCropByPosNegRatio", "CropByPosNegRatioLabelOnly"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(u->c->name, names[i]))
			return true;
	return false;
}

static bool batch_lists(const struct component_use *merge, const char *field)
{
	const struct strlist *l = use_strings(merge, "fields");

	for (int i = 0; l && i < l->n; i++)
		if (!strcmp(l->v[i], field))
			return true;
	return false;
}

/* The MergeBatchDims of the configuration, or NULL. */
static const struct component_use *batch_merge(
	struct config_reader *r, const struct train_config *cfg)
{
	const struct component_use *merge = NULL;

	for (int i = 0; i < cfg->train_transforms.n; i++)
		if (batch_is_merge(&cfg->train_transforms.v[i]))
			reader_error(r, cfg->train_transforms.v[i].path,
				"move it to train.batch_transforms",
				"MergeBatchDims works on batches, not on samples");
	for (int i = 0; i < cfg->batch_transforms.n; i++) {
		const struct component_use *u = &cfg->batch_transforms.v[i];

		if (!batch_is_merge(u)) {
			reader_error(r, u->path, "move it to train.pre_transforms",
				"%s cannot work on a batch, only MergeBatchDims does", u->c->name);
			continue;
		}
		merge = u;
		if (!batch_lists(u, "image") || !batch_lists(u, "label"))
			reader_error(r, u->path, "\"fields\": [\"image\", \"label\"]",
				"MergeBatchDims must name 'image' and 'label', which make a batch");
	}
	return merge;
}

void check_batching(struct config_reader *r, const struct train_config *cfg)
{
	const struct component_use *pipe = &cfg->train_pipeline, *crop = NULL, *merge;
	const struct pipeline_args *a = pipe->args;
	int64_t crops = 1;

	if (use_number(&cfg->valid_pipeline, "replace_percent", 0) > 0)
		reader_warn(r, cfg->valid_pipeline.path, "set replace_percent to 0",
			"a validation sees every case each time, nothing is exchanged");
	merge = batch_merge(r, cfg);
	for (int i = 0; i < cfg->train_transforms.n; i++) {
		int n = transform_count(&cfg->train_transforms.v[i]);

		crop = n > 1 ? &cfg->train_transforms.v[i] : crop;
		crops *= n;
	}
	if (!pipe->c)
		return;
	if (!a->batched_by_transforms) {
		if (crops > 1 && !merge && batch_needs_merge(crop))
			reader_error(r, crop->path,
				"add \"batch_transforms\": [{\"name\": \"MergeBatchDims\", \"args\": "
				"{\"fields\": [\"image\", \"label\"]}}], or set batched_by_transforms",
				"%s makes %" PRId64 " samples of each case, but nothing merges "
				"them into the batch",
				crop->c->name, crops);
		return;
	}
	if (a->output_batch_size && a->output_batch_size != crops)
		reader_error(r, pipe->path, "set output_batch_size to 0 or make both equal",
			"with batched_by_transforms a batch is what the transforms make of one case: "
			"%" PRId64 "%s%s, but output_batch_size is %" PRId64,
			crops, crop ? " by " : ", because no transform has a batch_size",
			crop ? crop->path : "", a->output_batch_size);
	if (merge)
		reader_warn(r, merge->path, NULL,
			"MergeBatchDims has no effect with batched_by_transforms");
}
