/*
 * Cutting a stream of terminal output without leaving half a sequence behind.
 *
 * On a slow line the user may leave while a frame is half sent.  The rest is dropped,
 * but the sequence under way is finished first: a terminal that waits for the end of
 * "ESC [ 3 8 ;" would swallow what puts it back to normal.
 */
#include "tui/outbuf.h"

/* Bytes of the character or sequence at p. */
static size_t unit(const char *p, size_t len)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t n = 1;

	if (u[0] >= 0xc2) {
		while (n < len && n < 4 && (u[n] & 0xc0) == 0x80)
			n++;
		return n;
	}
	if (u[0] != 0x1b || len < 2)
		return 1;
	if (u[1] == '[') {
		for (n = 2; n < len && (u[n] < 0x40 || u[n] > 0x7e);)
			n++;
		return n < len ? n + 1 : len;
	}
	if (u[1] == ']' || u[1] == 'P' || u[1] == '_') {
		for (n = 2; n < len; n++) {
			if (u[n] == 0x07)
				return n + 1;
			if (u[n] == 0x1b && n + 1 < len)
				return n + 2;
		}
		return len;
	}
	for (n = 1; n < len && u[n] >= 0x20 && u[n] < 0x30;)
		n++;
	return n < len ? n + 1 : len;
}

size_t outbuf_cut(const char *p, size_t len, size_t at)
{
	size_t i = 0;

	while (i < len && i < at)
		i += unit(p + i, len - i);
	return i;
}
