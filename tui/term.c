/*
 * The terminal: curses draws, everything else is ours.
 *
 * Curses writes into a file in memory instead of the terminal.  After each frame its
 * bytes are taken from there and written to the terminal without ever blocking; while
 * some of them wait for a slow line no further frame is drawn.  So the newest state
 * is shown as soon as the line has room, frames never queue up, and 'q' works on a
 * link of 5 kB/s, where programs that write blindly cannot be left.
 *
 * The terminal is opened a second time through its name, so that O_NONBLOCK stays
 * with us and does not leak into the shell that shares our standard input.
 *
 * What is set: raw modes, alternate screen, mouse (1002, 1006), bracketed paste
 * (2004), focus reports (1004).  term_close(), a suspension, and through signals.c a
 * crash put all of it back.
 */
#define NCURSES_NOMACROS 1
#include "tui/term.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "tui/outbuf.h"
#include "tui/signals.h"
#include "tui/terminfo.h"
#include "tui/utf8.h"

struct term {
	int fd;
	struct termios saved, raw;
	SCREEN *screen;
	FILE *sink; /* curses' output: a file in memory */
	int memfd;
	struct buf out; /* bytes for the line */
	size_t sent;    /* of out */
	struct canvas shown;
	bool all;     /* shown says nothing */
	bool reports; /* the terminal knows mouse, paste and focus modes */
	bool mouse;
	bool utf8;
	int w, h;
	enum color_mode colors;
	enum glyphs glyphs;
	const struct theme *theme;
};

static const char modes_on[] = "\x1b[?2004h\x1b[?1004h";
static const char modes_off[] = "\x1b[?2004l\x1b[?1004l\x1b[?1006l\x1b[?1002l";
static const char mouse_on[] = "\x1b[?1002h\x1b[?1006h";
static const char mouse_off[] = "\x1b[?1006l\x1b[?1002l";

/* Moves what curses wrote since the last call to the end of out. */
static void collect(struct term *t)
{
	off_t n = lseek(t->memfd, 0, SEEK_CUR);
	char part[4096];
	ssize_t got;

	for (off_t at = 0; at < n; at += got) {
		got = pread(t->memfd, part, sizeof(part), at);
		if (got <= 0)
			break;
		buf_add(&t->out, part, (size_t)got);
	}
	if (ftruncate(t->memfd, 0) < 0 || lseek(t->memfd, 0, SEEK_SET) < 0)
		t->all = true;
}

bool term_busy(const struct term *t)
{
	return t->sent < t->out.len;
}

int term_pump(struct term *t)
{
	while (t->sent < t->out.len) {
		ssize_t n = write(t->fd, t->out.p + t->sent, t->out.len - t->sent);

		if (n > 0)
			t->sent += (size_t)n;
		else if (n < 0 && errno == EINTR)
			continue;
		else if (n < 0 && errno == EAGAIN)
			return 0;
		else
			return -1;
	}
	buf_reset(&t->out);
	t->sent = 0;
	return 0;
}

void term_send(struct term *t, const void *data, size_t len)
{
	buf_add(&t->out, data, len);
}

/* Waits for the line, but not for ever: what is left after ms is dropped. */
static void drain(struct term *t, int ms)
{
	double end = sys_now() + ms / 1000.0;
	struct pollfd p = {.fd = t->fd, .events = POLLOUT};

	while (term_busy(t)) {
		if (term_pump(t) < 0 || sys_now() >= end)
			break;
		if (term_busy(t) && poll(&p, 1, 20) < 0 && errno != EINTR)
			break;
	}
	if (term_busy(t))
		tcflush(t->fd, TCOFLUSH);
	buf_reset(&t->out);
	t->sent = 0;
}

/* Drops the part of the frame that was not sent yet. */
static void drop_frame(struct term *t)
{
	size_t cut;

	if (!term_busy(t))
		return;
	cut = outbuf_cut(t->out.p, t->out.len, t->sent);
	t->out.len = cut;
	t->all = true;
}

/* Everything back as it was; the process goes on. */
static void leave(struct term *t)
{
	drop_frame(t);
	if (t->reports)
		buf_puts(&t->out, modes_off);
	endwin();
	fflush(t->sink);
	collect(t);
	if (t->colors != COLORS_NEVER || t->reports)
		buf_puts(&t->out, "\x1b[0m");
	drain(t, 1500);
	tcsetattr(t->fd, TCSADRAIN, &t->saved);
	signals_set_restore(t->fd, &t->saved, NULL, 0);
}

/* The bytes a crash writes: our modes, then terminfo's, without padding marks. */
static void arm_restore(struct term *t)
{
	static const char *const caps[] = {"sgr0", "op", "rmkx", "cnorm", "rmcup"};
	struct buf b = {0};

	buf_puts(&b, t->reports ? modes_off : "");
	for (size_t i = 0; i < ARRAY_SIZE(caps); i++) {
		const char *s = tigetstr(caps[i]);

		if (!s || s == (const char *)-1)
			continue;
		for (; *s; s++) {
			if (s[0] == '$' && s[1] == '<' && strchr(s, '>'))
				s = strchr(s, '>');
			else
				buf_putc(&b, *s);
		}
	}
	signals_set_restore(t->fd, &t->saved, b.p, b.len);
	buf_release(&b);
}

static void enter(struct term *t)
{
	tcsetattr(t->fd, TCSANOW, &t->raw);
	arm_restore(t);
	if (t->reports) {
		buf_puts(&t->out, modes_on);
		buf_puts(&t->out, t->mouse ? mouse_on : "");
	}
	t->all = true;
}

void term_suspend(struct term *t)
{
	leave(t);
	signals_default_stop(true);
	kill(0, SIGTSTP);
	signals_default_stop(false);
	enter(t);
}

void term_resume(struct term *t)
{
	enter(t);
}

void term_mouse(struct term *t, bool on)
{
	t->mouse = on;
	if (t->reports)
		buf_puts(&t->out, on ? mouse_on : mouse_off);
}

bool term_has_mouse(const struct term *t)
{
	return t->mouse && t->reports;
}

int term_fd(const struct term *t)
{
	return t->fd;
}

int term_read(struct term *t, void *buf, size_t size)
{
	ssize_t n = read(t->fd, buf, size);

	if (n > 0)
		return (int)n;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return -1;
}

void term_size(struct term *t, int *w, int *h)
{
	struct winsize ws = {0};

	if (ioctl(t->fd, TIOCGWINSZ, &ws) < 0 || !ws.ws_col || !ws.ws_row) {
		ws.ws_col = 80;
		ws.ws_row = 24;
	}
	*w = ws.ws_col > 4096 ? 4096 : ws.ws_col;
	*h = ws.ws_row > 4096 ? 4096 : ws.ws_row;
	if (*w == t->w && *h == t->h)
		return;
	t->w = *w;
	t->h = *h;
	resize_term(*h, *w);
	canvas_resize(&t->shown, *w, *h);
	t->all = true;
}

void term_invalidate(struct term *t)
{
	t->all = true;
}

enum color_mode term_colors(const struct term *t)
{
	return t->colors;
}

enum glyphs term_glyphs(const struct term *t)
{
	return t->glyphs;
}

const struct theme *term_theme(const struct term *t)
{
	return t->theme;
}

/* ---- frames ---- */

/* A colour as curses knows it; adds bold for bright ones where there are only eight. */
static int curses_color(const struct term *t, uint32_t color, bool fg, attr_t *attr)
{
	int n;

	if (color == COLOR_DEFAULT)
		return -1;
	if (t->colors == COLORS_TRUE)
		return terminfo_direct(color);
	if (t->colors == COLORS_256)
		return color_to_256(color);
	n = color_to_16(color);
	if (n >= 8 && COLORS < 16) {
		if (fg)
			*attr |= A_BOLD;
		n -= 8;
	}
	return n;
}

static void put_cell(struct term *t, int x, int y, const struct cell *c)
{
	wchar_t text[3] = {(wchar_t)c->ch, (wchar_t)c->mark, 0};
	attr_t attr = 0;
	cchar_t cc;
	int pair = 0, fg, bg;

	attr |= c->attr & ATTR_BOLD ? A_BOLD : 0;
	attr |= c->attr & ATTR_DIM ? A_DIM : 0;
	attr |= c->attr & ATTR_UNDERLINE ? A_UNDERLINE : 0;
	attr |= c->attr & ATTR_REVERSE ? A_REVERSE : 0;
	attr |= c->attr & ATTR_ITALIC ? A_ITALIC : 0;
	if (t->colors != COLORS_NEVER) {
		fg = curses_color(t, c->fg, true, &attr);
		bg = curses_color(t, c->bg, false, &attr);
		if (fg >= 0 || bg >= 0)
			pair = alloc_pair(fg, bg);
		if (pair < 0)
			pair = 0;
	}
	if ((c->ch > 126 && !t->utf8) || wcwidth(text[0]) != utf8_columns(c->ch)) {
		text[0] = '?';
		text[1] = 0;
	}
	if (!t->utf8 || wcwidth(text[1]) != 0)
		text[1] = 0;
	if (setcchar(&cc, text, attr, (short)(pair < 32767 ? pair : 32767), &pair) == OK)
		mvadd_wch(y, x, &cc);
}

void term_draw(struct term *t, const struct canvas *c)
{
	int w = c->w < t->w ? c->w : t->w, h = c->h < t->h ? c->h : t->h;

	if (t->all) {
		clearok(curscr, TRUE);
		erase();
	}
	for (int y = 0; y < h; y++) {
		const struct cell *now = c->cells + (size_t)y * (size_t)c->w;
		struct cell *was = t->shown.cells + (size_t)y * (size_t)t->shown.w;

		for (int x = 0; x < w; x++) {
			if (!t->all && !memcmp(&now[x], &was[x], sizeof(*now)))
				continue;
			was[x] = now[x];
			if (now[x].ch)
				put_cell(t, x, y, &now[x]);
			else if (utf8_columns(x ? now[x - 1].ch : ' ') != 2 ||
				 wcwidth((wchar_t)now[x - 1].ch) != 2)
				mvaddstr(y, x, " ");
		}
	}
	curs_set(c->cursor_x >= 0);
	if (c->cursor_x >= 0)
		move(c->cursor_y, c->cursor_x);
	t->all = false;
	wnoutrefresh(stdscr);
	doupdate();
	collect(t);
}

/* ---- start and end ---- */

static void pick_locale(struct term *t)
{
	const char *all = getenv("LC_ALL"), *ctype = getenv("LC_CTYPE"), *lang = getenv("LANG");
	const char *want = all && *all ? all : ctype && *ctype ? ctype : lang ? lang : "";

	/* A name that this machine lacks, as SSH carries it from another one. */
	if (!setlocale(LC_CTYPE, "") && (strstr(want, "UTF-8") || strstr(want, "utf8")))
		setlocale(LC_CTYPE, "C.UTF-8");
	t->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
}

static void pick_looks(struct term *t, const struct term_options *opt, const char *name)
{
	const char *no = getenv("NO_COLOR"), *fgbg = getenv("COLORFGBG"), *bg;

	t->glyphs = opt->glyphs;
	if (!t->utf8)
		t->glyphs = GLYPHS_ASCII;
	else if (t->glyphs == GLYPHS_AUTO)
		t->glyphs = !strcmp(name, "linux") ? GLYPHS_BLOCK : GLYPHS_BRAILLE;
	t->colors = opt->colors;
	if (t->colors == COLORS_AUTO && no && *no)
		t->colors = COLORS_NEVER;
	if (t->colors == COLORS_AUTO)
		t->colors = COLORS >= 1 << 24 ? COLORS_TRUE
			    : COLORS >= 256   ? COLORS_256
			    : COLORS >= 8     ? COLORS_16
					      : COLORS_NEVER;
	if (COLORS < 8)
		t->colors = COLORS_NEVER;
	else if (COLORS < 256 && t->colors > COLORS_16)
		t->colors = COLORS_16;
	else if (COLORS < 1 << 24 && t->colors > COLORS_256)
		t->colors = COLORS_256;
	t->theme = theme_find(opt->theme ? opt->theme : "dark");
	bg = fgbg ? strrchr(fgbg, ';') : NULL;
	if (!opt->theme && bg && (!strcmp(bg, ";7") || !strcmp(bg, ";15")))
		t->theme = theme_find("light");
	if (t->colors == COLORS_NEVER || !t->theme)
		t->theme = theme_find("mono");
}

static int open_tty(struct term *t, struct err *err)
{
	const char *name;

	if (!isatty(STDIN_FILENO))
		return err_set(err, ERR_USAGE, "standard input is not a terminal");
	name = ttyname(STDIN_FILENO);
	t->fd = open(name ? name : "/dev/tty", O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (t->fd < 0)
		return err_sys(
			err, errno, "cannot open the terminal '%s'", name ? name : "/dev/tty");
	if (tcgetattr(t->fd, &t->saved) < 0)
		return err_sys(err, errno, "cannot read the modes of the terminal");
	t->raw = t->saved;
	t->raw.c_iflag &= ~(tcflag_t)(IXON | ICRNL | INLCR | IGNCR | BRKINT | ISTRIP | INPCK);
	t->raw.c_oflag &= ~(tcflag_t)OPOST;
	t->raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL | ISIG | IEXTEN);
	t->raw.c_cc[VMIN] = 1;
	t->raw.c_cc[VTIME] = 0;
	return 0;
}

/* Starts curses on the file in memory. */
static int open_curses(struct term *t, const char *name, struct err *err)
{
	const char *s;

	t->memfd = memfd_create("axial-frames", MFD_CLOEXEC);
	if (t->memfd < 0)
		return err_sys(err, errno, "cannot make a file in memory");
	t->sink = fdopen(t->memfd, "r+");
	if (!t->sink)
		return err_sys(err, errno, "cannot make a file in memory");
	/* Some entries (linux) have no size of their own; the real one follows in term_size(). */
	use_env(TRUE);
	use_tioctl(FALSE);
	t->screen = newterm(name, t->sink, t->sink);
	if (!t->screen)
		return err_set(err, ERR_USAGE,
			"TERM=%s is not known here: set TERM to what your terminal is, "
			"for example TERM=xterm-256color",
			name);
	s = tigetstr("cup");
	if (!s || s == (const char *)-1)
		return err_set(err, ERR_USAGE,
			"TERM=%s cannot place the cursor: set TERM=xterm-256color, "
			"or use the subcommands (axial --help)",
			name);
	s = tigetstr("kmous");
	t->reports = s && s != (const char *)-1;
	start_color();
	use_default_colors();
	nonl();
	leaveok(stdscr, FALSE);
	scrollok(stdscr, FALSE);
	return 0;
}

struct term *term_open(const struct term_options *opt, struct err *err)
{
	struct term *t = mem_zalloc(sizeof(*t));
	const char *name = getenv("TERM");
	int w, h;

	t->fd = t->memfd = -1;
	name = name && *name ? name : "unknown";
	pick_locale(t);
	if (open_tty(t, err) < 0)
		goto fail;
	name = terminfo_pick(name, opt->colors);
	if (open_curses(t, name, err) < 0)
		goto fail;
	pick_looks(t, opt, name);
	canvas_init(&t->shown, 1, 1, t->theme, t->glyphs);
	term_size(t, &w, &h);
	t->mouse = !opt->no_mouse;
	enter(t);
	return t;
fail:
	if (t->sink)
		fclose(t->sink);
	if (t->fd >= 0)
		close(t->fd);
	free(t);
	return NULL;
}

void term_close(struct term *t)
{
	if (!t)
		return;
	leave(t);
	delscreen(t->screen);
	fclose(t->sink);
	close(t->fd);
	canvas_release(&t->shown);
	buf_release(&t->out);
	free(t);
}
