/*
 * Times, numbers and sizes as short texts.
 */
#include "tui/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

char *format_ago(char out[FORMAT_MAX], double wall, double now)
{
	double s = now - wall;

	if (!isfinite(wall))
		snprintf(out, FORMAT_MAX, "-");
	else if (s < 60)
		snprintf(out, FORMAT_MAX, "now");
	else if (s < 3600)
		snprintf(out, FORMAT_MAX, "%d min ago", (int)(s / 60));
	else if (s < 2 * 86400)
		snprintf(out, FORMAT_MAX, "%d h ago", (int)(s / 3600));
	else if (s < 1e9)
		snprintf(out, FORMAT_MAX, "%d d ago", (int)(s / 86400));
	else
		snprintf(out, FORMAT_MAX, "-");
	return out;
}

char *format_duration(char out[FORMAT_MAX], double seconds)
{
	int64_t s = isfinite(seconds) && seconds >= 0 && seconds < 1e9 ? (int64_t)seconds : -1;

	if (s < 0)
		snprintf(out, FORMAT_MAX, "-");
	else if (s < 3600)
		snprintf(out, FORMAT_MAX, "%d:%02d", (int)(s / 60), (int)(s % 60));
	else
		snprintf(out, FORMAT_MAX, "%" PRId64 ":%02d:%02d", s / 3600, (int)(s / 60 % 60),
			(int)(s % 60));
	return out;
}

char *format_number(char out[FORMAT_MAX], double v, int digits)
{
	if (!isfinite(v))
		snprintf(out, FORMAT_MAX, "-");
	else if (fabs(v) < 1e6)
		snprintf(out, FORMAT_MAX, "%.*f", digits, v);
	else
		snprintf(out, FORMAT_MAX, "%.*g", digits + 2, v);
	return out;
}

char *format_bytes(char out[FORMAT_MAX], uint64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	double v = (double)bytes;
	int i = 0;

	for (; v >= 1000 && i < 4; i++)
		v /= 1000;
	snprintf(out, FORMAT_MAX, i ? "%.1f %s" : "%.0f %s", v, units[i]);
	return out;
}
