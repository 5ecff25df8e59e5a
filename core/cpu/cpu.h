#ifndef CORE_CPU_CPU_H
#define CORE_CPU_CPU_H

#include "core/backend.h"

/*
 * The CPU backend: convolutions by oneDNN in the layout N D H W C, everything
 * else by own OpenMP kernels.  Results are the same bits for the same number of
 * threads.  opts may be NULL.  Close with backend->ops->close().
 */
struct backend *cpu_open(const struct backend_opts *opts, struct err *err) MUST_CHECK;

/* Size of the team of a CPU backend: the bits of sums depend on it. */
int cpu_threads(const struct backend *b);

/* Does a plan with opts.dtype BF16 gain anything here?  Call it after cpu_open(). */
bool cpu_has_bf16(void);

#endif
