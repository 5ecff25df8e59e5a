/*
 * One of our graphs as an ONNX file.
 *
 * The graph is walked once; each op adds its nodes by its rule.  A 2-D network is
 * the same graph with D = 1: its input gets the dimension at the beginning and
 * loses it at the end.
 */
#include "core/export/onnx_build.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

#ifndef AXIAL_VERSION
#define AXIAL_VERSION "unknown"
#endif

enum { ONNX_IR = 7, ONNX_OPSET = 13 };

/* N, channels, then D H W without what the file does not have. */
static int onnx_dims(const struct onnx_export *e, const struct node *node, bool vector,
	int64_t dims[5], const char *open[5])
{
	static const char *const names[3] = {"depth", "height", "width"};
	int n = 2;

	dims[0] = 1;
	open[0] = "batch";
	dims[1] = shape_channels(&node->shape);
	open[1] = NULL;
	for (int i = e->two_d; !vector && i < 3; i++) {
		dims[n] = node->shape.d[i + 1];
		open[n++] = e->dynamic ? names[i] : NULL;
	}
	return n;
}

static void onnx_interface(struct onnx_builder *b, const struct onnx_export *e)
{
	const char *open[5];
	int64_t dims[5];
	int n = onnx_dims(e, e->image, false, dims, open);

	b->graph.input = mem_alloc(sizeof(*b->graph.input));
	b->graph.input[0] = onnx_info(b, e->input, dims, open, n);
	b->graph.n_input = 1;
	n = onnx_dims(e, e->pred, e->classifier, dims, open);
	b->graph.output = mem_alloc(sizeof(*b->graph.output));
	b->graph.output[0] = onnx_info(b, e->output, dims, open, n);
	b->graph.n_output = 1;
}

static void onnx_begin(struct onnx_builder *b, const struct onnx_export *e)
{
	static const int64_t depth[1] = {2};
	const char *name = onnx_text(b, e->input);

	if (!e->two_d) {
		b->at[e->image->id] = name;
		return;
	}
	b->at[e->image->id] = onnx_temp(b);
	onnx_add(b, "Unsqueeze", (const char *[]){name, onnx_ints(b, depth, 1), NULL},
		b->at[e->image->id]);
}

static void onnx_end(struct onnx_builder *b, const struct onnx_export *e)
{
	static const int64_t depth[1] = {2};
	const char *last = onnx_out(b, e->pred), *name = e->output;

	if (e->classifier)
		onnx_attr_int(
			b, onnx_add(b, "Flatten", (const char *[]){last, NULL}, name), "axis", 1);
	else if (e->two_d)
		onnx_add(b, "Squeeze", (const char *[]){last, onnx_ints(b, depth, 1), NULL}, name);
}

static int onnx_nodes(struct onnx_builder *b, const struct onnx_export *e, struct err *err)
{
	onnx_begin(b, e);
	if (!e->classifier && !e->two_d)
		b->at[e->pred->id] = onnx_text(b, e->output);
	for (int i = 0; i < e->g->n; i++)
		if (e->g->node[i]->kind == NODE_OP && onnx_emit(b, e->g->node[i], err))
			return -1;
	onnx_end(b, e);
	return 0;
}

/* A place to pack into that is a file. */
struct onnx_sink {
	ProtobufCBuffer base; /* first: protobuf-c hands this pointer back */
	struct sys_writer w;
	struct err *err;
	int rc;
};

static void onnx_sink_append(ProtobufCBuffer *buffer, size_t len, const uint8_t *data)
{
	struct onnx_sink *s = (struct onnx_sink *)buffer;

	if (!s->rc)
		s->rc = sys_writer_add(&s->w, data, len, s->err);
}

static int onnx_write(const char *path, const Onnx__ModelProto *model, struct err *err)
{
	struct onnx_sink s = {.base = {onnx_sink_append}, .err = err};

	if (sys_writer_begin(&s.w, path, err))
		return -1;
	protobuf_c_message_pack_to_buffer(&model->base, &s.base);
	if (!s.rc)
		s.rc = sys_writer_commit(&s.w, err);
	else
		sys_writer_abort(&s.w);
	return s.rc;
}

static int onnx_save(
	struct onnx_builder *b, const struct onnx_export *e, const char *path, struct err *err)
{
	Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
	Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT, *opsets = &opset;
	Onnx__StringStringEntryProto entry = ONNX__STRING_STRING_ENTRY_PROTO__INIT,
				     *entries = &entry;

	opset.domain = onnx_text(b, "");
	opset.has_version = true;
	opset.version = ONNX_OPSET;
	entry.key = onnx_text(b, "network");
	entry.value = onnx_text(b, e->spec ? e->spec : "");
	model.has_ir_version = true;
	model.ir_version = ONNX_IR;
	model.producer_name = onnx_text(b, "axial");
	model.producer_version = onnx_text(b, AXIAL_VERSION);
	model.opset_import = &opsets;
	model.n_opset_import = 1;
	model.metadata_props = &entries;
	model.n_metadata_props = e->spec ? 1 : 0;
	model.graph = &b->graph;
	b->graph.name = onnx_text(b, e->name);
	return onnx_write(path, &model, err);
}

int onnx_export(const struct onnx_export *e, const char *path, int *tensors, struct err *err)
{
	struct onnx_builder b;
	int rc;

	onnx_builder_init(&b, e->g, e->params);
	b.dynamic = e->dynamic;
	onnx_interface(&b, e);
	rc = onnx_nodes(&b, e, err);
	if (!rc)
		rc = onnx_save(&b, e, path, err);
	*tensors = (int)b.graph.n_initializer;
	onnx_builder_release(&b);
	return rc;
}
