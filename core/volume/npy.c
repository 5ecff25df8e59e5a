/*
 * Arrays of NumPy (.npy) as volumes.
 *
 * A file is the magic "\x93NUMPY", a version, the length of a header and the header:
 * a Python dictionary with exactly the keys 'descr', 'fortran_order' and 'shape',
 * padded with spaces and ended by a line feed; then the values, nothing else.  The
 * dictionary is read by a small strict parser: what NumPy writes is accepted, what a
 * Python interpreter would also evaluate is not.  Objects (pickles) and records
 * are refused.
 *
 * The indices of the array are x, y, z and channel, as nibabel gives them.  In C order
 * z runs fastest in the file, so values are put in place with a stride.
 */
#include "core/volume/npy.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

#define NPY_MAX_BYTES ((size_t)8 << 30)
#define NPY_MAX_DIMS  4
#define NPY_MAX_DIM   1000000

struct npy_text {
	const char *p, *end;
};

static void npy_space(struct npy_text *t)
{
	while (t->p < t->end && (*t->p == ' ' || *t->p == '\t' || *t->p == '\n'))
		t->p++;
}

static bool npy_take(struct npy_text *t, const char *word)
{
	size_t n = strlen(word);

	npy_space(t);
	if ((size_t)(t->end - t->p) < n || memcmp(t->p, word, n))
		return false;
	t->p += n;
	return true;
}

/* 'text' or "text" of at most max - 1 characters without escapes. */
static bool npy_string(struct npy_text *t, char *out, size_t max)
{
	size_t n = 0;
	char quote;

	npy_space(t);
	if (t->p == t->end || (*t->p != '\'' && *t->p != '"'))
		return false;
	quote = *t->p++;
	while (t->p < t->end && *t->p != quote && *t->p != '\\' && n + 1 < max)
		out[n++] = *t->p++;
	out[n] = '\0';
	return t->p < t->end && *t->p++ == quote;
}

static bool npy_number(struct npy_text *t, int *out)
{
	int n = 0, digits = 0;

	npy_space(t);
	while (t->p < t->end && *t->p >= '0' && *t->p <= '9' && n <= NPY_MAX_DIM) {
		n = n * 10 + (*t->p++ - '0');
		digits++;
	}
	if (t->p < t->end && *t->p == 'L') /* Python 2 */
		t->p++;
	*out = n;
	return digits > 0 && n <= NPY_MAX_DIM;
}

/* (), (5,), (5, 6) ... */
static bool npy_shape(struct npy_text *t, int *dim, int *n)
{
	*n = 0;
	if (!npy_take(t, "("))
		return false;
	while (!npy_take(t, ")")) {
		if (*n == NPY_MAX_DIMS || !npy_number(t, &dim[*n]))
			return false;
		++*n;
		if (!npy_take(t, ",")) {
			npy_space(t);
			if (t->p == t->end || *t->p != ')' || *n == 1)
				return false;
		}
	}
	return true;
}

/* "<i2", "|u1", ">f4" ...; b1 counts as uint8. */
static const struct voxel_type *npy_type(const char *descr, bool *swapped)
{
	static const struct {
		const char *name;
		int code;
	} types[] = {{"b1", 2}, {"u1", 2}, {"i1", 256}, {"u2", 512}, {"i2", 4}, {"u4", 768},
		{"i4", 8}, {"u8", 1280}, {"i8", 1024}, {"f4", 16}, {"f8", 64}};

	if (!descr[0] || !strchr("<>|=", descr[0]))
		return NULL;
	*swapped = descr[0] == '>';
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(descr + 1, types[i].name))
			continue;
		if (descr[0] == '|' && types[i].name[1] != '1')
			return NULL; /* without an order only single bytes make sense */
		return voxel_type_find(types[i].code);
	}
	return NULL;
}

struct npy_dict {
	char descr[16];
	bool fortran;
	int dim[NPY_MAX_DIMS], n;
	int seen; /* one bit per key */
};

/* The dictionary; NULL, or what is wrong with it. */
static const char *npy_dict_read(struct npy_text *t, struct npy_dict *d)
{
	static const char *const keys[] = {"descr", "fortran_order", "shape"};

	if (!npy_take(t, "{"))
		return "the header is no dictionary";
	while (!npy_take(t, "}")) {
		char key[16];
		int k = 0;

		if (!npy_string(t, key, sizeof(key)) || !npy_take(t, ":"))
			return "the header is damaged";
		while (k < 3 && strcmp(key, keys[k]))
			k++;
		if (k == 3 || d->seen >> k & 1)
			return "the header has a key too many";
		d->seen |= 1 << k;
		if (k == 0 && !npy_string(t, d->descr, sizeof(d->descr)))
			return "its values are records or objects, plain numbers are needed";
		if (k == 1 && !npy_take(t, "False") && !(d->fortran = npy_take(t, "True")))
			return "'fortran_order' is neither True nor False";
		if (k == 2 && !npy_shape(t, d->dim, &d->n))
			return "'shape' is no list of 1 to 4 sizes";
		if (!npy_take(t, ",")) {
			npy_space(t);
			if (t->p == t->end || *t->p != '}')
				return "the header is damaged";
		}
	}
	npy_space(t);
	if (t->p != t->end)
		return "text follows the dictionary of the header";
	return d->seen == 7 ? NULL : "the header lacks a key";
}

static int npy_fill(const char *path, const struct npy_dict *d, size_t size, struct npy_info *info,
	struct err *err)
{
	size_t values = 1;

	info->type = npy_type(d->descr, &info->swapped);
	if (!info->type)
		return err_set(err, ERR_DATA,
			"'%s': values of type '%s' are not read; whole numbers of 1 to 8 bytes and "
			"floats of 4 and 8 are",
			path, d->descr);
	if (d->n < 1)
		return err_set(err, ERR_DATA, "'%s' holds a single number, no image", path);
	info->fortran = d->fortran;
	info->dim[0] = info->dim[1] = info->dim[2] = info->channels = 1;
	for (int i = 0; i < d->n; i++) {
		if (d->dim[i] < 1)
			return err_set(
				err, ERR_DATA, "'%s' is empty: its size %d is 0", path, i + 1);
		*(i < 3 ? &info->dim[i] : &info->channels) = d->dim[i];
		if (mem_mul(values, (size_t)d->dim[i], &values))
			return err_set(err, ERR_DATA, "'%s' claims an impossible size", path);
	}
	if (mem_mul(values, (size_t)info->type->bytes, &info->bytes) || info->bytes > NPY_MAX_BYTES)
		return err_set(err, ERR_DATA, "'%s' claims more than 8 GiB", path);
	if (size - info->offset != info->bytes)
		return err_set(err, ERR_DATA,
			"'%s' has %zu bytes of values, its header asks for %zu", path,
			size - info->offset, info->bytes);
	return 0;
}

/* Reads exactly n bytes at offset at. */
static int npy_bytes(int fd, const char *path, size_t at, void *out, size_t n, struct err *err)
{
	for (size_t done = 0; done < n;) {
		ssize_t got = pread(fd, (char *)out + done, n - done, (off_t)(at + done));

		if (got < 0)
			return err_set(err, ERR_IO, "cannot read '%s'", path);
		if (!got)
			return err_set(err, ERR_DATA, "'%s' ends too early", path);
		done += (size_t)got;
	}
	return 0;
}

static int npy_head(int fd, const char *path, size_t size, struct npy_info *info, struct err *err)
{
	uint8_t head[12];
	struct npy_dict d = {.n = 0};
	struct npy_text t;
	const char *fault;
	size_t len, at;
	char *text;

	if (size < sizeof(head))
		return err_set(err, ERR_DATA, "'%s' is no .npy file: it has %zu bytes", path, size);
	if (npy_bytes(fd, path, 0, head, sizeof(head), err))
		return -1;
	if (memcmp(head, "\x93NUMPY", 6))
		return err_set(
			err, ERR_DATA, "'%s' is no .npy file: its first bytes are others", path);
	if (head[6] < 1 || head[6] > 3 || head[7])
		return err_set(err, ERR_DATA, "'%s': version %d.%d of the format is not known",
			path, head[6], head[7]);
	at = head[6] == 1 ? 10 : 12;
	len = head[8] | (size_t)head[9] << 8;
	if (head[6] > 1)
		len |= (size_t)head[10] << 16 | (size_t)head[11] << 24;
	if (len > NPY_MAX_HEADER || len > size - at)
		return err_set(err, ERR_DATA, "'%s': a header of %zu bytes cannot be", path, len);
	text = mem_alloc(len + 1);
	if (npy_bytes(fd, path, at, text, len, err)) {
		free(text);
		return -1;
	}
	t = (struct npy_text){text, text + len};
	fault = npy_dict_read(&t, &d);
	free(text);
	if (fault)
		return err_set(err, ERR_DATA, "'%s': %s", path, fault);
	info->offset = at + len;
	return npy_fill(path, &d, size, info, err);
}

int npy_read_info(const char *path, struct npy_info *info, struct err *err)
{
	size_t size = 0;
	int fd = sys_open_regular(path, NPY_MAX_BYTES + NPY_MAX_HEADER + 12, &size, err), rc;

	if (fd < 0)
		return -1;
	rc = npy_head(fd, path, size, info, err);
	close(fd);
	return rc;
}

/* Values in C order ([x][y][z][c], the last fastest) to x fastest. */
static void npy_transpose(const struct npy_info *h, const float *in, float *out)
{
	size_t nx = (size_t)h->dim[0], ny = (size_t)h->dim[1], nz = (size_t)h->dim[2];
	size_t nc = (size_t)h->channels;

	for (size_t c = 0; c < nc; c++)
		for (size_t z = 0; z < nz; z++)
			for (size_t y = 0; y < ny; y++)
				for (size_t x = 0; x < nx; x++)
					*out++ = in[((x * ny + y) * nz + z) * nc + c];
}

static struct volume *npy_values(
	int fd, const char *path, const struct npy_info *h, struct err *err)
{
	struct volume *v = volume_new(h->channels, h->dim, err);
	size_t n = h->bytes / (size_t)h->type->bytes;
	void *raw = v ? mem_try_big(h->bytes, "the values of an array", err) : NULL;
	float *plain = NULL;

	if (raw && !npy_bytes(fd, path, h->offset, raw, h->bytes, err)) {
		if (h->fortran) {
			v->nonfinite = voxel_to_float(h->type, h->swapped, 1, 0, raw, v->data, n);
			plain = v->data;
		} else {
			plain = mem_try_big(n * sizeof(*plain), "the values of an array", err);
			if (plain) {
				v->nonfinite =
					voxel_to_float(h->type, h->swapped, 1, 0, raw, plain, n);
				npy_transpose(h, plain, v->data);
				free(plain);
			}
		}
	}
	free(raw);
	if (plain) {
		v->file = mem_strdup(path);
		return v;
	}
	volume_free(v);
	return NULL;
}

struct volume *npy_read(const char *path, struct err *err)
{
	struct npy_info h;
	struct volume *v = NULL;
	size_t size = 0;
	int fd = sys_open_regular(path, NPY_MAX_BYTES + NPY_MAX_HEADER + 12, &size, err);

	if (fd < 0)
		return NULL;
	if (!npy_head(fd, path, size, &h, err))
		v = npy_values(fd, path, &h, err);
	close(fd);
	return v;
}
