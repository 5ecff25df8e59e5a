#ifndef CORE_CPU_CPU_BACKEND_H
#define CORE_CPU_CPU_BACKEND_H

#include "core/backend.h"

/* What the files of core/cpu share. */
struct cpu_backend {
	struct backend base;
	int threads;
	struct conv_engine *engine; /* oneDNN */
};

/*
 * Makers of kernels; *k stays NULL when the spec is outside what the kernel can
 * do.  Attributes are copied where a kernel needs them later than this call.
 */
typedef int cpu_kernel_new(
	struct cpu_backend *b, const struct kernel_spec *s, struct kernel **k, struct err *err);

#define KERNEL(name) cpu_kernel_new cpu_##name##_new;
#include "core/cpu/kernels.def"
#undef KERNEL

/* Kernels that are only functions over op_io. */
struct cpu_simple {
	struct kernel base;
	int threads;
	void (*forward)(const struct cpu_simple *k, const struct op_io *io);
	void (*backward)(const struct cpu_simple *k, const struct op_io *io);
};

struct cpu_simple *cpu_simple_new(const struct cpu_backend *b,
	void (*forward)(const struct cpu_simple *k, const struct op_io *io),
	void (*backward)(const struct cpu_simple *k, const struct op_io *io));

#endif
