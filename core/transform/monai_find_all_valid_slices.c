/*
 * FindAllValidSlicesd (deepgrow): the numbers of the slices along z that hold foreground,
 * as a field of n x 1 x 1 values.  No such field is made where there is no object.
 */
#include "core/transform/monai.h"

struct slices_args {
	char *label, *sids;
};

static const struct arg_def slices_defs[] = {
	{"label", ARG_STRING, offsetof(struct slices_args, label), .def = "\"label\"",
		.help = "field whose voxels above 0.5 are the object"},
	{"sids", ARG_STRING, offsetof(struct slices_args, sids), .def = "\"sids\"",
		.help = "field that gets the numbers of the slices"},
	ARG_END,
};

static bool slices_has(const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (x[i] > 0.5f)
			return true;
	return false;
}

static int slices_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct slices_args *a = args;
	const struct volume *v = sample_volume(s, a->label, err);
	struct volume *out;
	int dim[3] = {0, 1, 1}, n = 0;
	size_t plane;

	(void)rng;
	if (!v)
		return -1;
	if (v->channels != 1)
		return err_set(err, ERR_DATA, "'%s' has %d channels, slices are found in one",
			a->label, v->channels);
	plane = (size_t)v->dim[0] * (size_t)v->dim[1];
	for (int z = 0; z < v->dim[2]; z++)
		dim[0] += slices_has(v->data + (size_t)z * plane, plane);
	sample_remove(s, a->sids);
	if (!dim[0])
		return 0;
	out = volume_new(1, dim, err);
	if (!out)
		return -1;
	for (int z = 0; z < v->dim[2]; z++)
		if (slices_has(v->data + (size_t)z * plane, plane))
			out->data[n++] = (float)z;
	return sample_set(s, a->sids, out, err);
}

static void slices_reads(const void *args, const char **names, int max, int *n)
{
	fields_add_name(((const struct slices_args *)args)->label, names, max, n);
}

static void slices_writes(const void *args, const char **names, int max, int *n)
{
	fields_add_name(((const struct slices_args *)args)->sids, names, max, n);
}

const struct component component_monai_find_all_valid_slices = {
	.name = "FindAllValidSlicesd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("FindAllValidSlices"),
	.help = "deepgrow: the numbers of the slices along z that hold foreground, as a field of one "
		"line, for AddInitialSeedPointd",
	.args = slices_defs,
	.args_size = sizeof(struct slices_args),
	.ops =
		&(const struct transform_ops){
			.apply = slices_apply, .reads = slices_reads, .writes = slices_writes},
};
