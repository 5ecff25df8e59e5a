/*
 * oneDNN convolutions, in all three directions.
 *
 * The layout of activations is given (nspc), not left to oneDNN: with "any" it
 * mixes layouts and reorders in every layer.  Weights are "any": the plain ones
 * are packed before the call, and a weight gradient is unpacked after it.  Scratch
 * comes from the plan's arena (user mode), so that a step allocates nothing.
 */
#include "core/cpu/conv_prim.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/cpu/bf16.h"
#include "core/cpu/dnnl_api.h"
#include "core/cpu/thin_conv.h"
#include "core/cpu/threads.h"

struct conv_engine {
	dnnl_engine_t engine;
	dnnl_stream_t stream;
};

enum { MEM_SRC, MEM_WEI, MEM_BIAS, MEM_DST, MEM_SCRATCH, MEM_PLAIN, MEM_COUNT };

struct conv_prim {
	struct conv_engine *e;
	enum conv_dir dir;
	bool bias;
	dnnl_primitive_desc_t hint, pd;
	dnnl_primitive_t prim, reorder;
	dnnl_memory_t mem[MEM_COUNT];
	size_t packed, scratch;
	bool bf16;
	size_t n_src, n_dst; /* floats that are rounded before the call, 0: none */
	int thin;            /* threads of thin_conv.c, 0: oneDNN */
	struct conv_spec spec;
};

static int conv_fail(struct err *err, const char *what, dnnl_status_t s)
{
	return err_set(err, s == dnnl_out_of_memory ? ERR_NOMEM : ERR_NODEVICE,
		"oneDNN: %s failed (status %d)", what, (int)s);
}

struct conv_engine *conv_engine_new(struct err *err)
{
	struct conv_engine *e = mem_zalloc(sizeof(*e));
	dnnl_status_t s = dnnl.engine_create(&e->engine, dnnl_cpu, 0);

	if (!s)
		s = dnnl.stream_create(&e->stream, e->engine, dnnl_stream_default_flags);
	if (!s)
		return e;
	conv_fail(err, "opening the CPU", s);
	conv_engine_free(e);
	return NULL;
}

void conv_engine_free(struct conv_engine *e)
{
	if (!e)
		return;
	if (e->stream)
		dnnl.stream_destroy(e->stream);
	if (e->engine)
		dnnl.engine_destroy(e->engine);
	free(e);
}

struct conv_mds {
	dnnl_memory_desc_t src, wei, plain, bias, dst;
	dnnl_dims_t stride, pad, pad_end;
};

/* src, weights and dst as types; hint: of the forward that a backward belongs to. */
static void conv_types(const struct conv_spec *s, bool hint, dnnl_data_type_t type[3])
{
	type[0] = type[1] = type[2] = s->bf16 ? dnnl_bf16 : dnnl_f32;
	if (!s->bf16 || hint)
		return;
	/* what the direction makes stays fp32 */
	if (s->dir == CONV_FWD)
		type[2] = dnnl_f32;
	else
		type[s->dir == CONV_BWD_D ? 0 : 1] = dnnl_f32;
}

static dnnl_status_t conv_descs(const struct conv_spec *s, bool hint, struct conv_mds *m)
{
	int64_t taps = s->kernel[0] * s->kernel[1] * s->kernel[2];
	dnnl_dims_t src = {s->n, s->ci, s->in[0], s->in[1], s->in[2]};
	dnnl_dims_t dst = {s->n, s->co, s->out[0], s->out[1], s->out[2]};
	dnnl_dims_t wei = {s->co, s->ci, s->kernel[0], s->kernel[1], s->kernel[2]};
	dnnl_dims_t stride = {
		s->ci_stride * taps, taps, s->kernel[1] * s->kernel[2], s->kernel[2], 1};
	dnnl_dims_t bias = {s->co};
	dnnl_data_type_t type[3];
	dnnl_status_t rc;

	conv_types(s, hint, type);
	for (int i = 0; i < 3; i++) {
		m->stride[i] = s->stride[i];
		m->pad[i] = s->pad[i];
		m->pad_end[i] = s->pad_end[i];
	}
	rc = dnnl.memory_desc_init_by_tag(&m->src, 5, src, type[0], dnnl_acdeb);
	rc = rc ? rc : dnnl.memory_desc_init_by_tag(&m->dst, 5, dst, type[2], dnnl_acdeb);
	rc = rc ? rc : dnnl.memory_desc_init_by_tag(&m->wei, 5, wei, type[1], dnnl_format_tag_any);
	rc = rc ? rc : dnnl.memory_desc_init_by_strides(&m->plain, 5, wei, dnnl_f32, stride);
	return rc ? rc : dnnl.memory_desc_init_by_tag(&m->bias, 1, bias, dnnl_f32, dnnl_a);
}

static dnnl_status_t conv_attr_new(const struct conv_spec *s, dnnl_primitive_attr_t *attr)
{
	dnnl_post_ops_t ops = NULL;
	dnnl_status_t rc = dnnl.primitive_attr_create(attr);

	if (rc)
		return rc;
	rc = dnnl.primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
	if (rc || s->dir != CONV_FWD || (!s->sum && !s->act))
		return rc;
	rc = dnnl.post_ops_create(&ops);
	if (!rc && s->sum)
		rc = dnnl.post_ops_append_sum(ops, 1);
	if (!rc && s->act)
		rc = dnnl.post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, s->slope, 0);
	rc = rc ? rc : dnnl.primitive_attr_set_post_ops(*attr, ops);
	dnnl.post_ops_destroy(ops);
	return rc;
}

static dnnl_status_t conv_forward_desc(
	const struct conv_spec *s, const struct conv_mds *m, dnnl_convolution_desc_t *d)
{
	bool bias = s->bias && s->dir != CONV_BWD_D;

	return dnnl.convolution_forward_desc_init(d, dnnl_forward_training, dnnl_convolution_direct,
		&m->src, &m->wei, bias ? &m->bias : NULL, &m->dst, m->stride, m->pad, m->pad_end);
}

static dnnl_status_t conv_pd(struct conv_prim *p, const struct conv_spec *s, struct conv_mds *m,
	dnnl_primitive_attr_t attr)
{
	dnnl_convolution_desc_t d;
	struct conv_mds hint;
	dnnl_status_t rc;

	if (s->dir == CONV_FWD) {
		rc = conv_forward_desc(s, m, &d);
		return rc ? rc : dnnl.primitive_desc_create(&p->pd, &d, attr, p->e->engine, NULL);
	}
	rc = conv_descs(s, true, &hint);
	rc = rc ? rc : conv_forward_desc(s, &hint, &d);
	rc = rc ? rc : dnnl.primitive_desc_create(&p->hint, &d, NULL, p->e->engine, NULL);
	if (rc)
		return rc;
	if (s->dir == CONV_BWD_D)
		rc = dnnl.convolution_backward_data_desc_init(&d, dnnl_convolution_direct, &m->src,
			&m->wei, &m->dst, m->stride, m->pad, m->pad_end);
	else
		rc = dnnl.convolution_backward_weights_desc_init(&d, dnnl_convolution_direct,
			&m->src, &m->wei, s->bias ? &m->bias : NULL, &m->dst, m->stride, m->pad,
			m->pad_end);
	return rc ? rc : dnnl.primitive_desc_create(&p->pd, &d, attr, p->e->engine, p->hint);
}

static dnnl_status_t conv_reorder(
	struct conv_prim *p, const dnnl_memory_desc_t *plain, const dnnl_memory_desc_t *packed)
{
	dnnl_primitive_desc_t pd = NULL;
	const dnnl_memory_desc_t *from = p->dir == CONV_BWD_W ? packed : plain;
	const dnnl_memory_desc_t *to = p->dir == CONV_BWD_W ? plain : packed;
	dnnl_status_t rc;

	if (dnnl.memory_desc_equal(plain, packed))
		return dnnl_success;
	p->packed = dnnl.memory_desc_get_size(packed);
	rc = dnnl.memory_create(&p->mem[MEM_PLAIN], plain, p->e->engine, DNNL_MEMORY_NONE);
	rc = rc ? rc
		: dnnl.reorder_primitive_desc_create(
			  &pd, from, p->e->engine, to, p->e->engine, NULL);
	rc = rc ? rc : dnnl.primitive_create(&p->reorder, pd);
	if (pd)
		dnnl.primitive_desc_destroy(pd);
	return rc;
}

static dnnl_status_t conv_memories(struct conv_prim *p, const struct conv_mds *m)
{
	const dnnl_memory_desc_t *wei = dnnl.primitive_desc_query_md(p->pd,
		p->dir == CONV_BWD_W ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
	const dnnl_memory_desc_t *scratch =
		dnnl.primitive_desc_query_md(p->pd, dnnl_query_scratchpad_md, 0);
	const dnnl_memory_desc_t *md[MEM_PLAIN] = {&m->src, wei, &m->bias, &m->dst, scratch};
	dnnl_status_t rc = dnnl_success;

	p->scratch = dnnl.memory_desc_get_size(scratch);
	for (int i = 0; i < MEM_PLAIN && !rc; i++)
		rc = dnnl.memory_create(&p->mem[i], md[i], p->e->engine, DNNL_MEMORY_NONE);
	rc = rc ? rc : conv_reorder(p, &m->plain, wei);
	return rc ? rc : dnnl.primitive_create(&p->prim, p->pd);
}

/* Not the reference, nor the way over matrices that are copied together. */
static bool conv_is_fast(const struct conv_prim *p)
{
	const char *name = NULL;

	if (dnnl.primitive_desc_query(p->pd, dnnl_query_impl_info_str, 0, &name) || !name)
		return false;
	return strncmp(name, "ref", 3) && strncmp(name, "gemm", 4);
}

static size_t conv_floats(int64_t n, int64_t channels, const int64_t size[3])
{
	return (size_t)(n * channels * size[0] * size[1] * size[2]);
}

static size_t conv_staging(size_t floats)
{
	return (floats * sizeof(uint16_t) + 63) / 64 * 64;
}

static struct conv_prim *conv_prim_make(
	struct conv_engine *e, const struct conv_spec *s, struct err *err)
{
	struct conv_prim *p = mem_zalloc(sizeof(*p));
	dnnl_primitive_attr_t attr = NULL;
	struct conv_mds m;
	dnnl_status_t rc;

	p->e = e;
	p->dir = s->dir;
	p->bias = s->bias && s->dir != CONV_BWD_D;
	if (s->bf16 && s->dir != CONV_BWD_D)
		p->n_src = conv_floats(s->n, s->ci, s->in);
	if (s->bf16 && s->dir != CONV_FWD)
		p->n_dst = conv_floats(s->n, s->co, s->out);
	rc = conv_descs(s, false, &m);
	rc = rc ? rc : conv_attr_new(s, &attr);
	rc = rc ? rc : conv_pd(p, s, &m, attr);
	rc = rc ? rc : conv_memories(p, &m);
	if (attr)
		dnnl.primitive_attr_destroy(attr);
	if (!rc)
		return p;
	conv_fail(err, "making a convolution", rc);
	conv_prim_free(p);
	return NULL;
}

/* oneDNN counts the voxels of an item in 32 bits, and divides by the 0 that an overflow makes. */
static int conv_check_size(const struct conv_spec *s, struct err *err)
{
	for (int side = 0; side < 2; side++) {
		const int64_t *d = side ? s->out : s->in;
		double voxels = (double)s->n * (double)d[0] * (double)d[1] * (double)d[2];

		if (voxels > INT32_MAX)
			return err_set(err, ERR_DATA,
				"a convolution over %lld x %lld x %lld x %lld (batch, z, y, x) "
				"voxels is too large, at most %d are possible: choose a smaller "
				"size",
				(long long)s->n, (long long)d[0], (long long)d[1], (long long)d[2],
				INT32_MAX);
	}
	return 0;
}

struct conv_prim *conv_prim_new(struct conv_engine *e, const struct conv_spec *s, struct err *err)
{
	struct conv_spec plain = *s;
	struct err none = ERR_INIT;
	struct conv_prim *p;

	if (conv_check_size(s, err))
		return NULL;
	if (thin_conv_fits(s)) {
		p = mem_zalloc(sizeof(*p));
		p->thin = threads_count(0);
		p->spec = *s;
		p->scratch = thin_conv_work(s, p->thin);
		return p;
	}
	if (s->bf16) {
		p = conv_prim_make(e, s, &none);
		if (p && conv_is_fast(p))
			return p;
		conv_prim_free(p);
		plain.bf16 = false;
	}
	return conv_prim_make(e, &plain, err);
}

void conv_prim_free(struct conv_prim *p)
{
	if (!p)
		return;
	for (int i = 0; i < MEM_COUNT; i++)
		if (p->mem[i])
			dnnl.memory_destroy(p->mem[i]);
	if (p->prim)
		dnnl.primitive_destroy(p->prim);
	if (p->reorder)
		dnnl.primitive_destroy(p->reorder);
	if (p->pd)
		dnnl.primitive_desc_destroy(p->pd);
	if (p->hint)
		dnnl.primitive_desc_destroy(p->hint);
	free(p);
}

bool conv_prim_adds_bias(const struct conv_prim *p)
{
	return p->thin && p->spec.bias_back;
}

size_t conv_prim_packed(const struct conv_prim *p)
{
	return p->packed;
}

size_t conv_prim_scratch(const struct conv_prim *p)
{
	return p->scratch + conv_staging(p->n_src) + conv_staging(p->n_dst);
}

static dnnl_status_t conv_repack(struct conv_prim *p)
{
	bool back = p->dir == CONV_BWD_W;
	dnnl_exec_arg_t a[2] = {{DNNL_ARG_FROM, p->mem[back ? MEM_WEI : MEM_PLAIN]},
		{DNNL_ARG_TO, p->mem[back ? MEM_PLAIN : MEM_WEI]}};

	return dnnl.primitive_execute(p->reorder, p->e->stream, 2, a);
}

static dnnl_status_t conv_execute(struct conv_prim *p)
{
	static const int names[3][4] = {
		[CONV_FWD] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_BIAS},
		[CONV_BWD_D] = {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST, 0},
		[CONV_BWD_W] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST,
			DNNL_ARG_DIFF_BIAS}};
	const int *name = names[p->dir];
	dnnl_exec_arg_t a[5] = {{name[0], p->mem[MEM_SRC]}, {name[1], p->mem[MEM_WEI]},
		{name[2], p->mem[MEM_DST]}, {DNNL_ARG_SCRATCHPAD, p->mem[MEM_SCRATCH]},
		{name[3], p->mem[MEM_BIAS]}};

	return dnnl.primitive_execute(p->prim, p->e->stream, p->bias ? 5 : 4, a);
}

int conv_prim_run(struct conv_prim *p, const struct conv_args *a, struct err *err)
{
	char *staging = a->scratch;
	uint16_t *src = (uint16_t *)staging;
	uint16_t *dst = (uint16_t *)(staging + conv_staging(p->n_src));
	void *data[MEM_COUNT] = {p->n_src ? (void *)src : a->src,
		p->packed ? a->packed : a->weights, a->bias, p->n_dst ? (void *)dst : a->dst,
		staging + conv_staging(p->n_src) + conv_staging(p->n_dst), a->weights};
	bool before = p->reorder && p->dir != CONV_BWD_W && !a->is_packed;
	bool after = p->reorder && p->dir == CONV_BWD_W;
	dnnl_status_t rc = dnnl_success;

	if (p->thin) {
		thin_conv_run(&p->spec, p->thin, a);
		return 0;
	}
	if (p->n_src)
		bf16_round(src, a->src, p->n_src);
	if (p->n_dst)
		bf16_round(dst, a->dst, p->n_dst);
	for (int i = 0; i < MEM_COUNT && !rc; i++)
		if (p->mem[i])
			rc = dnnl.memory_set_data_handle(p->mem[i], data[i]);
	if (!rc && before)
		rc = conv_repack(p);
	rc = rc ? rc : conv_execute(p);
	if (!rc && after)
		rc = conv_repack(p);
	rc = rc ? rc : dnnl.stream_wait(p->e->stream);
	return rc ? conv_fail(err, "a convolution", rc) : 0;
}
