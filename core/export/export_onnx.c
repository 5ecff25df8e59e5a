/*
 * A trained model as an ONNX file: the inference graph (batch norms folded) at the
 * size that was asked for.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "core/export/export.h"
#include "core/export/onnx_build.h"

/* A size of as many dimensions as the network has. */
static int export_check_size(const struct export_options *opt, bool two_d, struct err *err)
{
	const int *s = opt->size;

	if (!s[0] || two_d == (s[2] == 1))
		return 0;
	return err_set(err, ERR_USAGE,
		two_d ? "'%s' is a 2-D network: its size is X,Y, not %d,%d,%d"
		      : "'%s' is a 3-D network: its size is X,Y,Z, not %d,%d,%d",
		opt->weights, s[0], s[1], s[2]);
}

static int export_onnx_model(const struct export_options *opt, const struct model *m,
	struct export_result *res, struct err *err)
{
	struct graph *g = graph_new();
	struct node *image, *pred, *logits;
	char *spec = cJSON_PrintUnformatted(m->spec);
	int rc;

	for (int i = 0; i < 3; i++)
		res->size[i] = opt->size[i] ? opt->size[i] : m->input_size[i];
	res->two_d = m->input_size[2] == 1;
	rc = export_check_size(opt, res->two_d, err);
	if (!rc)
		rc = model_build(m, g, 1, res->size, &image, &pred, &logits, err);
	if (!rc) {
		const struct onnx_export e = {
			.g = g,
			.params = m->params,
			.image = image,
			.pred = pred,
			.input = opt->input_name ? opt->input_name : EXPORT_INPUT_NAME,
			.output = opt->output_name ? opt->output_name : EXPORT_OUTPUT_NAME,
			.name = m->net.c->name,
			.spec = spec,
			.two_d = res->two_d,
			.classifier = m->classifier,
			.dynamic = opt->dynamic,
		};

		rc = onnx_export(&e, opt->out, &res->tensors, err);
	}
	cJSON_free(spec);
	graph_free(g);
	return rc;
}

int export_onnx(const struct export_options *opt, struct export_result *res, struct err *err)
{
	struct model m;
	struct stat sb;
	int rc = export_model_init(&m, opt->weights, &res->folded, err);

	if (!rc && opt->dtype != DTYPE_F32)
		rc = err_set(
			err, ERR_USAGE, "ONNX is written with fp32 weights: leave --dtype out");
	if (!rc && opt->channels && opt->channels != m.in_channels)
		rc = err_set(err, ERR_USAGE, "input of %d channels wanted, '%s' takes %d",
			opt->channels, opt->weights, m.in_channels);
	if (!rc)
		rc = export_onnx_model(opt, &m, res, err);
	if (!rc) {
		res->classifier = m.classifier;
		res->channels = m.in_channels;
		res->classes = m.classes;
		res->values = params_count(m.params);
		res->not_folded = export_batch_norms(&m);
		res->bytes = stat(opt->out, &sb) ? 0 : (size_t)sb.st_size;
	}
	model_release(&m);
	return rc;
}
