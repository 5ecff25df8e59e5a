/*
 * A small raster: rectangles, anti-aliased strokes and dots, bitmap text.
 *
 * A stroke covers a pixel by how far its edge is from the pixel's centre, within
 * half a pixel: a good approximation for lines wider than one pixel, and simple.
 */
#include "core/volume/raster.h"

#include <math.h>
#include <string.h>

#include "core/volume/font.h"

void raster_init(struct raster *c, int w, int h, uint8_t *px)
{
	c->w = w;
	c->h = h;
	c->px = px;
	memset(px, 255, (size_t)w * (size_t)h * 3);
	raster_clip(c, 0, 0, w, h);
}

void raster_clip(struct raster *c, int x0, int y0, int x1, int y1)
{
	c->clip[0] = x0 < 0 ? 0 : x0;
	c->clip[1] = y0 < 0 ? 0 : y0;
	c->clip[2] = x1 > c->w ? c->w : x1;
	c->clip[3] = y1 > c->h ? c->h : y1;
}

static void raster_blend(struct raster *c, int x, int y, uint32_t rgb, double a)
{
	uint8_t *p = c->px + ((size_t)y * (size_t)c->w + (size_t)x) * 3;

	for (int i = 0; i < 3; i++) {
		double v = (double)(rgb >> (16 - 8 * i) & 255);

		p[i] = (uint8_t)(p[i] + a * (v - p[i]) + 0.5);
	}
}

void raster_rect(struct raster *c, int x0, int y0, int x1, int y1, uint32_t rgb)
{
	for (int y = y0 > c->clip[1] ? y0 : c->clip[1]; y < y1 && y < c->clip[3]; y++)
		for (int x = x0 > c->clip[0] ? x0 : c->clip[0]; x < x1 && x < c->clip[2]; x++)
			raster_blend(c, x, y, rgb, 1);
}

/* The whole numbers that [lo, hi] covers, within [min, max). */
static void raster_span(double lo, double hi, int min, int max, int *from, int *to)
{
	*from = lo < min ? min : lo > max ? max : (int)floor(lo);
	*to = hi >= max ? max : hi < min ? min : (int)ceil(hi) + 1;
	if (*to > max)
		*to = max;
}

void raster_line(struct raster *c, double x0, double y0, double x1, double y1, double width,
	uint32_t rgb, double opacity)
{
	double dx = x1 - x0, dy = y1 - y0, len2 = dx * dx + dy * dy, half = width / 2;
	int left, right, top, bottom;

	raster_span(fmin(x0, x1) - half - 1, fmax(x0, x1) + half + 1, c->clip[0], c->clip[2], &left,
		&right);
	raster_span(fmin(y0, y1) - half - 1, fmax(y0, y1) + half + 1, c->clip[1], c->clip[3], &top,
		&bottom);
	for (int y = top; y < bottom; y++)
		for (int x = left; x < right; x++) {
			double t = len2 > 0 ? ((x - x0) * dx + (y - y0) * dy) / len2 : 0, d, a;

			t = t < 0 ? 0 : t > 1 ? 1 : t;
			d = hypot(x - x0 - t * dx, y - y0 - t * dy);
			a = half + 0.5 - d;
			if (a > 0)
				raster_blend(c, x, y, rgb, (a < 1 ? a : 1) * opacity);
		}
}

void raster_dot(struct raster *c, double x, double y, double radius, uint32_t rgb)
{
	raster_line(c, x, y, x, y, 2 * radius, rgb, 1);
}

int raster_text_width(const char *s, int scale)
{
	return (int)strlen(s) * (FONT_WIDTH + 1) * scale;
}

int raster_text(struct raster *c, int x, int y, const char *s, int max, int scale, uint32_t rgb)
{
	int at = x;

	for (int i = 0; s[i] && (max < 0 || i < max); i++, at += (FONT_WIDTH + 1) * scale) {
		const uint8_t *g = font_glyph(s[i]);

		for (int row = 0; row < FONT_HEIGHT; row++)
			for (int col = 0; col < FONT_WIDTH; col++)
				if (g[row] >> (FONT_WIDTH - 1 - col) & 1)
					raster_rect(c, at + col * scale, y + row * scale,
						at + (col + 1) * scale, y + (row + 1) * scale, rgb);
	}
	return at - x;
}
