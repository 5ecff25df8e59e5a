#ifndef TUI_FORMAT_H
#define TUI_FORMAT_H

#include <stddef.h>
#include <stdint.h>

/* Short texts for people; all write into out and return it. Unknown (NaN) gives "-". */
#define FORMAT_MAX 32

char *format_ago(char out[FORMAT_MAX], double wall, double now); /* "now", "5 min", "3 d" */
char *format_duration(char out[FORMAT_MAX], double seconds);     /* "0:42", "1:02:03" */
char *format_number(char out[FORMAT_MAX], double v, int digits); /* "0.9312" */
char *format_bytes(char out[FORMAT_MAX], uint64_t bytes);        /* "3.4 MB" */

#endif
