/*
 * Editing JSON without reformatting it.
 *
 * People keep configurations under version control and compare them; an editor that
 * writes 1e-4 back as 0.0001 or sorts keys makes every change unreadable.  So the text
 * is the truth: core's strict parser says whether it is JSON at all, then a small
 * scanner notes where each value stands, and an edit replaces exactly those bytes and
 * scans again.  Configurations are some kilobytes; a scan takes microseconds.
 */
#include "tui/json_text.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"

#define INDENT_MAX 200

/* ---- scanning: the text is known to be valid ---- */

struct scanner {
	struct json_text *t;
	size_t at;
	int cap;
};

static void skip_blanks(struct scanner *s)
{
	while (s->at < s->t->len && strchr(" \t\r\n", s->t->text[s->at]))
		s->at++;
}

static void skip_string(struct scanner *s)
{
	for (s->at++; s->at < s->t->len && s->t->text[s->at] != '"'; s->at++)
		if (s->t->text[s->at] == '\\')
			s->at++;
	s->at++;
}

static int new_node(struct scanner *s, int parent, int index)
{
	struct json_text *t = s->t;

	if (t->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 256;
		t->v = mem_realloc(t->v, (size_t)s->cap * sizeof(*t->v));
	}
	t->v[t->n] = (struct jt_node){.parent = parent,
		.next = -1,
		.child = -1,
		.index = index,
		.depth = parent < 0 ? 0 : t->v[parent].depth + 1};
	return t->n++;
}

static void scan_value(struct scanner *s, int node);

/* Members or items; the nesting is at most 64, which the strict parser has checked. */
static void scan_children(struct scanner *s, int node, char close)
{
	int last = -1, n = 0;

	s->at++;
	for (;;) {
		size_t key = 0, key_end = 0;
		int c;

		skip_blanks(s);
		if (s->at >= s->t->len || s->t->text[s->at] == close)
			break;
		if (s->t->text[s->at] == ',') {
			s->at++;
			continue;
		}
		if (close == '}') {
			key = s->at;
			skip_string(s);
			key_end = s->at;
			skip_blanks(s);
			s->at++;
			skip_blanks(s);
		}
		c = new_node(s, node, n++);
		s->t->v[c].key = key;
		s->t->v[c].key_end = key_end;
		if (last < 0)
			s->t->v[node].child = c;
		else
			s->t->v[last].next = c;
		last = c;
		scan_value(s, c);
	}
	s->at++;
}

static void scan_value(struct scanner *s, int node)
{
	char c = s->t->text[s->at];

	s->t->v[node].start = s->at;
	if (c == '{' || c == '[') {
		s->t->v[node].type = c == '{' ? JT_OBJECT : JT_LIST;
		scan_children(s, node, c == '{' ? '}' : ']');
	} else if (c == '"') {
		s->t->v[node].type = JT_STRING;
		skip_string(s);
	} else {
		s->t->v[node].type = strchr("tfn", c) ? JT_WORD : JT_NUMBER;
		while (s->at < s->t->len && !strchr(",]} \t\r\n", s->t->text[s->at]))
			s->at++;
	}
	s->t->v[node].end = s->at;
}

int json_text_init(
	struct json_text *t, const char *text, size_t len, const char *name, struct err *err)
{
	struct scanner s = {.t = t};
	cJSON *root = json_parse(text, len, name, err);

	memset(t, 0, sizeof(*t));
	if (!root)
		return -1;
	cJSON_Delete(root);
	t->text = mem_strndup(text, len);
	t->len = len;
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		s.at = 3;
	skip_blanks(&s);
	scan_value(&s, new_node(&s, -1, 0));
	return 0;
}

void json_text_release(struct json_text *t)
{
	free(t->text);
	free(t->v);
	memset(t, 0, sizeof(*t));
}

/* ---- looking ---- */

static char *decode(const struct json_text *t, size_t from, size_t to)
{
	cJSON *v = cJSON_ParseWithLength(t->text + from, to - from);
	char *s = mem_strdup(cJSON_IsString(v) ? v->valuestring : "");

	cJSON_Delete(v);
	return s;
}

char *json_text_key(const struct json_text *t, int node)
{
	return decode(t, t->v[node].key, t->v[node].key_end);
}

char *json_text_string(const struct json_text *t, int node)
{
	if (t->v[node].type != JT_STRING)
		return mem_strdup("");
	return decode(t, t->v[node].start, t->v[node].end);
}

char *json_text_raw(const struct json_text *t, int node)
{
	return mem_strndup(t->text + t->v[node].start, t->v[node].end - t->v[node].start);
}

cJSON *json_text_value(const struct json_text *t, int node)
{
	return cJSON_ParseWithLength(t->text + t->v[node].start, t->v[node].end - t->v[node].start);
}

int json_text_member(const struct json_text *t, int object, const char *key)
{
	if (object < 0 || t->v[object].type != JT_OBJECT)
		return -1;
	for (int c = t->v[object].child; c >= 0; c = t->v[c].next) {
		char *k = json_text_key(t, c);
		bool same = !strcmp(k, key);

		free(k);
		if (same)
			return c;
	}
	return -1;
}

char *json_text_path(const struct json_text *t, int node)
{
	char *up, *part, *path;

	if (t->v[node].parent < 0)
		return mem_strdup("");
	up = json_text_path(t, t->v[node].parent);
	part = t->v[node].key_end ? json_text_key(t, node)
				  : mem_printf("#%d", t->v[node].index + 1);
	path = mem_printf("%s%s%s", up, *up ? "." : "", part);
	free(up);
	free(part);
	return path;
}

int json_text_find(const struct json_text *t, const char *path)
{
	int at = 0, next;

	while (*path) {
		next = -1;
		for (int c = t->v[at].child; c >= 0; c = t->v[c].next) {
			char *key = t->v[c].key_end ? json_text_key(t, c)
						    : mem_printf("#%d", t->v[c].index + 1);
			size_t n = strlen(key);

			/* Keys may hold dots, so compare whole keys, not parts between dots. */
			if (!strncmp(path, key, n) && (!path[n] || path[n] == '.')) {
				next = c;
				path += n + (path[n] == '.');
			}
			free(key);
			if (next >= 0)
				break;
		}
		if (next < 0)
			break;
		at = next;
	}
	return at;
}

/* ---- changing ---- */

/* Replaces bytes from .. to and scans again. */
static int splice(struct json_text *t, size_t from, size_t to, const char *with, struct err *err)
{
	struct json_text next;
	struct buf b = {0};
	int rc;

	buf_add(&b, t->text, from);
	buf_puts(&b, with);
	buf_add(&b, t->text + to, t->len - to);
	rc = json_text_init(&next, b.p, b.len, "the new text", err);
	buf_release(&b);
	if (rc < 0)
		return -1;
	json_text_release(t);
	*t = next;
	return 0;
}

int json_text_replace(struct json_text *t, int node, const char *value, struct err *err)
{
	return splice(t, t->v[node].start, t->v[node].end, value, err);
}

static int last_child(const struct json_text *t, int node)
{
	int c = t->v[node].child;

	while (c >= 0 && t->v[c].next >= 0)
		c = t->v[c].next;
	return c;
}

/* Blanks between the start of the line that holds at and its first character. */
static size_t line_indent(const struct json_text *t, size_t at, char *out)
{
	size_t start = at, n = 0;

	while (start > 0 && t->text[start - 1] != '\n')
		start--;
	while (n < INDENT_MAX && (t->text[start + n] == ' ' || t->text[start + n] == '\t')) {
		out[n] = t->text[start + n];
		n++;
	}
	out[n] = '\0';
	return start + n;
}

int json_text_add(
	struct json_text *t, int object, const char *key, const char *value, struct err *err)
{
	int last = last_child(t, object), rc;
	size_t begin = last >= 0 ? t->v[last].key : t->v[object].start;
	char indent[INDENT_MAX + 1];
	bool own_line = line_indent(t, begin, indent) == begin;
	struct buf b = {0};

	if (last >= 0) {
		/* As its sibling before it: on a line of its own, or on the same one. */
		buf_puts(&b, own_line ? ",\n" : ", ");
		buf_puts(&b, own_line ? indent : "");
		json_quote(&b, key);
		buf_printf(&b, ": %s", value);
		rc = splice(t, t->v[last].end, t->v[last].end, b.p, err);
	} else {
		buf_putc(&b, '{');
		json_quote(&b, key);
		buf_printf(&b, ": %s}", value);
		rc = splice(t, t->v[object].start, t->v[object].end, b.p, err);
	}
	buf_release(&b);
	return rc;
}

int json_text_remove(struct json_text *t, int node, struct err *err)
{
	const struct jt_node *n = &t->v[node], *up;
	size_t from, to;
	int before = -1;

	if (n->parent < 0)
		return err_set(err, ERR_USAGE, "the whole file cannot be removed");
	up = &t->v[n->parent];
	for (int c = up->child; c != node; c = t->v[c].next)
		before = c;
	if (before >= 0) {
		/* With the comma and blanks before it. */
		from = t->v[before].end;
		to = n->end;
	} else if (n->next >= 0) {
		const struct jt_node *next = &t->v[n->next];

		from = n->key_end ? n->key : n->start;
		to = next->key_end ? next->key : next->start;
	} else {
		from = up->start + 1;
		to = up->end - 1;
	}
	return splice(t, from, to, "", err);
}
