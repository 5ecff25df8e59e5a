/*
 * Writing safetensors files.  The header is made first from names and shapes;
 * then each tensor goes from its own memory into the temporary file, so that a
 * checkpoint costs no second copy of the weights.  The header is padded with
 * spaces to a multiple of 8, which keeps the data aligned (as the format asks).
 */
#include "core/tensor/safetensors_write.h"

#include <libdeflate.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"

static int st_cmp(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int st_check_names(const char *path, const struct st_item *items, int n, struct err *err)
{
	const char **names = mem_alloc((size_t)(n + 1) * sizeof(*names));
	int rc = 0;

	for (int i = 0; i < n; i++)
		names[i] = items[i].name;
	qsort(names, (size_t)n, sizeof(*names), st_cmp);
	for (int i = 0; i < n && !rc; i++) {
		if (!strcmp(names[i], "__metadata__") || (i && !strcmp(names[i], names[i - 1])))
			rc = err_set(err, ERR_DATA, "%s: tensor name '%s' cannot be used twice",
				path, names[i]);
	}
	free(names);
	return rc;
}

static int st_header(const char *path, const struct st_item *items, int n,
	const struct st_meta *meta, int n_meta, struct buf *h, struct err *err)
{
	size_t at = 0;

	buf_putc(h, '{');
	if (n_meta) {
		buf_puts(h, "\"__metadata__\":{");
		for (int i = 0; i < n_meta; i++) {
			if (i)
				buf_putc(h, ',');
			json_quote(h, meta[i].key);
			buf_putc(h, ':');
			json_quote(h, meta[i].value);
		}
		buf_puts(h, n ? "}," : "}");
	}
	for (int i = 0; i < n; i++) {
		size_t bytes;

		if (shape_bytes(&items[i].shape, dtype_size(items[i].dtype), &bytes))
			return err_set(err, ERR_DATA, "%s: size of tensor '%s' is out of range",
				path, items[i].name);
		json_quote(h, items[i].name);
		buf_printf(h, ":{\"dtype\":\"%s\",\"shape\":[", dtype_name(items[i].dtype));
		for (int k = 0; k < items[i].shape.n; k++)
			buf_printf(h, k ? ",%lld" : "%lld", (long long)items[i].shape.d[k]);
		buf_printf(
			h, "],\"data_offsets\":[%zu,%zu]}%s", at, at + bytes, i + 1 < n ? "," : "");
		at += bytes;
	}
	buf_putc(h, '}');
	while (h->len % 8)
		buf_putc(h, ' ');
	return 0;
}

static int st_stream(struct sys_writer *w, const struct st_item *items, int n, const struct buf *h,
	struct err *err)
{
	unsigned char len[8];

	for (int i = 0; i < 8; i++)
		len[i] = (unsigned char)((uint64_t)h->len >> (8 * i));
	if (sys_writer_add(w, len, sizeof(len), err) || sys_writer_add(w, h->p, h->len, err))
		return -1;
	for (int i = 0; i < n; i++) {
		size_t bytes = shape_count(&items[i].shape) * dtype_size(items[i].dtype);

		if (bytes && sys_writer_add(w, items[i].data, bytes, err))
			return -1;
	}
	return 0;
}

int safetensors_write(const char *path, const struct st_item *items, int n,
	const struct st_meta *meta, int n_meta, struct err *err)
{
	struct sys_writer w;
	struct buf h = {0};
	int rc = -1;

	if (st_check_names(path, items, n, err) || st_header(path, items, n, meta, n_meta, &h, err))
		goto out;
	if (sys_writer_begin(&w, path, err))
		goto out;
	if (st_stream(&w, items, n, &h, err)) {
		sys_writer_abort(&w);
		goto out;
	}
	rc = sys_writer_commit(&w, err);
out:
	buf_release(&h);
	return rc;
}

int safetensors_write_sum(const char *path, const struct st_item *items, int n,
	const struct st_meta *meta, int n_meta, struct err *err)
{
	struct st_meta *all = mem_alloc((size_t)(n_meta + 1) * sizeof(*all));
	uint32_t crc = 0;
	char text[16];
	int rc;

	for (int i = 0; i < n; i++) {
		size_t bytes = shape_count(&items[i].shape) * dtype_size(items[i].dtype);

		if (bytes)
			crc = libdeflate_crc32(crc, items[i].data, bytes);
	}
	snprintf(text, sizeof(text), "%08x", (unsigned)crc);
	if (n_meta)
		memcpy(all, meta, (size_t)n_meta * sizeof(*all));
	all[n_meta] = (struct st_meta){SAFETENSORS_SUM, text};
	rc = safetensors_write(path, items, n, all, n_meta + 1, err);
	free(all);
	return rc;
}
