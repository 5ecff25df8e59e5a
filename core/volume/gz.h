#ifndef CORE_VOLUME_GZ_H
#define CORE_VOLUME_GZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/err.h"

/* A regular file that may be gzip (told by its first bytes, not by its name). */
struct gz_file {
	const char *path; /* borrowed */
	int fd;
	bool gz;
	size_t size; /* bytes in the file, compressed */
};

/* Opens a regular file; ERR_NOINPUT when missing, ERR_DATA for a folder, FIFO or device. */
int gz_open(struct gz_file *g, const char *path, struct err *err) MUST_CHECK;
void gz_close(struct gz_file *g);

/* Up to want unpacked bytes from the start; *got tells how many there are. */
int gz_head(struct gz_file *g, void *out, size_t want, size_t *got, struct err *err) MUST_CHECK;

/* ERR_DATA when the file cannot hold total unpacked bytes: more than its size, or, for
 * gzip, more than 1032 times its size (the most that deflate can do) or max bytes. */
int gz_check_total(const struct gz_file *g, size_t total, size_t max, struct err *err) MUST_CHECK;

/*
 * Reads the first total unpacked bytes to out; what stands before skip may be left
 * out.  The whole gzip stream is checked (CRC, length, no trailing garbage; several
 * members are fine).  Pages of out are touched only as data arrives.
 */
int gz_read(struct gz_file *g, void *out, size_t skip, size_t total, struct err *err) MUST_CHECK;

/*
 * Is the file whole?  Quick where the length at the end of a gzip file is the
 * expected one; else (cut, or several members) the file is unpacked once.
 */
int gz_check_whole(struct gz_file *g, size_t total, struct err *err) MUST_CHECK;

/* Packs len bytes as one gzip member without name and time.  The caller frees *out. */
int gz_pack(const void *data, size_t len, void **out, size_t *out_len, struct err *err) MUST_CHECK;

#endif
