/*
 * The ratios of a report as bars, with the target of each as a line across its bar.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/volume/png.h"
#include "core/volume/raster.h"
#include "tests/bench/lib/bench.h"

enum { PLOT_WIDTH = 900, PLOT_ROW = 26, PLOT_LEFT = 230, PLOT_RIGHT = 90 };

static bool plot_is_ratio(const cJSON *v)
{
	const char *end = v->string ? strstr(v->string, "_ratio") : NULL;

	return end && !end[6] && cJSON_IsNumber(v);
}

static void plot_row(struct raster *c, int y, const cJSON *v, double target, double unit)
{
	uint32_t rgb = target > 0 && v->valuedouble < target ? 0xd08030 : 0x3070b0;
	int end = PLOT_LEFT + (int)(v->valuedouble * unit);
	char text[32];

	raster_text(c, 8, y + 7, v->string, -1, 1, 0x000000);
	raster_rect(c, PLOT_LEFT, y + 4, end, y + PLOT_ROW - 4, rgb);
	if (target > 0) {
		int x = PLOT_LEFT + (int)(target * unit);

		raster_rect(c, x, y, x + 2, y + PLOT_ROW, 0x000000);
	}
	snprintf(text, sizeof(text), "%.2f", v->valuedouble);
	raster_text(c, end + 6, y + 7, text, -1, 1, 0x000000);
}

int report_plot(const char *path, const cJSON *report, struct err *err)
{
	const cJSON *targets = cJSON_GetObjectItemCaseSensitive(report, "targets"), *v;
	double most = 1;
	struct raster c;
	uint8_t *px;
	int rows = 0, y = 30, height, rc;

	cJSON_ArrayForEach (v, report) {
		const cJSON *t = cJSON_GetObjectItemCaseSensitive(targets, v->string);

		if (!plot_is_ratio(v))
			continue;
		rows++;
		most = fmax(most, fmax(v->valuedouble, t ? t->valuedouble : 0));
	}
	if (!rows)
		return 0;
	height = 40 + rows * PLOT_ROW;
	px = mem_alloc((size_t)(PLOT_WIDTH * height) * 3);
	raster_init(&c, PLOT_WIDTH, height, px);
	raster_text(&c, 8, 8, "times as fast as the other side; black line: the target", -1, 1, 0);
	cJSON_ArrayForEach (v, report) {
		const cJSON *t = cJSON_GetObjectItemCaseSensitive(targets, v->string);

		if (!plot_is_ratio(v))
			continue;
		plot_row(&c, y, v, t ? t->valuedouble : 0,
			(PLOT_WIDTH - PLOT_LEFT - PLOT_RIGHT) / most);
		y += PLOT_ROW;
	}
	rc = png_file_write(path, PLOT_WIDTH, height, 3, px, err);
	free(px);
	return rc;
}
