#ifndef CORE_BACKEND_H
#define CORE_BACKEND_H

#include "core/graph/op.h"
#include "core/tensor/dtype.h"

/*
 * The one contract between the planner and a device.  The CPU implements it in
 * core/cpu, a GPU in its own shared object.  A backend makes kernels: an op with
 * attributes and shapes baked in.  An op for which it has none runs as the plain
 * C reference, so a backend may start small (on a device whose memory the host
 * cannot read it must have them all).
 */
struct backend;
struct kernel;

/* What a kernel is made for. */
struct kernel_spec {
	const struct op *op;
	const void *attr;
	int n_in;
	const struct shape *in;
	struct shape out;
	enum dtype dtype;   /* of a convolution's operands: F32, or BF16 as a wish */
	bool training;      /* backward will be called */
	unsigned want_grad; /* bit i: the gradient of in[i] is wanted */
};

struct kernel_ops {
	int (*forward)(struct kernel *k, const struct op_io *io, struct err *err);
	int (*backward)(struct kernel *k, const struct op_io *io, struct err *err);
	void (*free)(struct kernel *k);
};

/*
 * First member of every backend's kernel.  can_acc: inputs whose gradient the
 * kernel can add to what is there; for others the plan adds by itself.
 */
struct kernel {
	const struct kernel_ops *ops;
	size_t save_bytes, fwd_work, bwd_work;
	size_t keep_bytes; /* lives as long as the plan (packed weights of inference) */
	unsigned can_acc;
	void *keep; /* set by the plan */
};

struct backend_memory {
	size_t total, free; /* bytes; 0: unknown */
};

struct backend_ops {
	const char *name; /* "cpu" */
	void (*close)(struct backend *b);
	void (*memory)(struct backend *b, struct backend_memory *m);

	/* Device memory, 64-byte aligned. */
	void *(*alloc)(struct backend *b, size_t bytes, const char *what, struct err *err);
	void (*release)(struct backend *b, void *p);
	int (*upload)(struct backend *b, void *dst, const void *src, size_t bytes, struct err *err);
	int (*download)(
		struct backend *b, void *dst, const void *src, size_t bytes, struct err *err);

	/* *k stays NULL when the backend has no kernel for this. */
	int (*kernel_new)(struct backend *b, const struct kernel_spec *spec, struct kernel **k,
		struct err *err);

	/* y += x over n floats, in the order of the stream. */
	void (*add)(struct backend *b, float *y, const float *x, size_t n);

	/* Around each forward and each backward; end waits until all work is done. */
	int (*step_begin)(struct backend *b, struct err *err);
	int (*step_end)(struct backend *b, struct err *err);
};

struct backend {
	const struct backend_ops *ops;
};

struct backend_opts {
	int threads; /* CPU: size of the team; 0: OMP_NUM_THREADS, else all CPUs */
};

#endif
