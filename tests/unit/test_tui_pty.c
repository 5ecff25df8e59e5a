/*
 * The workbench in a real pseudo-terminal: what it draws, that queued keys are all
 * obeyed in one frame, and that the terminal comes back however it ends.
 *
 * The child runs workbench_main() itself, so this needs no built program and sees what
 * the sanitizers see.  The screen is libvterm's, an emulator that is not ours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <vterm.h>
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/mmar/mmar.h"
#include "tui/utf8.h"
#include "tui/workbench.h"

struct pty {
	pid_t pid;
	int fd, slave;
	struct termios before;
	VTerm *vt;
	VTermScreen *screen;
	struct buf raw; /* all bytes so far */
	int cols, rows;
	int status;
	bool ended;
};

/* The engine's folder of the next workbench; NULL: it is opened without an engine. */
static const char *engine_dir;

static void child_main(const char *dir, const char *term)
{
	char *argv[] = {"axial", engine_dir ? (char *)dir : "--no-engine",
		engine_dir ? NULL : (char *)dir, NULL};

	setenv("TERM", term, 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("NO_COLOR");
	unsetenv("COLORTERM");
	if (engine_dir)
		setenv("AXIAL_RUNTIME_DIR", engine_dir, 1);
	_exit(workbench_main(engine_dir ? 2 : 3, argv));
}

static void pty_open(struct pty *p, const char *dir, const char *term, bool ignore_hup)
{
	struct winsize ws = {.ws_col = 80, .ws_row = 23};

	memset(p, 0, sizeof(*p));
	p->cols = 80;
	p->rows = 23;
	assert_int_equal(openpty(&p->fd, &p->slave, NULL, NULL, &ws), 0);
	assert_int_equal(tcgetattr(p->slave, &p->before), 0);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (!p->pid) {
		close(p->fd);
		setsid();
		ioctl(p->slave, TIOCSCTTY, 0);
		for (int i = 0; i < 3; i++)
			dup2(p->slave, i);
		if (p->slave > 2)
			close(p->slave);
		signal(SIGHUP, ignore_hup ? SIG_IGN : SIG_DFL);
		child_main(dir, term);
	}
	fcntl(p->fd, F_SETFL, O_NONBLOCK);
	p->vt = vterm_new(23, 80);
	vterm_set_utf8(p->vt, 1);
	p->screen = vterm_obtain_screen(p->vt);
	vterm_screen_enable_altscreen(p->screen, 1);
	vterm_screen_reset(p->screen, 1);
}

static void pty_reap(struct pty *p)
{
	if (!p->ended && waitpid(p->pid, &p->status, WNOHANG) == p->pid)
		p->ended = true;
}

/* Takes output for at most ms, or until nothing came for quiet ms; returns the bytes taken. */
static size_t pty_read(struct pty *p, int ms, int quiet)
{
	double end = sys_now() + ms / 1000.0, last = sys_now();
	size_t total = 0;
	char bytes[4096];

	while (sys_now() < end) {
		struct pollfd f = {.fd = p->fd, .events = POLLIN};
		ssize_t n;

		poll(&f, 1, 5);
		n = read(p->fd, bytes, sizeof(bytes));
		if (n > 0) {
			vterm_input_write(p->vt, bytes, (size_t)n);
			buf_add(&p->raw, bytes, (size_t)n);
			total += (size_t)n;
			last = sys_now();
		} else if (n < 0 && errno == EIO) {
			break;
		} else if (total && sys_now() - last > quiet / 1000.0) {
			break;
		}
		pty_reap(p);
		if (p->ended && n <= 0)
			break;
	}
	return total;
}

static bool pty_shows(struct pty *p, const char *text)
{
	struct buf b = {0};
	bool hit;

	for (int y = 0; y < p->rows; y++) {
		for (int x = 0; x < p->cols; x++) {
			VTermPos at = {.row = y, .col = x};
			VTermScreenCell cell;
			char utf8[5];

			vterm_screen_get_cell(p->screen, at, &cell);
			if (cell.chars[0] == (uint32_t)-1)
				continue;
			utf8_put(utf8, cell.chars[0] ? cell.chars[0] : ' ');
			buf_puts(&b, utf8);
		}
		buf_putc(&b, '\n');
	}
	hit = strstr(b.p, text) != NULL;
	buf_release(&b);
	return hit;
}

/* Reads until the text is on the screen. */
static void pty_expect(struct pty *p, const char *text)
{
	double end = sys_now() + 20;

	while (!pty_shows(p, text) && sys_now() < end && !p->ended)
		pty_read(p, 100, 30);
	if (!pty_shows(p, text))
		fail_msg("'%s' is not on the screen", text);
}

static void pty_send(struct pty *p, const char *s)
{
	assert_int_equal(sys_write_all(p->fd, s, strlen(s)), 0);
}

static void pty_end(struct pty *p)
{
	double end = sys_now() + 10;

	while (!p->ended && sys_now() < end)
		pty_read(p, 50, 20);
	if (!p->ended) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, &p->status, 0);
		fail_msg("the workbench did not end");
	}
	pty_read(p, 50, 20);
}

static void pty_close(struct pty *p)
{
	vterm_free(p->vt);
	buf_release(&p->raw);
	if (p->fd >= 0)
		close(p->fd);
	close(p->slave);
}

/* The state of a private mode after all bytes: the last of "CSI ? n h" and "CSI ? n l". */
static bool mode_left_on(const struct pty *p, int mode)
{
	char on[16], off[16];
	bool left = false;

	snprintf(on, sizeof(on), "\x1b[?%dh", mode);
	snprintf(off, sizeof(off), "\x1b[?%dl", mode);
	for (const char *s = p->raw.p; s && (s = strchr(s, '\x1b')); s++) {
		left = left || !strncmp(s, on, strlen(on));
		left = left && strncmp(s, off, strlen(off)) != 0;
	}
	return left;
}

static void expect_restored(struct pty *p)
{
	static const int modes[] = {1049, 1000, 1002, 1003, 1006, 2004, 1004, 2026, 1};
	struct termios now;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (mode_left_on(p, modes[i]))
			fail_msg("mode %d was left on", modes[i]);
	assert_int_equal(tcgetattr(p->slave, &now), 0);
	assert_int_equal(now.c_lflag, p->before.c_lflag);
	assert_int_equal(now.c_iflag, p->before.c_iflag);
	assert_int_equal(now.c_oflag, p->before.c_oflag);
}

static char *world;

static int setup(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	world = mem_strdup("/tmp/axial-test-pty-XXXXXX");
	assert_non_null(mkdtemp(world));
	for (int i = 0; i < 60; i++) {
		char *dir = mem_printf("%s/archive_%02d/config", world, i);
		char *file = mem_printf("%s/environment.json", dir);

		assert_int_equal(sys_mkdirs(dir, &err), 0);
		assert_int_equal(sys_write_file(file, "{}", 2, &err), 0);
		free(dir);
		free(file);
	}
	return 0;
}

static int teardown(void **state)
{
	struct err err = ERR_INIT;
	int rc = sys_remove_tree(world, &err);

	(void)state;
	free(world);
	return rc;
}

static void start(struct pty *p)
{
	pty_open(p, world, "xterm-256color", false);
	pty_expect(p, "archive_00");
	pty_expect(p, "? help");
	pty_read(p, 400, 200); /* what the worker still brings */
}

static void test_quit(void **state)
{
	struct pty p;

	(void)state;
	start(&p);
	pty_send(&p, "q");
	pty_end(&p);
	assert_true(WIFEXITED(p.status));
	assert_int_equal(WEXITSTATUS(p.status), 0);
	expect_restored(&p);
	pty_close(&p);
}

static void test_fifty_keys_one_frame(void **state)
{
	char keys[151] = "";
	struct pty p;
	size_t n;

	(void)state;
	for (int i = 0; i < 50; i++)
		memcpy(keys + 3 * i, "\x1b[B", 3);
	start(&p);
	pty_send(&p, keys);
	n = pty_read(&p, 3000, 200);
	/* All were obeyed: the detail shows the 51st archive; and not drawn one by one. */
	pty_expect(&p, "/archive_50");
	assert_true(n < 4000);
	pty_send(&p, "Q");
	pty_end(&p);
	expect_restored(&p);
	pty_close(&p);
}

static void test_esc_is_quick_and_never_quits(void **state)
{
	struct pty p;
	double t;

	(void)state;
	start(&p);
	pty_send(&p, "?");
	pty_expect(&p, "one level back");
	t = sys_now();
	pty_send(&p, "\x1b");
	while (pty_shows(&p, "one level back") && sys_now() - t < 2)
		pty_read(&p, 10, 1);
	/* 25 ms of gap and a frame; generous, for a loaded machine. */
	assert_true(sys_now() - t < 0.5);
	pty_send(&p, "\x1b");
	pty_read(&p, 200, 100);
	assert_false(p.ended);
	pty_send(&p, "\x1b[21~");
	pty_end(&p);
	assert_int_equal(WEXITSTATUS(p.status), 0);
	pty_close(&p);
}

static void test_idle_is_silent(void **state)
{
	struct pty p;

	(void)state;
	start(&p);
	pty_read(&p, 600, 300);
	assert_int_equal(pty_read(&p, 1500, 1500), 0);
	pty_send(&p, "q");
	pty_end(&p);
	pty_close(&p);
}

static void test_signals(void **state)
{
	static const int signals[] = {SIGTERM, SIGHUP, SIGQUIT};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct pty p;

		start(&p);
		kill(p.pid, signals[i]);
		pty_end(&p);
		assert_true(WIFEXITED(p.status));
		assert_int_equal(WEXITSTATUS(p.status), 128 + signals[i]);
		expect_restored(&p);
		pty_close(&p);
	}
}

static void test_interrupt_twice(void **state)
{
	struct pty p;

	(void)state;
	start(&p);
	pty_send(&p, "\x03");
	pty_expect(&p, "press ^C again");
	assert_false(p.ended);
	pty_send(&p, "\x03");
	pty_end(&p);
	assert_int_equal(WEXITSTATUS(p.status), 130);
	expect_restored(&p);
	pty_close(&p);
}

/* The line is gone and nobody sends SIGHUP: reading the end must be enough. */
static void test_terminal_gone(void **state)
{
	struct pty p;

	(void)state;
	pty_open(&p, world, "xterm-256color", true);
	pty_expect(&p, "archive_00");
	close(p.fd);
	p.fd = -1;
	for (int i = 0; i < 500 && !p.ended; i++) {
		pty_reap(&p);
		usleep(10000);
	}
	assert_true(p.ended);
	assert_true(WIFEXITED(p.status));
	pty_close(&p);
}

static void test_crash_restores(void **state)
{
	struct pty p;

	(void)state;
	start(&p);
	kill(p.pid, SIGABRT);
	pty_end(&p);
	assert_true(WIFSIGNALED(p.status) && WTERMSIG(p.status) == SIGABRT);
	expect_restored(&p);
	pty_close(&p);
}

static void test_stop_and_continue(void **state)
{
	struct pty p;
	int status = 0;

	(void)state;
	start(&p);
	/* The child leads a session of its own, where ^Z cannot stop it: SIGSTOP can. */
	kill(p.pid, SIGSTOP);
	assert_int_equal(waitpid(p.pid, &status, WUNTRACED), p.pid);
	assert_true(WIFSTOPPED(status));
	tcsetattr(p.slave, TCSANOW, &p.before);
	kill(p.pid, SIGCONT);
	pty_read(&p, 1000, 200);
	pty_send(&p, "?");
	pty_expect(&p, "one level back");
	pty_send(&p, "\x1bQ");
	pty_read(&p, 200, 50);
	if (!p.ended)
		pty_send(&p, "Q");
	pty_end(&p);
	expect_restored(&p);
	pty_close(&p);
}

static void resize(struct pty *p, int cols, int rows)
{
	struct winsize ws = {.ws_col = (unsigned short)cols, .ws_row = (unsigned short)rows};

	p->cols = cols;
	p->rows = rows;
	vterm_set_size(p->vt, rows, cols);
	ioctl(p->fd, TIOCSWINSZ, &ws);
	kill(p->pid, SIGWINCH);
}

static void test_resize(void **state)
{
	static const int sizes[][2] = {{20, 5}, {1, 1}, {300, 100}, {5, 2}, {120, 40}, {1, 60}};
	struct pty p;

	(void)state;
	start(&p);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		resize(&p, sizes[i][0], sizes[i][1]);
		pty_read(&p, 300, 50);
		assert_false(p.ended);
	}
	/* Many at once, as a window manager does. */
	for (int i = 0; i < 100; i++)
		resize(&p, 1 + i * 7 % 200, 1 + i * 13 % 60);
	resize(&p, 80, 23);
	pty_expect(&p, "archive_00");
	pty_expect(&p, "? help");
	pty_send(&p, "q");
	pty_end(&p);
	expect_restored(&p);
	pty_close(&p);
}

static void test_terminals_that_cannot(void **state)
{
	static const char *const names[] = {"dumb", "no-such-terminal"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct pty p;

		pty_open(&p, world, names[i], false);
		pty_end(&p);
		assert_int_equal(WEXITSTATUS(p.status), 1);
		assert_non_null(strstr(p.raw.p, "set TERM"));
		assert_null(strchr(p.raw.p, '\x1b'));
		expect_restored(&p);
		pty_close(&p);
	}
}

/* A training is asked for, and the engine cannot be started: the reason is on the screen. */
static void test_no_engine(void **state)
{
	struct pty p;

	(void)state;
	start(&p);
	pty_send(&p, "t");
	pty_expect(&p, "opened without an engine");
	pty_send(&p, "q");
	pty_end(&p);
	pty_close(&p);

	assert_int_equal(chmod(world, 0755), 0);
	engine_dir = world;
	start(&p);
	engine_dir = NULL;
	pty_send(&p, "t");
	pty_expect(&p, "no engine: chmod 700");
	pty_send(&p, "q");
	pty_end(&p);
	pty_close(&p);
	assert_int_equal(chmod(world, 0700), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quit),
		cmocka_unit_test(test_fifty_keys_one_frame),
		cmocka_unit_test(test_esc_is_quick_and_never_quits),
		cmocka_unit_test(test_idle_is_silent),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_interrupt_twice),
		cmocka_unit_test(test_terminal_gone),
		cmocka_unit_test(test_crash_restores),
		cmocka_unit_test(test_stop_and_continue),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_terminals_that_cannot),
		cmocka_unit_test(test_no_engine),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
