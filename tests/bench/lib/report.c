/*
 * What the sections say: lines of text as they come, ratios beside their targets, and the
 * same figures in the JSON report.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/bench/lib/bench.h"

void bench_say(struct bench *b, const char *fmt, ...)
{
	va_list ap;
	char *line = NULL;

	va_start(ap, fmt);
	if (vasprintf(&line, fmt, ap) < 0)
		abort();
	va_end(ap);
	puts(line);
	fflush(stdout);
	cJSON_AddItemToArray(
		cJSON_GetObjectItemCaseSensitive(b->report, "text"), cJSON_CreateString(line));
	free(line);
}

void bench_ratio(struct bench *b, const char *key, double ratio, double target)
{
	report_number(b->report, key, ratio);
	if (!isfinite(ratio))
		return;
	if (target > 0) {
		cJSON *targets = cJSON_GetObjectItemCaseSensitive(b->report, "targets");

		cJSON_AddNumberToObject(targets, key, target);
		bench_say(b, "    %-28s %5.2f   target %.2f: %s", key, ratio, target,
			ratio >= target ? "met" : "not met");
	} else {
		bench_say(b, "    %-28s %5.2f", key, ratio);
	}
}

void bench_noisy(struct bench *b, const char *what, double others)
{
	b->noisy = true;
	bench_say(b, "%-12s NOISY: others took %.0f %% of a core, also in the repeats", what,
		100 * others);
}

bool bench_chosen(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (!strncmp(p, name, n) && (!p[n] || p[n] == ','))
			return true;
	return !list;
}
