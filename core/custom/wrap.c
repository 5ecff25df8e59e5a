/*
 * Arguments and calls of components from outside.
 */
#include "core/custom/wrap.h"

#include <string.h>

static const enum arg_type custom_types[] = {
	[AXIAL_BOOL] = ARG_BOOL,
	[AXIAL_INT] = ARG_INT,
	[AXIAL_FLOAT] = ARG_FLOAT,
	[AXIAL_STRING] = ARG_STRING,
	[AXIAL_NUMBERS] = ARG_FLOATLIST,
	[AXIAL_STRINGS] = ARG_STRLIST,
	[AXIAL_FIELDS] = ARG_STRLIST,
};

static const struct arg_def metric_defs[] = {
	METRIC_COMMON_ROWS(struct custom_block, metric),
	{"label_field", ARG_STRING, offsetof(struct custom_block, label_field), .def = "\"label\"",
		.help = "field that holds the truth"},
	ARG_END,
};

static void custom_init(void *args, const struct component *self)
{
	((struct custom_block *)args)->custom = (const struct custom *)self;
}

static int custom_wrap_arg(struct custom *c, int row, const struct axial_arg *a, struct err *err)
{
	int i = c->n_args;
	cJSON *def;

	if ((int)a->type < AXIAL_BOOL || a->type > AXIAL_FIELDS)
		return err_set(err, ERR_DATA, "argument '%s' has the unknown type %d", a->name,
			(int)a->type);
	def = a->def ? cJSON_Parse(a->def) : NULL;
	if (a->def && !def)
		return err_set(err, ERR_DATA, "argument '%s': the default is no JSON: %s", a->name,
			a->def);
	cJSON_Delete(def);
	if (args_find(c->defs, a->name))
		return err_set(err, ERR_DATA, "two arguments '%s'", a->name);
	c->offset[i] = sizeof(struct custom_block) + 16 * (size_t)i;
	c->defs[row] = (struct arg_def){
		.name = a->name,
		.type = custom_types[a->type],
		.offset = c->offset[i],
		.def = a->def,
		.min = a->min,
		.max = a->max,
		.help = a->help ? a->help : "",
		.flags = a->required ? ARG_REQUIRED : 0,
	};
	c->n_args++;
	return 0;
}

static int custom_wrap_args(struct custom *c, enum component_kind kind, struct err *err)
{
	int row = 0;

	_Static_assert(sizeof(struct strlist) <= 16 && sizeof(struct numlist) <= 16, "slots");
	for (; kind == COMPONENT_METRIC && metric_defs[row].name; row++)
		c->defs[row] = metric_defs[row];
	for (const struct axial_arg *a = c->ext->args; a && a->name; a++, row++) {
		if (c->n_args == CUSTOM_ARGS)
			return err_set(err, ERR_DATA, "more than %d arguments are not possible",
				CUSTOM_ARGS);
		if (custom_wrap_arg(c, row, a, err))
			return -1;
	}
	return 0;
}

int custom_wrap(struct custom *c, enum component_kind kind, const char *name, struct err *err)
{
	const struct axial_component *e = c->ext;
	bool whole = false;

	if (custom_wrap_args(c, kind, err))
		return -1;
	c->c = (struct component){
		.name = name,
		.kind = kind,
		.help = e->help ? e->help : "",
		.args = c->defs,
		.args_size = sizeof(struct custom_block) + 16 * (size_t)c->n_args,
		.ops = &c->ops,
		.init = custom_init,
	};
	switch (kind) {
	case COMPONENT_TRANSFORM:
		whole = e->transform && e->transform->apply;
		custom_wrap_transform(c);
		break;
	case COMPONENT_LOSS:
		whole = e->loss && e->loss->value;
		custom_wrap_loss(c);
		break;
	case COMPONENT_NETWORK:
		whole = e->network && e->network->build && e->network->classes;
		custom_wrap_network(c);
		break;
	case COMPONENT_OPTIMIZER:
		whole = e->optimizer && e->optimizer->update && e->optimizer->states >= 0 &&
			e->optimizer->states <= OPTIM_SLOTS;
		if (whole)
			custom_wrap_optimizer(c);
		break;
	case COMPONENT_METRIC:
		whole = e->metric && e->metric->measure;
		custom_wrap_metric(c);
		break;
	default:
		break;
	}
	if (!whole)
		return err_set(err, ERR_DATA, "it lacks the functions of a %s, see axial_custom.h",
			component_kind_name(kind));
	return 0;
}

const struct custom *custom_values(const void *args, struct axial_value v[CUSTOM_ARGS])
{
	const struct custom *c = ((const struct custom_block *)args)->custom;

	memset(v, 0, CUSTOM_ARGS * sizeof(*v));
	for (int i = 0; i < c->n_args; i++) {
		const void *slot = (const char *)args + c->offset[i];

		switch (c->ext->args[i].type) {
		case AXIAL_BOOL:
			v[i].number = *(const bool *)slot;
			break;
		case AXIAL_INT:
			v[i].number = (double)*(const int64_t *)slot;
			break;
		case AXIAL_FLOAT:
			v[i].number = *(const double *)slot;
			break;
		case AXIAL_STRING:
			v[i].text = *(char *const *)slot;
			break;
		case AXIAL_NUMBERS:
			v[i].list = ((const struct numlist *)slot)->v;
			v[i].n = ((const struct numlist *)slot)->n;
			break;
		case AXIAL_STRINGS:
		case AXIAL_FIELDS:
			v[i].texts = (const char *const *)((const struct strlist *)slot)->v;
			v[i].n = ((const struct strlist *)slot)->n;
			break;
		}
	}
	return c;
}

static void call_fail(struct axial_call *call, const char *text)
{
	struct custom_call *c = call->private_;

	if (!c->text[0])
		strncpy(c->text, text && *text ? text : "failed", sizeof(c->text) - 1);
}

static double call_uniform(struct axial_call *call)
{
	struct custom_call *c = call->private_;

	if (c->rng)
		return rng_uniform(c->rng);
	call_fail(call, "random numbers are for transforms that say .random = 1");
	return 0;
}

static double call_normal(struct axial_call *call)
{
	struct custom_call *c = call->private_;

	if (c->rng)
		return rng_normal(c->rng);
	call_fail(call, "random numbers are for transforms that say .random = 1");
	return 0;
}

void custom_call_init(struct custom_call *c, struct rng *rng)
{
	*c = (struct custom_call){.call = {call_fail, call_uniform, call_normal, c}, .rng = rng};
}

int custom_call_status(const struct custom_call *c, struct err *err)
{
	return c->text[0] ? err_set(err, ERR_DATA, "%s", c->text) : 0;
}

struct axial_volume custom_volume(const char *field, struct volume *v)
{
	struct axial_volume out = {.field = field, .channels = v->channels, .data = v->data};

	memcpy(out.size, v->dim, sizeof(out.size));
	memcpy(out.affine, v->affine, sizeof(out.affine));
	return out;
}
