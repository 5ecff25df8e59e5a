#ifndef CORE_VOLUME_FONT_H
#define CORE_VOLUME_FONT_H

#include <stdint.h>

#define FONT_WIDTH  5
#define FONT_HEIGHT 9 /* 7 above the base line */

/*
 * The bitmap of an ASCII character, FONT_HEIGHT rows from the top; bit 4 is the
 * leftmost pixel.  Other bytes give '?'.
 */
const uint8_t *font_glyph(char c);

#endif
