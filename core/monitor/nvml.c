/*
 * GPUs through NVML, loaded at run time.
 *
 * No nvml.h and no linking: the program must build and start where no NVIDIA
 * software is.  The few types below follow the public NVML API reference.  Every
 * function may be missing (old driver) and every reading may be refused (vGPU,
 * MIG, permission): each has its bit in gpu_sample.valid, and what could not be
 * read is never shown as 0.  Struct versions are passed as NVML wants them, size
 * in the low bits and version << 24 (nvmlMemory_v2: 0x02000028); process lists
 * are tried from the newest to the oldest layout, because the size of an entry
 * changed between drivers.
 */
#include "core/monitor/nvml.h"

#include <dirent.h>
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

enum {
	NVML_OK = 0,
	NVML_UNINITIALIZED = 1,
	NVML_TOO_SMALL = 7,
	NVML_NO_DRIVER = 9,
	NVML_LOST = 15,
	NVML_NO_LIBRARY = 12,
	NVML_CLOCK_SM = 1,
	NVML_CLOCK_MEM = 2,
};

typedef void *nvml_device;

struct nvml_util {
	unsigned gpu, memory;
};

struct nvml_mem1 {
	unsigned long long total, free, used;
};

struct nvml_mem2 {
	unsigned version;
	unsigned long long total, reserved, free, used;
};

struct nvml_proc1 {
	unsigned pid;
	unsigned long long mem;
};

struct nvml_proc2 {
	unsigned pid;
	unsigned long long mem;
	unsigned gi, ci;
};

_Static_assert(sizeof(struct nvml_mem2) == 40, "nvmlMemory_v2_t has 40 bytes");
_Static_assert(sizeof(struct nvml_proc2) == 24, "nvmlProcessInfo_v2_t has 24 bytes");

typedef int (*fn_void)(void);
typedef int (*fn_text)(char *, unsigned);
typedef int (*fn_count)(unsigned *);
typedef int (*fn_handle)(unsigned, nvml_device *);
typedef int (*fn_dev_text)(nvml_device, char *, unsigned);
typedef int (*fn_dev_u)(nvml_device, unsigned *);
typedef int (*fn_dev_iu)(nvml_device, int, unsigned *);
typedef int (*fn_dev_u64)(nvml_device, unsigned long long *);
typedef int (*fn_dev_util)(nvml_device, struct nvml_util *);
typedef int (*fn_dev_ptr)(nvml_device, void *);
typedef int (*fn_dev_procs)(nvml_device, unsigned *, void *);

struct nvml {
	void *lib;
	enum gpu_state state; /* why there is nothing to sample */
	char note[192];
	char driver[80];
	unsigned count;
	nvml_device dev[MONITOR_GPUS];
	char name[MONITOR_GPUS][96];
	unsigned procs_size; /* bytes of an entry, 0: no such function */

	fn_void shutdown;
	fn_count get_count;
	fn_dev_util get_util;
	fn_dev_ptr get_mem2, get_mem1;
	fn_dev_u get_power, get_limit, get_fan;
	fn_dev_iu get_temp, get_clock, get_max_clock;
	fn_dev_u64 get_throttle;
	fn_dev_procs get_procs;
};

/* dlsym() into a function pointer, as POSIX has it. */
static bool nvml_sym(const struct nvml *n, const char *name, void *fn)
{
	void *p = dlsym(n->lib, name);

	memcpy(fn, &p, sizeof(p));
	return p != NULL;
}

/* Looks for the card itself: vendor 0x10de, class 0x03xxxx (display controller). */
static bool nvml_card_on_bus(void)
{
	DIR *d = opendir("/sys/bus/pci/devices");
	struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d))) {
		unsigned v[2] = {0, 0};

		for (int i = 0; i < 2; i++) {
			char *path = mem_printf(
				"/sys/bus/pci/devices/%s/%s", e->d_name, i ? "class" : "vendor");
			FILE *f = fopen(path, "re");

			free(path);
			if (f && fscanf(f, "%x", &v[i]) != 1)
				v[i] = 0;
			if (f)
				fclose(f);
		}
		found = v[0] == 0x10de && v[1] >> 16 == 3;
	}
	if (d)
		closedir(d);
	return found;
}

static void nvml_no_driver(struct nvml *n)
{
	if (nvml_card_on_bus()) {
		n->state = GPU_CARD_NO_DRIVER;
		snprintf(n->note, sizeof(n->note), "NVIDIA card found, but no NVIDIA driver");
	} else {
		n->state = GPU_NO_DRIVER;
		snprintf(n->note, sizeof(n->note), "no NVIDIA driver");
	}
}

static void nvml_load(struct nvml *n, const char *path)
{
	static const char *const usual[] = {"libnvidia-ml.so.1", "libnvidia-ml.so",
		"/usr/local/nvidia/lib64/libnvidia-ml.so.1", NULL};

	if (path) {
		n->lib = path[0] ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
		return;
	}
	for (int i = 0; usual[i] && !n->lib; i++)
		n->lib = dlopen(usual[i], RTLD_NOW | RTLD_LOCAL);
}

static int nvml_start(struct nvml *n)
{
	const char *(*text)(int);
	fn_void init;
	int rc;

	if (!nvml_sym(n, "nvmlInit_v2", &init) && !nvml_sym(n, "nvmlInit", &init))
		rc = NVML_NO_LIBRARY;
	else
		rc = init();
	if (!rc)
		return 0;
	if (rc == NVML_NO_DRIVER || rc == NVML_NO_LIBRARY) {
		nvml_no_driver(n);
		return -1;
	}
	n->state = GPU_ERROR;
	if (nvml_sym(n, "nvmlErrorString", &text))
		snprintf(n->note, sizeof(n->note), "NVIDIA driver: %.150s", text(rc));
	else
		snprintf(n->note, sizeof(n->note), "NVIDIA driver: error %d", rc);
	return -1;
}

static void nvml_bind(struct nvml *n)
{
	nvml_sym(n, "nvmlShutdown", &n->shutdown);
	if (!nvml_sym(n, "nvmlDeviceGetCount_v2", &n->get_count))
		nvml_sym(n, "nvmlDeviceGetCount", &n->get_count);
	nvml_sym(n, "nvmlDeviceGetUtilizationRates", &n->get_util);
	nvml_sym(n, "nvmlDeviceGetMemoryInfo_v2", &n->get_mem2);
	nvml_sym(n, "nvmlDeviceGetMemoryInfo", &n->get_mem1);
	nvml_sym(n, "nvmlDeviceGetPowerUsage", &n->get_power);
	nvml_sym(n, "nvmlDeviceGetEnforcedPowerLimit", &n->get_limit);
	nvml_sym(n, "nvmlDeviceGetFanSpeed", &n->get_fan);
	nvml_sym(n, "nvmlDeviceGetTemperature", &n->get_temp);
	nvml_sym(n, "nvmlDeviceGetClockInfo", &n->get_clock);
	nvml_sym(n, "nvmlDeviceGetMaxClockInfo", &n->get_max_clock);
	if (!nvml_sym(n, "nvmlDeviceGetCurrentClocksEventReasons", &n->get_throttle))
		nvml_sym(n, "nvmlDeviceGetCurrentClocksThrottleReasons", &n->get_throttle);
	n->procs_size = sizeof(struct nvml_proc2);
	if (nvml_sym(n, "nvmlDeviceGetComputeRunningProcesses_v3", &n->get_procs) ||
		nvml_sym(n, "nvmlDeviceGetComputeRunningProcesses_v2", &n->get_procs))
		return;
	n->procs_size = sizeof(struct nvml_proc1);
	if (!nvml_sym(n, "nvmlDeviceGetComputeRunningProcesses", &n->get_procs))
		n->procs_size = 0;
}

static void nvml_find_devices(struct nvml *n)
{
	fn_dev_text get_name;
	fn_handle get_handle;
	fn_text get_driver;
	unsigned count = 0;
	int rc = NVML_UNINITIALIZED;

	if (nvml_sym(n, "nvmlSystemGetDriverVersion", &get_driver) &&
		get_driver(n->driver, sizeof(n->driver)))
		n->driver[0] = '\0';
	if (!nvml_sym(n, "nvmlDeviceGetHandleByIndex_v2", &get_handle) &&
		!nvml_sym(n, "nvmlDeviceGetHandleByIndex", &get_handle))
		get_handle = NULL;
	nvml_sym(n, "nvmlDeviceGetName", &get_name);
	if (n->get_count && get_handle)
		rc = n->get_count(&count);
	if (rc) {
		n->state = GPU_ERROR;
		snprintf(n->note, sizeof(n->note), "NVIDIA driver %s: error %d counting GPUs",
			n->driver, rc);
		return;
	}
	for (unsigned i = 0; i < count && n->count < MONITOR_GPUS; i++) {
		char *name = n->name[n->count];

		if (get_handle(i, &n->dev[n->count]))
			continue;
		if (!get_name || get_name(n->dev[n->count], name, sizeof(n->name[0])))
			name[0] = '\0';
		name[sizeof(n->name[0]) - 1] = '\0';
		n->count++;
	}
	n->state = n->count ? GPU_OK : GPU_NONE;
	snprintf(n->note, sizeof(n->note), "NVIDIA driver %s, %u GPU%s", n->driver, n->count,
		n->count == 1 ? "" : "s");
}

struct nvml *nvml_open(const char *path)
{
	struct nvml *n = mem_zalloc(sizeof(*n));

	nvml_load(n, path);
	if (!n->lib) {
		nvml_no_driver(n);
	} else if (!nvml_start(n)) {
		nvml_bind(n);
		nvml_find_devices(n);
	}
	return n;
}

void nvml_close(struct nvml *n)
{
	if (!n)
		return;
	if (n->shutdown)
		n->shutdown();
	if (n->lib)
		dlclose(n->lib);
	free(n);
}

static void nvml_memory(const struct nvml *n, nvml_device dev, struct gpu_sample *g)
{
	struct nvml_mem2 m2 = {.version = sizeof(m2) | 2u << 24};
	struct nvml_mem1 m1 = {0};

	g->mem_used = g->mem_total = NAN;
	if (n->get_mem2 && !n->get_mem2(dev, &m2)) {
		g->mem_used = (double)m2.used;
		g->mem_total = (double)m2.total;
	} else if (n->get_mem1 && !n->get_mem1(dev, &m1)) {
		g->mem_used = (double)m1.used;
		g->mem_total = (double)m1.total;
	}
	if (g->mem_total > 0)
		g->valid |= GPU_HAS_MEM;
}

/* A reading in units of 1 / scale; NaN without its bit when it fails. */
static double nvml_u(fn_dev_u fn, nvml_device dev, double scale, struct gpu_sample *g, unsigned bit)
{
	unsigned v = 0;

	if (!fn || fn(dev, &v))
		return NAN;
	g->valid |= bit;
	return v * scale;
}

static double nvml_iu(fn_dev_iu fn, nvml_device dev, int what, struct gpu_sample *g, unsigned bit)
{
	unsigned v = 0;

	if (!fn || fn(dev, what, &v))
		return NAN;
	g->valid |= bit;
	return v;
}

/* Name of a process of this machine; in a container the pid may be one of the host. */
static void nvml_proc_name(struct gpu_proc *p)
{
	char *path = mem_printf("/proc/%lld/comm", (long long)p->pid);
	FILE *f = fopen(path, "re");

	free(path);
	p->name[0] = '\0';
	if (!f)
		return;
	if (!fgets(p->name, sizeof(p->name), f))
		p->name[0] = '\0';
	p->name[strcspn(p->name, "\n")] = '\0';
	fclose(f);
}

static void nvml_procs(const struct nvml *n, nvml_device dev, struct gpu_sample *g)
{
	unsigned cap = 64, got = cap;
	char *raw = NULL;
	int rc = NVML_TOO_SMALL;

	g->nprocs = 0;
	for (int i = 0; n->procs_size && i < 4 && rc == NVML_TOO_SMALL; i++) {
		raw = mem_realloc(raw, (size_t)cap * n->procs_size);
		got = cap;
		rc = n->get_procs(dev, &got, raw);
		if (rc == NVML_TOO_SMALL)
			cap = got > cap && got < 4096 ? got + 16 : 4 * cap;
	}
	for (unsigned i = 0; !rc && i < got && i < cap && g->nprocs < MONITOR_PROCS; i++) {
		struct gpu_proc *p = &g->procs[g->nprocs++];
		struct nvml_proc1 e; /* the beginning of both layouts */

		memcpy(&e, raw + (size_t)i * n->procs_size, sizeof(e));
		p->pid = e.pid;
		p->memory = e.mem == ~0ull ? (double)NAN : (double)e.mem;
		nvml_proc_name(p);
	}
	if (!rc)
		g->valid |= GPU_HAS_PROCS;
	free(raw);
}

static void nvml_one(const struct nvml *n, unsigned i, struct gpu_sample *g)
{
	nvml_device dev = n->dev[i];
	struct nvml_util u;
	unsigned long long mask = 0;

	memset(g, 0, sizeof(*g));
	g->util = g->mem_util = NAN;
	memcpy(g->name, n->name[i], sizeof(g->name));
	if (g->name[0])
		g->valid |= GPU_HAS_NAME;
	if (n->get_util && !n->get_util(dev, &u) && u.gpu <= 100) {
		g->util = u.gpu;
		g->mem_util = u.memory;
		g->valid |= GPU_HAS_UTIL | GPU_HAS_MEM_UTIL;
	}
	nvml_memory(n, dev, g);
	g->power = nvml_u(n->get_power, dev, 1e-3, g, GPU_HAS_POWER);
	g->power_limit = nvml_u(n->get_limit, dev, 1e-3, g, GPU_HAS_POWER_LIMIT);
	g->fan = nvml_u(n->get_fan, dev, 1, g, GPU_HAS_FAN);
	g->temp = nvml_iu(n->get_temp, dev, 0, g, GPU_HAS_TEMP);
	g->clock_sm = nvml_iu(n->get_clock, dev, NVML_CLOCK_SM, g, GPU_HAS_CLOCK_SM);
	g->clock_mem = nvml_iu(n->get_clock, dev, NVML_CLOCK_MEM, g, GPU_HAS_CLOCK_MEM);
	g->clock_sm_max = nvml_iu(n->get_max_clock, dev, NVML_CLOCK_SM, g, GPU_HAS_CLOCK_SM_MAX);
	if (n->get_throttle && !n->get_throttle(dev, &mask)) {
		g->throttle = mask;
		g->valid |= GPU_HAS_THROTTLE;
	}
	nvml_procs(n, dev, g);
}

void nvml_sample(struct nvml *n, struct monitor_sample *s)
{
	s->gpu_state = n->state;
	snprintf(s->gpu_note, sizeof(s->gpu_note), "%s", n->note);
	s->ngpu = n->state == GPU_OK ? (int)n->count : 0;
	for (int i = 0; i < s->ngpu; i++)
		nvml_one(n, (unsigned)i, &s->gpu[i]);
}
