/*
 * The ground floor: errors, buffers, random streams, queues, safe files, locks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/base/problem.h"
#include "core/base/queue.h"
#include "core/base/rng.h"
#include "core/base/sys.h"

static char *temp_dir(void)
{
	char *d = mem_strdup("/tmp/axial-test-XXXXXX");

	assert_non_null(mkdtemp(d));
	return d;
}

static void test_err_chain(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(err_sys(&e, ENOSPC, "cannot write '%s'", "x"), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(err_wrap(&e, "saving run '%s'", "r"), -1);
	assert_string_equal(e.msg, "saving run 'r': cannot write 'x': No space left on device");
	assert_int_equal(err_set(NULL, ERR_DATA, "no receiver"), -1);
}

static void test_err_long_message_is_cut(void **state)
{
	struct err e = ERR_INIT;
	char big[ERR_MSG_MAX * 2];

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&e, ERR_DATA, "%s", big);
	assert_int_equal(strlen(e.msg), ERR_MSG_MAX - 1);
	assert_string_equal(e.msg + ERR_MSG_MAX - 4, "...");
}

static void test_buf(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_printf(&b, "%d-%s", 7, "x");
	buf_put_safe(&b, "\x1b[31m\n\xc2\x9b");
	assert_string_equal(b.p, "7-x^[[31m^J\\x9b");
	buf_consume(&b, 2);
	assert_memory_equal(b.p, "x^[", 3);
	buf_release(&b);
	assert_null(b.p);
}

/* Known-answer vectors of the Random123 distribution for philox4x32-10. */
static void test_philox_vectors(void **state)
{
	const uint32_t zero_ctr[4] = {0}, zero_key[2] = {0};
	const uint32_t ones_ctr[4] = {~0u, ~0u, ~0u, ~0u}, ones_key[2] = {~0u, ~0u};
	const uint32_t want0[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
	const uint32_t want1[4] = {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
	uint32_t out[4];

	(void)state;
	rng_philox(zero_ctr, zero_key, out);
	assert_memory_equal(out, want0, sizeof(out));
	rng_philox(ones_ctr, ones_key, out);
	assert_memory_equal(out, want1, sizeof(out));
}

static void test_rng_streams(void **state)
{
	struct rng a = rng_stream(1, 2, 3, 4), b = rng_stream(1, 2, 3, 4);
	struct rng c = rng_stream(1, 2, 3, 5);
	double sum = 0, sum2 = 0;
	int same = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		uint32_t x = rng_u32(&a);

		assert_int_equal(x, rng_u32(&b));
		same += x == rng_u32(&c);
	}
	assert_int_equal(same, 0);
	for (int i = 0; i < 20000; i++) {
		double x = rng_normal(&a);

		sum += x;
		sum2 += x * x;
	}
	assert_true(sum / 20000 < 0.03 && sum / 20000 > -0.03);
	assert_true(sum2 / 20000 < 1.05 && sum2 / 20000 > 0.95);
	for (int i = 0; i < 1000; i++)
		assert_true(rng_below(&a, 7) < 7);
}

static void *queue_producer(void *arg)
{
	struct queue *q = arg;

	for (uintptr_t i = 1; i <= 1000; i++)
		if (!queue_push(q, (void *)i))
			break;
	queue_close(q);
	return NULL;
}

static void test_queue(void **state)
{
	struct queue *q = queue_new(3);
	pthread_t t;
	uintptr_t want = 1;
	void *item;

	(void)state;
	assert_null(queue_pop(q, 5)); /* times out */
	pthread_create(&t, NULL, queue_producer, q);
	while ((item = queue_pop(q, -1)))
		assert_int_equal((uintptr_t)item, want++);
	assert_int_equal(want, 1001);
	assert_false(queue_push(q, q));
	pthread_join(t, NULL);
	queue_free(q, NULL);
}

static void test_write_file_is_atomic(void **state)
{
	char *dir = temp_dir(), *path = sys_join(dir, "a.json");
	struct err e = ERR_INIT;
	struct buf b = {0};
	struct sys_writer w;
	char **names;

	(void)state;
	assert_int_equal(sys_write_file(path, "old", 3, &e), 0);
	assert_int_equal(sys_writer_begin(&w, path, &e), 0);
	assert_int_equal(sys_writer_add(&w, "new", 3, &e), 0);
	sys_writer_abort(&w);
	assert_int_equal(sys_read_file(path, 100, &b, &e), 0);
	assert_string_equal(b.p, "old");
	assert_int_equal(sys_list_dir(dir, &names, &e), 1); /* no temporary file is left */
	sys_free_names(names, 1);
	assert_int_equal(sys_read_file(path, 2, &b, &e), -1);
	assert_int_equal(e.code, ERR_DATA);
	assert_int_equal(sys_read_file(dir, 100, &b, &e), -1);
	assert_int_equal(e.code, ERR_DATA);
	assert_int_equal(sys_remove_tree(dir, &e), 0);
	assert_int_equal(sys_read_file(path, 100, &b, &e), -1);
	assert_int_equal(e.code, ERR_NOINPUT);
	buf_release(&b);
	free(path);
	free(dir);
}

static void test_fifo_is_refused_at_once(void **state)
{
	char *dir = temp_dir(), *path = sys_join(dir, "fifo");
	struct err e = ERR_INIT;
	struct buf b = {0};

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(sys_read_file(path, 100, &b, &e), -1);
	assert_non_null(strstr(e.msg, "not a regular file"));
	assert_int_equal(sys_remove_tree(dir, &e), 0);
	free(path);
	free(dir);
}

static void test_lock(void **state)
{
	char *dir = temp_dir(), *path = sys_join(dir, "run.lock");
	struct err e = ERR_INIT;
	int fd = sys_lock(path, &e);

	(void)state;
	assert_true(fd >= 0);
	assert_true(sys_is_locked(path));
	assert_int_equal(sys_lock(path, &e), -1);
	assert_int_equal(e.code, ERR_LOCKED);
	close(fd);
	assert_false(sys_is_locked(path));
	assert_int_equal(sys_remove_tree(dir, &e), 0);
	free(path);
	free(dir);
}

static void test_mkdirs_names_what_is_in_the_way(void **state)
{
	char *dir = temp_dir(), *file = sys_join(dir, "f"), *sub = sys_join(dir, "f/g");
	char *deep = sys_join(dir, "a/b/c");
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(sys_mkdirs(deep, &e), 0);
	assert_true(sys_is_dir(deep));
	assert_int_equal(sys_mkdirs(deep, &e), 0);
	assert_int_equal(sys_write_file(file, "", 0, &e), 0);
	assert_int_equal(sys_mkdirs(sub, &e), -1);
	assert_int_equal(sys_remove_tree(dir, &e), 0);
	free(deep);
	free(sub);
	free(file);
	free(dir);
}

static void test_nearest(void **state)
{
	static const char *const names[] = {"Dice", "Focal", "CrossEntropy", NULL};

	(void)state;
	assert_string_equal(problem_nearest("dice", names), "Dice");
	assert_string_equal(problem_nearest("CrosEntropi", names), "CrossEntropy");
	assert_null(problem_nearest("Hausdorff", names));
	assert_null(problem_nearest("xyz", names));
}

static void test_paths(void **state)
{
	char *a = sys_join("/a/", "b"), *b = sys_join("/a", "/b"), *c = sys_join("/", "b");

	(void)state;
	assert_string_equal(a, "/a/b");
	assert_string_equal(b, "/b");
	assert_string_equal(c, "/b");
	assert_string_equal(sys_basename("/x/y.nii"), "y.nii");
	free(a);
	free(b);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_err_chain),
		cmocka_unit_test(test_err_long_message_is_cut),
		cmocka_unit_test(test_buf),
		cmocka_unit_test(test_philox_vectors),
		cmocka_unit_test(test_rng_streams),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_write_file_is_atomic),
		cmocka_unit_test(test_fifo_is_refused_at_once),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_mkdirs_names_what_is_in_the_way),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
