/*
 * axial weights import|list: weight files, and those of other programs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/cli/cli.h"
#include "core/tensor/safetensors_read.h"
#include "core/train/import.h"

static const struct cmd_opt weights_opts[] = {
	{"network", 0, CMD_VALUE, "JSON",
		"import: {\"name\": ..., \"args\": {...}} of the network, or a file with it"},
	{"output", 'o', CMD_VALUE, "FILE", "import: file to write (.safetensors)"},
	{"in-channels", 0, CMD_VALUE, "N",
		"import: channels of the images (default: the argument in_channels, else 1)"},
	{"axes", 0, CMD_VALUE, "ORDER",
		"import: xyz (default: tensors as MONAI reads NIfTI) or zyx (D H W)"},
	CMD_OPT_END,
};

static void weights_print(const char *text)
{
	struct buf b = {0};

	buf_put_safe(&b, text);
	fputs(b.p ? b.p : "", stdout);
	buf_release(&b);
}

static int weights_list(struct cmd_line *line, struct err *err)
{
	static const char *const keys[] = {"format", "network", "training"};
	const char *path = cmd_arg(line, 1);
	struct safetensors *st;
	double numbers = 0, bytes = 0;

	if (!path || cmd_argc(line) > 2)
		return err_set(err, ERR_USAGE, "axial weights list takes one file");
	if (import_check_format(path, err))
		return -1;
	st = safetensors_open(path, err);
	if (!st)
		return -1;
	for (int i = 0; i < safetensors_count(st); i++) {
		const struct st_info *t = safetensors_at(st, i);
		char text[SHAPE_TEXT];

		printf("%-5s %-20s ", dtype_name(t->dtype), shape_text(&t->shape, text));
		weights_print(t->name);
		putchar('\n');
		numbers += (double)shape_count(&t->shape);
		bytes += (double)t->bytes;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *value = safetensors_meta(st, keys[i]);

		if (value) {
			printf("%s: ", keys[i]);
			weights_print(value);
			putchar('\n');
		}
	}
	printf("%d tensors, %.0f numbers, %.1f MB\n", safetensors_count(st), numbers, bytes / 1e6);
	safetensors_close(st);
	return 0;
}

static cJSON *weights_network(const char *text, struct err *err)
{
	cJSON *json;

	text += strspn(text, " \t\n");
	json = *text == '{' ? json_parse(text, strlen(text), "--network", err)
			    : json_read(text, err);
	if (json && (!cJSON_IsObject(json) || !*json_str(json, "name", ""))) {
		err_set(err, ERR_DATA,
			"--network wants an object with 'name' and 'args', as in "
			"{\"name\": \"UNet\", \"args\": {...}}");
		cJSON_Delete(json);
		return NULL;
	}
	return json;
}

static int weights_options(struct cmd_line *line, struct import_options *opt, struct err *err)
{
	const char *axes = cmd_value(line, "axes", "xyz");
	const char *channels = cmd_value(line, "in-channels", NULL);
	char *end = NULL;
	long n;

	if (strcmp(axes, "xyz") != 0 && strcmp(axes, "zyx") != 0)
		return err_set(err, ERR_USAGE, "option '--axes' needs xyz or zyx, not '%s'", axes);
	opt->zyx = !strcmp(axes, "zyx");
	if (!channels)
		return 0;
	n = strtol(channels, &end, 10);
	if (*end || n < 1 || n > 1024)
		return err_set(err, ERR_USAGE,
			"option '--in-channels' needs a whole number of 1 to 1024, not '%s'",
			channels);
	opt->in_channels = (int)n;
	return 0;
}

static int weights_import(struct cmd_line *line, struct err *err)
{
	const char *path = cmd_arg(line, 1), *out = cmd_value(line, "output", NULL);
	const char *network = cmd_value(line, "network", NULL);
	struct import_options opt = {0};
	struct import_result r = {0};
	struct problems ps = {0};
	struct buf text = {0};
	cJSON *json;
	int rc;

	if (!path || cmd_argc(line) > 2)
		return err_set(err, ERR_USAGE, "axial weights import takes one file");
	if (!network || !out)
		return err_set(
			err, ERR_USAGE, "axial weights import needs --network JSON and -o FILE");
	if (weights_options(line, &opt, err))
		return -1;
	opt.network = json = weights_network(network, err);
	if (!json)
		return -1;
	rc = import_weights(path, &opt, out, &r, &ps, err);
	problems_format(&ps, &text);
	if (text.p)
		fputs(text.p, stderr);
	if (!rc) {
		printf("%s: %d tensors, %zu numbers", out, r.tensors, r.numbers);
		if (r.ignored)
			printf(", %d without meaning here left out", r.ignored);
		if (*r.prefix)
			printf(", '%s' in front of the names taken off", r.prefix);
		putchar('\n');
	}
	buf_release(&text);
	problems_release(&ps);
	import_result_release(&r);
	cJSON_Delete(json);
	return rc;
}

static int weights_cmd(struct cmd_line *line, struct err *err)
{
	const char *what = cmd_arg(line, 0);

	if (what && !strcmp(what, "import"))
		return weights_import(line, err);
	if (what && !strcmp(what, "list"))
		return weights_list(line, err);
	return err_set(err, ERR_USAGE, "axial weights takes 'import FILE' or 'list FILE'%s%s%s",
		what ? ", not '" : "", what ? what : "", what ? "'" : "");
}

const struct cmd cmd_weights = {
	.name = "weights",
	.args = "import|list FILE",
	.summary = "take weights of other programs; list a weight file",
	.help = "weights import reads a safetensors file with the names of a PyTorch module and\n"
		"writes the weights for the network of --network. UNet, SegResNet, BasicUNet, DynUNet\n"
		"and DenseNet121 have MONAI's names; tensors that are missing, left over or of another\n"
		"shape are all listed (exit 65). Kernels are turned from MONAI's x y z to D H W unless\n"
		"--axes zyx is given. Pickles (.pt) are refused with a recipe that converts them.\n"
		"weights list prints the tensors and the network of a file.",
	.opts = weights_opts,
	.run = weights_cmd,
};
