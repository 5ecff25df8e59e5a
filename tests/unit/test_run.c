/*
 * The run store: events survive crashes, full disks and second trainers; readers
 * see every whole line once; a scan tells the state of a run from its folder.
 */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/sys.h"
#include "core/run/reader.h"
#include "core/run/run.h"
#include "core/run/scan.h"

struct place {
	char dir[64];
	char *ckpt;
};

static int setup(void **state)
{
	struct place *p = mem_zalloc(sizeof(*p));

	snprintf(p->dir, sizeof(p->dir), "/tmp/axial-test-run-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->ckpt = sys_join(p->dir, "models");
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	int rc = sys_remove_tree(p->dir, NULL);

	free(p->ckpt);
	free(p);
	return rc;
}

static struct run *make(const struct place *p, const char *name)
{
	struct run_info info = {.ckpt_dir = p->ckpt, .name = name, .seed = 7, .epochs = 10};
	struct err err = ERR_INIT;
	struct run *r = run_create(&info, &err);

	if (!r)
		print_error("%s\n", err.msg);
	assert_non_null(r);
	return r;
}

static void add_step(struct run *r, int step, double loss)
{
	struct buf f = {0};

	event_int(&f, "step", step);
	event_int(&f, "epoch", (step - 1) / 4 + 1);
	event_num(&f, "loss", loss);
	event_num(&f, "lr", 1e-3);
	assert_int_equal(run_event(r, EVENT_STEP, &f, NULL), 0);
	buf_release(&f);
}

static void add_start(struct run *r)
{
	struct buf f = {0};

	event_int(&f, "steps_per_epoch", 4);
	assert_int_equal(run_event(r, EVENT_START, &f, NULL), 0);
	buf_release(&f);
}

static void add_validation(struct run *r, int epoch, double dice, double best)
{
	struct buf f = {0};

	event_int(&f, "epoch", epoch);
	event_int(&f, "step", epoch * 4);
	event_str(&f, "key", "mean_dice");
	event_num(&f, "mean_dice", dice);
	event_num(&f, "best", best);
	event_int(&f, "best_epoch", epoch);
	assert_int_equal(run_event(r, EVENT_VALIDATION, &f, NULL), 0);
	buf_release(&f);
}

static void append_raw(const char *dir, const void *data, size_t len)
{
	char *path = run_path_in(dir, RUN_FILE_EVENTS);
	int fd = open(path, O_WRONLY | O_APPEND);

	free(path);
	assert_true(fd >= 0);
	assert_int_equal(sys_write_all(fd, data, len), 0);
	close(fd);
}

static void poll_all(struct run_reader *rd)
{
	struct err err = ERR_INIT;

	if (run_reader_poll(rd, 0, NULL, &err) < 0)
		fail_msg("%s", err.msg);
}

static void test_points_come_back(void **state)
{
	struct run *r = make(*state, "a");
	struct run_reader rd;
	const struct run_series *s;
	double odd = 0.1f;

	add_start(r);
	for (int i = 1; i <= 8; i++)
		add_step(r, i, i == 3 ? (double)NAN : odd / i);
	add_validation(r, 2, 0.5, 0.5);
	run_reader_init(&rd, run_dir(r));
	poll_all(&rd);
	assert_int_equal(rd.seq, 10);
	assert_int_equal(rd.bad, 0);
	s = run_reader_series(&rd, EVENT_STEP, "loss");
	assert_non_null(s);
	assert_int_equal(s->n, 8);
	assert_true(s->v[7].value == odd / 8);
	assert_true(isnan(s->v[2].value));
	assert_true(s->v[5].epoch == 1.5);
	assert_null(run_reader_series(&rd, EVENT_STEP, "epoch"));
	s = run_reader_series(&rd, EVENT_VALIDATION, "mean_dice");
	assert_non_null(s);
	assert_true(s->n == 1 && s->v[0].value == 0.5);
	assert_string_equal(rd.key, "mean_dice");
	assert_true(rd.epochs == 10);
	/* Later events come on the next call, none twice. */
	assert_int_equal(run_reader_poll(&rd, 0, NULL, NULL), 0);
	add_step(r, 9, 0.25);
	assert_int_equal(run_close(r, "done", NULL, 0, NULL), 0);
	assert_int_equal(run_reader_poll(&rd, 0, NULL, NULL), 2);
	assert_true(rd.loss == 0.25);
	assert_string_equal(rd.end_state, "done");
	run_reader_release(&rd);
}

static void test_budget(void **state)
{
	struct run *r = make(*state, "b");
	struct run_reader rd;
	bool more = true;
	int calls = 0;

	for (int i = 1; i <= 200; i++)
		add_step(r, i, 0.5);
	run_reader_init(&rd, run_dir(r));
	for (; more; calls++)
		assert_true(run_reader_poll(&rd, 1000, &more, NULL) >= 0);
	assert_int_equal(rd.seq, 200);
	assert_int_equal(rd.bad, 0);
	assert_true(calls > 10);
	run_reader_release(&rd);
	run_abandon(r);
}

static void test_torn_line(void **state)
{
	static const char torn[] = "{\"seq\":4,\"t\":1.0,\"kind\":\"step\",\"lo";
	static const char zeros[100] = {0};
	struct run *r = make(*state, "torn");
	char *dir = mem_strdup(run_dir(r));
	struct run_reader rd;

	add_start(r);
	add_step(r, 1, 0.9);
	add_step(r, 2, 0.8);
	run_abandon(r);
	append_raw(dir, torn, sizeof(torn) - 1);
	run_reader_init(&rd, dir);
	poll_all(&rd);
	assert_int_equal(rd.seq, 3);
	assert_int_equal(rd.bad, 0);
	/* Blocks that never reached the disk read as zeros. */
	append_raw(dir, "\n", 1);
	append_raw(dir, zeros, sizeof(zeros));
	append_raw(dir, "\n", 1);
	r = run_open_resume(dir, NULL);
	assert_non_null(r);
	add_step(r, 3, 0.7);
	run_abandon(r);
	run_reader_release(&rd);
	run_reader_init(&rd, dir);
	poll_all(&rd);
	assert_int_equal(rd.seq, 4);
	assert_int_equal(rd.bad, 0);
	assert_true(rd.loss == 0.7);
	run_reader_release(&rd);
	free(dir);
}

static void test_resume_cuts_points(void **state)
{
	struct run *r = make(*state, "resume");
	char *dir = mem_strdup(run_dir(r));
	struct run_reader rd;
	const struct run_series *s;
	struct buf f = {0};

	add_start(r);
	for (int i = 1; i <= 6; i++)
		add_step(r, i, 1.0 / i);
	run_abandon(r);
	run_reader_init(&rd, dir);
	poll_all(&rd);
	r = run_open_resume(dir, NULL);
	assert_non_null(r);
	event_int(&f, "epoch", 1);
	event_int(&f, "step", 4);
	assert_int_equal(run_event(r, EVENT_RESUME, &f, NULL), 0);
	buf_release(&f);
	add_step(r, 5, 0.2);
	poll_all(&rd);
	assert_int_equal(rd.seq, 9);
	assert_int_equal(rd.bad, 0);
	s = run_reader_series(&rd, EVENT_STEP, "loss");
	assert_int_equal(s->n, 5);
	assert_true(s->v[4].step == 5 && s->v[3].step == 4);
	run_reader_release(&rd);
	run_abandon(r);
	free(dir);
}

static void test_second_trainer_is_refused(void **state)
{
	struct run *r = make(*state, "lock"), *second;
	struct err err = ERR_INIT;
	char pid[32];

	second = run_open_resume(run_dir(r), &err);
	assert_null(second);
	assert_int_equal(err.code, ERR_LOCKED);
	snprintf(pid, sizeof(pid), "pid %d", (int)getpid());
	assert_non_null(strstr(err.msg, pid));
	run_abandon(r);
}

static void test_fence(void **state)
{
	struct run *r = make(*state, "fence"), *thief;
	char *dir = mem_strdup(run_dir(r)), *lock = run_path(r, RUN_FILE_LOCK);
	struct err err = ERR_INIT;

	add_start(r);
	/* A file system that lost the lock: the file is replaced, another trainer comes. */
	assert_int_equal(unlink(lock), 0);
	thief = run_open_resume(dir, &err);
	assert_non_null(thief);
	assert_int_equal(run_event(r, EVENT_EPOCH, NULL, &err), -1);
	assert_int_equal(err.code, ERR_AGAIN);
	assert_int_equal(run_check_fence(r, NULL), -1);
	assert_int_equal(run_check_fence(thief, NULL), 0);
	add_step(thief, 1, 0.5);
	run_abandon(r);
	run_abandon(thief);
	free(lock);
	free(dir);
}

static void test_names(void **state)
{
	static const char *const bad[] = {"", "..", "a/b", "-x", "a\nb", NULL};
	struct place *p = *state;
	struct run_info info = {.ckpt_dir = p->ckpt};
	struct err err = ERR_INIT;
	struct run *a, *b;

	for (int i = 0; bad[i]; i++) {
		info.name = bad[i];
		assert_null(run_create(&info, &err));
		assert_int_equal(err.code, ERR_USAGE);
	}
	info.name = NULL;
	a = run_create(&info, &err);
	b = run_create(&info, &err);
	assert_non_null(a);
	assert_non_null(b);
	assert_string_not_equal(run_id(a), run_id(b));
	info.name = run_id(a);
	assert_null(run_create(&info, &err));
	assert_int_equal(err.code, ERR_USAGE);
	run_abandon(a);
	run_abandon(b);
}

static void test_read_only_folder(void **state)
{
	struct run_info info = {.ckpt_dir = "/proc/axial", .name = "x"};
	struct err err = ERR_INIT;

	(void)state;
	assert_null(run_create(&info, &err));
	assert_true(err.code != 0);
}

/* A full disk, played by a limit on the size of files. */
static void test_full_disk(void **state)
{
	struct run *r = make(*state, "full");
	struct rlimit old, lim;
	struct buf f = {0};
	struct err err = ERR_INIT;
	struct run_reader rd;
	char big[2000];

	signal(SIGXFSZ, SIG_IGN);
	add_start(r);
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	event_str(&f, "text", big);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	lim = old;
	lim.rlim_cur = 1024;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &lim), 0);
	assert_int_equal(run_event(r, EVENT_LOG, &f, &err), 0); /* waits */
	assert_int_equal(run_event(r, EVENT_RESUME, &f, &err), -1);
	assert_int_equal(err.code, ERR_IO);
	run_reader_init(&rd, run_dir(r));
	poll_all(&rd);
	assert_int_equal(rd.seq, 1);
	run_reader_release(&rd);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	/* Room again: the file goes on with whole lines; a last one says what happened. */
	add_step(r, 1, 0.5);
	run_reader_init(&rd, run_dir(r));
	poll_all(&rd);
	assert_int_equal(rd.seq, 4);
	assert_int_equal(rd.bad, 0);
	run_reader_release(&rd);
	buf_release(&f);
	run_abandon(r);
}

static void touch(const char *dir, const char *file)
{
	char *path = run_path_in(dir, file);

	assert_int_equal(sys_write_file(path, "x", 1, NULL), 0);
	free(path);
}

static const struct run_item *find(const struct run_item *items, int n, const char *id)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(items[i].id, id))
			return &items[i];
	fail_msg("no run '%s'", id);
	return NULL;
}

static void test_scan(void **state)
{
	struct place *p = *state;
	static const char *const ends[] = {"done", "failed", "stopped", NULL};
	struct run *live = make(p, "live"), *r;
	struct run_item *items;
	const struct run_item *it;
	int n;

	for (int i = 0; ends[i]; i++) {
		r = make(p, ends[i]);
		add_start(r);
		assert_int_equal(run_close(r, ends[i], "why", 1, NULL), 0);
	}
	r = make(p, "killed");
	add_start(r);
	add_validation(r, 1, 0.75, 0.75);
	/* Enough steps that the validation is far from the end of the file. */
	for (int i = 1; i <= 2000; i++)
		add_step(r, i, 0.5);
	touch(run_dir(r), RUN_FILE_CHECKPOINT);
	run_abandon(r);
	n = run_scan(p->ckpt, &items, NULL);
	assert_int_equal(n, 5);
	assert_int_equal(find(items, n, "live")->state, RUN_RUNNING);
	assert_int_equal(find(items, n, "live")->pid, getpid());
	assert_int_equal(find(items, n, "done")->state, RUN_DONE);
	assert_int_equal(find(items, n, "failed")->state, RUN_FAILED);
	assert_string_equal(find(items, n, "failed")->reason, "why");
	assert_int_equal(find(items, n, "stopped")->state, RUN_STOPPED);
	assert_false(find(items, n, "stopped")->resumable);
	it = find(items, n, "killed");
	assert_int_equal(it->state, RUN_INTERRUPTED);
	assert_true(it->resumable);
	assert_true(it->best == 0.75 && it->step == 2000 && it->epoch == 500 && it->loss == 0.5);
	assert_true(it->epochs == 10);
	assert_string_equal(it->key, "mean_dice");
	run_items_free(items, n);
	run_abandon(live);
	/* A checkpoint folder of its own, as v3's commands make it. */
	n = run_scan(p->dir, &items, NULL);
	assert_int_equal(n, 5);
	assert_int_equal(find(items, n, "models/done")->state, RUN_DONE);
	run_items_free(items, n);
	assert_int_equal(run_scan("/nonexistent", &items, NULL), 0);
}

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_size;
}

/* kill -9 at any moment: whole lines, seq without gaps, and the lock is free. */
static void test_kill(void **state)
{
	struct place *p = *state;
	char *dir = sys_join(p->ckpt, "k"), *path = run_path_in(dir, RUN_FILE_EVENTS);
	struct run_reader rd;
	struct run *r;

	run_abandon(make(p, "k"));
	for (int i = 0; i < 20; i++) {
		off_t before = size_of(path);
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid) {
			r = run_open_resume(dir, NULL);
			for (int s = 1; r; s++)
				add_step(r, s, 0.5);
			_exit(1);
		}
		for (int k = 0; k < 20000 && size_of(path) <= before; k++)
			usleep(500);
		usleep((useconds_t)(137 * i));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		assert_true(size_of(path) > before);
	}
	run_reader_init(&rd, dir);
	poll_all(&rd);
	assert_int_equal(rd.bad, 0);
	assert_true(rd.seq >= 20);
	run_reader_release(&rd);
	free(path);
	free(dir);
}

/* Damaged files are read as far as they make sense; nothing crashes, nothing hangs. */
static void test_damaged_files(void **state)
{
	struct place *p = *state;
	struct run *r = make(p, "fuzz");
	char *dir = mem_strdup(run_dir(r)), *path = run_path_in(dir, RUN_FILE_EVENTS);
	struct buf good = {0};

	add_start(r);
	for (int i = 1; i <= 6; i++)
		add_step(r, i, 1.0 / i);
	add_validation(r, 1, 0.5, 0.5);
	assert_int_equal(run_close(r, "stopped", "why", 1, NULL), 0);
	assert_int_equal(sys_read_file(path, 1 << 20, &good, NULL), 0);
	for (uint64_t i = 0; i < 400; i++) {
		struct rng rng = rng_stream(1, 0, i, rng_hash("damage"));
		size_t len = good.len - rng_below(&rng, 200);
		char *bad = mem_alloc(len);
		struct run_reader rd;
		struct run_item it;
		int fd = open(path, O_WRONLY | O_TRUNC);

		memcpy(bad, good.p, len);
		for (int k = 0; k < 8; k++)
			bad[rng_below(&rng, (uint32_t)len)] = (char)rng_below(&rng, 256);
		assert_true(fd >= 0);
		assert_int_equal(sys_write_all(fd, bad, len), 0);
		close(fd);
		free(bad);
		run_reader_init(&rd, dir);
		poll_all(&rd);
		assert_true(rd.offset <= (int64_t)len);
		run_reader_release(&rd);
		assert_int_equal(run_item_read(&it, dir, NULL), 0);
		run_item_release(&it);
		r = run_open_resume(dir, NULL);
		assert_non_null(r);
		add_step(r, 7, 0.5);
		run_abandon(r);
	}
	buf_release(&good);
	free(path);
	free(dir);
}

static void collect(void *ctx, const char *text)
{
	buf_printf(ctx, "%s\n", text);
}

/* The foreground's lines and the reader's notes are the same text, and harmless. */
static void test_lines(void **state)
{
	struct run *r = make(*state, "lines");
	struct buf seen = {0}, notes = {0};
	struct run_reader rd;

	run_set_sink(r, collect, &seen);
	add_start(r);
	add_step(r, 1, 0.5);
	add_step(r, 2, 0.4);
	add_validation(r, 1, 0.5, 0.5);
	assert_int_equal(run_log(r, "warning", "bad \033[31m name", NULL), 0);
	run_reader_init(&rd, run_dir(r));
	poll_all(&rd);
	for (int i = 0; i < rd.nnotes; i++)
		buf_printf(&notes, "%s\n", rd.notes[i].text);
	assert_string_equal(seen.p, notes.p);
	assert_null(strchr(seen.p, 033));
	assert_non_null(strstr(seen.p, "warning: bad ^["));
	assert_non_null(strstr(seen.p, "step 1, loss 0.5"));
	/* The second step came within the same two seconds. */
	assert_null(strstr(seen.p, "step 2,"));
	run_reader_release(&rd);
	buf_release(&seen);
	buf_release(&notes);
	run_abandon(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_points_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_budget, setup, teardown),
		cmocka_unit_test_setup_teardown(test_torn_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_resume_cuts_points, setup, teardown),
		cmocka_unit_test_setup_teardown(test_second_trainer_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fence, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_only_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scan, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kill, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
