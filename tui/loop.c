/*
 * The loop: one poll() over the terminal, signals, the worker and the engine.
 *
 * Everything that is there is read and handled first, then one frame is drawn.  Fifty
 * keys that arrive in one read cost one frame.  A frame that a key asked for is drawn
 * at once; those that the worker, the engine or a clock ask for keep to 20 a second,
 * after a few that may come quickly, so that a fresh screen fills in without a pause.
 * While bytes of the last frame wait for the line, none is drawn at all.  When nothing
 * happens the loop sleeps in poll() and nothing is sent.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>

#include "core/base/sys.h"
#include "tui/app_state.h"
#include "tui/signals.h"

#define FRAME_RATE     20.0
#define FRAME_BURST    3.0
#define GATHER_SECONDS 0.004 /* results that come close together share a frame */
#define ENGINE_SECONDS 0.15  /* the first screen is complete before an engine is started */

struct loop {
	struct app *app;
	struct input_parser parser;
	double gap_at; /* when a waiting ESC becomes the Esc key, 0: none waits */
	bool gone;     /* the terminal */
	bool engine, engine_started;
	double engine_at;   /* when to start it */
	double credit;      /* frames that may be drawn without a key */
	double credit_time; /* when it was reckoned */
	double bg_since;    /* since when such a frame is wanted, 0: none is */
};

static void on_input(void *ctx, const struct input *in)
{
	struct loop *l = ctx;

	if (!l->app->ended)
		app_input(l->app, in);
}

static void read_terminal(struct loop *l)
{
	unsigned char bytes[4096];
	int n;

	while ((n = term_read(l->app->term, bytes, sizeof(bytes))) > 0)
		input_feed(&l->parser, bytes, (size_t)n, on_input, l);
	if (n < 0)
		l->gone = true;
	l->gap_at = input_waits(&l->parser) ? sys_now() + INPUT_ESC_GAP_MS / 1000.0 : 0;
}

static void resize(struct app *app)
{
	int w, h;

	term_size(app->term, &w, &h);
	if (w != app->canvas.w || h != app->canvas.h)
		canvas_resize(&app->canvas, w, h);
	app->dirty = true;
}

static void handle_signals(struct loop *l)
{
	static const int ends[] = {SIGTERM, SIGHUP, SIGQUIT};
	unsigned got = signals_take();
	struct input ctrl_c = {.kind = INPUT_KEY, .key = 'c', .mods = MOD_CTRL};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (got & 1u << ends[i]) {
			l->app->ended = true;
			l->app->exit_code = 128 + ends[i];
			l->gone |= ends[i] == SIGHUP;
			return;
		}
	if (got & 1u << SIGTSTP)
		term_suspend(l->app->term);
	else if (got & 1u << SIGCONT)
		term_resume(l->app->term);
	if (got & 1u << SIGINT)
		app_input(l->app, &ctrl_c);
	if (got & (1u << SIGWINCH | 1u << SIGCONT | 1u << SIGTSTP))
		resize(l->app);
}

/* Seconds until a frame without a key may be drawn. */
static double frame_wait(struct loop *l, double now)
{
	double gather, rate;

	l->credit += (now - l->credit_time) * FRAME_RATE;
	l->credit = l->credit > FRAME_BURST ? FRAME_BURST : l->credit;
	l->credit_time = now;
	if (!l->bg_since)
		l->bg_since = now;
	gather = l->bg_since + GATHER_SECONDS - now;
	rate = (1 - l->credit) / FRAME_RATE;
	return gather > rate ? gather : rate;
}

static void frame(struct loop *l, double now)
{
	struct app *app = l->app;

	if (app->ended)
		return;
	if (term_pump(app->term) < 0)
		l->gone = true;
	if (l->gone || term_busy(app->term))
		return;
	if (!app->dirty) {
		if (!app->dirty_bg || frame_wait(l, now) > 0)
			return;
		l->credit -= 1;
	}
	app_draw(app);
	term_draw(app->term, &app->canvas);
	app->dirty = app->dirty_bg = false;
	l->bg_since = 0;
	app->drawn = now;
	if (term_pump(app->term) < 0)
		l->gone = true;
}

static double less(double a, double b)
{
	return a < b ? a : b;
}

/* Milliseconds until something must be done without any fd becoming ready. */
static int wait_ms(struct loop *l, double now, double tick)
{
	struct app *app = l->app;
	double s = tick;

	if (l->gap_at)
		s = less(s, l->gap_at - now);
	if (app->dirty_bg && !term_busy(app->term))
		s = less(s, frame_wait(l, now));
	if (app->flash_until > now)
		s = less(s, app->flash_until - now);
	if (l->engine_started)
		s = less(s, app_engine_wait(app));
	else if (l->engine)
		s = less(s, l->engine_at - now);
	return s <= 0 ? 0 : s > 3600 ? 3600000 : (int)(s * 1000) + 1;
}

static void turn(struct loop *l, int signal_fd)
{
	struct app *app = l->app;
	double now = sys_now(), tick = app_tick(app, now);
	bool flash = app->flash_until > now;
	struct pollfd p[4];

	frame(l, now);
	if (l->gone || app->ended)
		return;
	p[0] = (struct pollfd){.fd = term_fd(app->term), .events = POLLIN};
	p[0].events |= term_busy(app->term) ? POLLOUT : 0;
	p[1] = (struct pollfd){.fd = signal_fd, .events = POLLIN};
	p[2] = (struct pollfd){.fd = work_fd(app->work), .events = POLLIN};
	p[3].fd = app_engine_fd(app, &p[3].events);
	if (poll(p, 4, wait_ms(l, now, tick)) < 0 && errno != EINTR)
		l->gone = true;
	if (p[1].revents)
		handle_signals(l);
	if (p[0].revents & (POLLIN | POLLHUP | POLLERR))
		read_terminal(l);
	else if (l->gap_at && sys_now() >= l->gap_at) {
		input_gap(&l->parser, on_input, l);
		l->gap_at = 0;
	}
	if (p[0].revents & POLLOUT && term_pump(app->term) < 0)
		l->gone = true;
	if (p[2].revents)
		app_work_done(app);
	if (l->engine_started)
		app_engine_step(app);
	if (flash && app->flash_until <= sys_now())
		app->dirty = true;
}

int app_loop(struct app *app, bool engine)
{
	struct loop l = {.app = app, .engine = engine, .credit = FRAME_BURST};
	struct err err = ERR_INIT;
	int fd = signals_open(&err);

	if (fd < 0)
		return err.code;
	/* The size may have changed before the handler stood. */
	resize(app);
	l.credit_time = sys_now();
	l.engine_at = l.credit_time + ENGINE_SECONDS;
	while (!app->ended && !l.gone) {
		turn(&l, fd);
		if (engine && !l.engine_started && sys_now() >= l.engine_at) {
			app_engine_start(app, true);
			l.engine_started = true;
		}
	}
	if (l.gone && !app->exit_code)
		app->exit_code = 128 + SIGHUP;
	input_release(&l.parser);
	return app->exit_code;
}
