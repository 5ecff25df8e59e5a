/*
 * The engine as its clients see it: a forked engine with a dummy kind of job in a
 * runtime folder of its own.
 */
#include <math.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/engine/client.h"
#include "core/engine/conn.h"
#include "core/engine/engine.h"
#include "core/engine/place.h"
#include "core/run/reader.h"
#include "core/run/run.h"
#include "core/run/scan.h"

/* --- the dummy job -------------------------------------------------------------------------- */

struct dummy_args {
	char *mmar, *name;
	int64_t steps;
	bool fail;
};

static const struct arg_def dummy_defs[] = {
	{"mmar", ARG_STRING, offsetof(struct dummy_args, mmar), .flags = ARG_REQUIRED},
	{"name", ARG_STRING, offsetof(struct dummy_args, name)},
	{"steps", ARG_INT, offsetof(struct dummy_args, steps), .def = "5", .min = 1, .max = 1e9},
	{"fail", ARG_BOOL, offsetof(struct dummy_args, fail)},
	ARG_END,
};

static int dummy_step(struct run *r, int64_t step, struct err *err)
{
	struct timespec nap = {.tv_nsec = 2 * 1000 * 1000};
	struct buf f = {0};
	int rc;

	event_int(&f, "step", step);
	event_num(&f, "loss", 1.0 / (double)step);
	rc = run_event(r, EVENT_STEP, &f, err);
	buf_release(&f);
	nanosleep(&nap, NULL);
	return rc;
}

static int dummy_checkpoint(struct run *r, struct err *err)
{
	char *path = run_path(r, RUN_FILE_CHECKPOINT);
	int rc = sys_write_file(path, "x", 1, err);

	free(path);
	return rc;
}

static int dummy_run(struct job_ctl *ctl, const void *args, struct err *err)
{
	const struct dummy_args *a = args;
	char *ckpt = sys_join(a->mmar, "models");
	struct run_info info = {.ckpt_dir = ckpt, .name = a->name, .mmar = a->mmar};
	struct run *r = run_create(&info, err);

	free(ckpt);
	if (!r)
		return -1;
	job_run_started(ctl, run_dir(r));
	for (int64_t s = 1; s <= a->steps; s++) {
		if (dummy_step(r, s, err) || (s == 3 && dummy_checkpoint(r, err))) {
			run_abandon(r);
			return -1;
		}
		job_prop(ctl, "step", (double)s);
		job_prop(ctl, "nan", NAN);
		if (job_cancelled(ctl)) {
			if (run_close(r, "stopped", NULL, ERR_INTR, err))
				return -1;
			return err_set(err, ERR_INTR, "stopped");
		}
	}
	if (a->fail) {
		run_abandon(r);
		return err_set(err, ERR_DATA, "no such transform 'Fli'");
	}
	return run_close(r, "done", NULL, 0, err);
}

static const struct job_kind dummy_kind = {
	.name = "dummy",
	.help = "writes events",
	.args = dummy_defs,
	.args_size = sizeof(struct dummy_args),
	.run = dummy_run,
};
static const struct job_kind *const kinds[] = {&dummy_kind, NULL};

/* --- a private engine ----------------------------------------------------------------------- */

struct place {
	char dir[64];
	char *runtime, *mmar;
	pid_t pid;
};

static void start_engine(struct place *p, double idle_s)
{
	struct engine_options opt = {.kinds = kinds, .idle_s = idle_s};
	struct err err = ERR_INIT;

	p->pid = fork();
	assert_true(p->pid >= 0);
	if (!p->pid)
		_exit(engine_serve(&opt, &err) ? (err.code ? err.code : 1) : 0);
}

static int end_engine(struct place *p)
{
	int status = 0;

	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	p->pid = 0;
	return status;
}

static int setup(void **state)
{
	struct place *p = mem_zalloc(sizeof(*p));

	snprintf(p->dir, sizeof(p->dir), "/tmp/axial-test-engine-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->runtime = sys_join(p->dir, "run");
	p->mmar = sys_join(p->dir, "mmar");
	assert_int_equal(sys_mkdirs(p->mmar, NULL), 0);
	assert_int_equal(setenv("AXIAL_RUNTIME_DIR", p->runtime, 1), 0);
	start_engine(p, 0);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	int rc;

	if (p->pid) {
		kill(p->pid, SIGKILL);
		end_engine(p);
	}
	rc = sys_remove_tree(p->dir, NULL);
	free(p->runtime);
	free(p->mmar);
	free(p);
	return rc;
}

/* Waits until the socket answers; engine_call(start = false) does not wait for an engine. */
static cJSON *call(const char *req, cJSON *args, struct err *err)
{
	struct timespec nap = {.tv_nsec = 5 * 1000 * 1000};
	cJSON *reply = NULL;

	for (int i = 0; i < 400 && !reply; i++) {
		err_clear(err);
		reply = engine_call(req, args ? cJSON_Duplicate(args, true) : NULL, false, 5, err);
		if (reply || err->code != ERR_AGAIN)
			break;
		nanosleep(&nap, NULL);
	}
	cJSON_Delete(args);
	return reply;
}

static cJSON *must_call(const char *req, cJSON *args)
{
	struct err err = ERR_INIT;
	cJSON *reply = call(req, args, &err);

	if (!reply)
		fail_msg("%s: %s", req, err.msg);
	return reply;
}

static cJSON *dummy(const struct place *p, const char *name, int steps, bool fail)
{
	cJSON *o = cJSON_CreateObject(), *args;

	cJSON_AddStringToObject(o, "kind", "dummy");
	args = cJSON_AddObjectToObject(o, "args");
	cJSON_AddStringToObject(args, "mmar", p->mmar);
	cJSON_AddStringToObject(args, "name", name);
	cJSON_AddNumberToObject(args, "steps", steps);
	cJSON_AddBoolToObject(args, "fail", fail);
	return o;
}

static int64_t submit(const struct place *p, const char *name, int steps, bool fail)
{
	cJSON *job = must_call("submit", dummy(p, name, steps, fail));
	int64_t id = (int64_t)json_num(job, "id", 0);

	assert_true(id > 0);
	assert_string_equal(json_str(job, "title", ""), "mmar");
	cJSON_Delete(job);
	return id;
}

static cJSON *job_arg(int64_t id)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddNumberToObject(o, "job", (double)id);
	return o;
}

/* Polls until the job has this state; returns it. */
static cJSON *wait_state(int64_t id, const char *state)
{
	struct timespec nap = {.tv_nsec = 10 * 1000 * 1000};

	for (int i = 0; i < 1000; i++) {
		cJSON *job = must_call("props", job_arg(id));

		if (!strcmp(json_str(job, "state", ""), state))
			return job;
		if (i == 999)
			fail_msg(
				"job %d is %s, not %s", (int)id, json_str(job, "state", ""), state);
		cJSON_Delete(job);
		nanosleep(&nap, NULL);
	}
	return NULL;
}

static void expect_state(int64_t id, const char *state)
{
	cJSON_Delete(wait_state(id, state));
}
/* Waits until the job has written some steps. */
static void wait_steps(int64_t id, double steps)
{
	struct timespec nap = {.tv_nsec = 10 * 1000 * 1000};
	double seen = 0;

	for (int i = 0; i < 1000 && seen < steps; i++) {
		cJSON *job = must_call("props", job_arg(id));

		seen = json_num(cJSON_GetObjectItemCaseSensitive(job, "props"), "step", 0);
		cJSON_Delete(job);
		nanosleep(&nap, NULL);
	}
	assert_true(seen >= steps);
}

/* --- tests ---------------------------------------------------------------------------------- */

static void test_job_runs_and_fails(void **state)
{
	struct place *p = *state;
	int64_t good = submit(p, "good", 5, false), bad = submit(p, "bad", 5, true);
	struct run_reader rd;
	cJSON *job;

	job = wait_state(good, "done");
	run_reader_init(&rd, json_str(job, "run", ""));
	assert_true(run_reader_poll(&rd, 0, NULL, NULL) > 0);
	assert_int_equal(run_reader_series(&rd, EVENT_STEP, "loss")->n, 5);
	assert_string_equal(rd.end_state, "done");
	assert_true(json_num(cJSON_GetObjectItemCaseSensitive(job, "props"), "step", 0) == 5);
	run_reader_release(&rd);
	cJSON_Delete(job);
	job = wait_state(bad, "failed");
	assert_int_equal(json_num(job, "code", 0), ERR_DATA);
	assert_string_equal(json_str(job, "error", ""), "no such transform 'Fli'");
	cJSON_Delete(job);
}

static void test_bad_requests(void **state)
{
	struct place *p = *state;
	struct err err = ERR_INIT;
	cJSON *args;

	assert_null(call("stopp", NULL, &err));
	assert_int_equal(err.code, ERR_PROTO);
	assert_non_null(strstr(err.msg, "did you mean 'stop'"));
	assert_null(call("stop", NULL, &err));
	assert_int_equal(err.code, ERR_DATA);
	assert_null(call("stop", job_arg(77), &err));
	assert_int_equal(err.code, ERR_USAGE);
	args = dummy(p, "x", 5, false);
	cJSON_ReplaceItemInObject(args, "kind", cJSON_CreateString("juggle"));
	assert_null(call("submit", args, &err));
	assert_int_equal(err.code, ERR_USAGE);
	args = dummy(p, "x", 0, false);
	assert_null(call("submit", args, &err));
	assert_int_equal(err.code, ERR_DATA);
	args = dummy(p, "x", 5, false);
	cJSON_ReplaceItemInObject(cJSON_GetObjectItemCaseSensitive(args, "args"), "mmar",
		cJSON_CreateString("relative/path"));
	assert_null(call("submit", args, &err));
	assert_int_equal(err.code, ERR_USAGE);
}

static void test_queue_and_stop(void **state)
{
	struct place *p = *state;
	int64_t a = submit(p, "a", 1000000, false), b = submit(p, "b", 1000000, false);
	int64_t c = submit(p, "c", 5, false);
	cJSON *job;

	expect_state(a, "running");
	expect_state(b, "queued");
	cJSON_Delete(must_call("stop", job_arg(b)));
	expect_state(b, "stopped");
	wait_steps(a, 5);
	cJSON_Delete(must_call("stop", job_arg(a)));
	job = wait_state(a, "stopped");
	assert_true(json_bool(job, "resumable", false));
	cJSON_Delete(job);
	expect_state(c, "done");
}

static void test_second_engine_is_refused(void **state)
{
	struct place *p = *state;
	pid_t first = p->pid;

	cJSON_Delete(must_call("ping", NULL));
	start_engine(p, 0);
	assert_int_equal(WEXITSTATUS(end_engine(p)), ERR_LOCKED);
	p->pid = first;
	cJSON_Delete(must_call("ping", NULL));
}

/* Steps a client until it has a message that carries key, at most 10 s. */
static cJSON *next_with(struct engine_client *c, const char *key)
{
	double deadline = sys_now() + 10;
	struct pollfd pfd;
	cJSON *msg;

	while (sys_now() < deadline) {
		while ((msg = engine_client_next(c))) {
			if (cJSON_GetObjectItemCaseSensitive(msg, key))
				return msg;
			cJSON_Delete(msg);
		}
		pfd.fd = engine_client_fd(c, &pfd.events);
		poll(&pfd, 1, 20);
		engine_client_step(c);
	}
	fail_msg("no message with '%s'", key);
	return NULL;
}

static void connect_client(struct engine_client *c)
{
	double deadline = sys_now() + 10;
	struct timespec nap = {.tv_nsec = 5 * 1000 * 1000};

	while (engine_client_state(c) != ENGINE_READY && sys_now() < deadline) {
		engine_client_step(c);
		nanosleep(&nap, NULL);
	}
	assert_int_equal(engine_client_state(c), ENGINE_READY);
}

static void test_two_subscribers(void **state)
{
	struct place *p = *state;
	struct engine_client *a = engine_client_new(false), *b = engine_client_new(false);
	double t0, seen = 0;
	int pushes = 0;
	int64_t id;

	connect_client(a);
	connect_client(b);
	assert_true(engine_client_send(a, "subscribe", NULL) > 0);
	assert_true(engine_client_send(b, "subscribe", NULL) > 0);
	cJSON_Delete(next_with(a, "ok"));
	cJSON_Delete(next_with(b, "ok"));
	id = submit(p, "s", 1000000, false);
	/* Both see the steps grow; at ~400 steps a second there are at most ten pushes. */
	for (t0 = sys_now(); sys_now() - t0 < 1.0; pushes++) {
		cJSON *msg = next_with(a, "push");
		cJSON *job = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(msg, "data"), 0);
		double step = json_num(cJSON_GetObjectItemCaseSensitive(job, "props"), "step", 0);

		assert_true(step >= seen);
		seen = step;
		cJSON_Delete(msg);
	}
	assert_true(seen > 5);
	assert_in_range(pushes, 3, 12);
	cJSON_Delete(next_with(b, "push"));
	cJSON_Delete(must_call("stop", job_arg(id)));
	expect_state(id, "stopped");
	engine_client_free(a);
	engine_client_free(b);
}

/* A client that asks for much and reads nothing must not hold up the others. */
static void test_slow_client(void **state)
{
	struct place *p = *state;
	struct pollfd pfd = {.events = POLLHUP};
	struct conn slow;
	int64_t id;
	int fd;

	id = submit(p, "s", 1000000, false);
	fd = engine_connect(p->runtime, NULL);
	assert_true(fd >= 0);
	conn_init(&slow, fd);
	pfd.fd = fd;
	conn_put(&slow, ENGINE_GREETING);
	conn_put(&slow, "{\"id\":1,\"req\":\"subscribe\"}");
	for (int i = 0; i < 20000; i++)
		conn_put(&slow, "{\"id\":2,\"req\":\"jobs\"}");
	for (int i = 0; i < 3000 && !(pfd.revents & POLLHUP); i++) {
		double t0 = sys_now();

		/* Writes only: conn_step() would read. */
		if (slow.out.len) {
			ssize_t n = send(fd, slow.out.p, slow.out.len, MSG_DONTWAIT | MSG_NOSIGNAL);

			if (n > 0)
				buf_consume(&slow.out, (size_t)n);
		}
		cJSON_Delete(must_call("ping", NULL));
		assert_true(sys_now() - t0 < 5.0);
		assert_true(poll(&pfd, 1, 20) >= 0);
	}
	/* More waited for it than is allowed: it was cut off. */
	assert_true(pfd.revents & POLLHUP);
	conn_release(&slow);
	cJSON_Delete(must_call("stop", job_arg(id)));
	expect_state(id, "stopped");
}

static void test_other_version(void **state)
{
	struct place *p = *state;
	struct pollfd pfd = {.events = POLLIN};
	char text[64] = "";
	int fd;

	cJSON_Delete(must_call("ping", NULL));
	fd = engine_connect(p->runtime, NULL);
	assert_true(fd >= 0);
	assert_int_equal(sys_write_all(fd, "axial-engine 999\n{}\n", 20), 0);
	pfd.fd = fd;
	assert_int_equal(poll(&pfd, 1, 5000), 1);
	assert_true(recv(fd, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, ENGINE_GREETING "\n");
	assert_int_equal(poll(&pfd, 1, 5000), 1);
	assert_int_equal(recv(fd, text, sizeof(text), 0), 0);
	close(fd);
}

static void test_kill_and_recover(void **state)
{
	struct place *p = *state;
	int64_t a = submit(p, "a", 1000000, false), b = submit(p, "b", 5, false);
	struct run_item it;
	struct engine_client *c = engine_client_new(false);
	int generation;
	cJSON *job;

	connect_client(c);
	generation = engine_client_generation(c);
	wait_steps(a, 10);
	kill(p->pid, SIGKILL);
	end_engine(p);
	start_engine(p, 0);
	job = wait_state(a, "interrupted");
	assert_true(json_bool(job, "resumable", false));
	assert_int_equal(run_item_read(&it, json_str(job, "run", ""), NULL), 0);
	assert_true(it.state == RUN_INTERRUPTED && it.resumable);
	run_item_release(&it);
	cJSON_Delete(job);
	/* What waited runs now; ids go on. */
	expect_state(b, "done");
	assert_true(submit(p, "c", 5, false) > b);
	/* The old connection finds the new engine by itself. */
	for (int i = 0; i < 500 && engine_client_generation(c) == generation; i++) {
		engine_client_step(c);
		usleep(10000);
	}
	connect_client(c);
	assert_true(engine_client_generation(c) > generation);
	engine_client_free(c);
}

static void test_sigterm_saves(void **state)
{
	struct place *p = *state;
	int64_t a = submit(p, "a", 1000000, false), b = submit(p, "b", 5, false);
	struct run_item it;
	char *dir = mem_printf("%s/models/a", p->mmar);
	int status;

	wait_steps(a, 5);
	kill(p->pid, SIGHUP);
	wait_steps(a, 10);
	kill(p->pid, SIGTERM);
	status = end_engine(p);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(run_item_read(&it, dir, NULL), 0);
	assert_int_equal(it.state, RUN_STOPPED);
	run_item_release(&it);
	start_engine(p, 0);
	expect_state(a, "stopped");
	expect_state(b, "stopped");
	free(dir);
}

static void test_shutdown_now(void **state)
{
	struct place *p = *state;
	int64_t a = submit(p, "a", 1000000, false);
	cJSON *args = cJSON_CreateObject();

	wait_steps(a, 5);
	cJSON_AddBoolToObject(args, "now", true);
	cJSON_Delete(must_call("shutdown", args));
	assert_int_equal(WEXITSTATUS(end_engine(p)), ERR_INTR);
	start_engine(p, 0);
	expect_state(a, "interrupted");
}

static void test_idle_exit(void **state)
{
	struct place *p = *state;
	int status;

	cJSON_Delete(must_call("shutdown", NULL));
	assert_int_equal(WEXITSTATUS(end_engine(p)), 0);
	start_engine(p, 0.3);
	status = end_engine(p);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_folder_of_others_is_refused(void **state)
{
	struct place *p = *state;
	struct err err = ERR_INIT;

	cJSON_Delete(must_call("ping", NULL));
	assert_int_equal(chmod(p->runtime, 0755), 0);
	assert_null(engine_call("ping", NULL, false, 1, &err));
	assert_int_equal(err.code, ERR_IO);
	assert_int_equal(chmod(p->runtime, 0700), 0);
	cJSON_Delete(must_call("ping", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_job_runs_and_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_requests, setup, teardown),
		cmocka_unit_test_setup_teardown(test_queue_and_stop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_second_engine_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_subscribers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow_client, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_version, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kill_and_recover, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sigterm_saves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shutdown_now, setup, teardown),
		cmocka_unit_test_setup_teardown(test_idle_exit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folder_of_others_is_refused, setup, teardown),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
