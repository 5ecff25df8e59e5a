/*
 * The model configuration of the Triton inference server (config.pbtxt, protobuf text)
 * for an exported ONNX file: names, types and dimensions of its input and output.
 * The server adds the batch itself, so dims leave it out.
 */
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/sys.h"
#include "core/export/export.h"

enum { TRITON_MAX_BATCH = 8 };

/* dims of an image of that many channels; -1 where the size is open. */
static void triton_dims(struct buf *b, const struct export_options *opt,
	const struct export_result *res, int channels)
{
	buf_printf(b, "    dims: [ %d", channels);
	for (int i = res->two_d ? 1 : 2; i >= 0; i--)
		buf_printf(b, ", %d", opt->dynamic ? -1 : res->size[i]);
	buf_puts(b, " ]\n");
}

static void triton_value(struct buf *b, const char *what, const char *name)
{
	buf_printf(b, "%s [\n  {\n    name: ", what);
	json_quote(b, name);
	buf_puts(b, "\n    data_type: TYPE_FP32\n");
}

int export_triton_config(const struct export_options *opt, const struct export_result *res,
	const char *name, const char *path, struct err *err)
{
	struct buf b = {0};
	int rc;

	buf_puts(&b, "name: ");
	json_quote(&b, name);
	buf_printf(&b, "\nplatform: \"onnxruntime_onnx\"\nmax_batch_size: %d\n", TRITON_MAX_BATCH);
	triton_value(&b, "input", opt->input_name ? opt->input_name : EXPORT_INPUT_NAME);
	triton_dims(&b, opt, res, res->channels);
	buf_puts(&b, "  }\n]\n");
	triton_value(&b, "output", opt->output_name ? opt->output_name : EXPORT_OUTPUT_NAME);
	if (res->classifier)
		buf_printf(&b, "    dims: [ %d ]\n", res->classes);
	else
		triton_dims(&b, opt, res, res->classes);
	buf_puts(&b, "  }\n]\n");
	rc = sys_write_file(path, b.p, b.len, err);
	buf_release(&b);
	return rc;
}
