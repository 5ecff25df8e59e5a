#ifndef CORE_ENGINE_CONN_H
#define CORE_ENGINE_CONN_H

#include <stdbool.h>
#include "core/base/buf.h"
#include "core/base/json.h"

/* Lines over a socket that never blocks: the same for both ends. */
struct conn {
	int fd;
	struct buf in, out;
	size_t scanned;    /* bytes of in known to hold no line feed */
	double last_drain; /* monotonic time at which out was empty or got shorter */
	bool closed;       /* the other end is gone, or sent nonsense */
};

#define CONN_LINE_MAX (1u << 20)
#define CONN_OUT_MAX  (4u << 20)

void conn_init(struct conn *c, int fd);
void conn_release(struct conn *c); /* closes fd */

/* Reads and writes what is possible now; sets closed on end, error or an overlong line. */
void conn_step(struct conn *c);

/* Takes the next whole line into out (replacing it), without its line feed. */
bool conn_next(struct conn *c, struct buf *out);

/* Queues a line.  When more than CONN_OUT_MAX would wait, the connection is closed. */
void conn_put(struct conn *c, const char *line);
void conn_put_json(struct conn *c, const cJSON *obj);

#endif
