/*
 * Checkpoints that must survive: processes killed while they save, damaged files,
 * temporary files of the dead, files of other networks.
 *
 * AXIAL_KILL_SAVES: how many saves are killed (25 without it).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/sys.h"
#include "core/run/run.h"
#include "core/tensor/safetensors_read.h"
#include "tests/unit/train_rig.h"

static char *make_dir(void)
{
	char *dir = mem_strdup("/tmp/axial-ckpt-XXXXXX");

	assert_non_null(mkdtemp(dir));
	return dir;
}

static void drop_dir(char *dir)
{
	struct err err = ERR_INIT;

	assert_int_equal(sys_remove_tree(dir, &err), 0);
	free(dir);
}

static void save(const char *dir, struct fixture *f, int64_t step)
{
	struct train_position pos = {.total_step = step, .best = NAN};
	struct err err = ERR_INIT;

	if (checkpoint_rotate(dir, &f->learner, &pos, &err))
		fail_msg("%s", err.msg);
}

/* The step that the folder brings back; note as checkpoint_resume() leaves it. */
static int64_t resume(const char *dir, struct fixture *f, struct buf *note)
{
	struct train_position pos = {0};
	struct err err = ERR_INIT;
	int rc = checkpoint_resume(dir, &f->learner, &pos, note, &err);

	if (rc < 0)
		fail_msg("%s", err.msg);
	return rc ? pos.total_step : -1;
}

/* Turns over one bit at a place from the start (or, below 0, the end) of a file. */
static void flip(const char *dir, const char *file, long at)
{
	char *path = sys_join(dir, file);
	int fd = open(path, O_RDWR), where = at < 0 ? SEEK_END : SEEK_SET;
	unsigned char c;

	assert_true(fd >= 0);
	at = lseek(fd, at, where);
	assert_true(at >= 0);
	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= 4;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
	close(fd);
	free(path);
}

static bool has(const char *dir, const char *file)
{
	char *path = sys_join(dir, file);
	bool there = sys_exists(path);

	free(path);
	return there;
}

static void test_two_are_kept(void **state)
{
	char *dir = make_dir();
	struct buf note = {0};
	struct fixture f;

	(void)state;
	fixture_init(&f, spec_text, "Adam", 3);
	assert_int_equal(resume(dir, &f, &note), -1);
	save(dir, &f, 1);
	assert_false(has(dir, RUN_FILE_CHECKPOINT_PREV));
	save(dir, &f, 2);
	save(dir, &f, 3);
	assert_int_equal(resume(dir, &f, &note), 3);
	assert_int_equal(note.len, 0);
	flip(dir, RUN_FILE_CHECKPOINT, -5);
	assert_int_equal(resume(dir, &f, &note), 2);
	assert_non_null(strstr(note.p, "damaged"));
	assert_non_null(strstr(note.p, "step 2"));
	save(dir, &f, 4); /* the whole older one is not lost to the damaged one */
	assert_int_equal(resume(dir, &f, &note), 4);
	assert_true(has(dir, RUN_FILE_CHECKPOINT_PREV));
	fixture_release(&f);
	buf_release(&note);
	drop_dir(dir);
}

/* Whatever bit is turned over: noticed, or the file still means the same. */
static void test_flipped_bits(void **state)
{
	char *dir = make_dir(), *path = sys_join(dir, RUN_FILE_CHECKPOINT);
	struct rng r = rng_stream(5, 0, 0, 0);
	struct train_position pos;
	struct fixture f;
	struct stat st;
	int noticed = 0;

	(void)state;
	fixture_init(&f, spec_text, "Adam", 3);
	save(dir, &f, 7);
	assert_int_equal(stat(path, &st), 0);
	for (int i = 0; i < 60; i++) {
		long at = (long)rng_below(&r, i < 30 ? 6000u : (uint32_t)st.st_size);
		struct err err = ERR_INIT;
		int rc;

		flip(dir, RUN_FILE_CHECKPOINT, at);
		rc = checkpoint_load(path, &f.learner, &pos, &err);
		noticed += rc != 0;
		if (rc && err.code != ERR_DATA)
			fail_msg("byte %ld: code %d, %s", at, err.code, err.msg);
		if (!rc)
			assert_int_equal(pos.total_step, 7);
		flip(dir, RUN_FILE_CHECKPOINT, at);
	}
	assert_true(noticed >= 50);
	fixture_release(&f);
	free(path);
	drop_dir(dir);
}

static void test_files_of_the_dead_are_ignored(void **state)
{
	char *dir = make_dir(), *tmp = sys_join(dir, RUN_FILE_CHECKPOINT ".tmp-123");
	struct err err = ERR_INIT;
	struct buf note = {0};
	struct fixture f;

	(void)state;
	fixture_init(&f, spec_text, "Adam", 3);
	assert_int_equal(sys_write_file(tmp, "half", 4, &err), 0);
	assert_int_equal(resume(dir, &f, &note), -1);
	assert_false(sys_exists(tmp));
	save(dir, &f, 5);
	save(dir, &f, 6);
	assert_int_equal(unlink(tmp), -1);
	free(tmp);
	tmp = sys_join(dir, RUN_FILE_CHECKPOINT);
	assert_int_equal(unlink(tmp), 0);
	assert_int_equal(resume(dir, &f, &note), 5);
	assert_non_null(strstr(note.p, "before it"));
	fixture_release(&f);
	buf_release(&note);
	free(tmp);
	drop_dir(dir);
}

static void test_both_damaged(void **state)
{
	char *dir = make_dir();
	struct train_position pos;
	struct err err = ERR_INIT;
	struct buf note = {0};
	struct fixture f;

	(void)state;
	fixture_init(&f, spec_text, "Adam", 3);
	save(dir, &f, 1);
	save(dir, &f, 2);
	flip(dir, RUN_FILE_CHECKPOINT, -5);
	flip(dir, RUN_FILE_CHECKPOINT_PREV, -5);
	assert_int_equal(checkpoint_resume(dir, &f.learner, &pos, &note, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.msg, "before it"));
	fixture_release(&f);
	buf_release(&note);
	drop_dir(dir);
}

/* Row 44 of the bad inputs: the first five tensors are named, and more where there is room. */
static void test_other_network_lists_five_tensors(void **state)
{
	static const char *const other =
		"{\"name\":\"Unet\",\"in_channels\":1,\"args\":{\"num_classes\":2,\"nf_enc\":\"8,8,8,8\","
		"\"nf_dec\":\"8,8,8,8,8,8,8\",\"use_group_norm\":true,\"use_group_normG\":2}}";
	char *dir = make_dir();
	struct train_position pos;
	struct err err = ERR_INIT;
	struct buf note = {0};
	struct fixture f;
	int named = 0;

	(void)state;
	fixture_init(&f, spec_text, "Adam", 3);
	save(dir, &f, 1);
	fixture_release(&f);
	fixture_init(&f, other, "Adam", 3);
	assert_int_equal(checkpoint_resume(dir, &f.learner, &pos, &note, &err), -1);
	for (const char *s = err.msg; (s = strstr(s, "the network has")); s++)
		named++;
	assert_true(named >= 5);
	assert_non_null(strstr(err.msg, "tensors differ"));
	fixture_release(&f);
	buf_release(&note);
	drop_dir(dir);
}

/* In the child: saves until it is killed, from step first on. */
static void save_for_ever(const char *dir, struct fixture *f, int64_t first, int ready)
{
	struct train_position pos = {.total_step = first, .best = NAN};
	struct err err = ERR_INIT;

	for (;; pos.total_step++) {
		if (checkpoint_rotate(dir, &f->learner, &pos, &err))
			_exit(1);
		if (ready >= 0 && write(ready, "x", 1) != 1)
			_exit(1);
		ready = -1;
	}
}

static void check_readable(const char *dir, const char *file)
{
	char *path = sys_join(dir, file);
	struct err err = ERR_INIT;
	struct safetensors *st = safetensors_open(path, &err);

	if (!st || safetensors_verify(st, &err))
		fail_msg("%s", err.msg);
	safetensors_close(st);
	free(path);
}

static void test_killed_while_saving(void **state)
{
	const char *env = getenv("AXIAL_KILL_SAVES");
	int n = env ? atoi(env) : 25;
	char *dir = make_dir();
	struct rng r = rng_stream((uint64_t)time(NULL), 0, 0, 0);
	struct buf note = {0};
	struct fixture f;
	int64_t last = 0;

	(void)state;
	fixture_init(&f, spec_text, "Adam", 3);
	for (int i = 0; i < n; i++) {
		int fd[2], status;
		int64_t step;
		char c;
		pid_t pid;

		assert_int_equal(pipe(fd), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			save_for_ever(dir, &f, last + 1, fd[1]);
		close(fd[1]);
		assert_int_equal(read(fd[0], &c, 1), 1);
		usleep((useconds_t)rng_below(&r, 20000));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		close(fd[0]);
		check_readable(dir, RUN_FILE_CHECKPOINT);
		if (has(dir, RUN_FILE_CHECKPOINT_PREV))
			check_readable(dir, RUN_FILE_CHECKPOINT_PREV);
		step = resume(dir, &f, &note);
		assert_true(step > last);
		assert_int_equal(note.len, 0);
		last = step;
	}
	print_message(
		"%d saves killed, 0 unreadable checkpoints, last step %lld\n", n, (long long)last);
	fixture_release(&f);
	drop_dir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_are_kept),
		cmocka_unit_test(test_flipped_bits),
		cmocka_unit_test(test_files_of_the_dead_are_ignored),
		cmocka_unit_test(test_both_damaged),
		cmocka_unit_test(test_other_network_lists_five_tensors),
		cmocka_unit_test(test_killed_while_saving),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
