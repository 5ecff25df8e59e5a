#ifndef CORE_VOLUME_RASTER_H
#define CORE_VOLUME_RASTER_H

#include <stdint.h>

/* An RGB picture to draw on; nothing is drawn outside of the clip rectangle. */
struct raster {
	int w, h;
	uint8_t *px; /* w * h * 3, top row first */
	int clip[4]; /* x0, y0 (inside), x1, y1 (outside) */
};

/* Fills with white and clips to the whole picture; px is the caller's. */
void raster_init(struct raster *c, int w, int h, uint8_t *px);
void raster_clip(struct raster *c, int x0, int y0, int x1, int y1);

void raster_rect(struct raster *c, int x0, int y0, int x1, int y1, uint32_t rgb);

/* An anti-aliased stroke of the given width and opacity (0 ... 1) between pixel centres. */
void raster_line(struct raster *c, double x0, double y0, double x1, double y1, double width,
	uint32_t rgb, double opacity);
void raster_dot(struct raster *c, double x, double y, double radius, uint32_t rgb);

/* Text with its upper left corner at x, y; every font pixel is scale x scale.  Returns its width.
 * At most max characters are drawn (max < 0: all). */
int raster_text(struct raster *c, int x, int y, const char *s, int max, int scale, uint32_t rgb);
int raster_text_width(const char *s, int scale);

#endif
