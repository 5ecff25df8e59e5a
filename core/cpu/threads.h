#ifndef CORE_CPU_THREADS_H
#define CORE_CPU_THREADS_H

#include <stdint.h>

/*
 * Size of the OpenMP team: wanted when positive, else OMP_NUM_THREADS, else one
 * thread per CPU; never more than the CPUs this process may run on.
 */
int threads_count(int wanted);

/* Makes n the team size of parallel regions that the calling thread opens (oneDNN's too). */
void threads_use(int n);

/* The part [*from, *to) of n items that member id of a team of nt works on. */
static inline void threads_part(int64_t n, int id, int nt, int64_t *from, int64_t *to)
{
	*from = n * id / nt;
	*to = n * (id + 1) / nt;
}

#endif
