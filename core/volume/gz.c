/*
 * Bounded reading of files that may be gzip.
 *
 * nifticlib reads through zlib with whatever sizes the header claims; a 371-byte
 * file can make it ask for gigabytes.  Here the caller says how many unpacked
 * bytes it wants, the file says whether it can possibly hold them, and memory is
 * touched only as bytes really arrive.
 *
 * Two ways to inflate: libdeflate does a whole file 2-3 times as fast as zlib,
 * but only one member whose length is known (the last four bytes say so).
 * Everything else - several members, data after the voxels, any fault - goes
 * through zlib, which can name the fault.  Files are read with pread() and never
 * mapped: a file that is cut while it is read must be an error, not a SIGBUS.
 */
#include "core/volume/gz.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

#define GZ_CHUNK      65536
#define GZ_MAX_RATIO  1032
#define GZ_MAX_EXCESS ((size_t)1 << 20) /* unpacked bytes tolerated behind the data */
#define GZ_RETRIES    3                 /* network file systems stumble (EIO, ESTALE) */

int gz_open(struct gz_file *g, const char *path, struct err *err)
{
	uint8_t magic[2] = {0, 0};

	*g = (struct gz_file){.path = path, .fd = -1};
	g->fd = sys_open_regular(path, SIZE_MAX, &g->size, err);
	if (g->fd < 0)
		return -1;
	g->gz = pread(g->fd, magic, 2, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
	return 0;
}

void gz_close(struct gz_file *g)
{
	if (g->fd >= 0)
		close(g->fd);
	g->fd = -1;
}

/* Reads up to len bytes at off; fewer only at the end of the file. */
static ssize_t gz_pread(const struct gz_file *g, void *out, size_t len, size_t off, struct err *err)
{
	size_t got = 0;
	int tries = 0;

	while (got < len) {
		ssize_t n = pread(g->fd, (char *)out + got, len - got, (off_t)(off + got));

		if (n > 0) {
			got += (size_t)n;
		} else if (!n) {
			break;
		} else if ((errno == EIO || errno == ESTALE) && tries++ < GZ_RETRIES) {
			nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
		} else if (errno != EINTR) {
			return err_sys(
				err, errno, "cannot read '%s' at byte %zu", g->path, off + got);
		}
	}
	return (ssize_t)got;
}

static int gz_inflate_error(
	const struct gz_file *g, const z_stream *z, int rc, size_t at, struct err *err)
{
	if (rc == Z_MEM_ERROR)
		return err_set(err, ERR_NOMEM, "out of memory: unpacking '%s'", g->path);
	return err_set(err, ERR_DATA, "'%s' is damaged: %s at packed byte %zu", g->path,
		z->msg ? z->msg : "broken gzip data", at);
}

int gz_head(struct gz_file *g, void *out, size_t want, size_t *got, struct err *err)
{
	uint8_t in[GZ_CHUNK];
	z_stream z = {0};
	size_t off = 0;
	ssize_t n = 0;
	int rc = Z_OK;

	*got = 0;
	if (!g->gz) {
		n = gz_pread(g, out, want, 0, err);
		*got = n < 0 ? 0 : (size_t)n;
		return n < 0 ? -1 : 0;
	}
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return err_set(err, ERR_NOMEM, "out of memory: unpacking '%s'", g->path);
	z.next_out = out;
	z.avail_out = (uInt)want;
	while (z.avail_out && rc == Z_OK) {
		n = gz_pread(g, in, sizeof(in), off, err);
		if (n <= 0)
			break;
		off += (size_t)n;
		z.next_in = in;
		z.avail_in = (uInt)n;
		rc = inflate(&z, Z_NO_FLUSH);
		if (rc == Z_BUF_ERROR)
			rc = Z_OK;
	}
	*got = want - z.avail_out;
	if (n >= 0 && rc != Z_OK && rc != Z_STREAM_END)
		n = gz_inflate_error(g, &z, rc, off - z.avail_in, err);
	inflateEnd(&z);
	return n < 0 ? -1 : 0;
}

int gz_check_total(const struct gz_file *g, size_t total, size_t max, struct err *err)
{
	size_t most = g->size;

	if (g->gz && mem_mul(g->size, GZ_MAX_RATIO, &most))
		most = SIZE_MAX;
	if (total > most)
		return err_set(err, ERR_DATA,
			"'%s' is too short: the header needs %zu bytes, the file has %zu%s",
			g->path, total, g->size,
			g->gz ? " packed bytes, at most 1032 times as much unpacked" : "");
	if (total > max)
		return err_set(err, ERR_DATA, "'%s' needs %zu bytes, more than the %zu allowed",
			g->path, total, max);
	return 0;
}

/* The whole file in one call: 1 when done, 0 when zlib has to look at it, -1 on error. */
static int gz_read_fast(struct gz_file *g, void *out, size_t total, struct err *err)
{
	struct libdeflate_decompressor *d;
	size_t done = 0;
	uint8_t *in;
	ssize_t n;
	int rc = 0;

	if (g->size < 18)
		return 0;
	in = mem_try_big(g->size, "the packed file", err);
	if (!in)
		return -1;
	n = gz_pread(g, in, g->size, 0, err);
	if (n < 0) {
		mem_free_big(in);
		return -1;
	}
	if ((size_t)n == g->size) {
		const uint8_t *t = in + g->size - 4;
		uint32_t isize = (uint32_t)t[0] | (uint32_t)t[1] << 8 | (uint32_t)t[2] << 16 |
				 (uint32_t)t[3] << 24;

		d = isize == (uint32_t)total ? libdeflate_alloc_decompressor() : NULL;
		if (d) {
			/* The number of packed bytes used shows a second member or garbage. */
			size_t used = 0;

			rc = libdeflate_gzip_decompress_ex(d, in, g->size, out, total, &used,
				     &done) == LIBDEFLATE_SUCCESS &&
			     done == total && used == g->size;
			libdeflate_free_decompressor(d);
		}
	}
	mem_free_big(in);
	return rc;
}

/* State of one pass through zlib. */
struct gz_pass {
	struct gz_file *g;
	z_stream z;
	uint8_t in[GZ_CHUNK];
	size_t off; /* packed bytes taken from the file */
	bool eof;
};

/* Makes sure that some input is there unless the file is at its end. */
static int gz_fill(struct gz_pass *p, struct err *err)
{
	ssize_t n;

	if (p->z.avail_in || p->eof)
		return 0;
	n = gz_pread(p->g, p->in, sizeof(p->in), p->off, err);
	if (n < 0)
		return -1;
	p->eof = !n;
	p->off += (size_t)n;
	p->z.next_in = p->in;
	p->z.avail_in = (uInt)n;
	return 0;
}

/* After the end of a member: 1 another begins, 0 the file ends, -1 garbage. */
static int gz_next_member(struct gz_pass *p, struct err *err)
{
	for (;;) {
		if (gz_fill(p, err))
			return -1;
		if (!p->z.avail_in)
			return 0;
		if (*p->z.next_in == 0x1f)
			return 1;
		if (*p->z.next_in)
			return err_set(err, ERR_DATA,
				"'%s' is damaged: garbage after the gzip data at packed byte %zu",
				p->g->path, p->off - p->z.avail_in);
		p->z.next_in++; /* zero padding, as gzip accepts it */
		p->z.avail_in--;
	}
}

/* Inflates to the end of the file: total bytes to out, the few behind them to a sink. */
static int gz_read_slow(struct gz_pass *p, uint8_t *out, size_t total, struct err *err)
{
	uint8_t sink[4096];
	size_t have = 0;
	int rc, more;

	for (;;) {
		uInt room = have < total ? (uInt)(total - have < 1u << 30 ? total - have : 1u << 30)
					 : (uInt)sizeof(sink);

		if (gz_fill(p, err))
			return -1;
		if (!p->z.avail_in)
			return err_set(err, ERR_DATA,
				"'%s' is truncated: needs %zu unpacked bytes, has %zu", p->g->path,
				total, have);
		p->z.next_out = have < total ? out + have : sink;
		p->z.avail_out = room;
		rc = inflate(&p->z, Z_NO_FLUSH);
		have += room - p->z.avail_out;
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return gz_inflate_error(p->g, &p->z, rc, p->off - p->z.avail_in, err);
		if (have > total && have - total > GZ_MAX_EXCESS)
			return err_set(err, ERR_DATA,
				"'%s' unpacks to more than the %zu bytes its header needs",
				p->g->path, total);
		if (rc != Z_STREAM_END)
			continue;
		more = gz_next_member(p, err);
		if (more < 0)
			return -1;
		if (!more)
			break;
		inflateReset(&p->z);
	}
	if (have < total)
		return err_set(err, ERR_DATA,
			"'%s' is too short: needs %zu unpacked bytes, has %zu", p->g->path, total,
			have);
	return 0;
}

int gz_read(struct gz_file *g, void *out, size_t skip, size_t total, struct err *err)
{
	struct gz_pass *p;
	ssize_t n;
	int rc;

	if (!g->gz) {
		n = gz_pread(g, (char *)out + skip, total - skip, skip, err);
		if (n < 0)
			return -1;
		if ((size_t)n < total - skip)
			return err_set(err, ERR_DATA, "'%s' is truncated: needs %zu bytes, has %zu",
				g->path, total, skip + (size_t)n);
		return 0;
	}
	rc = gz_read_fast(g, out, total, err);
	if (rc)
		return rc < 0 ? -1 : 0;
	p = mem_zalloc(sizeof(*p));
	p->g = g;
	if (inflateInit2(&p->z, 15 + 16) != Z_OK) {
		free(p);
		return err_set(err, ERR_NOMEM, "out of memory: unpacking '%s'", g->path);
	}
	rc = gz_read_slow(p, out, total, err);
	inflateEnd(&p->z);
	free(p);
	return rc;
}

int gz_check_whole(struct gz_file *g, size_t total, struct err *err)
{
	uint8_t t[4] = {0};
	uint32_t isize;
	void *raw;
	int rc;

	if (!g->gz)
		return 0; /* gz_check_total() has compared the size */
	if (g->size >= 18 && gz_pread(g, t, 4, g->size - 4, err) < 0)
		return -1;
	isize = (uint32_t)t[0] | (uint32_t)t[1] << 8 | (uint32_t)t[2] << 16 | (uint32_t)t[3] << 24;
	if (isize == (uint32_t)total)
		return 0;
	raw = mem_try_big(total, "an image to be checked", err);
	if (!raw)
		return -1;
	rc = gz_read(g, raw, 0, total, err);
	free(raw);
	return rc;
}

int gz_pack(const void *data, size_t len, void **out, size_t *out_len, struct err *err)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
	size_t bound;

	*out = NULL;
	if (!c)
		return err_set(err, ERR_NOMEM, "out of memory: packing");
	bound = libdeflate_gzip_compress_bound(c, len);
	*out = mem_try_big(bound, "the packed file", err);
	if (*out) {
		*out_len = libdeflate_gzip_compress(c, data, len, *out, bound);
		if (!*out_len) {
			free(*out);
			*out = NULL;
			err_set(err, ERR_IO, "packing %zu bytes failed", len);
		}
	}
	libdeflate_free_compressor(c);
	return *out ? 0 : -1;
}
