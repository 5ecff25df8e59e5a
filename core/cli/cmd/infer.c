/*
 * axial infer: a trained model on image files.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/cli/cli.h"
#include "core/cli/foreground.h"
#include "core/cli/runref.h"
#include "core/handler/loader.h"
#include "core/train/infer.h"

static const struct cmd_opt infer_opts[] = {
	{"mmar", 'm', CMD_VALUE, "DIR", "folder of the MMAR (default: the current one)"},
	{"config", 'c', CMD_VALUE, "FILE",
		"configuration, default config/config_validation.json, else config/config_train.json"},
	{"env", 'e', CMD_VALUE, "FILE", "environment, default config/environment.json"},
	{"set", 0, CMD_MULTI, "KEY=VALUE", "overrides variables of the configuration"},
	{"run", 0, CMD_VALUE, "RUN", "the best model of this run"},
	{"model", 0, CMD_VALUE, "FILE", "a weight file (.safetensors)"},
	{"output", 'o', CMD_VALUE, "OUT", "folder to write to, or one .nii.gz file for one image"},
	{"probabilities", 0, CMD_FLAG, NULL,
		"write the network's probabilities (a channel per class) instead of masks"},
	{"device", 0, CMD_VALUE, "NAME", "cpu or auto"},
	{"json", 0, CMD_FLAG, NULL, "one JSON object per image on standard output"},
	CMD_OPT_END,
};

static void infer_say_text(void *ctx, const struct infer_result *r)
{
	struct buf b = {0};

	(void)ctx;
	if (r->err && r->count == 1)
		return; /* it is how the command ends */
	buf_printf(&b, "image      %d/%d ", r->index + 1, r->count);
	buf_put_safe(&b, r->file);
	if (r->err) {
		buf_puts(&b, ": failed: ");
		buf_put_safe(&b, r->err->msg);
	} else if (r->classes) {
		buf_printf(&b, ": class %d (", r->best_class);
		for (int i = 0; i < r->n_classes; i++)
			buf_printf(&b, "%s%.4f", i ? ", " : "", (double)r->classes[i]);
		buf_puts(&b, ")");
	} else {
		buf_printf(&b, ", %d x %d x %d, %.2f s ->", r->dim[0], r->dim[1], r->dim[2],
			r->seconds);
		for (int i = 0; i < r->n_written; i++) {
			buf_putc(&b, ' ');
			buf_put_safe(&b, r->written[i]);
		}
	}
	fprintf(r->err ? stderr : stdout, "%s\n", b.p);
	fflush(stdout);
	buf_release(&b);
}

/* Six digits are enough, and short. */
static double infer_round(double x)
{
	return round(x * 1e6) / 1e6;
}

static void infer_say_json(void *ctx, const struct infer_result *r)
{
	cJSON *o = cJSON_CreateObject(), *list;
	char *text;

	(void)ctx;
	cJSON_AddStringToObject(o, "file", r->file);
	if (r->err) {
		cJSON_AddStringToObject(o, "error", r->err->msg);
		cJSON_AddNumberToObject(o, "code", r->err->code);
	} else if (r->classes) {
		cJSON_AddNumberToObject(o, "class", r->best_class);
		list = cJSON_AddArrayToObject(o, "probabilities");
		for (int i = 0; i < r->n_classes; i++)
			cJSON_AddItemToArray(
				list, cJSON_CreateNumber(infer_round((double)r->classes[i])));
	} else {
		cJSON_AddItemToObject(o, "size", cJSON_CreateIntArray(r->dim, 3));
		list = cJSON_AddArrayToObject(o, "written");
		for (int i = 0; i < r->n_written; i++)
			cJSON_AddItemToArray(list, cJSON_CreateString(r->written[i]));
	}
	cJSON_AddNumberToObject(o, "seconds", infer_round(r->seconds));
	text = cJSON_PrintUnformatted(o);
	printf("%s\n", text);
	fflush(stdout);
	cJSON_free(text);
	cJSON_Delete(o);
}

/* With --json standard output belongs to the objects. */
static void infer_line_to_stderr(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s\n", text);
}

/* *weights: file that --run or --model names, NULL when neither is given. */
static int infer_weights(struct cmd_line *line, char **weights, struct err *err)
{
	const char *run = cmd_value(line, "run", NULL), *model = cmd_value(line, "model", NULL);
	char *dir;

	*weights = NULL;
	if (run && model)
		return err_set(err, ERR_USAGE, "give one of --run and --model");
	if (model) {
		*weights = mem_strdup(model);
		return 0;
	}
	if (!run)
		return 0;
	dir = runref_find(line, run, err);
	if (dir)
		*weights = loader_newest_weights(dir, err);
	free(dir);
	return *weights ? 0 : -1;
}

static int infer_cmd(struct cmd_line *line, struct err *err)
{
	int n = cmd_argc(line), rc;
	const char **inputs = mem_zalloc((size_t)(n + 1) * sizeof(*inputs));
	bool json = cmd_flag(line, "json");
	struct infer_options opt = {
		.inputs = inputs,
		.n_inputs = n,
		.out = cmd_value(line, "output", NULL),
		.probabilities = cmd_flag(line, "probabilities"),
		.result = json ? infer_say_json : infer_say_text,
	};
	struct foreground fg;
	char *weights;

	for (int i = 0; i < n; i++)
		inputs[i] = cmd_arg(line, i);
	rc = infer_weights(line, &weights, err);
	if (!rc) {
		foreground_options(line, &opt.base);
		opt.weights = weights;
		foreground_begin(&fg);
		if (json)
			fg.hooks.line = infer_line_to_stderr;
		rc = infer_run(&opt, &fg.hooks, err);
		foreground_end(&fg);
	}
	free(weights);
	free(inputs);
	return rc;
}

const struct cmd cmd_infer = {
	.name = "infer",
	.args = "IMAGE|FOLDER...",
	.summary = "apply a trained model to images",
	.help = "Loads, resamples and scales each image as config_validation.json says (pre_transforms;\n"
		"without that file: the validate section of config_train.json), runs the network through\n"
		"the configured inferer, applies post_transforms and writes what the configuration's\n"
		"writers name, on the grid of the original image: OUT/CASE_seg.nii.gz for one mask, else\n"
		"OUT/CASE_FIELD.nii.gz.  Without writers it is a label map: the class\n"
		"with the highest probability, or of sigmoid outputs 1 + the channel with the highest\n"
		"probability above 0.5.  Of a folder the images directly in it are taken.  A classifier\n"
		"prints the probabilities of its classes and writes OUT/predictions.csv.  An image that\n"
		"cannot be read is reported and the others go on; the exit code is 65 then.",
	.opts = infer_opts,
	.run = infer_cmd,
};
