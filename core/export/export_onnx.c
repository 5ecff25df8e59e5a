/*
 * ONNX files.
 *
 * The inference graph (batch norms folded) is walked once; each op adds its nodes
 * by its rule.  A 2-D network is the same graph with D = 1: its input gets the
 * dimension at the beginning and loses it at the end.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/export/export.h"
#include "core/export/onnx_build.h"

#ifndef AXIAL_VERSION
#define AXIAL_VERSION "unknown"
#endif

enum { ONNX_IR = 7, ONNX_OPSET = 13 };

struct onnx_file {
	const struct export_options *opt;
	struct model m;
	struct graph *g;
	struct node *image, *pred;
	struct onnx_builder b;
	bool two_d;
};

static const char *onnx_input_name(const struct onnx_file *f)
{
	return f->opt->input_name ? f->opt->input_name : "NV_MODEL_INPUT";
}

static const char *onnx_output_name(const struct onnx_file *f)
{
	return f->opt->output_name ? f->opt->output_name : "NV_MODEL_OUTPUT";
}

static int onnx_graph(struct onnx_file *f, struct export_result *res, struct err *err)
{
	struct node *logits;

	for (int i = 0; i < 3; i++)
		res->size[i] = f->opt->size[i] ? f->opt->size[i] : f->m.input_size[i];
	f->two_d = res->two_d = f->m.input_size[2] == 1;
	if (f->two_d)
		res->size[2] = 1;
	f->g = graph_new();
	return model_build(&f->m, f->g, 1, res->size, &f->image, &f->pred, &logits, err);
}

/* N, channels, then D H W without what the file does not have. */
static int onnx_dims(const struct onnx_file *f, const struct node *node, bool vector,
	int64_t dims[5], const char *open[5])
{
	static const char *const names[3] = {"depth", "height", "width"};
	int n = 2;

	dims[0] = 1;
	open[0] = "batch";
	dims[1] = shape_channels(&node->shape);
	open[1] = NULL;
	for (int i = f->two_d; !vector && i < 3; i++) {
		dims[n] = node->shape.d[i + 1];
		open[n++] = f->opt->dynamic ? names[i] : NULL;
	}
	return n;
}

static void onnx_interface(struct onnx_file *f)
{
	struct onnx_builder *b = &f->b;
	const char *open[5];
	int64_t dims[5];
	int n = onnx_dims(f, f->image, false, dims, open);

	b->graph.input = mem_alloc(sizeof(*b->graph.input));
	b->graph.input[0] = onnx_info(b, onnx_input_name(f), dims, open, n);
	b->graph.n_input = 1;
	n = onnx_dims(f, f->pred, f->m.classifier, dims, open);
	b->graph.output = mem_alloc(sizeof(*b->graph.output));
	b->graph.output[0] = onnx_info(b, onnx_output_name(f), dims, open, n);
	b->graph.n_output = 1;
}

static void onnx_begin(struct onnx_file *f)
{
	static const int64_t depth[1] = {2};
	const char *name = onnx_text(&f->b, onnx_input_name(f));

	if (!f->two_d) {
		f->b.at[f->image->id] = name;
		return;
	}
	f->b.at[f->image->id] = onnx_temp(&f->b);
	onnx_add(&f->b, "Unsqueeze", (const char *[]){name, onnx_ints(&f->b, depth, 1), NULL},
		f->b.at[f->image->id]);
}

static void onnx_end(struct onnx_file *f)
{
	static const int64_t depth[1] = {2};
	struct onnx_builder *b = &f->b;
	const char *last = onnx_out(b, f->pred), *name = onnx_output_name(f);

	if (f->m.classifier)
		onnx_attr_int(
			b, onnx_add(b, "Flatten", (const char *[]){last, NULL}, name), "axis", 1);
	else if (f->two_d)
		onnx_add(b, "Squeeze", (const char *[]){last, onnx_ints(b, depth, 1), NULL}, name);
}

static int onnx_nodes(struct onnx_file *f, struct err *err)
{
	onnx_begin(f);
	if (!f->m.classifier && !f->two_d)
		f->b.at[f->pred->id] = onnx_text(&f->b, onnx_output_name(f));
	for (int i = 0; i < f->g->n; i++)
		if (f->g->node[i]->kind == NODE_OP && onnx_emit(&f->b, f->g->node[i], err))
			return -1;
	onnx_end(f);
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

static int onnx_save(struct onnx_file *f, const char *path, struct err *err)
{
	Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
	Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT, *opsets = &opset;
	Onnx__StringStringEntryProto entry = ONNX__STRING_STRING_ENTRY_PROTO__INIT,
				     *entries = &entry;
	char *spec = cJSON_PrintUnformatted(f->m.spec);
	int rc;

	opset.domain = (char *)"";
	opset.has_version = true;
	opset.version = ONNX_OPSET;
	entry.key = (char *)"network";
	entry.value = spec;
	model.has_ir_version = true;
	model.ir_version = ONNX_IR;
	model.producer_name = (char *)"axial";
	model.producer_version = (char *)AXIAL_VERSION;
	model.opset_import = &opsets;
	model.n_opset_import = 1;
	model.metadata_props = &entries;
	model.n_metadata_props = 1;
	model.graph = &f->b.graph;
	f->b.graph.name = onnx_text(&f->b, f->m.net.c->name);
	rc = onnx_write(path, &model, err);
	cJSON_free(spec);
	return rc;
}

int export_onnx(const struct export_options *opt, struct export_result *res, struct err *err)
{
	struct onnx_file f = {.opt = opt};
	struct stat sb;
	int rc = export_model_init(&f.m, opt->weights, &res->folded, err);

	if (!rc && opt->dtype != DTYPE_F32)
		rc = err_set(
			err, ERR_USAGE, "ONNX is written with fp32 weights: leave --dtype out");
	if (!rc)
		rc = onnx_graph(&f, res, err);
	if (!rc) {
		onnx_builder_init(&f.b, f.g, f.m.params);
		f.b.dynamic = opt->dynamic;
		onnx_interface(&f);
		rc = onnx_nodes(&f, err);
	}
	if (!rc)
		rc = onnx_save(&f, opt->out, err);
	if (!rc) {
		res->tensors = (int)f.b.graph.n_initializer;
		res->values = params_count(f.m.params);
		res->bytes = stat(opt->out, &sb) ? 0 : (size_t)sb.st_size;
	}
	onnx_builder_release(&f.b);
	graph_free(f.g);
	model_release(&f.m);
	return rc;
}
