#ifndef CORE_MONITOR_NVML_H
#define CORE_MONITOR_NVML_H

#include "core/monitor/monitor.h"

struct nvml;

/* path as in struct monitor_options. Never NULL: without a driver it says so in every sample. */
struct nvml *nvml_open(const char *path);
void nvml_close(struct nvml *n);

/* Fills the GPU part of s.  May take some 20 ms for each GPU. */
void nvml_sample(struct nvml *n, struct monitor_sample *s);

#endif
