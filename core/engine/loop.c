/*
 * The event loop of the engine.
 *
 * One thread owns sockets and job table; everything it waits for is in one
 * poll(): new clients, their lines, signals (signalfd), and the wake-ups of job
 * threads (eventfd).  Handlers take milliseconds.  Job states and properties go
 * to subscribers at most ten times a second and always whole: whoever still has
 * unread bytes gets the next state instead of this one, whoever has not read for
 * long is cut off.
 *
 * Signals are blocked before any thread starts and read here only.  A hang-up is
 * ignored: the line of the terminal that started the engine is nobody's business
 * any more.  SIGTERM and SIGINT stop the jobs after a checkpoint, a second one
 * leaves at once (the runs are then interrupted and can be resumed).
 */
#include "core/engine/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/engine/place.h"
#include "core/engine/requests.h"

static const int PEERS_MAX = 64;
static const int LINES_AT_ONCE = 16;
static const double PUSH_EVERY = 0.1;
static const double CHECK_EVERY = 10.0;
static const double STUCK_AFTER = 20.0; /* a client that has not read for so long is cut off */

/* --- place: lock and socket ----------------------------------------------------------------- */

static int engine_lock(struct engine *e, struct err *err)
{
	char *path = sys_join(e->dir, "engine.lock"), pid[32];
	int n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());

	e->lock_fd = sys_lock(path, err);
	if (e->lock_fd < 0 && err && err->code == ERR_LOCKED)
		err_set(err, ERR_LOCKED, "an engine is running already ('%s')", path);
	if (e->lock_fd >= 0 &&
		(ftruncate(e->lock_fd, 0) || pwrite(e->lock_fd, pid, (size_t)n, 0) != n))
		log_write(LOG_WARN, "cannot write the pid to '%s'", path);
	free(path);
	return e->lock_fd < 0 ? -1 : 0;
}

/* True when dir/name is there and, with fd, is the same file. */
static bool engine_has_file(const struct engine *e, const char *name, int fd)
{
	char *path = sys_join(e->dir, name);
	struct stat there, mine;
	bool ok = !stat(path, &there);

	if (ok && fd >= 0)
		ok = !fstat(fd, &mine) && mine.st_ino == there.st_ino &&
		     mine.st_dev == there.st_dev;
	free(path);
	return ok;
}

/* Cleaners of /tmp remove what looks old; take the place again. */
static void engine_keep_place(struct engine *e)
{
	struct err err = ERR_INIT;
	char *dir;
	int fd;

	if (engine_has_file(e, "engine.lock", e->lock_fd) && engine_has_file(e, "engine.sock", -1))
		return;
	dir = engine_runtime_dir(&err);
	free(dir);
	fd = e->lock_fd;
	if (!dir || engine_lock(e, &err)) {
		e->lock_fd = fd;
		log_write(LOG_ERROR, "the engine's folder was removed: %s", err.msg);
		return;
	}
	close(fd);
	fd = engine_listen(e->dir, &err);
	if (fd < 0) {
		log_write(LOG_ERROR, "%s", err.msg);
		return;
	}
	close(e->listen_fd);
	e->listen_fd = fd;
	log_write(LOG_INFO, "socket and lock were removed by somebody, made again");
}

static int engine_block_signals(struct engine *e, struct err *err)
{
	sigset_t set;

	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL))
		return err_set(err, ERR_IO, "cannot block signals");
	e->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (e->signal_fd < 0)
		return err_sys(err, errno, "cannot make a signalfd");
	return 0;
}

static int engine_open(struct engine *e, struct err *err)
{
	e->dir = engine_runtime_dir(err);
	if (!e->dir || engine_lock(e, err) || engine_block_signals(e, err))
		return -1;
	e->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (e->wake_fd < 0)
		return err_sys(err, errno, "cannot make an eventfd");
	e->listen_fd = engine_listen(e->dir, err);
	if (e->listen_fd < 0)
		return -1;
	job_table_init(&e->jobs, e->dir, e->wake_fd, e->opt->kinds);
	e->started = e->idle_since = e->last_check = sys_now();
	log_write(LOG_INFO, "engine started, pid %d, folder %s", (int)getpid(), e->dir);
	return 0;
}

static void engine_close(struct engine *e)
{
	const int fds[] = {e->listen_fd, e->wake_fd, e->signal_fd};

	if (e->listen_fd >= 0) {
		char *path = sys_join(e->dir, "engine.sock");

		unlink(path);
		free(path);
	}
	for (int i = 0; i < e->npeers; i++) {
		conn_step(&e->peers[i]->conn);
		conn_release(&e->peers[i]->conn);
		free(e->peers[i]);
	}
	free(e->peers);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (e->jobs.file)
		job_table_release(&e->jobs);
	/* The lock goes last: whoever gets it finds a free place. */
	if (e->lock_fd >= 0)
		close(e->lock_fd);
	free(e->dir);
}

void engine_stop(struct engine *e, bool now)
{
	e->stopping = true;
	if (now)
		e->leave_now = true;
	else
		job_stop_all(&e->jobs);
}

/* --- clients -------------------------------------------------------------------------------- */

static void engine_accept(struct engine *e)
{
	struct engine_peer *peer;
	struct err err = ERR_INIT;
	int fd = accept4(e->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (e->npeers >= PEERS_MAX || engine_check_peer(fd, &err)) {
		log_write(LOG_WARN, "refused a client: %s", err.code ? err.msg : "too many");
		close(fd);
		return;
	}
	peer = mem_zalloc(sizeof(*peer));
	conn_init(&peer->conn, fd);
	conn_put(&peer->conn, ENGINE_GREETING);
	e->peers = mem_realloc(e->peers, (size_t)(e->npeers + 1) * sizeof(*e->peers));
	e->peers[e->npeers++] = peer;
}

/* A few requests at a time: one client's thousand must not make another wait. */
static void engine_serve_peer(struct engine *e, struct engine_peer *peer)
{
	struct buf line = {0};
	int n = 0;

	conn_step(&peer->conn);
	for (; n < LINES_AT_ONCE && !peer->conn.closed && conn_next(&peer->conn, &line); n++) {
		if (peer->greeted) {
			request_handle(e, peer, &line);
		} else if (line.p && !strcmp(line.p, ENGINE_GREETING)) {
			peer->greeted = true;
		} else {
			/* The greeting that it was sent tells it the version of this end. */
			peer->conn.closed = true;
		}
	}
	buf_release(&line);
	e->busy = e->busy || n == LINES_AT_ONCE;
	conn_step(&peer->conn);
	if (peer->conn.out.len && sys_now() - peer->conn.last_drain > STUCK_AFTER)
		peer->conn.closed = true;
}

static void engine_drop_closed(struct engine *e)
{
	int kept = 0;

	for (int i = 0; i < e->npeers; i++) {
		if (e->peers[i]->conn.closed) {
			conn_release(&e->peers[i]->conn);
			free(e->peers[i]);
		} else {
			e->peers[kept++] = e->peers[i];
		}
	}
	e->npeers = kept;
}

static void engine_push(struct engine *e, double now)
{
	cJSON *msg;

	if (!atomic_load(&e->jobs.dirty) || now - e->last_push < PUSH_EVERY)
		return;
	atomic_store(&e->jobs.dirty, false);
	e->last_push = now;
	msg = cJSON_CreateObject();
	cJSON_AddStringToObject(msg, "push", "jobs");
	cJSON_AddItemToObject(msg, "data", job_table_json(&e->jobs));
	for (int i = 0; i < e->npeers; i++) {
		struct engine_peer *peer = e->peers[i];

		if (!peer->subscribed)
			continue;
		/* Behind: gets the newest state once it has read. */
		if (peer->conn.out.len)
			atomic_store(&e->jobs.dirty, true);
		else
			conn_put_json(&peer->conn, msg);
		conn_step(&peer->conn);
	}
	cJSON_Delete(msg);
}

/* --- the loop ------------------------------------------------------------------------------- */

static void engine_signals(struct engine *e)
{
	struct signalfd_siginfo si;

	while (read(e->signal_fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		log_write(LOG_INFO, "signal %u", si.ssi_signo);
		engine_stop(e, e->stopping);
	}
}

static int engine_timeout_ms(const struct engine *e, double now)
{
	double wait = 1.0, push = PUSH_EVERY - (now - e->last_push);

	if (e->busy)
		return 0;
	if (atomic_load(&e->jobs.dirty) && push < wait)
		wait = push;
	return wait > 0 ? (int)(wait * 1000) + 1 : 0;
}

static void engine_wait(struct engine *e)
{
	struct pollfd *p = mem_zalloc((size_t)(e->npeers + 3) * sizeof(*p));
	uint64_t woken;
	int n = 0;

	p[n++] = (struct pollfd){.fd = e->listen_fd, .events = POLLIN};
	p[n++] = (struct pollfd){.fd = e->wake_fd, .events = POLLIN};
	p[n++] = (struct pollfd){.fd = e->signal_fd, .events = POLLIN};
	for (int i = 0; i < e->npeers; i++)
		p[n++] = (struct pollfd){.fd = e->peers[i]->conn.fd,
			.events = (short)(POLLIN | (e->peers[i]->conn.out.len ? POLLOUT : 0))};
	if (poll(p, (nfds_t)n, engine_timeout_ms(e, sys_now())) < 0 && errno != EINTR)
		log_write(LOG_ERROR, "poll: %s", strerror(errno));
	if (p[1].revents && read(e->wake_fd, &woken, sizeof(woken)) < 0 && errno != EAGAIN)
		log_write(LOG_ERROR, "eventfd: %s", strerror(errno));
	if (p[2].revents)
		engine_signals(e);
	e->busy = false;
	for (int i = 0; i < e->npeers; i++)
		engine_serve_peer(e, e->peers[i]);
	if (p[0].revents)
		engine_accept(e);
	free(p);
}

/* True when there is nothing more to do for this engine. */
static bool engine_finished(struct engine *e, double now)
{
	bool idle = !e->npeers && !job_table_active(&e->jobs);

	if (e->leave_now || (e->stopping && !job_table_live(&e->jobs)))
		return true;
	if (!idle || !e->idle_since)
		e->idle_since = idle ? now : 0;
	if (e->opt->idle_s > 0 && idle && now - e->idle_since > e->opt->idle_s) {
		log_write(LOG_INFO, "nothing to do for %.0f s", e->opt->idle_s);
		return true;
	}
	return false;
}

int engine_serve(const struct engine_options *opt, struct err *err)
{
	struct engine *e = mem_zalloc(sizeof(*e));
	double now;

	e->opt = opt;
	e->lock_fd = e->listen_fd = e->wake_fd = e->signal_fd = -1;
	if (engine_open(e, err)) {
		engine_close(e);
		free(e);
		return -1;
	}
	do {
		job_table_turn(&e->jobs, e->stopping);
		now = sys_now();
		engine_push(e, now);
		engine_drop_closed(e);
		if (now - e->last_check > CHECK_EVERY) {
			engine_keep_place(e);
			e->last_check = now;
		}
		if (engine_finished(e, now))
			break;
		engine_wait(e);
	} while (true);
	log_write(LOG_INFO, "engine ends%s", job_table_live(&e->jobs) ? " before its jobs" : "");
	if (job_table_live(&e->jobs))
		return err_set(err, ERR_INTR,
			"the engine was told to leave at once: running jobs are interrupted");
	engine_close(e);
	free(e);
	return 0;
}
