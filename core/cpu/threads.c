/*
 * The one place that decides how many threads compute.  The team is set for the
 * calling thread only (an OpenMP internal control variable), so job threads with
 * different settings do not disturb each other.
 */
#include "core/cpu/threads.h"

#include <omp.h>

#include "core/base/sys.h"

int threads_count(int wanted)
{
	int cpus = sys_cpu_count(), n = wanted > 0 ? wanted : omp_get_max_threads();

	n = cpus > 0 && n > cpus ? cpus : n;
	return n < 1 ? 1 : n;
}

void threads_use(int n)
{
	if (omp_get_max_threads() != n)
		omp_set_num_threads(n);
}
