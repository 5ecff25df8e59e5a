#ifndef TUI_FUZZY_H
#define TUI_FUZZY_H

/*
 * How well text has the letters of what, in order, letter case not counted: 0 not at
 * all, more is better; 1 for an empty what.
 */
int fuzzy_score(const char *text, const char *what);

#endif
