#ifndef TUI_JSON_TEXT_H
#define TUI_JSON_TEXT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include "core/base/err.h"

/*
 * JSON as text with a tree of positions over it.  Edits change only the bytes that
 * they are about: order, spelling of numbers, blanks, unknown keys stay as they were.
 */
enum jt_type {
	JT_OBJECT,
	JT_LIST,
	JT_STRING,
	JT_NUMBER,
	JT_WORD, /* true, false, null */
};

struct jt_node {
	enum jt_type type;
	int parent, next, child; /* indices, -1: none */
	int index;               /* place among its siblings, from 0 */
	int depth;
	size_t key, key_end; /* with quotes; key == key_end: no key */
	size_t start, end;   /* of the value */
};

struct json_text {
	char *text;
	size_t len;
	struct jt_node *v; /* v[0] is the root */
	int n;
};

/* Takes a copy of text. ERR_DATA with line and column when it is no strict JSON. */
int json_text_init(struct json_text *t, const char *text, size_t len, const char *name,
	struct err *err) MUST_CHECK;
void json_text_release(struct json_text *t);

/* Member of an object, -1 when there is none. */
int json_text_member(const struct json_text *t, int object, const char *key);

/* Decoded key or string value ("" for others); the caller frees. */
char *json_text_key(const struct json_text *t, int node);
char *json_text_string(const struct json_text *t, int node);

/* The value as it is spelt; the caller frees. */
char *json_text_raw(const struct json_text *t, int node);

/* The value as a tree; the caller deletes. */
cJSON *json_text_value(const struct json_text *t, int node);

/* "train.pre_transforms.#3.args": lists count from 1 as in messages. The caller frees. */
char *json_text_path(const struct json_text *t, int node);

/* The node of such a path, or of the longest part of it that exists. */
int json_text_find(const struct json_text *t, const char *path);

/*
 * Edits; value is JSON text.  On success t holds the new text and old indices mean
 * nothing any more; on failure t is as before.
 */
int json_text_replace(struct json_text *t, int node, const char *value, struct err *err) MUST_CHECK;
int json_text_add(struct json_text *t, int object, const char *key, const char *value,
	struct err *err) MUST_CHECK;
int json_text_remove(struct json_text *t, int node, struct err *err) MUST_CHECK;

#endif
