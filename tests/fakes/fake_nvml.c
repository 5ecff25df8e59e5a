/*
 * A stand-in for libnvidia-ml.so.1 of a present-day driver, for the tests of the
 * monitor: two GPUs with fixed numbers, the second without fan and power.
 *
 *   FAKE_NVML_INIT    what nvmlInit_v2 returns (9: driver not loaded)
 *   FAKE_NVML_DENY    name of a function that answers "not supported"
 *
 * Names and layouts follow the public NVML API reference.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gpu {
	unsigned index;
};

struct util {
	unsigned gpu, memory;
};

struct mem {
	unsigned version;
	unsigned long long total, reserved, free, used;
};

struct proc {
	unsigned pid;
	unsigned long long mem;
	unsigned gi, ci;
};

int nvmlInit_v2(void);
int nvmlShutdown(void);
const char *nvmlErrorString(int rc);
int nvmlSystemGetDriverVersion(char *out, unsigned cap);
int nvmlDeviceGetCount_v2(unsigned *n);
int nvmlDeviceGetHandleByIndex_v2(unsigned i, struct gpu **d);
int nvmlDeviceGetName(struct gpu *d, char *out, unsigned cap);
int nvmlDeviceGetUtilizationRates(struct gpu *d, struct util *u);
int nvmlDeviceGetMemoryInfo_v2(struct gpu *d, struct mem *m);
int nvmlDeviceGetPowerUsage(struct gpu *d, unsigned *v);
int nvmlDeviceGetEnforcedPowerLimit(struct gpu *d, unsigned *v);
int nvmlDeviceGetFanSpeed(struct gpu *d, unsigned *v);
int nvmlDeviceGetTemperature(struct gpu *d, int sensor, unsigned *v);
int nvmlDeviceGetClockInfo(struct gpu *d, int what, unsigned *v);
int nvmlDeviceGetMaxClockInfo(struct gpu *d, int what, unsigned *v);
int nvmlDeviceGetCurrentClocksThrottleReasons(struct gpu *d, unsigned long long *v);
int nvmlDeviceGetComputeRunningProcesses_v3(struct gpu *d, unsigned *n, struct proc *p);

static int denied(const char *name)
{
	const char *deny = getenv("FAKE_NVML_DENY");

	return deny && !strcmp(deny, name) ? 3 : 0;
}

int nvmlInit_v2(void)
{
	const char *rc = getenv("FAKE_NVML_INIT");

	return rc ? (int)strtol(rc, NULL, 10) : 0;
}

int nvmlShutdown(void)
{
	return 0;
}

const char *nvmlErrorString(int rc)
{
	return rc == 15 ? "GPU is lost" : "Unknown Error";
}

int nvmlSystemGetDriverVersion(char *out, unsigned cap)
{
	snprintf(out, cap, "550.54");
	return 0;
}

int nvmlDeviceGetCount_v2(unsigned *n)
{
	*n = 2;
	return denied(__func__);
}

int nvmlDeviceGetHandleByIndex_v2(unsigned i, struct gpu **d)
{
	static struct gpu gpus[2] = {{0}, {1}};

	if (i >= 2)
		return 2;
	*d = &gpus[i];
	return 0;
}

int nvmlDeviceGetName(struct gpu *d, char *out, unsigned cap)
{
	snprintf(out, cap, "Fake GPU %u", d->index);
	return denied(__func__);
}

int nvmlDeviceGetUtilizationRates(struct gpu *d, struct util *u)
{
	u->gpu = 40 + d->index;
	u->memory = 0;
	return denied(__func__);
}

int nvmlDeviceGetMemoryInfo_v2(struct gpu *d, struct mem *m)
{
	if (m->version != 0x02000028)
		return 25; /* argument version mismatch */
	m->total = 80ull << 30;
	m->used = (10ull + d->index) << 30;
	return denied(__func__);
}

int nvmlDeviceGetPowerUsage(struct gpu *d, unsigned *v)
{
	*v = 123456;
	return d->index ? 3 : denied(__func__);
}

int nvmlDeviceGetEnforcedPowerLimit(struct gpu *d, unsigned *v)
{
	(void)d;
	*v = 700000;
	return denied(__func__);
}

int nvmlDeviceGetFanSpeed(struct gpu *d, unsigned *v)
{
	*v = 0;
	return d->index ? 3 : denied(__func__);
}

int nvmlDeviceGetTemperature(struct gpu *d, int sensor, unsigned *v)
{
	(void)d;
	*v = 61;
	return sensor ? 2 : denied(__func__);
}

int nvmlDeviceGetClockInfo(struct gpu *d, int what, unsigned *v)
{
	(void)d;
	*v = what == 2 ? 2619 : 1755;
	return denied(__func__);
}

int nvmlDeviceGetMaxClockInfo(struct gpu *d, int what, unsigned *v)
{
	(void)d, (void)what;
	*v = 1980;
	return denied(__func__);
}

int nvmlDeviceGetCurrentClocksThrottleReasons(struct gpu *d, unsigned long long *v)
{
	(void)d;
	*v = 4;
	return denied(__func__);
}

/* 70 processes on the first GPU, so that a first guess of the size is too small. */
int nvmlDeviceGetComputeRunningProcesses_v3(struct gpu *d, unsigned *n, struct proc *p)
{
	unsigned have = d->index ? 0 : 70;

	if (*n < have) {
		*n = have;
		return 7;
	}
	*n = have;
	for (unsigned i = 0; i < have; i++)
		p[i] = (struct proc){.pid = i + 1, .mem = i ? 1ull << 30 : ~0ull};
	return denied(__func__);
}
