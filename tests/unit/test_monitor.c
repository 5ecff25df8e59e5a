/*
 * The monitor against files and a driver of our own: numbers as the formulas say,
 * and "unknown" wherever a reading is missing, never 0.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/monitor/monitor.h"

/* The fakes are built beside the tests. */
static char *fake(const char *name)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	assert_true(n > 0);
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	return mem_printf("%s/fakes/%s.so", exe, name);
}

static struct monitor_sample *sample(const char *proc, const char *nvml, int times)
{
	struct monitor_options opt = {.proc = proc, .nvml = nvml};
	struct monitor_sample *s = mem_zalloc(sizeof(*s));
	struct monitor *m = monitor_new(&opt);

	assert_false(monitor_latest(m, s));
	while (times--)
		monitor_sample(m);
	assert_true(monitor_latest(m, s));
	monitor_free(m);
	return s;
}

static struct monitor_sample *sample_fake(const char *name)
{
	char *path = fake(name);
	struct monitor_sample *s = sample(NULL, path, 1);

	free(path);
	return s;
}

static void test_this_machine(void **state)
{
	struct monitor_sample *s = sample(NULL, "", 2);

	(void)state;
	assert_true(s->ncpu >= 1);
	assert_true(s->mem_total > 1e6 && s->mem_used > 0 && s->mem_used < s->mem_total);
	assert_true(s->load[0] >= 0);
	assert_true(s->self_rss > 1e5 && s->self_threads >= 1);
	assert_true(s->disk_total > 0 && s->disk_free <= s->disk_total);
	assert_true(isnan(s->cpu) || (s->cpu >= 0 && s->cpu <= 100));
	assert_int_equal(s->ngpu, 0);
	free(s);
}

static void put(const char *dir, const char *name, const char *text)
{
	char *path = sys_join(dir, name);

	assert_int_equal(sys_write_file(path, text, strlen(text), NULL), 0);
	free(path);
}

static void test_formulas(void **state)
{
	char dir[] = "/tmp/axial-test-monitor-XXXXXX";
	struct monitor_options opt = {.proc = dir, .nvml = "", .history = 4};
	struct monitor_sample *s = mem_zalloc(sizeof(*s));
	struct timespec nap = {.tv_nsec = 20 * 1000 * 1000};
	struct monitor *m;
	char *net;
	float h[8];

	(void)state;
	assert_non_null(mkdtemp(dir));
	net = sys_join(dir, "net");
	assert_int_equal(sys_mkdirs(net, NULL), 0);
	free(net);
	put(dir, "stat",
		"cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 50 0 50 400 0 0 0 0\n"
		"cpu1 50 0 50 400 0 0 0 0\nintr 1\n");
	put(dir, "meminfo", "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:  750 kB\n");
	put(dir, "loadavg", "0.50 0.25 0.125 1/2 3\n");
	put(dir, "net/dev",
		"h\nh\n    lo: 99 0 0 0 0 0 0 0 99 0\n  eth0: 1000 0 0 0 0 0 0 0 "
		"500 0\n");
	m = monitor_new(&opt);
	monitor_sample(m);
	assert_true(monitor_latest(m, s));
	assert_true(isnan(s->cpu) && isnan(s->net_rx) && isnan(s->self_rss));
	assert_true(isnan(s->swap_total));
	assert_true(s->mem_used == 250 * 1024.0);
	assert_true(s->load[2] == 0.125);
	/* 60 busy, 30 idle, 10 waiting for the disk: 60 %. */
	put(dir, "stat",
		"cpu  130 10 120 830 10 0 0 0 0 0\ncpu0 50 0 50 500 0 0 0 0\n"
		"cpu1 150 0 50 400 0 0 0 0\nintr 1\n");
	put(dir, "net/dev",
		"h\nh\n    lo: 1 0 0 0 0 0 0 0 1 0\n  eth0: 3000 0 0 0 0 0 0 0 "
		"500 0\n");
	nanosleep(&nap, NULL);
	monitor_sample(m);
	assert_true(monitor_latest(m, s));
	assert_int_equal(s->ncpu, 2);
	assert_true(fabs(s->cpu - 60) < 1e-9);
	assert_true(s->cpus[0] == 0 && s->cpus[1] == 100);
	assert_true(s->net_rx > 0 && s->net_rx <= 2000 / 0.02 && s->net_tx == 0);
	for (int i = 0; i < 4; i++)
		monitor_sample(m);
	assert_int_equal(monitor_history(m, MONITOR_MEM, 0, h, 8), 4);
	assert_true(h[0] == 25 && h[3] == 25);
	assert_int_equal(monitor_history(m, MONITOR_GPU_UTIL, 0, h, 8), 4);
	assert_true(isnan(h[0]));
	monitor_free(m);
	free(s);
	assert_int_equal(sys_remove_tree(dir, NULL), 0);
}

static void test_no_driver(void **state)
{
	struct monitor_sample *s = sample(NULL, "/nonexistent/libnvidia-ml.so.1", 1);

	(void)state;
	assert_true(s->gpu_state == GPU_NO_DRIVER || s->gpu_state == GPU_CARD_NO_DRIVER);
	assert_non_null(strstr(s->gpu_note, "no NVIDIA driver"));
	free(s);
	assert_int_equal(setenv("FAKE_NVML_INIT", "9", 1), 0);
	s = sample_fake("fake_nvml");
	assert_true(s->gpu_state == GPU_NO_DRIVER || s->gpu_state == GPU_CARD_NO_DRIVER);
	free(s);
	assert_int_equal(setenv("FAKE_NVML_INIT", "15", 1), 0);
	s = sample_fake("fake_nvml");
	assert_int_equal(s->gpu_state, GPU_ERROR);
	assert_non_null(strstr(s->gpu_note, "GPU is lost"));
	free(s);
	assert_int_equal(unsetenv("FAKE_NVML_INIT"), 0);
}

static void test_gpu_numbers(void **state)
{
	struct monitor_sample *s = sample_fake("fake_nvml");
	const struct gpu_sample *g = &s->gpu[0];

	(void)state;
	assert_int_equal(s->gpu_state, GPU_OK);
	assert_int_equal(s->ngpu, 2);
	assert_string_equal(s->gpu_note, "NVIDIA driver 550.54, 2 GPUs");
	assert_string_equal(g->name, "Fake GPU 0");
	assert_true(g->util == 40 && g->mem_total == 80.0 * (1u << 30));
	assert_true(g->mem_used == 10.0 * (1u << 30));
	assert_true(fabs(g->power - 123.456) < 1e-9 && g->power_limit == 700);
	assert_true(g->temp == 61 && g->clock_sm == 1755 && g->clock_mem == 2619);
	assert_int_equal(g->throttle, 4);
	assert_int_equal(g->nprocs, MONITOR_PROCS);
	assert_true(g->procs[0].pid == 1 && isnan(g->procs[0].memory));
	assert_true(g->procs[3].memory == 1u << 30);
	/* A fan at rest is 0, a fan that is not there is unknown. */
	assert_true((g->valid & GPU_HAS_FAN) && g->fan == 0);
	assert_false(s->gpu[1].valid & (GPU_HAS_FAN | GPU_HAS_POWER));
	assert_true(isnan(s->gpu[1].fan) && isnan(s->gpu[1].power));
	assert_true(s->gpu[1].valid & GPU_HAS_PROCS);
	assert_int_equal(s->gpu[1].nprocs, 0);
	free(s);
}

/* Every reading may be refused alone: its bit goes, the others stay. */
static void test_refused_readings(void **state)
{
	static const struct {
		const char *fn;
		unsigned bits;
	} rows[] = {
		{"nvmlDeviceGetName", GPU_HAS_NAME},
		{"nvmlDeviceGetUtilizationRates", GPU_HAS_UTIL | GPU_HAS_MEM_UTIL},
		{"nvmlDeviceGetMemoryInfo_v2", GPU_HAS_MEM},
		{"nvmlDeviceGetPowerUsage", GPU_HAS_POWER},
		{"nvmlDeviceGetEnforcedPowerLimit", GPU_HAS_POWER_LIMIT},
		{"nvmlDeviceGetFanSpeed", GPU_HAS_FAN},
		{"nvmlDeviceGetTemperature", GPU_HAS_TEMP},
		{"nvmlDeviceGetClockInfo", GPU_HAS_CLOCK_SM | GPU_HAS_CLOCK_MEM},
		{"nvmlDeviceGetMaxClockInfo", GPU_HAS_CLOCK_SM_MAX},
		{"nvmlDeviceGetCurrentClocksThrottleReasons", GPU_HAS_THROTTLE},
		{"nvmlDeviceGetComputeRunningProcesses_v3", GPU_HAS_PROCS},
	};
	const unsigned all = (1u << 13) - 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct monitor_sample *s;

		assert_int_equal(setenv("FAKE_NVML_DENY", rows[i].fn, 1), 0);
		s = sample_fake("fake_nvml");
		assert_int_equal(s->gpu[0].valid, all & ~rows[i].bits);
		free(s);
	}
	assert_int_equal(unsetenv("FAKE_NVML_DENY"), 0);
}

static void test_old_driver(void **state)
{
	struct monitor_sample *s = sample_fake("fake_nvml_old");
	const struct gpu_sample *g = &s->gpu[0];

	(void)state;
	assert_int_equal(s->gpu_state, GPU_OK);
	assert_int_equal(s->ngpu, 1);
	assert_int_equal(g->valid, GPU_HAS_MEM | GPU_HAS_PROCS);
	assert_true(g->mem_used == 3.0 * (1u << 30));
	assert_int_equal(g->nprocs, 2);
	assert_true(g->procs[1].pid == 22 && g->procs[1].memory == 2.0 * (1u << 30));
	assert_true(isnan(g->temp));
	free(s);
}

static void test_thread_and_json(void **state)
{
	char *path = fake("fake_nvml");
	struct monitor_options opt = {.nvml = path};
	struct monitor *m = monitor_new(&opt);
	struct monitor_sample *s = mem_zalloc(sizeof(*s));
	struct timespec nap = {.tv_nsec = 10 * 1000 * 1000};
	const cJSON *gpu;
	cJSON *o;
	float h[3];

	(void)state;
	assert_int_equal(monitor_start(m, 0.02, NULL), 0);
	for (int i = 0; i < 500 && monitor_history(m, MONITOR_GPU_UTIL, 1, h, 3) < 3; i++)
		nanosleep(&nap, NULL);
	assert_int_equal(monitor_history(m, MONITOR_GPU_UTIL, 1, h, 3), 3);
	assert_true(h[2] == 41);
	assert_true(monitor_latest(m, s));
	o = monitor_json(s);
	gpu = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(o, "gpus"), 1);
	assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(gpu, "fan")));
	assert_true(json_num(gpu, "util", 0) == 41);
	cJSON_Delete(o);
	monitor_free(m);
	free(path);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_this_machine),
		cmocka_unit_test(test_formulas),
		cmocka_unit_test(test_no_driver),
		cmocka_unit_test(test_gpu_numbers),
		cmocka_unit_test(test_refused_readings),
		cmocka_unit_test(test_old_driver),
		cmocka_unit_test(test_thread_and_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
