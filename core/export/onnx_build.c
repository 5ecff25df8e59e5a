/*
 * Building blocks of ONNX graphs over the messages that protoc-c made.
 */
#include "core/export/onnx_build.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

void onnx_builder_init(struct onnx_builder *b, const struct graph *g, const struct params *params)
{
	memset(b, 0, sizeof(*b));
	b->g = g;
	b->params = params;
	onnx__graph_proto__init(&b->graph);
	b->at = onnx_own(b, ((size_t)g->n + 1) * sizeof(*b->at));
}

void onnx_builder_release(struct onnx_builder *b)
{
	for (size_t i = 0; i < b->n_owned; i++)
		free(b->owned[i]);
	free(b->owned);
	free(b->graph.node);
	free(b->graph.initializer);
	free(b->graph.input);
	free(b->graph.output);
	memset(b, 0, sizeof(*b));
}

void *onnx_own(struct onnx_builder *b, size_t bytes)
{
	void *p = mem_zalloc(bytes ? bytes : 1);

	if (b->n_owned == b->cap_owned) {
		b->cap_owned = b->cap_owned ? 2 * b->cap_owned : 256;
		b->owned = mem_realloc(b->owned, b->cap_owned * sizeof(*b->owned));
	}
	b->owned[b->n_owned++] = p;
	return p;
}

char *onnx_text(struct onnx_builder *b, const char *s)
{
	char *copy = onnx_own(b, strlen(s) + 1);

	memcpy(copy, s, strlen(s) + 1);
	return copy;
}

const char *onnx_temp(struct onnx_builder *b)
{
	char *made = mem_printf("axial_%d", ++b->temps), *name = onnx_text(b, made);

	free(made);
	return name;
}

const char *onnx_out(struct onnx_builder *b, const struct node *node)
{
	if (!b->at[node->id])
		b->at[node->id] = onnx_text(b, node->name);
	return b->at[node->id];
}

static Onnx__TensorProto *onnx_initializer(struct onnx_builder *b, const char *name, int type,
	const int64_t *dims, int n, const void *data, size_t bytes)
{
	Onnx__TensorProto *t = onnx_own(b, sizeof(*t));
	size_t at = b->graph.n_initializer++;

	onnx__tensor_proto__init(t);
	t->name = onnx_text(b, name);
	t->dims = onnx_own(b, (size_t)n * sizeof(*t->dims));
	memcpy(t->dims, dims, (size_t)n * sizeof(*dims));
	t->n_dims = (size_t)n;
	t->has_data_type = true;
	t->data_type = type;
	t->has_raw_data = true;
	t->raw_data.len = bytes;
	t->raw_data.data = (uint8_t *)data; /* only read */
	b->graph.initializer =
		mem_realloc(b->graph.initializer, (at + 1) * sizeof(*b->graph.initializer));
	b->graph.initializer[at] = t;
	return t;
}

static const float *onnx_param(const struct onnx_builder *b, const struct node *node, size_t *count)
{
	bool trained = node->kind == NODE_PARAM;
	const struct param *p = trained ? params_find(b->params, node->name)
					: params_find_state(b->params, node->name);

	*count = p ? p->count : 0;
	return p ? (trained ? b->params->w : b->params->s) + p->offset : NULL;
}

const char *onnx_value(struct onnx_builder *b, const struct node *node)
{
	const char *name = b->at[node->id];
	const float *data;
	size_t count;

	if (name || node->kind == NODE_OP || node->kind == NODE_INPUT)
		return onnx_out(b, node);
	data = onnx_param(b, node, &count);
	name = onnx_out(b, node);
	onnx_initializer(b, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, node->shape.d,
		node->shape.n, data, count * sizeof(*data));
	return name;
}

Onnx__NodeProto *onnx_add(
	struct onnx_builder *b, const char *op_type, const char *const *in, const char *out)
{
	Onnx__NodeProto *n = onnx_own(b, sizeof(*n));
	size_t count = 0, at = b->graph.n_node++;

	while (in[count])
		count++;
	onnx__node_proto__init(n);
	n->op_type = onnx_text(b, op_type);
	n->input = onnx_own(b, count * sizeof(*n->input));
	for (size_t i = 0; i < count; i++)
		n->input[i] = onnx_text(b, in[i]);
	n->n_input = count;
	n->output = onnx_own(b, sizeof(*n->output));
	n->output[0] = onnx_text(b, out);
	n->n_output = 1;
	n->name = onnx_text(b, out);
	b->graph.node = mem_realloc(b->graph.node, (at + 1) * sizeof(*b->graph.node));
	b->graph.node[at] = n;
	return n;
}

/* Attributes of one node: at most this many. */
#define ONNX_ATTRS 8

static Onnx__AttributeProto *onnx_attr(
	struct onnx_builder *b, Onnx__NodeProto *n, const char *name, int type)
{
	Onnx__AttributeProto *a = onnx_own(b, sizeof(*a));

	if (!n->attribute)
		n->attribute = onnx_own(b, ONNX_ATTRS * sizeof(*n->attribute));
	onnx__attribute_proto__init(a);
	a->name = onnx_text(b, name);
	a->has_type = true;
	a->type = (Onnx__AttributeProto__AttributeType)type;
	if (n->n_attribute < ONNX_ATTRS)
		n->attribute[n->n_attribute++] = a;
	return a;
}

void onnx_attr_int(struct onnx_builder *b, Onnx__NodeProto *n, const char *name, int64_t v)
{
	Onnx__AttributeProto *a = onnx_attr(b, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);

	a->has_i = true;
	a->i = v;
}

void onnx_attr_ints(
	struct onnx_builder *b, Onnx__NodeProto *n, const char *name, const int64_t *v, int count)
{
	Onnx__AttributeProto *a =
		onnx_attr(b, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);

	a->ints = onnx_own(b, (size_t)count * sizeof(*a->ints));
	memcpy(a->ints, v, (size_t)count * sizeof(*v));
	a->n_ints = (size_t)count;
}

void onnx_attr_float(struct onnx_builder *b, Onnx__NodeProto *n, const char *name, float v)
{
	Onnx__AttributeProto *a =
		onnx_attr(b, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);

	a->has_f = true;
	a->f = v;
}

void onnx_attr_text(struct onnx_builder *b, Onnx__NodeProto *n, const char *name, const char *v)
{
	Onnx__AttributeProto *a =
		onnx_attr(b, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);

	a->has_s = true;
	a->s.data = (uint8_t *)onnx_text(b, v);
	a->s.len = strlen(v);
}

const char *onnx_ints(struct onnx_builder *b, const int64_t *v, int count)
{
	const char *name = onnx_temp(b);
	const int64_t dims[1] = {count};
	int64_t *copy = onnx_own(b, (size_t)count * sizeof(*copy));

	memcpy(copy, v, (size_t)count * sizeof(*v));
	onnx_initializer(b, name, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, dims, 1, copy,
		(size_t)count * sizeof(*copy));
	return name;
}

const char *onnx_floats(struct onnx_builder *b, const float *v, int count)
{
	const char *name = onnx_temp(b);
	const int64_t dims[1] = {count};
	float *copy = onnx_own(b, (size_t)count * sizeof(*copy));

	memcpy(copy, v, (size_t)count * sizeof(*v));
	onnx_initializer(b, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, dims, 1, copy,
		(size_t)count * sizeof(*copy));
	return name;
}

const char *onnx_fill(struct onnx_builder *b, float value, int64_t count)
{
	const char *name = onnx_temp(b);
	float *v = onnx_own(b, (size_t)count * sizeof(*v));

	for (int64_t i = 0; i < count; i++)
		v[i] = value;
	onnx_initializer(b, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, &count, 1, v,
		(size_t)count * sizeof(*v));
	return name;
}

const char *onnx_channels(struct onnx_builder *b, const struct node *param)
{
	const char *name = onnx_temp(b);
	int64_t dims[4] = {0, 1, 1, 1};
	const float *data;
	size_t count;

	data = onnx_param(b, param, &count);
	dims[0] = (int64_t)count;
	onnx_initializer(b, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, dims, 4, data,
		count * sizeof(*data));
	return name;
}

Onnx__ValueInfoProto *onnx_info(struct onnx_builder *b, const char *name, const int64_t *dims,
	const char *const *open, int n)
{
	Onnx__ValueInfoProto *v = onnx_own(b, sizeof(*v));
	Onnx__TensorShapeProto *shape = onnx_own(b, sizeof(*shape));

	onnx__value_info_proto__init(v);
	v->name = onnx_text(b, name);
	v->type = onnx_own(b, sizeof(*v->type));
	onnx__type_proto__init(v->type);
	v->type->tensor_type = onnx_own(b, sizeof(*v->type->tensor_type));
	onnx__type_proto__tensor__init(v->type->tensor_type);
	v->type->tensor_type->has_elem_type = true;
	v->type->tensor_type->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
	v->type->tensor_type->shape = shape;
	onnx__tensor_shape_proto__init(shape);
	shape->dim = onnx_own(b, (size_t)n * sizeof(*shape->dim));
	shape->n_dim = (size_t)n;
	for (int i = 0; i < n; i++) {
		shape->dim[i] = onnx_own(b, sizeof(*shape->dim[i]));
		onnx__tensor_shape_proto__dimension__init(shape->dim[i]);
		shape->dim[i]->has_dim_value = !open[i];
		shape->dim[i]->dim_value = dims[i];
		shape->dim[i]->dim_param = open[i] ? onnx_text(b, open[i]) : NULL;
	}
	return v;
}
