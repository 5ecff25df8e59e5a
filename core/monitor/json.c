/*
 * A sample as JSON, for the engine's "monitor" request and for scripts.  A value
 * that is not known is null.
 */
#include "core/monitor/monitor.h"

#include <math.h>

static void put(cJSON *o, const char *key, double v)
{
	if (isfinite(v))
		cJSON_AddNumberToObject(o, key, v);
	else
		cJSON_AddNullToObject(o, key);
}

static cJSON *gpu_json(const struct gpu_sample *g)
{
	cJSON *o = cJSON_CreateObject(), *procs;

	if (g->valid & GPU_HAS_NAME)
		cJSON_AddStringToObject(o, "name", g->name);
	put(o, "util", g->util);
	put(o, "mem_util", g->mem_util);
	put(o, "mem_used", g->mem_used);
	put(o, "mem_total", g->mem_total);
	put(o, "power", g->power);
	put(o, "power_limit", g->power_limit);
	put(o, "temp", g->temp);
	put(o, "clock_sm", g->clock_sm);
	put(o, "clock_sm_max", g->clock_sm_max);
	put(o, "clock_mem", g->clock_mem);
	put(o, "fan", g->fan);
	put(o, "throttle", g->valid & GPU_HAS_THROTTLE ? (double)g->throttle : (double)NAN);
	if (!(g->valid & GPU_HAS_PROCS)) {
		cJSON_AddNullToObject(o, "procs");
		return o;
	}
	procs = cJSON_AddArrayToObject(o, "procs");
	for (int i = 0; i < g->nprocs; i++) {
		cJSON *p = cJSON_CreateObject();

		cJSON_AddNumberToObject(p, "pid", (double)g->procs[i].pid);
		cJSON_AddStringToObject(p, "name", g->procs[i].name);
		put(p, "memory", g->procs[i].memory);
		cJSON_AddItemToArray(procs, p);
	}
	return o;
}

static const char *gpu_state_name(enum gpu_state state)
{
	static const char *const names[] = {
		[GPU_NO_DRIVER] = "no driver",
		[GPU_CARD_NO_DRIVER] = "card without driver",
		[GPU_ERROR] = "error",
		[GPU_NONE] = "none",
		[GPU_OK] = "ok",
	};

	return names[state];
}

cJSON *monitor_json(const struct monitor_sample *s)
{
	cJSON *o = cJSON_CreateObject(), *list;

	put(o, "time", s->wall);
	put(o, "cpu", s->cpu);
	list = cJSON_AddArrayToObject(o, "cpus");
	for (int i = 0; i < s->ncpu; i++)
		cJSON_AddItemToArray(list, isfinite(s->cpus[i])
						   ? cJSON_CreateNumber((double)s->cpus[i])
						   : cJSON_CreateNull());
	put(o, "mem_total", s->mem_total);
	put(o, "mem_available", s->mem_available);
	put(o, "mem_used", s->mem_used);
	put(o, "swap_total", s->swap_total);
	put(o, "swap_used", s->swap_used);
	list = cJSON_AddArrayToObject(o, "load");
	for (int i = 0; i < 3; i++)
		cJSON_AddItemToArray(list,
			isfinite(s->load[i]) ? cJSON_CreateNumber(s->load[i]) : cJSON_CreateNull());
	put(o, "self_rss", s->self_rss);
	put(o, "self_threads", s->self_threads);
	put(o, "self_cpu", s->self_cpu);
	put(o, "disk_free", s->disk_free);
	put(o, "disk_total", s->disk_total);
	put(o, "net_rx", s->net_rx);
	put(o, "net_tx", s->net_tx);
	cJSON_AddStringToObject(o, "gpu_state", gpu_state_name(s->gpu_state));
	cJSON_AddStringToObject(o, "gpu_note", s->gpu_note);
	list = cJSON_AddArrayToObject(o, "gpus");
	for (int i = 0; i < s->ngpu; i++)
		cJSON_AddItemToArray(list, gpu_json(&s->gpu[i]));
	return o;
}
