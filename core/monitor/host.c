/*
 * CPU, memory, load, disk, network and this process, from /proc (proc(5)).
 *
 * busy = user + nice + system + irq + softirq + steal; idle and iowait are not
 * (guest time is part of user already).  Memory in use is what is not available:
 * MemTotal - MemAvailable, as free(1) has it since procps 4.  Each file is read
 * whole and parsed from memory; a line that is missing leaves NaN.
 */
#include "core/monitor/host.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"

static const size_t HOST_FILE_MAX = 1u << 20;

void host_init(struct host *h, const char *proc, const char *disk)
{
	*h = (struct host){
		.proc = mem_strdup(proc ? proc : "/proc"), .disk = mem_strdup(disk ? disk : ".")};
}

void host_release(struct host *h)
{
	free(h->proc);
	free(h->disk);
}

/* Files of /proc have no size: read until the end.  False when there is nothing. */
static bool host_read(const struct host *h, const char *name, struct buf *out)
{
	char *path = mem_printf("%s/%s", h->proc, name), chunk[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	free(path);
	buf_reset(out);
	if (fd < 0)
		return false;
	while (out->len < HOST_FILE_MAX && (n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(out, chunk, (size_t)n);
	close(fd);
	return out->len > 0;
}

/* Number of a line "Key:   123 kB", NaN when absent. */
static double host_field(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *s = text; s; s = strchr(s, '\n'), s = s ? s + 1 : NULL)
		if (!strncmp(s, key, n) && s[n] == ':')
			return strtod(s + n + 1, NULL);
	return NAN;
}

/* Percent busy since the last sample; NaN when nothing can be said. */
static double host_cpu_percent(struct host_cpu *last, const char *line, bool warm)
{
	unsigned long long v[8] = {0};
	struct host_cpu now = {0};
	double percent = NAN;

	if (sscanf(line, "cpu%*[^ ] %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2],
		    &v[3], &v[4], &v[5], &v[6], &v[7]) < 4 &&
		sscanf(line, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2],
			&v[3], &v[4], &v[5], &v[6], &v[7]) < 4)
		return NAN;
	for (int i = 0; i < 8; i++) {
		now.total += v[i];
		if (i != 3 && i != 4)
			now.busy += v[i];
	}
	if (warm && now.total > last->total && now.busy >= last->busy)
		percent =
			100.0 * (double)(now.busy - last->busy) / (double)(now.total - last->total);
	*last = now;
	return percent > 100 ? 100 : percent;
}

static void host_cpu(struct host *h, struct monitor_sample *s)
{
	struct buf b = {0};

	s->cpu = NAN;
	s->ncpu = 0;
	if (host_read(h, "stat", &b)) {
		for (const char *l = b.p; l && !strncmp(l, "cpu", 3);
			l = strchr(l, '\n'), l = l ? l + 1 : NULL) {
			if (l[3] == ' ')
				s->cpu = host_cpu_percent(&h->all, l, h->warm);
			else if (s->ncpu < MONITOR_CPUS) {
				s->cpus[s->ncpu] =
					(float)host_cpu_percent(&h->cpus[s->ncpu], l, h->warm);
				s->ncpu++;
			}
		}
	}
	buf_release(&b);
}

static void host_memory(struct host *h, struct monitor_sample *s)
{
	struct buf b = {0};
	double swap_free;

	s->mem_total = s->mem_available = s->mem_used = s->swap_total = s->swap_used = NAN;
	if (host_read(h, "meminfo", &b)) {
		s->mem_total = 1024 * host_field(b.p, "MemTotal");
		s->mem_available = 1024 * host_field(b.p, "MemAvailable");
		s->mem_used = s->mem_total - s->mem_available;
		s->swap_total = 1024 * host_field(b.p, "SwapTotal");
		swap_free = 1024 * host_field(b.p, "SwapFree");
		s->swap_used = s->swap_total - swap_free;
	}
	s->load[0] = s->load[1] = s->load[2] = NAN;
	if (host_read(h, "loadavg", &b) &&
		sscanf(b.p, "%lf %lf %lf", &s->load[0], &s->load[1], &s->load[2]) != 3)
		s->load[0] = s->load[1] = s->load[2] = NAN;
	buf_release(&b);
}

static void host_network(struct host *h, struct monitor_sample *s)
{
	double rx = 0, tx = 0, dt = s->mono - h->net_time;
	struct buf b = {0};
	const char *l;

	s->net_rx = s->net_tx = NAN;
	if (!host_read(h, "net/dev", &b)) {
		buf_release(&b);
		return;
	}
	for (l = b.p; l; l = strchr(l, '\n'), l = l ? l + 1 : NULL) {
		unsigned long long r, t;
		char name[64];

		if (sscanf(l, " %63[^: \n]: %llu %*u %*u %*u %*u %*u %*u %*u %llu", name, &r, &t) !=
				3 ||
			!strcmp(name, "lo"))
			continue;
		rx += (double)r;
		tx += (double)t;
	}
	buf_release(&b);
	if (h->warm && dt > 0 && rx >= h->net_rx && tx >= h->net_tx) {
		s->net_rx = (rx - h->net_rx) / dt;
		s->net_tx = (tx - h->net_tx) / dt;
	}
	h->net_time = s->mono;
	h->net_rx = rx;
	h->net_tx = tx;
}

static void host_self(struct host *h, struct monitor_sample *s)
{
	double dt = s->mono - h->self_time, ticks = NAN;
	unsigned long long ut, st;
	struct buf b = {0};
	const char *end;

	s->self_rss = s->self_threads = s->self_cpu = NAN;
	if (host_read(h, "self/status", &b)) {
		s->self_rss = 1024 * host_field(b.p, "VmRSS");
		s->self_threads = host_field(b.p, "Threads");
	}
	/* The name in parentheses may hold anything; the fields come after its last ')'. */
	if (host_read(h, "self/stat", &b) && (end = strrchr(b.p, ')')) &&
		sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &ut,
			&st) == 2)
		ticks = (double)(ut + st);
	buf_release(&b);
	if (h->warm && dt > 0 && ticks >= h->self_cpu_ticks)
		s->self_cpu =
			100.0 * (ticks - h->self_cpu_ticks) / (double)sysconf(_SC_CLK_TCK) / dt;
	h->self_time = s->mono;
	h->self_cpu_ticks = isnan(ticks) ? 0 : ticks;
}

static void host_disk(const struct host *h, struct monitor_sample *s)
{
	struct statvfs sv;

	s->disk_free = s->disk_total = NAN;
	if (statvfs(h->disk, &sv))
		return;
	s->disk_free = (double)sv.f_bavail * (double)sv.f_frsize;
	s->disk_total = (double)sv.f_blocks * (double)sv.f_frsize;
}

void host_sample(struct host *h, struct monitor_sample *s)
{
	host_cpu(h, s);
	host_memory(h, s);
	host_network(h, s);
	host_self(h, s);
	host_disk(h, s);
	h->warm = true;
}
