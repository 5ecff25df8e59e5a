/*
 * Builds NIfTI files byte by byte, independently of the library and of our writer,
 * so that tests of the reader do not repeat the reader's own mistakes.
 */
#include "tests/unit/nifti_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/volume/gz.h"

static void put(struct nifti_file *f, size_t at, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		f->p[at + (f->swap ? bytes - 1 - i : i)] = (uint8_t)(v >> 8 * i);
}

void nifti_file_i16(struct nifti_file *f, size_t at, int v)
{
	put(f, at, (uint64_t)v, 2);
}

void nifti_file_i32(struct nifti_file *f, size_t at, int32_t v)
{
	put(f, at, (uint64_t)v, 4);
}

void nifti_file_i64(struct nifti_file *f, size_t at, int64_t v)
{
	put(f, at, (uint64_t)v, 8);
}

void nifti_file_f32(struct nifti_file *f, size_t at, double v)
{
	float x = (float)v;
	uint32_t u;

	memcpy(&u, &x, 4);
	put(f, at, u, 4);
}

void nifti_file_f64(struct nifti_file *f, size_t at, double v)
{
	uint64_t u;

	memcpy(&u, &v, 8);
	put(f, at, u, 8);
}

size_t nifti_file_voxels(const struct nifti_file *f)
{
	return f->version == 1 ? 352 : 544;
}

void nifti_file_init(
	struct nifti_file *f, int version, bool swap, int x, int y, int z, int code, int bytes)
{
	const int dim[8] = {3, x, y, z, 1, 1, 1, 1};

	f->version = version;
	f->swap = swap;
	f->len = nifti_file_voxels(f) + (size_t)x * (size_t)y * (size_t)z * (size_t)bytes;
	f->p = mem_zalloc(f->len);
	if (version == 1) {
		nifti_file_i32(f, 0, 348);
		for (int i = 0; i < 8; i++)
			nifti_file_i16(f, 40 + 2 * (size_t)i, dim[i]);
		nifti_file_i16(f, 70, code);
		nifti_file_i16(f, 72, 8 * bytes);
		for (int i = 0; i < 8; i++)
			nifti_file_f32(f, 76 + 4 * (size_t)i, 1);
		nifti_file_f32(f, 108, 352);
		memcpy(f->p + 344, "n+1", 4);
	} else {
		nifti_file_i32(f, 0, 540);
		memcpy(f->p + 4, "n+2\0\r\n\032\n", 8);
		nifti_file_i16(f, 12, code);
		nifti_file_i16(f, 14, 8 * bytes);
		for (int i = 0; i < 8; i++)
			nifti_file_i64(f, 16 + 8 * (size_t)i, dim[i]);
		for (int i = 0; i < 8; i++)
			nifti_file_f64(f, 104 + 8 * (size_t)i, 1);
		nifti_file_i64(f, 168, 544);
	}
}

void nifti_file_release(struct nifti_file *f)
{
	free(f->p);
	f->p = NULL;
}

const char *nifti_file_put(const char *dir, const char *name, const void *data, size_t len)
{
	static char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	out = fopen(path, "w");
	if (!out || fwrite(data, 1, len, out) != len || fclose(out)) {
		fprintf(stderr, "cannot write %s\n", path);
		abort();
	}
	return path;
}

const char *nifti_file_put_gz(
	const char *dir, const char *name, const void *data, size_t len, size_t *packed)
{
	struct err err = ERR_INIT;
	const char *path;
	void *out;
	size_t n;

	if (gz_pack(data, len, &out, &n, &err))
		abort();
	path = nifti_file_put(dir, name, out, n);
	free(out);
	if (packed)
		*packed = n;
	return path;
}

const char *nifti_test_data(const char *sub)
{
	static char path[4096];
	const char *root = getenv("AXIAL_TEST_DATA");

	snprintf(path, sizeof(path), "%s/%s", root ? root : "../shared/data", sub);
	if (sys_exists(path))
		return path;
	fprintf(stderr, "SKIPPED: no test data at %s (set AXIAL_TEST_DATA)\n", path);
	return NULL;
}
