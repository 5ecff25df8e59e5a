/*
 * Reading safetensors files that may be damaged or hostile: every number of the
 * header is checked before it is used, and the tensors must tile the data section
 * exactly, so that no byte of the file is read twice or ignored.  Data is read on
 * demand by pread() into the caller's memory.
 *
 * Format: https://huggingface.co/docs/safetensors (metadata parsing).
 */
#include "core/tensor/safetensors_read.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/tensor/convert.h"
#include "core/tensor/safetensors_write.h"

static const uint64_t ST_MAX_HEADER = 100000000;

struct safetensors {
	int fd;
	char *path;
	size_t data_at, data_bytes;
	struct st_info *info; /* in order of name */
	int n;
	cJSON *meta;
};

static int st_pread(const struct safetensors *st, void *dst, size_t n, size_t at, struct err *err)
{
	char *p = dst;

	while (n) {
		ssize_t got = pread(st->fd, p, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, errno, "cannot read '%s'", st->path);
		if (!got)
			return err_set(err, ERR_DATA, "%s: file ends early", st->path);
		p += got;
		at += (size_t)got;
		n -= (size_t)got;
	}
	return 0;
}

/* A whole number in 0 .. 2^53 or -1. */
static int64_t st_whole(const cJSON *v)
{
	double d = cJSON_IsNumber(v) ? v->valuedouble : -1;

	if (!(d >= 0 && d <= 9007199254740992.0) || d != (double)(int64_t)d)
		return -1;
	return (int64_t)d;
}

static int st_bad(const struct safetensors *st, const char *name, const char *what, struct err *err)
{
	return err_set(err, ERR_DATA, "%s: tensor '%s': %s", st->path, name, what);
}

static int st_read_shape(
	const struct safetensors *st, const cJSON *list, struct st_info *t, struct err *err)
{
	const cJSON *v;

	if (!cJSON_IsArray(list))
		return st_bad(st, t->name, "'shape' is not a list", err);
	cJSON_ArrayForEach (v, list) {
		int64_t d = st_whole(v);

		if (t->shape.n == SHAPE_MAX)
			return st_bad(st, t->name, "more than 5 dimensions", err);
		if (d < 0)
			return st_bad(st, t->name, "a dimension is not a whole number", err);
		t->shape.d[t->shape.n++] = d;
	}
	if (shape_bytes(&t->shape, dtype_size(t->dtype), &t->bytes))
		return st_bad(st, t->name, "the product of its dimensions is out of range", err);
	return 0;
}

static int st_read_info(
	const struct safetensors *st, const cJSON *v, struct st_info *t, struct err *err)
{
	const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(v, "dtype");
	const cJSON *offs = cJSON_GetObjectItemCaseSensitive(v, "data_offsets");
	int64_t begin, end;
	int type;

	t->name = mem_strdup(v->string);
	if (!cJSON_IsObject(v) || cJSON_GetArraySize(v) != 3)
		return st_bad(st, t->name, "not an object of dtype, shape and data_offsets", err);
	type = cJSON_IsString(dtype) ? dtype_find(dtype->valuestring) : -1;
	if (type < 0)
		return st_bad(st, t->name, "unknown dtype", err);
	t->dtype = (enum dtype)type;
	if (st_read_shape(st, cJSON_GetObjectItemCaseSensitive(v, "shape"), t, err))
		return -1;
	if (!cJSON_IsArray(offs) || cJSON_GetArraySize(offs) != 2)
		return st_bad(st, t->name, "'data_offsets' is not a pair", err);
	begin = st_whole(offs->child);
	end = st_whole(offs->child->next);
	if (begin < 0 || end < begin)
		return st_bad(st, t->name, "'data_offsets' is not begin <= end", err);
	if ((uint64_t)end > st->data_bytes)
		return st_bad(st, t->name, "'data_offsets' runs past the end of the file", err);
	t->begin = (size_t)begin;
	if ((size_t)(end - begin) != t->bytes)
		return st_bad(st, t->name, "'data_offsets' does not match its shape", err);
	return 0;
}

static int st_by_begin(const void *a, const void *b)
{
	const struct st_info *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

static int st_by_name(const void *a, const void *b)
{
	return strcmp(((const struct st_info *)a)->name, ((const struct st_info *)b)->name);
}

static int st_check_tiling(struct safetensors *st, struct err *err)
{
	size_t at = 0;

	qsort(st->info, (size_t)st->n, sizeof(*st->info), st_by_begin);
	for (int i = 0; i < st->n; i++) {
		if (st->info[i].begin != at)
			return st_bad(st, st->info[i].name,
				st->info[i].begin < at ? "overlaps another tensor"
						       : "a hole lies before its data",
				err);
		at += st->info[i].bytes;
	}
	if (at != st->data_bytes)
		return err_set(err, ERR_DATA, "%s: %zu bytes of data, but the header describes %zu",
			st->path, st->data_bytes, at);
	qsort(st->info, (size_t)st->n, sizeof(*st->info), st_by_name);
	return 0;
}

static int st_take_meta(struct safetensors *st, cJSON *root, struct err *err)
{
	const cJSON *v;

	st->meta = cJSON_DetachItemFromObjectCaseSensitive(root, "__metadata__");
	if (st->meta && !cJSON_IsObject(st->meta))
		return err_set(err, ERR_DATA, "%s: '__metadata__' is not an object", st->path);
	cJSON_ArrayForEach (v, st->meta) {
		if (!cJSON_IsString(v))
			return err_set(err, ERR_DATA, "%s: '__metadata__.%s' is not text", st->path,
				v->string);
	}
	return 0;
}

static int st_read_header(struct safetensors *st, cJSON *root, struct err *err)
{
	const cJSON *v;

	if (!cJSON_IsObject(root))
		return err_set(err, ERR_DATA, "%s: header is not an object", st->path);
	if (st_take_meta(st, root, err))
		return -1;
	st->info = mem_zalloc(((size_t)cJSON_GetArraySize(root) + 1) * sizeof(*st->info));
	cJSON_ArrayForEach (v, root) {
		if (st_read_info(st, v, &st->info[st->n++], err))
			return -1;
	}
	return st_check_tiling(st, err);
}

/*
 * Weight files of other programs, by their first bytes.  They are named and never
 * parsed: a pickle can run code.
 */
static const struct st_foreign {
	const char *magic;
	size_t n;
	const char *what, *how;
} st_foreigns[] = {
#define ST_TORCH                                                             \
	"convert with Python: safetensors.torch.save_file(torch.load(FILE, " \
	"weights_only=True), 'x.safetensors'), then 'axial weights import'"
	{"PK\3\4", 4, "a zip archive (PyTorch .pt, TorchScript .ts or an MMAR)", ST_TORCH},
	{"\x80\2", 2, "a Python pickle (old PyTorch .pt)", ST_TORCH},
	{"\x80\3", 2, "a Python pickle", ST_TORCH},
	{"\x80\4", 2, "a Python pickle", ST_TORCH},
	{"\x80\5", 2, "a Python pickle", ST_TORCH},
	{"\x89HDF\r\n\x1a\n", 8, "an HDF5 file (Keras .h5)",
		"convert with Python: h5py, then safetensors.numpy.save_file()"},
	{"\x1f\x8b", 2, "a gzip file", "unpack it first"},
};

/* The header length n of head cannot be: perhaps it is a file of another program. */
static int st_bad_length(
	const struct safetensors *st, const unsigned char head[8], uint64_t n, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(st_foreigns); i++) {
		const struct st_foreign *f = &st_foreigns[i];

		if (!memcmp(head, f->magic, f->n))
			return err_set(err, ERR_DATA, "'%s' is %s, not safetensors: %s", st->path,
				f->what, f->how);
	}
	return err_set(err, ERR_DATA, "%s: header length %llu is not valid here", st->path,
		(unsigned long long)n);
}

static int st_read_file(struct safetensors *st, struct err *err)
{
	unsigned char len[8];
	struct stat sb;
	uint64_t n = 0;
	cJSON *root;
	char *text;
	int rc;

	if (fstat(st->fd, &sb))
		return err_sys(err, errno, "cannot stat '%s'", st->path);
	if (!S_ISREG(sb.st_mode))
		return err_set(err, ERR_DATA, "'%s' is not a regular file", st->path);
	if (sb.st_size < 8)
		return err_set(err, ERR_DATA, "%s: file of %lld bytes is no safetensors file",
			st->path, (long long)sb.st_size);
	if (st_pread(st, len, sizeof(len), 0, err))
		return -1;
	for (int i = 7; i >= 0; i--)
		n = n << 8 | len[i];
	if (n < 2 || n > ST_MAX_HEADER || n > (uint64_t)sb.st_size - 8)
		return st_bad_length(st, len, n, err);
	st->data_at = 8 + (size_t)n;
	st->data_bytes = (size_t)sb.st_size - st->data_at;
	text = mem_try_big((size_t)n + 1, "safetensors header", err);
	if (!text)
		return -1;
	text[n] = '\0';
	rc = st_pread(st, text, (size_t)n, 8, err);
	if (!rc && (text[0] != '{' || !text_is_utf8(text, (size_t)n)))
		rc = err_set(err, ERR_DATA, "%s: header is not a JSON object in UTF-8", st->path);
	root = rc ? NULL : json_parse(text, (size_t)n, st->path, err);
	free(text);
	rc = root ? st_read_header(st, root, err) : -1;
	cJSON_Delete(root);
	return rc;
}

struct safetensors *safetensors_open(const char *path, struct err *err)
{
	struct safetensors *st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		err_sys(err, errno, "cannot open '%s'", path);
		return NULL;
	}
	st = mem_zalloc(sizeof(*st));
	st->fd = fd;
	st->path = mem_strdup(path);
	if (st_read_file(st, err)) {
		safetensors_close(st);
		return NULL;
	}
	return st;
}

void safetensors_close(struct safetensors *st)
{
	if (!st)
		return;
	for (int i = 0; i < st->n; i++)
		free(st->info[i].name);
	free(st->info);
	cJSON_Delete(st->meta);
	close(st->fd);
	free(st->path);
	free(st);
}

int safetensors_count(const struct safetensors *st)
{
	return st->n;
}

const struct st_info *safetensors_at(const struct safetensors *st, int i)
{
	return &st->info[i];
}

const struct st_info *safetensors_find(const struct safetensors *st, const char *name)
{
	struct st_info key = {.name = (char *)name};

	return bsearch(&key, st->info, (size_t)st->n, sizeof(key), st_by_name);
}

const char *safetensors_meta(const struct safetensors *st, const char *key)
{
	return json_str(st->meta, key, NULL);
}

int safetensors_verify(const struct safetensors *st, struct err *err)
{
	const char *want = safetensors_meta(st, SAFETENSORS_SUM);
	const size_t chunk = 1 << 20;
	unsigned char *part;
	uint32_t crc = 0;
	char have[16];
	int rc = 0;

	if (!want)
		return 0;
	part = mem_alloc(chunk);
	for (size_t at = 0; !rc && at < st->data_bytes; at += chunk) {
		size_t n = st->data_bytes - at < chunk ? st->data_bytes - at : chunk;

		rc = st_pread(st, part, n, st->data_at + at, err);
		if (!rc)
			crc = libdeflate_crc32(crc, part, n);
	}
	free(part);
	if (rc)
		return -1;
	snprintf(have, sizeof(have), "%08x", (unsigned)crc);
	if (strcmp(have, want))
		return err_set(err, ERR_DATA,
			"'%s' is damaged: the checksum of its data is %s, it should be %s",
			st->path, have, want);
	return 0;
}

int safetensors_load(const struct safetensors *st, const struct st_info *info, void *dst,
	size_t bytes, struct err *err)
{
	if (bytes != info->bytes)
		return st_bad(st, info->name, "size is not the one wanted", err);
	return st_pread(st, dst, bytes, st->data_at + info->begin, err);
}

int safetensors_load_named(const struct safetensors *st, const char *name, enum dtype dtype,
	const struct shape *shape, void *dst, struct err *err)
{
	const struct st_info *t = safetensors_find(st, name);
	char have[SHAPE_TEXT], want[SHAPE_TEXT];

	if (!t)
		return err_set(err, ERR_DATA, "%s: no tensor '%s'", st->path, name);
	if (t->dtype != dtype || !shape_eq(&t->shape, shape))
		return err_set(err, ERR_DATA, "%s: tensor '%s' is %s %s, wanted is %s %s", st->path,
			name, dtype_name(t->dtype), shape_text(&t->shape, have), dtype_name(dtype),
			shape_text(shape, want));
	return safetensors_load(st, t, dst, t->bytes, err);
}

bool safetensors_is_float(enum dtype t)
{
	return t == DTYPE_F32 || t == DTYPE_F16 || t == DTYPE_BF16 || t == DTYPE_F64;
}

int safetensors_load_f32(const struct safetensors *st, const char *name, const struct shape *shape,
	float *dst, struct err *err)
{
	const struct st_info *t = safetensors_find(st, name);
	void *raw;
	int rc;

	if (!t || t->dtype == DTYPE_F32 || !safetensors_is_float(t->dtype))
		return safetensors_load_named(st, name, DTYPE_F32, shape, dst, err);
	if (!shape_eq(&t->shape, shape))
		return safetensors_load_named(st, name, t->dtype, shape, dst, err);
	raw = mem_try_big(t->bytes + 1, "a tensor", err);
	if (!raw)
		return -1;
	rc = safetensors_load(st, t, raw, t->bytes, err);
	if (!rc)
		rc = convert_to_f32(t->dtype, raw, shape_count(shape), dst);
	free(raw);
	return rc;
}
