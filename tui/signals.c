/*
 * Signals: handlers that only write one byte into a pipe.
 *
 * The loop reads the pipe and acts, so nothing but a write happens inside a handler.
 * Two exceptions, both for a terminal that must not stay broken: a crash (SEGV, BUS,
 * FPE, ILL, ABRT) writes a prepared byte string and the saved modes, then dies of its
 * signal; and a third request to end does the same, in case the loop hangs.
 * Handlers can reach nothing but static storage, which is why this file has some.
 */
#include "tui/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct {
	int pipe[2];
	int fd; /* the terminal */
	struct termios saved;
	char seq[512];
	volatile sig_atomic_t len; /* of seq; 0: nothing to restore */
	volatile sig_atomic_t ends;
	char stack[16384]; /* for a crash by stack overflow */
} sig = {.pipe = {-1, -1}, .fd = -1};

static const int loop_signals[] = {SIGWINCH, SIGTSTP, SIGCONT, SIGTERM, SIGHUP, SIGINT, SIGQUIT};
static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

static void restore_terminal(void)
{
	if (sig.len <= 0)
		return;
	if (write(sig.fd, sig.seq, (size_t)sig.len) < 0)
		sig.len = 0;
	tcsetattr(sig.fd, TCSANOW, &sig.saved);
	sig.len = 0;
}

static void on_signal(int n)
{
	int keep = errno;
	unsigned char c = (unsigned char)n;

	if ((n == SIGTERM || n == SIGHUP || n == SIGQUIT) && ++sig.ends >= 3) {
		restore_terminal();
		_exit(128 + n);
	}
	if (write(sig.pipe[1], &c, 1) < 0)
		errno = 0; /* the pipe is full of the same news */
	errno = keep;
}

static void on_crash(int n)
{
	restore_terminal();
	signal(n, SIG_DFL);
	raise(n);
}

static void install(int n, void (*handler)(int), int flags)
{
	struct sigaction sa = {.sa_handler = handler, .sa_flags = flags};

	sigemptyset(&sa.sa_mask);
	sigaction(n, &sa, NULL);
}

int signals_open(struct err *err)
{
	stack_t alt = {.ss_sp = sig.stack, .ss_size = sizeof(sig.stack)};
	sigset_t none;

	if (sig.pipe[0] < 0 && pipe2(sig.pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(err, errno, "cannot make a pipe for signals");
	sig.ends = 0;
	sigaltstack(&alt, NULL);
	for (size_t i = 0; i < sizeof(loop_signals) / sizeof(loop_signals[0]); i++)
		install(loop_signals[i], on_signal, SA_RESTART);
	for (size_t i = 0; i < sizeof(crash_signals) / sizeof(crash_signals[0]); i++)
		install(crash_signals[i], on_crash, SA_ONSTACK | SA_RESETHAND | SA_NODEFER);
	install(SIGPIPE, SIG_IGN, 0);
	/* Whoever started us may have left signals blocked. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	return sig.pipe[0];
}

void signals_close(void)
{
	for (size_t i = 0; i < sizeof(loop_signals) / sizeof(loop_signals[0]); i++)
		install(loop_signals[i], SIG_DFL, 0);
	for (size_t i = 0; i < sizeof(crash_signals) / sizeof(crash_signals[0]); i++)
		install(crash_signals[i], SIG_DFL, 0);
	sig.len = 0;
	if (sig.pipe[0] < 0)
		return;
	close(sig.pipe[0]);
	close(sig.pipe[1]);
	sig.pipe[0] = sig.pipe[1] = -1;
}

unsigned signals_take(void)
{
	unsigned char got[64];
	unsigned bits = 0;
	ssize_t n;

	while ((n = read(sig.pipe[0], got, sizeof(got))) > 0)
		for (ssize_t i = 0; i < n; i++)
			bits |= 1u << (got[i] & 31);
	return bits;
}

void signals_set_restore(int fd, const struct termios *saved, const void *seq, size_t len)
{
	sig.len = 0;
	if (!len || len > sizeof(sig.seq))
		return;
	sig.fd = fd;
	sig.saved = *saved;
	memcpy(sig.seq, seq, len);
	sig.len = (sig_atomic_t)len;
}

void signals_default_stop(bool on)
{
	install(SIGTSTP, on ? SIG_DFL : on_signal, on ? 0 : SA_RESTART);
}
