/*
 * The CPU as a backend: host memory, a table of kernels, a team of threads.
 *
 * The arena is one allocation on 2 MiB pages where the kernel gives them: the
 * first touch is three times as fast and the TLB misses go away.
 */
#include "core/cpu/cpu.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/mem.h"
#include "core/cpu/bf16.h"
#include "core/cpu/dnnl_api.h"
#include "core/cpu/conv_prim.h"
#include "core/cpu/cpu_backend.h"
#include "core/cpu/threads.h"

static const size_t CPU_HUGE = 2u << 20;

static const struct {
	const struct op *op;
	cpu_kernel_new *make;
} cpu_kernels[] = {
#define KERNEL(name) {&op_##name, cpu_##name##_new},
#include "core/cpu/kernels.def"
#undef KERNEL
};

static void cpu_close(struct backend *b)
{
	struct cpu_backend *c = (struct cpu_backend *)b;

	conv_engine_free(c->engine);
	free(c);
}

static void cpu_memory(struct backend *b, struct backend_memory *m)
{
	(void)b;
	*m = (struct backend_memory){0};
}

static void *cpu_alloc(struct backend *b, size_t bytes, const char *what, struct err *err)
{
	size_t size = (bytes + CPU_HUGE - 1) / CPU_HUGE * CPU_HUGE;
	void *p;

	(void)b;
	if (bytes < 4 * CPU_HUGE)
		return mem_try_big(bytes, what, err);
	p = aligned_alloc(CPU_HUGE, size);
	if (!p) {
		err_set(err, ERR_NOMEM, "out of memory: %s needs %.1f MiB", what,
			(double)bytes / 1048576);
		return NULL;
	}
	(void)madvise(p, size, MADV_HUGEPAGE);
	return p;
}

static void cpu_release(struct backend *b, void *p)
{
	(void)b;
	free(p);
}

static int cpu_copy(struct backend *b, void *dst, const void *src, size_t bytes, struct err *err)
{
	(void)b;
	(void)err;
	memcpy(dst, src, bytes);
	return 0;
}

static int cpu_kernel(
	struct backend *b, const struct kernel_spec *spec, struct kernel **k, struct err *err)
{
	struct cpu_backend *c = (struct cpu_backend *)b;

	*k = NULL;
	threads_use(c->threads);
	for (size_t i = 0; i < ARRAY_SIZE(cpu_kernels); i++)
		if (cpu_kernels[i].op == spec->op)
			return cpu_kernels[i].make(c, spec, k, err);
	return 0;
}

static void cpu_add(struct backend *b, float *y, const float *x, size_t n)
{
	int threads = ((struct cpu_backend *)b)->threads;

#pragma omp parallel for simd schedule(static) num_threads(threads)
	for (size_t i = 0; i < n; i++)
		y[i] += x[i];
}

static int cpu_step_begin(struct backend *b, struct err *err)
{
	(void)err;
	threads_use(((struct cpu_backend *)b)->threads);
	return 0;
}

static int cpu_step_end(struct backend *b, struct err *err)
{
	(void)b;
	(void)err;
	return 0;
}

static const struct backend_ops cpu_ops = {
	.name = "cpu",
	.close = cpu_close,
	.memory = cpu_memory,
	.alloc = cpu_alloc,
	.release = cpu_release,
	.upload = cpu_copy,
	.download = cpu_copy,
	.kernel_new = cpu_kernel,
	.add = cpu_add,
	.step_begin = cpu_step_begin,
	.step_end = cpu_step_end,
};

struct backend *cpu_open(const struct backend_opts *opts, struct err *err)
{
	struct cpu_backend *c;

	if (dnnl_load(err))
		return NULL;
	c = mem_zalloc(sizeof(*c));
	c->base.ops = &cpu_ops;
	c->threads = threads_count(opts ? opts->threads : 0);
	threads_use(c->threads);
	c->engine = conv_engine_new(err);
	if (!c->engine) {
		free(c);
		return NULL;
	}
	return &c->base;
}

int cpu_threads(const struct backend *b)
{
	return ((const struct cpu_backend *)b)->threads;
}

bool cpu_has_bf16(void)
{
	return bf16_supported();
}

static int cpu_simple_forward(struct kernel *k, const struct op_io *io, struct err *err)
{
	struct cpu_simple *s = (struct cpu_simple *)k;

	(void)err;
	s->forward(s, io);
	return 0;
}

static int cpu_simple_backward(struct kernel *k, const struct op_io *io, struct err *err)
{
	struct cpu_simple *s = (struct cpu_simple *)k;

	(void)err;
	s->backward(s, io);
	return 0;
}

static void cpu_simple_free(struct kernel *k)
{
	free(k);
}

static const struct kernel_ops cpu_simple_ops = {
	cpu_simple_forward, cpu_simple_backward, cpu_simple_free};

struct cpu_simple *cpu_simple_new(const struct cpu_backend *b,
	void (*forward)(const struct cpu_simple *k, const struct op_io *io),
	void (*backward)(const struct cpu_simple *k, const struct op_io *io))
{
	struct cpu_simple *s = mem_zalloc(sizeof(*s));

	s->base.ops = &cpu_simple_ops;
	s->base.can_acc = ~0u;
	s->threads = b->threads;
	s->forward = forward;
	s->backward = backward;
	return s;
}
