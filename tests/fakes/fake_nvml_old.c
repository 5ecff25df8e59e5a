/*
 * A stand-in for the NVML of an old driver: unversioned names, the first layouts
 * of memory and process entries, most functions missing.
 */
int nvmlInit(void);
int nvmlDeviceGetCount(unsigned *n);
int nvmlDeviceGetHandleByIndex(unsigned i, void **d);
int nvmlDeviceGetMemoryInfo(void *d, void *m);
int nvmlDeviceGetComputeRunningProcesses(void *d, unsigned *n, void *p);

int nvmlInit(void)
{
	return 0;
}

int nvmlDeviceGetCount(unsigned *n)
{
	*n = 1;
	return 0;
}

int nvmlDeviceGetHandleByIndex(unsigned i, void **d)
{
	static int gpu;

	*d = &gpu;
	return i ? 2 : 0;
}

int nvmlDeviceGetMemoryInfo(void *d, void *m)
{
	unsigned long long *v = m; /* total, free, used */

	(void)d;
	v[0] = 8ull << 30;
	v[1] = 5ull << 30;
	v[2] = 3ull << 30;
	return 0;
}

int nvmlDeviceGetComputeRunningProcesses(void *d, unsigned *n, void *p)
{
	struct {
		unsigned pid;
		unsigned long long mem;
	} *e = p;

	(void)d;
	if (*n < 2)
		return 7;
	*n = 2;
	e[0].pid = 11;
	e[0].mem = 1ull << 30;
	e[1].pid = 22;
	e[1].mem = 2ull << 30;
	return 0;
}
