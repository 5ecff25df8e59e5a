/*
 * Norms, activations and outputs of networks.
 *
 * MONAI names a norm or an activation by a word, or by a list of the word and its
 * options.  Options that would change the numbers and that we do not have are
 * refused; "inplace" has no meaning here and is accepted.
 */
#include "core/net/blocks.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *const net_final_choices[] = {"softmax", "sigmoid", "linear", NULL};

const char *net_name(char name[NET_NAME], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, NET_NAME, fmt, ap);
	va_end(ap);
	return name;
}

/* The word of v and, when there are some, its options. */
static int net_word(const cJSON *v, const char *what, const char *owner, const char **word,
	const cJSON **options, struct err *err)
{
	const cJSON *first = cJSON_IsArray(v) ? cJSON_GetArrayItem(v, 0) : v;

	*options = cJSON_IsArray(v) ? cJSON_GetArrayItem(v, 1) : NULL;
	if (!cJSON_IsString(first) || (*options && !cJSON_IsObject(*options)) ||
		(cJSON_IsArray(v) && cJSON_GetArraySize(v) > 2))
		return err_set(err, ERR_DATA,
			"%s: %s must be a name or [name, {options}], found %s", owner, what,
			json_type_name(v));
	*word = first->valuestring;
	return 0;
}

static int net_option(
	const cJSON *o, const char *what, const char *word, const char *owner, struct err *err)
{
	return err_set(err, ERR_DATA, "%s: option '%s' of %s '%s' is not known or out of range",
		owner, o->string, what, word);
}

static bool net_near(const cJSON *o, double want)
{
	return cJSON_IsNumber(o) && fabs(o->valuedouble - want) <= 1e-9;
}

static int net_norm_options(const cJSON *options, struct net_norm *out, const char *word,
	const char *owner, struct err *err)
{
	const cJSON *o;

	cJSON_ArrayForEach (o, options) {
		if (!strcmp(o->string, "affine") && cJSON_IsBool(o)) {
			out->affine = cJSON_IsTrue(o);
			if (out->kind == NET_NORM_BATCH && !out->affine)
				return net_option(o, "norm", word, owner, err);
		} else if (!strcmp(o->string, "num_groups") && out->kind == NET_NORM_GROUP &&
			   cJSON_IsNumber(o) && o->valueint > 0) {
			out->groups = o->valueint;
		} else if (!(!strcmp(o->string, "eps") && net_near(o, 1e-5)) &&
			   !(!strcmp(o->string, "momentum") && net_near(o, 0.1))) {
			return net_option(o, "norm", word, owner, err);
		}
	}
	return 0;
}

int net_norm_parse(const cJSON *v, struct net_norm *out, const char *owner, struct err *err)
{
	const cJSON *options;
	const char *word;

	if (!v)
		return 0;
	if (cJSON_IsNull(v)) {
		out->kind = NET_NORM_NONE;
		return 0;
	}
	if (net_word(v, "norm", owner, &word, &options, err))
		return -1;
	if (!strcasecmp(word, "batch") || !strcasecmp(word, "syncbatch"))
		*out = (struct net_norm){NET_NORM_BATCH, 0, true};
	else if (!strcasecmp(word, "instance"))
		*out = (struct net_norm){NET_NORM_INSTANCE, 0, false};
	else if (!strcasecmp(word, "group"))
		*out = (struct net_norm){NET_NORM_GROUP, 8, true};
	else
		return err_set(err, ERR_DATA,
			"%s: unknown norm '%s': batch, instance or group wanted", owner, word);
	return net_norm_options(options, out, word, owner, err);
}

static int net_act_options(const cJSON *options, struct net_act *out, const char *word,
	const char *owner, struct err *err)
{
	const cJSON *o;

	cJSON_ArrayForEach (o, options) {
		if (!strcmp(o->string, "negative_slope") && out->kind == NET_ACT_LEAKY &&
			cJSON_IsNumber(o) && o->valuedouble > 0 && o->valuedouble < 1)
			out->slope = (float)o->valuedouble;
		else if (!strcmp(o->string, "num_parameters") && out->kind == NET_ACT_PRELU &&
			 cJSON_IsNumber(o) && o->valueint > 0)
			out->slopes = o->valueint;
		else if (!(!strcmp(o->string, "init") && net_near(o, 0.25)) &&
			 strcmp(o->string, "inplace") != 0)
			return net_option(o, "act", word, owner, err);
	}
	return 0;
}

int net_act_parse(const cJSON *v, struct net_act *out, const char *owner, struct err *err)
{
	const cJSON *options;
	const char *word;

	if (!v)
		return 0;
	if (cJSON_IsNull(v)) {
		out->kind = NET_ACT_NONE;
		return 0;
	}
	if (net_word(v, "act", owner, &word, &options, err))
		return -1;
	if (!strcasecmp(word, "relu"))
		*out = (struct net_act){.kind = NET_ACT_RELU};
	else if (!strcasecmp(word, "leakyrelu"))
		*out = (struct net_act){.kind = NET_ACT_LEAKY, .slope = 0.01f};
	else if (!strcasecmp(word, "prelu"))
		*out = (struct net_act){.kind = NET_ACT_PRELU, .slopes = 1};
	else if (!strcasecmp(word, "sigmoid"))
		*out = (struct net_act){.kind = NET_ACT_SIGMOID};
	else
		return err_set(err, ERR_DATA,
			"%s: unknown act '%s': relu, leakyrelu, prelu or sigmoid wanted", owner,
			word);
	return net_act_options(options, out, word, owner, err);
}

struct node *net_add_norm(const struct net_ctx *c, struct node *x, const char *name)
{
	int channels = (int)shape_channels(&x->shape);
	int groups = c->norm.kind == NET_NORM_GROUP ? c->norm.groups : channels;

	if (c->norm.kind == NET_NORM_NONE)
		return x;
	if (c->norm.kind == NET_NORM_BATCH)
		return layer_norm(c->g, x, name, NORM_BATCH, 0, c->err);
	if (!c->norm.affine)
		return layer_norm_plain(c->g, x, name, groups, c->err);
	return layer_norm(c->g, x, name, NORM_GROUP, groups, c->err);
}

struct node *net_add_act(const struct net_ctx *c, struct node *x, const char *name)
{
	switch (c->act.kind) {
	case NET_ACT_RELU:
		return layer_act(c->g, x, ACT_RELU, 0, c->err);
	case NET_ACT_LEAKY:
		return layer_act(c->g, x, ACT_LEAKY, c->act.slope, c->err);
	case NET_ACT_SIGMOID:
		return layer_act(c->g, x, ACT_SIGMOID, 0, c->err);
	case NET_ACT_PRELU:
		return layer_prelu(c->g, x, name, c->act.slopes, c->err);
	default:
		return x;
	}
}

int net_finish(
	struct graph *g, struct node *logits, int final, struct net_out *out, struct err *err)
{
	out->logits = out->pred = logits;
	if (final == NET_SOFTMAX)
		out->pred = layer_softmax(g, logits, err);
	else if (final == NET_SIGMOID)
		out->pred = layer_act(g, logits, ACT_SIGMOID, 0, err);
	if (!out->pred)
		return -1;
	graph_output(g, out->pred);
	return 0;
}

int net_check_image(const struct node *image, int64_t dims, int64_t in_channels, const char *owner,
	struct err *err)
{
	bool flat = image->shape.n == 5 && image->shape.d[1] == 1;

	if (image->shape.n != 5)
		return err_set(err, ERR_DATA, "%s: the image must be N D H W C", owner);
	if (in_channels && in_channels != image->shape.d[4])
		return err_set(err, ERR_DATA, "%s: in_channels is %lld, the images have %lld",
			owner, (long long)in_channels, (long long)image->shape.d[4]);
	if (dims == 2 && !flat)
		return err_set(err, ERR_DATA,
			"%s: spatial_dims is 2, the images have a depth of %lld", owner,
			(long long)image->shape.d[1]);
	return 0;
}
