/*
 * Line-wise traffic over a non-blocking socket, for the engine and its clients.
 *
 * Neither end may ever wait for the other: the engine because it trains, the
 * workbench because it draws.  What cannot be written now waits in a bounded
 * buffer; an end that lets it overflow is cut off and may connect again.
 */
#include "core/engine/conn.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/sys.h"

void conn_init(struct conn *c, int fd)
{
	*c = (struct conn){.fd = fd, .last_drain = sys_now()};
}

void conn_release(struct conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	buf_release(&c->in);
	buf_release(&c->out);
	*c = (struct conn){.fd = -1, .closed = true};
}

static void conn_read(struct conn *c)
{
	char chunk[16384];

	while (c->in.len <= CONN_LINE_MAX) {
		ssize_t n = recv(c->fd, chunk, sizeof(chunk), MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0) {
			c->closed = true;
			return;
		}
		buf_add(&c->in, chunk, (size_t)n);
		if (n < (ssize_t)sizeof(chunk))
			return;
	}
	if (!memchr(c->in.p, '\n', c->in.len))
		c->closed = true;
}

static void conn_write(struct conn *c)
{
	while (c->out.len) {
		ssize_t n = send(c->fd, c->out.p, c->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0) {
			c->closed = true;
			return;
		}
		buf_consume(&c->out, (size_t)n);
		c->last_drain = sys_now();
	}
	c->last_drain = sys_now();
}

void conn_step(struct conn *c)
{
	if (c->fd < 0 || c->closed)
		return;
	conn_write(c);
	if (!c->closed)
		conn_read(c);
}

bool conn_next(struct conn *c, struct buf *out)
{
	const char *nl = NULL;
	size_t n;

	if (c->in.len > c->scanned)
		nl = memchr(c->in.p + c->scanned, '\n', c->in.len - c->scanned);
	if (!nl) {
		c->scanned = c->in.len;
		return false;
	}
	n = (size_t)(nl - c->in.p);
	buf_reset(out);
	buf_add(out, c->in.p, n);
	buf_consume(&c->in, n + 1);
	c->scanned = 0;
	return true;
}

void conn_put(struct conn *c, const char *line)
{
	size_t n = strlen(line);

	if (c->fd < 0 || c->closed)
		return;
	if (c->out.len + n + 1 > CONN_OUT_MAX) {
		c->closed = true;
		return;
	}
	buf_add(&c->out, line, n);
	buf_putc(&c->out, '\n');
}

void conn_put_json(struct conn *c, const cJSON *obj)
{
	char *text = cJSON_PrintUnformatted(obj);

	if (text)
		conn_put(c, text);
	else
		c->closed = true;
	cJSON_free(text);
}
