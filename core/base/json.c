/*
 * JSON reading: cJSON does the parsing; this file adds what a configuration
 * language needs beside it: the place of a fault, strictness, limits.
 *
 * cJSON's only shared state is the pointer behind cJSON_GetErrorPtr(), which is
 * not used here: the end pointer of cJSON_ParseWithLengthOpts() is per call.
 */
#include "core/base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/base/text.h"

static const int JSON_MAX_DEPTH = 64;
static const size_t JSON_MAX_FILE = 64u << 20;

static void json_place(const char *text, const char *at, int *line, int *col)
{
	*line = 1;
	*col = 1;
	for (const char *s = text; s < at; s++) {
		if (*s == '\n') {
			++*line;
			*col = 1;
		} else {
			++*col;
		}
	}
}

static int json_fail(
	const char *text, const char *at, const char *name, const char *what, struct err *err)
{
	int line, col;

	json_place(text, at, &line, &col);
	return err_set(err, ERR_DATA, "%s: line %d, column %d: %s", name, line, col, what);
}

static const char *json_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* The end of a number as JSON defines it, or NULL. */
static const char *json_number_end(const char *p, const char *end)
{
	const char *from;

	p += p < end && *p == '-';
	from = p;
	p = p < end && *p == '0' ? p + 1 : json_digits(p, end);
	if (p == from)
		return NULL;
	if (p < end && *p == '.') {
		from = ++p;
		p = json_digits(p, end);
		if (p == from)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		from = p;
		p = json_digits(p, end);
		if (p == from)
			return NULL;
	}
	return p;
}

/* A whole number that a double cannot hold would be rounded without a word. */
static bool json_number_exact(const char *p, const char *end)
{
	char exact[400], digits[400];
	size_t n = (size_t)(end - p);

	if (n <= 15)
		return true;
	for (const char *c = p; c < end; c++)
		if (*c == '.' || *c == 'e' || *c == 'E')
			return true;
	if (n >= sizeof(digits))
		return false;
	memcpy(digits, p, n);
	digits[n] = '\0';
	snprintf(exact, sizeof(exact), "%.0f", strtod(digits, NULL));
	return !strcmp(exact, digits);
}

/* A token outside of strings that begins as a number does; *i: its place, then its last byte. */
static int json_scan_number(
	const char *text, size_t len, size_t *i, const char *name, struct err *err)
{
	const char *p = text + *i, *end = json_number_end(p, text + len);

	if (!end || (end < text + len && !strchr(" \t\r\n,]}", *end)))
		return json_fail(text, p, name, "not a number as JSON writes it", err);
	if (!json_number_exact(p, end))
		return json_fail(text, p, name, "a whole number of more digits than fit", err);
	*i = (size_t)(end - text) - 1;
	return 0;
}

/* Checks what cJSON does not: numbers, depth, \u0000, lone surrogates, raw control bytes in
 * strings. */
static int json_scan(const char *text, size_t len, const char *name, struct err *err)
{
	int depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (!c)
			return json_fail(text, text + i, name, "NUL byte", err);
		if (in_string) {
			if (c == '\\' && len - i >= 6 && !memcmp(text + i, "\\u0000", 6))
				return json_fail(text, text + i, name, "\\u0000 in a string", err);
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
			else if (c < 32)
				return json_fail(text, text + i, name,
					"string is not closed on its line", err);
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > JSON_MAX_DEPTH)
				return json_fail(
					text, text + i, name, "nested deeper than 64", err);
		} else if (c == '}' || c == ']') {
			depth--;
		} else if (c == '-' || (c >= '0' && c <= '9')) {
			if (json_scan_number(text, len, &i, name, err))
				return -1;
		}
	}
	return 0;
}

/* Skips white space so that the column points at the token that is wrong. */
static const char *json_skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
		p++;
	return p;
}

/*
 * The two lines in which key stands in one object (text is valid JSON).  False for
 * a key that is written with escapes.
 */
static bool json_twice_lines(const char *text, size_t len, const char *key, int line[2])
{
	const char *seen[64 + 2] = {NULL}, *end = text + len;
	size_t n = strlen(key);
	int depth = 0, col;

	for (const char *p = text; p < end; p++) {
		if (*p == '{' || *p == '[')
			seen[++depth] = NULL;
		else if (*p == '}' || *p == ']')
			depth--;
		if (*p != '"')
			continue;
		const char *from = ++p;

		while (p < end && *p != '"')
			p += *p == '\\' ? 2 : 1;
		if ((size_t)(p - from) != n || memcmp(from, key, n) ||
			*json_skip_space(p + 1, end) != ':')
			continue;
		if (seen[depth]) {
			json_place(text, seen[depth], &line[0], &col);
			json_place(text, from, &line[1], &col);
			return true;
		}
		seen[depth] = from;
	}
	return false;
}

static int json_fail_twice(
	const char *text, size_t len, const char *name, const char *key, struct err *err)
{
	int line[2];

	if (json_twice_lines(text, len, key, line))
		return err_set(err, ERR_DATA,
			"%s: key '%s' stands twice in one object, in lines %d and %d", name, key,
			line[0], line[1]);
	return err_set(err, ERR_DATA, "%s: key '%s' stands twice in one object", name, key);
}

static int json_cmp_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* By sorting: a checkpoint's header may have a million keys. */
static int json_check_keys(
	const cJSON *obj, const char *text, size_t len, const char *name, struct err *err)
{
	size_t n = 0;
	const char **keys;
	const cJSON *c;
	int rc = 0;

	cJSON_ArrayForEach (c, obj)
		n++;
	keys = mem_alloc((n + 1) * sizeof(*keys));
	n = 0;
	cJSON_ArrayForEach (c, obj)
		keys[n++] = c->string;
	qsort(keys, n, sizeof(*keys), json_cmp_keys);
	for (size_t i = 1; i < n && !rc; i++)
		if (!strcmp(keys[i - 1], keys[i]))
			rc = json_fail_twice(text, len, name, keys[i], err);
	free(keys);
	return rc;
}

/* Duplicate keys and non-finite numbers; the path is enough to find them. */
static int json_check_tree(
	const cJSON *v, const char *text, size_t len, const char *name, struct err *err)
{
	const cJSON *c;

	if (cJSON_IsNumber(v) && !isfinite(v->valuedouble))
		return err_set(err, ERR_DATA, "%s: number of '%s' is out of range", name,
			v->string ? v->string : "a list item");
	if (cJSON_IsObject(v) && json_check_keys(v, text, len, name, err))
		return -1;
	cJSON_ArrayForEach (c, v) {
		if (json_check_tree(c, text, len, name, err))
			return -1;
	}
	return 0;
}

cJSON *json_parse(const char *text, size_t len, const char *name, struct err *err)
{
	const char *end = NULL;
	cJSON *root;

	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		len -= 3;
	}
	if (json_skip_space(text, text + len) == text + len) {
		err_set(err, ERR_DATA, "%s: file is empty, JSON expected", name);
		return NULL;
	}
	if (!text_is_utf8(text, len)) {
		err_set(err, ERR_DATA, "%s: not UTF-8 text", name);
		return NULL;
	}
	if (json_scan(text, len, name, err))
		return NULL;
	root = cJSON_ParseWithLengthOpts(text, len, &end, 0);
	if (!root) {
		json_fail(text, json_skip_space(end ? end : text, text + len), name,
			"not valid JSON", err);
		return NULL;
	}
	end = json_skip_space(end, text + len);
	if (end < text + len) {
		json_fail(text, end, name, "text after the end of the JSON value", err);
	} else if (!json_check_tree(root, text, len, name, err)) {
		return root;
	}
	cJSON_Delete(root);
	return NULL;
}

cJSON *json_read(const char *path, struct err *err)
{
	struct buf b = {0};
	cJSON *root = NULL;

	if (!sys_read_file(path, JSON_MAX_FILE, &b, err))
		root = json_parse(b.p, b.len, path, err);
	buf_release(&b);
	return root;
}

int json_write(const char *path, const cJSON *root, struct err *err)
{
	char *text = cJSON_Print(root);
	struct buf b = {0};
	int rc;

	if (!text)
		return err_set(err, ERR_NOMEM, "out of memory printing '%s'", path);
	buf_puts(&b, text);
	buf_putc(&b, '\n');
	cJSON_free(text);
	rc = sys_write_file(path, b.p, b.len, err);
	buf_release(&b);
	return rc;
}

const char *json_str(const cJSON *obj, const char *key, const char *def)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(obj, key);

	return cJSON_IsString(v) ? v->valuestring : def;
}

double json_num(const cJSON *obj, const char *key, double def)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(obj, key);

	return cJSON_IsNumber(v) ? v->valuedouble : def;
}

bool json_bool(const cJSON *obj, const char *key, bool def)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(obj, key);

	return cJSON_IsBool(v) ? cJSON_IsTrue(v) : def;
}

const char *json_type_name(const cJSON *v)
{
	if (cJSON_IsBool(v))
		return "bool";
	if (cJSON_IsNumber(v))
		return "number";
	if (cJSON_IsString(v))
		return "string";
	if (cJSON_IsArray(v))
		return "list";
	return cJSON_IsObject(v) ? "object" : "null";
}

void json_quote(struct buf *out, const char *s)
{
	buf_putc(out, '"');
	for (const unsigned char *c = (const unsigned char *)s; *c; c++) {
		if (*c == '"' || *c == '\\')
			buf_printf(out, "\\%c", *c);
		else if (*c == '\n')
			buf_puts(out, "\\n");
		else if (*c == '\t')
			buf_puts(out, "\\t");
		else if (*c < 32 || *c == 127)
			buf_printf(out, "\\u%04x", *c);
		else
			buf_putc(out, (char)*c);
	}
	buf_putc(out, '"');
}

void json_add_num(struct buf *out, double v)
{
	char text[40];

	if (!isfinite(v)) {
		buf_puts(out, "null");
		return;
	}
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	buf_puts(out, text);
}
