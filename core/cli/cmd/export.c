/*
 * axial export: a trained model for use elsewhere.
 *
 * Takes the flags of v3's export program as well; what concerned TensorRT only is
 * accepted and said to have no effect.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/cli/cli.h"
#include "core/custom/custom.h"
#include "core/cli/runref.h"
#include "core/export/export.h"
#include "core/handler/loader.h"
#include "core/run/run.h"

static const struct cmd_opt export_opts[] = {
	{"mmar", 'm', CMD_VALUE, "DIR", "folder of the MMAR (default: the current one)"},
	{"run", 0, CMD_VALUE, "RUN", "the best model of this run (default: of the newest run)"},
	{"model", 0, CMD_VALUE, "FILE", "a weight file (.safetensors) instead of a run"},
	{"output", 'o', CMD_VALUE, "FILE",
		"file to write (default: model.fzn.safetensors or model.onnx in the MMAR's checkpoint "
		"folder; with --run or --model beside the weights)"},
	{"format", 0, CMD_VALUE, "NAME", "safetensors (default) or onnx"},
	{"dtype", 0, CMD_VALUE, "TYPE",
		"fp32 (default), fp16 or bf16: type of the convolution weights"},
	{"size", 0, CMD_VALUE, "X,Y,Z",
		"onnx: voxels of the input (default: the crop that was trained on)"},
	{"dynamic", 0, CMD_FLAG, NULL, "onnx: leave the size open"},
	{"model-file-format", 0, CMD_VALUE, "CKPT", "v3: accepted"},
	{"model-file-path", 0, CMD_VALUE, "DIR", "v3: folder of the weights"},
	{"model-name", 0, CMD_VALUE, "NAME", "v3: name of the weight file and of what is written"},
	{"input-node-names", 0, CMD_VALUE, "NAME", "onnx: name of the input, NV_MODEL_INPUT"},
	{"output-node-names", 0, CMD_VALUE, "NAME", "onnx: name of the output, NV_MODEL_OUTPUT"},
	{"trt-min-seg-size", 0, CMD_VALUE, "N", "v3: no effect"},
	{"trt-precision-mode", 0, CMD_VALUE, "MODE", "v3: no effect"},
	{"trt-dynamic-mode", 0, CMD_FLAG, NULL, "v3: no effect"},
	{"trtis-export", 0, CMD_FLAG, NULL,
		"v3: ONNX, and beside it config.pbtxt for the Triton inference server"},
	{"trtis-model-name", 0, CMD_VALUE, "NAME",
		"v3: the model's name in config.pbtxt (default: that of the file)"},
	{"trtis-input-shape", 0, CMD_VALUE, "C X Y Z", "v3: channels and size of the input"},
	CMD_OPT_END,
};

static void export_say_ignored(const struct cmd_line *line)
{
	for (const struct cmd_opt *o = export_opts; o->name; o++)
		if (!strncmp(o->name, "trt-", 4) && cmd_value(line, o->name, NULL))
			fprintf(stderr, "note: --%s has no effect: there is no TensorRT here\n",
				o->name);
}

/*
 * v3's --trtis_input_shape C X Y Z: the words after C are no options.  Fills the size;
 * *channels is 0 when the option is not there.
 */
static int export_shape(const struct cmd_line *line, int size[3], int *channels, struct err *err)
{
	const char *c = cmd_value(line, "trtis-input-shape", NULL);
	int n = cmd_argc(line);

	if (n && !c)
		return err_set(
			err, ERR_USAGE, "export takes options only, not '%s'", cmd_arg(line, 0));
	*channels = 0;
	if (!c)
		return 0;
	size[2] = 1;
	for (int i = -1; i < n; i++) {
		const char *word = i < 0 ? c : cmd_arg(line, i);
		char *end;
		long v = strtol(word, &end, 10);

		if (*end || end == word || v < 1 || v > 4096 || n < 2 || n > 3)
			return err_set(err, ERR_USAGE,
				"option '--trtis_input_shape' needs channels and size as 1 96 96 64 (1 "
				"96 96 for a 2-D network), whole numbers from 1 to 4096");
		*(i < 0 ? channels : &size[i]) = (int)v;
	}
	return 0;
}

static int export_dtype(const char *text, enum dtype *out, struct err *err)
{
	static const struct {
		const char *name;
		enum dtype type;
	} types[] = {{"fp32", DTYPE_F32}, {"float32", DTYPE_F32}, {"fp16", DTYPE_F16},
		{"float16", DTYPE_F16}, {"bf16", DTYPE_BF16}, {"bfloat16", DTYPE_BF16}};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!strcmp(types[i].name, text)) {
			*out = types[i].type;
			return 0;
		}
	}
	return err_set(err, ERR_USAGE, "option '--dtype' needs fp32, fp16 or bf16, not '%s'", text);
}

/* X,Y,Z or, for a 2-D network, X,Y. */
static int export_size(const char *text, int size[3], struct err *err)
{
	const char *at = text;
	int n = 0;

	size[2] = 1;
	while (n < 3 && *at >= '0' && *at <= '9') {
		char *end;
		long v = strtol(at, &end, 10);

		if (v < 1 || v > 4096)
			break;
		size[n++] = (int)v;
		at = end;
		if (*at != ',' || n == 3)
			break;
		at++;
	}
	if (*at || at == text || at[-1] == ',' || n < 2)
		return err_set(err, ERR_USAGE,
			"option '--size' needs three numbers from 1 to 4096 as 96,96,64 (two for a "
			"2-D network), not '%s'",
			text);
	return 0;
}

/* DIR/NAME.safetensors, else the newest run's model in DIR. */
static char *export_v3_weights(const struct cmd_line *line, const char *dir, struct err *err)
{
	char *file = mem_printf("%s.safetensors", cmd_value(line, "model-name", "model"));
	char *path = sys_join(dir, file);

	free(file);
	if (sys_exists(path))
		return path;
	free(path);
	return loader_newest_weights(dir, err);
}

static char *export_weights(const struct cmd_line *line, struct err *err)
{
	const char *model = cmd_value(line, "model", NULL), *run = cmd_value(line, "run", NULL);
	const char *v3 = cmd_value(line, "model-file-path", NULL);
	char *dir, *path = NULL;

	if ((model != NULL) + (run != NULL) + (v3 != NULL) > 1) {
		err_set(err, ERR_USAGE, "give one of --model, --run and --model_file_path");
		return NULL;
	}
	if (model)
		return mem_strdup(model);
	if (v3)
		return export_v3_weights(line, v3, err);
	dir = run ? runref_find(line, run, err)
		  : runref_ckpt_dir(cmd_value(line, "mmar", "."), err);
	if (dir)
		path = loader_newest_weights(dir, err);
	free(dir);
	return path;
}

/* The folder that is written to: the one that was named, else where the weights are. */
static char *export_folder(const struct cmd_line *line, const char *weights)
{
	const char *v3 = cmd_value(line, "model-file-path", NULL), *base = sys_basename(weights);
	struct err ignored = ERR_INIT;

	if (v3)
		return mem_strdup(v3);
	if (cmd_value(line, "model", NULL) || cmd_value(line, "run", NULL))
		return mem_strndup(weights, (size_t)(base - weights));
	return runref_ckpt_dir(cmd_value(line, "mmar", "."), &ignored);
}

static char *export_out(const struct cmd_line *line, const char *weights, bool onnx)
{
	const char *out = cmd_value(line, "output", NULL);
	char *file, *folder, *path;

	if (out)
		return mem_strdup(out);
	file = mem_printf(
		"%s.%s", cmd_value(line, "model-name", "model"), onnx ? "onnx" : "fzn.safetensors");
	folder = export_folder(line, weights);
	path = folder && folder[0] ? sys_join(folder, file) : mem_strdup(file);
	free(folder);
	free(file);
	return path;
}

static void export_say(const struct export_options *opt, const struct export_result *r, bool onnx)
{
	printf("weights    %s\n", opt->weights);
	if (r->folded || r->not_folded)
		printf("norms      %d batch norms folded into convolutions, %d stay\n", r->folded,
			r->not_folded);
	if (onnx && opt->dynamic)
		printf("input      %s, batch and size open\n", r->two_d ? "N C H W" : "N C D H W");
	else if (onnx)
		printf("input      %s, batch open, %d x %d x %d voxels (x, y, z)\n",
			r->two_d ? "N C H W" : "N C D H W", r->size[0], r->size[1], r->size[2]);
	printf("written    %s: %zu numbers in %d tensors, %.2f MB\n", opt->out, r->values,
		r->tensors, (double)r->bytes / 1e6);
}

static bool export_same_file(const char *a, const char *b)
{
	char *x = realpath(a, NULL), *y = realpath(b, NULL);
	bool same = x && y && !strcmp(x, y);

	free(x);
	free(y);
	return same;
}

/* config.pbtxt in the ONNX file's folder, as v3's --trtis_export wrote it. */
static int export_triton(const struct cmd_line *line, const struct export_options *opt,
	const struct export_result *res, struct err *err)
{
	const char *base = sys_basename(opt->out), *dot = strrchr(base, '.');
	char *stem = mem_strndup(base, dot ? (size_t)(dot - base) : strlen(base));
	char *folder = mem_strndup(opt->out, (size_t)(base - opt->out));
	char *path = mem_printf("%sconfig.pbtxt", folder);
	int rc = export_triton_config(
		opt, res, cmd_value(line, "trtis-model-name", stem), path, err);

	if (!rc)
		printf("triton     %s: in the server's repository NAME/config.pbtxt, with the "
		       "model as NAME/1/model.onnx\n",
			path);
	free(path);
	free(folder);
	free(stem);
	return rc;
}

/* What the options say, before any file is looked for. */
static int export_parse(
	const struct cmd_line *line, struct export_options *opt, bool *onnx, struct err *err)
{
	const char *size = cmd_value(line, "size", NULL);
	const char *format =
		cmd_value(line, "format", cmd_flag(line, "trtis-export") ? "onnx" : "safetensors");

	*onnx = !strcmp(format, "onnx");
	if (!*onnx && strcmp(format, "safetensors"))
		return err_set(err, ERR_USAGE,
			"option '--format' needs safetensors or onnx, not '%s'", format);
	if (!*onnx && cmd_flag(line, "trtis-export"))
		return err_set(err, ERR_USAGE,
			"option '--trtis_export' writes ONNX: leave '--format %s' out", format);
	if (export_shape(line, opt->size, &opt->channels, err) ||
		export_dtype(cmd_value(line, "dtype", "fp32"), &opt->dtype, err))
		return -1;
	return size ? export_size(size, opt->size, err) : 0;
}

static int export_write(
	const struct cmd_line *line, struct export_options *opt, bool onnx, struct err *err)
{
	struct export_result res = {0};

	if (export_same_file(opt->weights, opt->out))
		return err_set(err, ERR_USAGE, "'%s' is the weight file itself", opt->out);
	if (onnx ? export_onnx(opt, &res, err) : export_safetensors(opt, &res, err))
		return -1;
	export_say(opt, &res, onnx);
	if (!cmd_flag(line, "trtis-export"))
		return 0;
	return export_triton(line, opt, &res, err);
}

static int export_run(struct cmd_line *line, struct err *err)
{
	struct export_options opt = {
		.dtype = DTYPE_F32,
		.dynamic = cmd_flag(line, "dynamic"),
		.input_name = cmd_value(line, "input-node-names", NULL),
		.output_name = cmd_value(line, "output-node-names", NULL),
	};
	bool onnx;
	int rc;
	char *weights, *out;

	if (export_parse(line, &opt, &onnx, err))
		return -1;
	custom_set_root(cmd_value(line, "mmar", ".")); /* for a network from its folder custom */
	export_say_ignored(line);
	weights = export_weights(line, err);
	if (!weights)
		return -1;
	out = export_out(line, weights, onnx);
	opt.weights = weights;
	opt.out = out;
	rc = export_write(line, &opt, onnx, err);
	free(weights);
	free(out);
	return rc;
}

const struct cmd cmd_export = {
	.name = "export",
	.args = "",
	.summary = "write a trained model for inference: safetensors or ONNX",
	.help = "Leaves out what only training needs and folds batch norms into the convolutions\n"
		"before them (group and instance norms stay: they depend on the image).  The safetensors\n"
		"file works wherever model.safetensors does: evaluate, infer, FrozenGraphModelLoader\n"
		"(which finds model.fzn.safetensors for model.fzn.pb and model.trt.pb).  With --dtype\n"
		"fp16 or bf16 convolution weights take half the space; they are widened when loaded.\n"
		"ONNX files have opset 13, input N C D H W (N C H W of a 2-D network), output N classes\n"
		"D H W, and take any batch; other runtimes read them.\n"
		"The flags of Clara Train v3 are understood: --model_file_format CKPT --model_file_path\n"
		"DIR --model_name model --input_node_names ... --output_node_names ...; --trtis_export\n"
		"--trtis_model_name NAME --trtis_input_shape C X Y Z writes ONNX and the configuration\n"
		"that the Triton inference server needs beside it.",
	.opts = export_opts,
	.run = export_run,
};
