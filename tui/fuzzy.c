/*
 * Fuzzy matching for the palette and the filters: letters in order, with a bonus for
 * runs and for starts of words.  Each letter is taken at its first place, which is
 * plain to foresee while typing; a whole substring beats everything scattered.
 */
#include "tui/fuzzy.h"

#include <ctype.h>
#include <string.h>

static int lower(char c)
{
	return tolower((unsigned char)c);
}

static int word_start(const char *text, const char *p)
{
	return p == text || !isalnum((unsigned char)p[-1]);
}

static const char *find(const char *text, const char *what, size_t n)
{
	for (const char *p = text; *p; p++) {
		size_t i = 0;

		while (i < n && p[i] && lower(p[i]) == lower(what[i]))
			i++;
		if (i == n)
			return p;
	}
	return NULL;
}

int fuzzy_score(const char *text, const char *what)
{
	size_t n = strlen(what);
	const char *p = text, *whole;
	int score = 1, run = 0;

	if (!n)
		return 1;
	whole = find(text, what, n);
	if (whole)
		return 100 + (int)n * 4 + (word_start(text, whole) ? 40 : 0) - (whole - text > 20);
	for (size_t i = 0; i < n; i++) {
		if (what[i] == ' ')
			continue;
		for (run = run + 1; *p && lower(*p) != lower(what[i]); p++)
			run = 0;
		if (!*p)
			return 0;
		score += 1 + run + (word_start(text, p) ? 4 : 0);
		p++;
	}
	return score;
}
