/*
 * Lists of problems, and the nearest known name to a misspelt one.
 *
 * People who edit a long JSON file want every fault in one pass; so parsers add
 * rows here and go on, and the caller decides at the end.
 */
#include "core/base/problem.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

void problems_add(struct problems *ps, enum problem_level level, int code, const char *file,
	const char *path, const char *fix, const char *fmt, ...)
{
	struct problem *p;
	va_list ap;
	char text[ERR_MSG_MAX];

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ps->v = mem_realloc(ps->v, (size_t)(ps->n + 1) * sizeof(*ps->v));
	p = &ps->v[ps->n++];
	p->level = level;
	p->code = code;
	p->file = mem_strdup(file ? file : "");
	p->path = mem_strdup(path ? path : "");
	p->text = mem_strdup(text);
	p->fix = fix ? mem_strdup(fix) : NULL;
}

void problems_add_err(
	struct problems *ps, const char *file, const char *path, const struct err *err)
{
	problems_add(ps, PROBLEM_ERROR, err->code, file, path, NULL, "%s", err->msg);
}

static int problems_count(const struct problems *ps, enum problem_level level)
{
	int n = 0;

	for (int i = 0; i < ps->n; i++)
		n += ps->v[i].level == level;
	return n;
}

int problems_errors(const struct problems *ps)
{
	return problems_count(ps, PROBLEM_ERROR);
}

int problems_warnings(const struct problems *ps)
{
	return problems_count(ps, PROBLEM_WARNING);
}

int problems_code(const struct problems *ps)
{
	for (int i = 0; i < ps->n; i++)
		if (ps->v[i].level == PROBLEM_ERROR)
			return ps->v[i].code;
	return 0;
}

static void problem_format(const struct problem *p, struct buf *out)
{
	if (p->file[0]) {
		buf_put_safe(out, p->file);
		buf_puts(out, ": ");
	}
	if (p->path[0]) {
		buf_put_safe(out, p->path);
		buf_puts(out, ": ");
	}
	buf_puts(out, p->level == PROBLEM_ERROR ? "error: " : "warning: ");
	buf_put_safe(out, p->text);
	if (p->fix) {
		buf_puts(out, " (");
		buf_put_safe(out, p->fix);
		buf_putc(out, ')');
	}
	buf_putc(out, '\n');
}

void problems_format(const struct problems *ps, struct buf *out)
{
	for (int i = 0; i < ps->n; i++)
		problem_format(&ps->v[i], out);
}

int problems_to_err(const struct problems *ps, struct err *err)
{
	struct buf b = {0};

	if (!problems_errors(ps))
		return 0;
	for (int i = 0; i < ps->n; i++)
		if (ps->v[i].level == PROBLEM_ERROR)
			problem_format(&ps->v[i], &b);
	if (b.len && b.p[b.len - 1] == '\n')
		b.p[--b.len] = '\0';
	err_set(err, problems_code(ps), "%s", b.p);
	buf_release(&b);
	return -1;
}

void problems_merge(struct problems *into, const struct problems *from)
{
	for (int i = 0; i < from->n; i++) {
		const struct problem *p = &from->v[i];
		bool seen = false;

		for (int k = 0; k < into->n && !seen; k++)
			seen = !strcmp(into->v[k].file, p->file) &&
			       !strcmp(into->v[k].path, p->path) &&
			       !strcmp(into->v[k].text, p->text);
		if (!seen)
			problems_add(
				into, p->level, p->code, p->file, p->path, p->fix, "%s", p->text);
	}
}

void problems_release(struct problems *ps)
{
	for (int i = 0; i < ps->n; i++) {
		free(ps->v[i].file);
		free(ps->v[i].path);
		free(ps->v[i].text);
		free(ps->v[i].fix);
	}
	free(ps->v);
	*ps = (struct problems){0};
}

/* Levenshtein distance, case not counted; names longer than 63 never match. */
static int problem_distance(const char *a, const char *b)
{
	int row[64], n = (int)strlen(a), m = (int)strlen(b);

	if (n > 63 || m > 63)
		return 64;
	for (int j = 0; j <= m; j++)
		row[j] = j;
	for (int i = 1; i <= n; i++) {
		int diag = row[0];

		row[0] = i;
		for (int j = 1; j <= m; j++) {
			int same = tolower((unsigned char)a[i - 1]) ==
				   tolower((unsigned char)b[j - 1]);
			int best = diag + !same;

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diag = row[j];
			row[j] = best;
		}
	}
	return row[m];
}

const char *problem_nearest(const char *s, const char *const *names)
{
	const char *best = NULL;
	int limit = (int)strlen(s) / 3, least = limit + 1;

	if (limit < 1)
		limit = 1, least = 2;
	for (; *names; names++) {
		int d = problem_distance(s, *names);

		if (d < least) {
			least = d;
			best = *names;
		}
	}
	return best;
}
