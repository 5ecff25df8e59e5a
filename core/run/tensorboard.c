/*
 * TensorBoard event files, written without TensorFlow.
 *
 * A file is a sequence of records: length (u64 LE), masked CRC of the length
 * (u32 LE), data, masked CRC of the data (u32 LE); the mask is
 * rotate_right(crc, 15) + 0xa282ead8 (tensorflow/core/lib/io/record_writer.h,
 * lib/hash/crc32c.h).  Data is a tensorflow.Event message (event.proto):
 *
 *   1 double wall_time   2 int64 step   3 string file_version   5 Summary summary
 *   7 SessionLog session_log { 1 status = START(1) }
 *   Summary { 1 repeated Value { 1 string tag, 2 float simple_value } }
 *
 * Five fields do not justify a protobuf library.  A SessionLog START makes
 * TensorBoard drop points of earlier files from its step on, which is what a
 * resumed run needs.  CRC-32C is checked against the RFC 3720 vectors.
 */
#include "core/run/tensorboard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/sys.h"

struct tensorboard {
	int fd;
	char *path;
	struct buf out;
	off_t size; /* bytes of whole records in the file */
};

uint32_t tensorboard_crc32c(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (int k = 0; k < 8; k++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
	}
	return ~crc;
}

static uint32_t tb_masked_crc(const void *data, size_t len)
{
	uint32_t crc = tensorboard_crc32c(data, len);

	return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static void tb_le(struct buf *b, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buf_putc(b, (char)(v >> (8 * i) & 0xff));
}

static void tb_varint(struct buf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_putc(b, (char)((v & 0x7f) | 0x80));
	buf_putc(b, (char)v);
}

static void tb_key(struct buf *b, int field, int wire)
{
	tb_varint(b, (uint64_t)(field << 3 | wire));
}

static void tb_bytes(struct buf *b, int field, const void *data, size_t len)
{
	tb_key(b, field, 2);
	tb_varint(b, len);
	buf_add(b, data, len);
}

static void tb_event_head(struct buf *ev, double wall, int64_t step)
{
	uint64_t bits;

	memcpy(&bits, &wall, sizeof(bits));
	tb_key(ev, 1, 1);
	tb_le(ev, bits, 8);
	if (step) {
		tb_key(ev, 2, 0);
		tb_varint(ev, (uint64_t)step);
	}
}

static void tb_record(struct tensorboard *tb, const struct buf *ev)
{
	struct buf len = {0};

	tb_le(&len, ev->len, 8);
	buf_add(&tb->out, len.p, len.len);
	tb_le(&tb->out, tb_masked_crc(len.p, len.len), 4);
	buf_add(&tb->out, ev->p, ev->len);
	tb_le(&tb->out, tb_masked_crc(ev->p, ev->len), 4);
	buf_release(&len);
}

struct tensorboard *tensorboard_open(const char *dir, struct err *err)
{
	static const char version[] = "brain.Event:2";
	struct tensorboard *tb = mem_zalloc(sizeof(*tb));
	struct buf ev = {0};
	char host[128];

	if (gethostname(host, sizeof(host)))
		memcpy(host, "localhost", 10);
	host[sizeof(host) - 1] = '\0';
	for (int i = 0; i < 100; i++) {
		free(tb->path);
		tb->path = mem_printf("%s/events.out.tfevents.%010lld.%s.%d.%d", dir,
			(long long)sys_wall(), host, (int)getpid(), i);
		tb->fd = open(tb->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (tb->fd >= 0 || errno != EEXIST)
			break;
	}
	if (tb->fd < 0) {
		err_sys(err, errno, "cannot make '%s'", tb->path);
		tensorboard_close(tb);
		return NULL;
	}
	tb_event_head(&ev, sys_wall(), 0);
	tb_bytes(&ev, 3, version, sizeof(version) - 1);
	tb_record(tb, &ev);
	buf_release(&ev);
	if (tensorboard_flush(tb, err)) {
		tensorboard_close(tb);
		return NULL;
	}
	return tb;
}

void tensorboard_restart(struct tensorboard *tb, double wall, int64_t step)
{
	static const char start[] = {1 << 3 | 0, 1};
	struct buf ev = {0};

	tb_event_head(&ev, wall, step);
	tb_bytes(&ev, 7, start, sizeof(start));
	tb_record(tb, &ev);
	buf_release(&ev);
}

void tensorboard_scalar(
	struct tensorboard *tb, const char *tag, double wall, int64_t step, float value)
{
	struct buf v = {0}, summary = {0}, ev = {0};
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	tb_bytes(&v, 1, tag, strlen(tag));
	tb_key(&v, 2, 5);
	tb_le(&v, bits, 4);
	tb_bytes(&summary, 1, v.p, v.len);
	tb_event_head(&ev, wall, step);
	tb_bytes(&ev, 5, summary.p, summary.len);
	tb_record(tb, &ev);
	buf_release(&v);
	buf_release(&summary);
	buf_release(&ev);
}

int tensorboard_flush(struct tensorboard *tb, struct err *err)
{
	if (tb->out.len && sys_write_all(tb->fd, tb->out.p, tb->out.len)) {
		int e = errno;

		/* Whole records only; what could not be written is kept for the next time. */
		if (ftruncate(tb->fd, tb->size) || lseek(tb->fd, tb->size, SEEK_SET) < 0)
			log_write(LOG_WARN, "%s: cannot cut a torn record", tb->path);
		return err_sys(err, e ? e : EIO, "cannot write '%s'", tb->path);
	}
	tb->size += (off_t)tb->out.len;
	buf_reset(&tb->out);
	return 0;
}

size_t tensorboard_waiting(const struct tensorboard *tb)
{
	return tb->out.len;
}

void tensorboard_close(struct tensorboard *tb)
{
	struct err err = ERR_INIT;

	if (!tb)
		return;
	if (tb->fd >= 0) {
		if (tensorboard_flush(tb, &err))
			log_write(LOG_WARN, "%s", err.msg);
		close(tb->fd);
	}
	buf_release(&tb->out);
	free(tb->path);
	free(tb);
}
