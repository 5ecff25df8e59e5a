#ifndef CORE_VOLUME_CANVAS_H
#define CORE_VOLUME_CANVAS_H

#include <stdint.h>

/* An RGB picture to draw on; nothing is drawn outside of the clip rectangle. */
struct canvas {
	int w, h;
	uint8_t *px; /* w * h * 3, top row first */
	int clip[4]; /* x0, y0 (inside), x1, y1 (outside) */
};

/* Fills with white and clips to the whole picture; px is the caller's. */
void canvas_init(struct canvas *c, int w, int h, uint8_t *px);
void canvas_clip(struct canvas *c, int x0, int y0, int x1, int y1);

void canvas_rect(struct canvas *c, int x0, int y0, int x1, int y1, uint32_t rgb);

/* An anti-aliased stroke of the given width and opacity (0 ... 1) between pixel centres. */
void canvas_line(struct canvas *c, double x0, double y0, double x1, double y1, double width,
	uint32_t rgb, double opacity);
void canvas_dot(struct canvas *c, double x, double y, double radius, uint32_t rgb);

/* Text with its upper left corner at x, y; every font pixel is scale x scale.  Returns its width.
 * At most max characters are drawn (max < 0: all). */
int canvas_text(struct canvas *c, int x, int y, const char *s, int max, int scale, uint32_t rgb);
int canvas_text_width(const char *s, int scale);

#endif
