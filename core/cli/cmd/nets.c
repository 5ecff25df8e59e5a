/*
 * axial nets: what the networks cost for an input of a given size, from dry plans.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/cli/cli.h"
#include "core/cli/foreground.h"
#include "core/cpu/cpu.h"
#include "core/data/pipeline.h"
#include "core/train/net_report.h"
#include "core/train/source.h"

struct nets {
	struct cmd_line *line;
	struct shape image; /* N D H W C */
	struct backend *backend;
	cJSON *json; /* an array, with --json */
};

static int nets_number(
	const struct nets *n, const char *option, int64_t max, int64_t *out, struct err *err)
{
	const char *text = cmd_value(n->line, option, NULL);
	char *end;

	if (!text)
		return 0;
	*out = strtol(text, &end, 10);
	if (end == text || *end || *out < 1 || *out > max)
		return err_set(err, ERR_USAGE, "--%s %s: a whole number of 1 to %lld wanted",
			option, text, (long long)max);
	return 0;
}

/* --size X,Y,Z or X,Y, --channels, --batch over what is there already. */
static int nets_shape(struct nets *n, struct err *err)
{
	const char *text = cmd_value(n->line, "size", NULL), *at = text;
	int64_t v[3] = {1, 1, 1};
	int count = 0;

	while (at && *at && count < 3) {
		char *end;

		v[count] = strtol(at, &end, 10);
		if (end == at || v[count] < 1 || v[count] > 65536)
			break;
		count++;
		at = *end == ',' || *end == 'x' ? end + 1 : end;
	}
	if (text && (*at || count < 2))
		return err_set(err, ERR_USAGE,
			"--size %s: X,Y,Z voxels wanted, or X,Y for 2-D images", text);
	for (int i = 0; text && i < 3; i++)
		n->image.d[3 - i] = v[i];
	return nets_number(n, "channels", 1024, &n->image.d[4], err) ||
			       nets_number(n, "batch", 65536, &n->image.d[0], err)
		       ? -1
		       : 0;
}

static void nets_json(struct nets *n, const char *name, const struct net_report *r)
{
	cJSON *o = cJSON_CreateObject();
	const struct {
		const char *key;
		double value;
	} rows[] = {{"parameters", (double)r->params}, {"layers", r->layers},
		{"forward_flops", r->flops}, {"step_flops", r->train_flops},
		{"inference_bytes", (double)r->infer_bytes},
		{"training_bytes", (double)r->train_bytes}};
	const int64_t *d = n->image.d;
	int size[3] = {(int)d[3], (int)d[2], (int)d[1]};
	int out[3] = {(int)r->out.d[3], (int)r->out.d[2], (int)r->out.d[1]};

	cJSON_AddStringToObject(o, "name", name);
	cJSON_AddItemToObject(o, "size", cJSON_CreateIntArray(size, 3));
	cJSON_AddNumberToObject(o, "channels", (double)d[4]);
	cJSON_AddNumberToObject(o, "batch", (double)d[0]);
	cJSON_AddItemToObject(o, "output_size", cJSON_CreateIntArray(out, 3));
	cJSON_AddNumberToObject(o, "output_channels", (double)r->out.d[4]);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cJSON_AddNumberToObject(o, rows[i].key, rows[i].value);
	cJSON_AddItemToArray(n->json, o);
}

static void nets_json_error(struct nets *n, const char *name, const char *why)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "name", name);
	cJSON_AddStringToObject(o, "error", why);
	cJSON_AddItemToArray(n->json, o);
}

static void nets_row(const char *name, const struct net_report *r)
{
	char out[96];

	snprintf(out, sizeof(out), "%lldx%lldx%lld x%lld", (long long)r->out.d[3],
		(long long)r->out.d[2], (long long)r->out.d[1], (long long)r->out.d[4]);
	printf("%-14s %12zu %6d %10.2f %10.2f %10.1f %10.1f  %s\n", name, r->params, r->layers,
		r->flops * 1e-9, r->train_flops * 1e-9, (double)r->infer_bytes / 1048576,
		(double)r->train_bytes / 1048576, out);
}

static void nets_head(const struct nets *n)
{
	const int64_t *d = n->image.d;

	printf("input %lldx%lldx%lld, %lld channel%s, batch %lld; output is x, y, z and channels\n"
	       "%-14s %12s %6s %10s %10s %10s %10s  %s\n",
		(long long)d[3], (long long)d[2], (long long)d[1], (long long)d[4],
		d[4] == 1 ? "" : "s", (long long)d[0], "network", "parameters", "layers",
		"GF forward", "GF step", "MiB infer", "MiB train", "output");
}

static int nets_one(struct nets *n, const struct component_use *use, bool layers, struct err *err)
{
	struct net_report r;
	struct buf text = {0};
	int rc = net_report_make(use, n->backend, &n->image, cmd_flag(n->line, "training"),
		layers ? &text : NULL, &r, err);

	if (!rc && layers && !n->json)
		nets_head(n);
	if (!rc && n->json)
		nets_json(n, use->c->name, &r);
	else if (!rc)
		nets_row(use->c->name, &r);
	if (!rc && text.p && !n->json)
		printf("\n%s", text.p);
	buf_release(&text);
	return rc;
}

static int nets_named(struct nets *n, const char *name, struct err *err)
{
	const struct component *c = component_find(COMPONENT_NETWORK, name);
	const char *near = component_nearest(COMPONENT_NETWORK, name);
	const char *text = cmd_value(n->line, "args", c ? net_report_example(c) : "");
	struct component_use use = {0};
	struct problems ps = {0};
	cJSON *args;
	int rc;

	if (!c)
		return err_set(err, ERR_USAGE, "no network '%s'%s%s%s", name,
			near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
	args = json_parse(text, strlen(text), "--args", err);
	if (!args)
		return -1;
	rc = component_use_init(&use, c, args, NULL, "--args", "args", &ps);
	if (rc)
		problems_to_err(&ps, err);
	rc = rc ? rc : nets_one(n, &use, true, err);
	component_use_release(&use);
	problems_release(&ps);
	cJSON_Delete(args);
	return rc;
}

static int nets_all(struct nets *n, struct err *err)
{
	if (cmd_value(n->line, "args", NULL))
		return err_set(err, ERR_USAGE, "--args belongs to one network: axial nets NAME");
	if (!n->json)
		nets_head(n);
	for (int i = 0; component_at(i); i++) {
		const struct component *c = component_at(i);
		struct component_use use = {0};
		struct problems ps = {0};
		struct err one = ERR_INIT;
		cJSON *args;
		int rc;

		if (c->kind != COMPONENT_NETWORK)
			continue;
		args = cJSON_Parse(net_report_example(c));
		rc = component_use_init(&use, c, args, NULL, "", "", &ps);
		if (rc)
			problems_to_err(&ps, &one);
		rc = rc ? rc : nets_one(n, &use, false, &one);
		if (rc && n->json)
			nets_json_error(n, c->name, one.msg);
		else if (rc)
			printf("%-14s %s\n", c->name, one.msg);
		component_use_release(&use);
		problems_release(&ps);
		cJSON_Delete(args);
	}
	return 0;
}

/* The network of a training configuration, at the size of its batches. */
static int nets_config(struct nets *n, struct err *err)
{
	struct train_options opt = {0};
	struct train_config cfg = {0};
	struct train_source src;
	struct problems ps = {0};
	const struct pipeline_args *a;
	int rc;

	foreground_options(n->line, &opt);
	rc = train_source_init(&src, &opt, err);
	if (!rc) {
		struct config_source cs = train_source_config(&src);

		rc = train_config_load(&cs, &cfg, &ps);
		if (rc)
			problems_to_err(&ps, err);
	}
	if (!rc) {
		a = cfg.train_pipeline.args;
		n->image.d[0] = a->output_batch_size > 0 ? a->output_batch_size : 1;
		n->image.d[4] = a->output_image_channels > 0 ? a->output_image_channels : 1;
		for (int i = 0; i < 3; i++)
			if (a->output_crop_size[i] > 0)
				n->image.d[3 - i] = a->output_crop_size[i];
		if (a->output_data_dims == 2)
			n->image.d[1] = 1;
		rc = nets_shape(n, err);
	}
	rc = rc ? rc : nets_one(n, &cfg.network, true, err);
	train_config_release(&cfg);
	train_source_release(&src);
	problems_release(&ps);
	return rc;
}

static int nets_run(struct cmd_line *line, struct err *err)
{
	struct nets n = {.line = line, .image = shape5(1, 64, 64, 64, 1)};
	const char *name = cmd_arg(line, 0);
	bool config = cmd_value(line, "mmar", NULL) || cmd_value(line, "config", NULL);
	char *text;
	int rc;

	if (cmd_argc(line) > 1)
		return err_set(err, ERR_USAGE, "axial nets takes one name, not '%s' too",
			cmd_arg(line, 1));
	if (name && config)
		return err_set(err, ERR_USAGE, "give a network's name or -m and -c, not both");
	if (nets_shape(&n, err))
		return -1;
	n.backend = cpu_open(NULL, err);
	if (!n.backend)
		return -1;
	n.json = cmd_flag(line, "json") ? cJSON_CreateArray() : NULL;
	if (config)
		rc = nets_config(&n, err);
	else
		rc = name ? nets_named(&n, name, err) : nets_all(&n, err);
	if (!rc && n.json) {
		text = cJSON_Print(n.json);
		printf("%s\n", text ? text : "[]");
		cJSON_free(text);
	}
	cJSON_Delete(n.json);
	n.backend->ops->close(n.backend);
	return rc;
}

static const struct cmd_opt nets_opts[] = {
	{"size", 0, CMD_VALUE, "X,Y,Z", "voxels of the input, X,Y for 2-D (default 64,64,64)"},
	{"channels", 0, CMD_VALUE, "N", "channels of the input (default 1)"},
	{"batch", 0, CMD_VALUE, "N", "images at a time (default 1)"},
	{"args", 0, CMD_VALUE, "JSON", "arguments of the network"},
	{"training", 0, CMD_FLAG, NULL, "list the layers of the training plan"},
	{"mmar", 'm', CMD_VALUE, "DIR", "the network of this MMAR's training"},
	{"config", 'c', CMD_VALUE, "FILE",
		"training configuration, default config/config_train.json"},
	{"env", 'e', CMD_VALUE, "FILE", "environment, default config/environment.json"},
	{"set", 0, CMD_MULTI, "KEY=VALUE",
		"overrides variables of the configuration; more K=V may follow"},
	{"json", 'j', CMD_FLAG, NULL, "as JSON"},
	CMD_OPT_END,
};

const struct cmd cmd_nets = {
	.name = "nets",
	.args = "[NAME]",
	.summary = "list the networks with parameters, work and memory for a size of input",
	.help = "Plans each network without running it.  NAME adds a table of its layers.  Without\n"
		"--args a network gets two classes and usual sizes.  'GF forward' and 'GF step' are\n"
		"10^9 floating-point operations of inference and of a training step; 'MiB infer' is\n"
		"activations and weights, 'MiB train' also gradients, what backward needs, and the\n"
		"two moments of Adam.  With -m the network, its arguments, batch and crop size come\n"
		"from the training configuration; --size, --batch and --channels go before them.",
	.opts = nets_opts,
	.run = nets_run,
};
