/*
 * The client's end of the engine.
 *
 * A small state machine that the poll loop of the workbench steps: try to
 * connect, exchange greetings, move lines.  When the engine is not there it is
 * started in the background and tried again soon; when it goes away (stopped,
 * killed, replaced) the same path connects to the next one, and the generation
 * tells the caller to subscribe anew.  The commands use the same machine with a
 * poll() around it.
 */
#include "core/engine/client.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/engine/conn.h"
#include "core/engine/engine.h"
#include "core/engine/place.h"

static const double RETRY_SOON = 0.05; /* after an engine was started */
static const double RETRY_LATER = 1.0;
static const double START_EVERY = 3.0;

struct engine_client {
	struct conn conn;
	enum engine_link state;
	bool start;
	double retry_at, start_at; /* monotonic: not before */
	int generation;
	int64_t next_id;
	cJSON *inbox; /* array of messages not taken yet */
	struct err err;
};

struct engine_client *engine_client_new(bool start)
{
	struct engine_client *c = mem_zalloc(sizeof(*c));

	conn_init(&c->conn, -1);
	c->start = start;
	c->inbox = cJSON_CreateArray();
	return c;
}

void engine_client_free(struct engine_client *c)
{
	if (!c)
		return;
	conn_release(&c->conn);
	cJSON_Delete(c->inbox);
	free(c);
}

int engine_client_fd(const struct engine_client *c, short *events)
{
	*events = (short)(POLLIN | (c->conn.out.len ? POLLOUT : 0));
	return c->conn.fd;
}

double engine_client_wait(const struct engine_client *c)
{
	double left = c->retry_at - sys_now();

	if (c->conn.fd >= 0 || c->state == ENGINE_REFUSED)
		return INFINITY;
	return left > 0 ? left : 0;
}

enum engine_link engine_client_state(const struct engine_client *c)
{
	return c->state;
}

const char *engine_client_error(const struct engine_client *c)
{
	return c->err.msg;
}

bool engine_client_stuck(const struct engine_client *c)
{
	return c->state == ENGINE_REFUSED ||
	       (c->err.code && c->err.code != ERR_AGAIN && c->conn.fd < 0);
}

int engine_client_generation(const struct engine_client *c)
{
	return c->generation;
}

static void client_drop(struct engine_client *c, enum engine_link state)
{
	conn_release(&c->conn);
	c->state = state;
	c->retry_at = sys_now() + RETRY_SOON;
}

static void client_try_start(struct engine_client *c, double now)
{
	if (!c->start || now < c->start_at)
		return;
	c->start_at = now + START_EVERY;
	if (!engine_spawn(&c->err))
		c->retry_at = now + RETRY_SOON;
}

static bool client_connect(struct engine_client *c)
{
	double now = sys_now();
	struct err err = ERR_INIT;
	char *dir;
	int fd;

	if (now < c->retry_at)
		return false;
	c->retry_at = now + (c->start && now < c->start_at ? RETRY_SOON : RETRY_LATER);
	dir = engine_runtime_dir(&err);
	fd = dir ? engine_connect(dir, &err) : -1;
	free(dir);
	if (fd >= 0 && engine_check_peer(fd, &err)) {
		conn_init(&c->conn, fd);
		c->err = err;
		client_drop(c, ENGINE_REFUSED);
		return true;
	}
	c->err = err;
	if (fd < 0) {
		if (err.code == ERR_AGAIN)
			client_try_start(c, now);
		return false;
	}
	conn_init(&c->conn, fd);
	conn_put(&c->conn, ENGINE_GREETING);
	c->state = ENGINE_CONNECTING;
	c->generation++;
	return true;
}

static bool client_greeting(struct engine_client *c, const struct buf *line)
{
	if (!strcmp(line->p, ENGINE_GREETING)) {
		c->state = ENGINE_READY;
		return true;
	}
	err_set(&c->err, ERR_PROTO,
		"the running engine is of another version ('%.40s', this one speaks '%s'); stop it "
		"with the axial that started it, or by its pid in engine.lock",
		line->p, ENGINE_GREETING);
	client_drop(c, ENGINE_REFUSED);
	return false;
}

static void client_take_line(struct engine_client *c, const struct buf *line)
{
	cJSON *msg;

	if (c->state == ENGINE_CONNECTING) {
		client_greeting(c, line);
		return;
	}
	msg = json_parse(line->p, line->len, "engine", &c->err);
	if (msg)
		cJSON_AddItemToArray(c->inbox, msg);
	else
		c->conn.closed = true;
}

bool engine_client_step(struct engine_client *c)
{
	struct buf line = {0};
	bool changed = false;

	if (c->state == ENGINE_REFUSED)
		return false;
	if (c->conn.fd < 0 && !(changed = client_connect(c)))
		return false;
	conn_step(&c->conn);
	while (c->conn.fd >= 0 && conn_next(&c->conn, &line)) {
		client_take_line(c, &line);
		changed = true;
	}
	buf_release(&line);
	if (c->conn.fd >= 0 && c->conn.closed) {
		if (!c->err.code)
			err_set(&c->err, ERR_AGAIN, "the engine closed the connection");
		client_drop(c, ENGINE_OFF);
		changed = true;
	}
	return changed;
}

int64_t engine_client_send(struct engine_client *c, const char *req, cJSON *args)
{
	cJSON *msg;
	int64_t id = -1;

	if (c->state == ENGINE_READY) {
		id = ++c->next_id;
		msg = cJSON_CreateObject();
		cJSON_AddNumberToObject(msg, "id", (double)id);
		cJSON_AddStringToObject(msg, "req", req);
		if (args)
			cJSON_AddItemReferenceToObject(msg, "args", args);
		conn_put_json(&c->conn, msg);
		cJSON_Delete(msg);
	}
	cJSON_Delete(args);
	return id;
}

cJSON *engine_client_next(struct engine_client *c)
{
	return cJSON_DetachItemFromArray(c->inbox, 0);
}

/* --- one call, for commands ----------------------------------------------------------------- */

/* Steps the client until done() or the deadline. */
static void client_wait_step(struct engine_client *c, double deadline)
{
	double left = deadline - sys_now(), wait = engine_client_wait(c);
	struct pollfd p;

	if (wait > left)
		wait = left;
	if (wait < 0)
		wait = 0;
	p.fd = engine_client_fd(c, &p.events);
	if (poll(&p, 1, (int)(wait * 1000) + 1) >= 0)
		engine_client_step(c);
}

static int client_wait_ready(struct engine_client *c, double deadline, struct err *err)
{
	engine_client_step(c);
	while (c->state != ENGINE_READY) {
		if (engine_client_stuck(c))
			return err_set(err, c->err.code, "%s", c->err.msg);
		if (!c->start && c->state == ENGINE_OFF)
			return err_set(err, ERR_AGAIN, "no engine is running");
		if (sys_now() > deadline)
			return err_set(err, ERR_AGAIN,
				"the engine does not answer (see engine.log in its folder)");
		client_wait_step(c, deadline);
	}
	return 0;
}

static cJSON *client_result(cJSON *reply, struct err *err)
{
	cJSON *data = NULL;

	if (json_bool(reply, "ok", false)) {
		data = cJSON_DetachItemFromObjectCaseSensitive(reply, "data");
		if (!data)
			data = cJSON_CreateObject();
	} else {
		err_set(err, (int)json_num(reply, "code", ERR_PROTO), "%s",
			json_str(reply, "error", "the engine refused without a reason"));
	}
	cJSON_Delete(reply);
	return data;
}

cJSON *engine_call(const char *req, cJSON *args, bool start, double timeout, struct err *err)
{
	struct engine_client *c = engine_client_new(start);
	double deadline = sys_now() + timeout;
	cJSON *reply = NULL;
	int64_t id;

	if (client_wait_ready(c, deadline, err)) {
		cJSON_Delete(args);
		engine_client_free(c);
		return NULL;
	}
	id = engine_client_send(c, req, args);
	while (c->state == ENGINE_READY && sys_now() < deadline) {
		reply = engine_client_next(c);
		if (reply && (int64_t)json_num(reply, "id", 0) == id)
			break;
		cJSON_Delete(reply);
		reply = NULL;
		client_wait_step(c, deadline);
	}
	if (!reply)
		reply = engine_client_next(c);
	engine_client_free(c);
	if (reply)
		return client_result(reply, err);
	err_set(err, ERR_AGAIN, "the engine did not answer '%s'", req);
	return NULL;
}
