/*
 * Slices of an image with its labels: the view around slice_model.
 *
 * Files are read on the worker thread, image first, so that it is on the screen
 * while labels still come.  Only one case is loaded at a time: who holds down 'n'
 * changes which case is wanted, and the next load begins with the newest wish, so
 * nothing queues up.
 */
#include "tui/view_slice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/volume/nifti.h"
#include "tui/app.h"
#include "tui/slice_cases.h"
#include "tui/slice_model.h"
#include "tui/view.h"

struct slice_view {
	struct slice_model model;
	struct slice_cases cases;
	int wanted;      /* case to show */
	int shown;       /* case that the model holds, -1: none */
	bool loading;    /* the worker has something of ours */
	double since;    /* when that began */
	int waited;      /* quarter seconds of it that were drawn */
	char *fault;     /* why there is no picture, NULL */
	char *mmar;      /* where the cases come from, NULL: a file was given */
	char *first;     /* case id to begin with, NULL */
	int first_slice; /* from 1, 0: the middle */
	int drag_x, drag_y;
};

/* What the worker does: read a list of cases, or one file. */
struct load {
	char *path;
	int which; /* 0 image, 1 label, 2 prediction; -1: list of cases */
	int index; /* of the case */
	struct volume *volume;
	struct slice_cases cases;
	double level, width;
	struct err err;
	int rc;
};

static void load_work(void *arg)
{
	struct load *l = arg;

	if (l->which < 0) {
		l->rc = slice_cases_mmar(&l->cases, l->path, &l->err);
		return;
	}
	l->volume = nifti_read(l->path, &l->err);
	l->rc = l->volume ? 0 : -1;
	if (l->volume && !l->which)
		slice_auto_window(l->volume, 0, 0.005, 0.995, &l->level, &l->width);
}

static void load_drop(void *arg)
{
	struct load *l = arg;

	volume_free(l->volume);
	slice_cases_release(&l->cases);
	free(l->path);
	free(l);
}

static unsigned load_done(struct view *v, void *arg);

static void load_start(struct view *v, const char *path, int which, int index)
{
	struct slice_view *s = v->state;
	struct load *l = mem_zalloc(sizeof(*l));

	l->path = mem_strdup(path);
	l->which = which;
	l->index = index;
	if (!s->loading) {
		s->since = sys_now();
		s->waited = 0;
	}
	s->loading = true;
	app_work(v->app, v, load_work, load_done, load_drop, l);
	app_tick_in(v->app, v, 0.3);
}

/* Goes on with the case that is wanted now, or rests. */
static void load_next(struct view *v, int index, int after)
{
	struct slice_view *s = v->state;

	s->loading = false;
	if (!s->cases.n)
		return;
	if (index != s->wanted) {
		load_start(v, s->cases.v[s->wanted].file[0], 0, s->wanted);
		return;
	}
	for (int which = after + 1; which < 3; which++)
		if (s->cases.v[index].file[which]) {
			load_start(v, s->cases.v[index].file[which], which, index);
			return;
		}
}

static void take_cases(struct view *v, struct load *l)
{
	struct slice_view *s = v->state;

	slice_cases_release(&s->cases);
	s->cases = l->cases;
	memset(&l->cases, 0, sizeof(l->cases));
	s->model.names = (const char *const *)s->cases.classes.v;
	s->model.nnames = s->cases.classes.n;
	for (int i = 0; i < s->cases.n; i++)
		if (s->first && !strcmp(s->cases.v[i].id, s->first))
			s->wanted = i;
	load_next(v, -1, 0);
}

static void take_image(struct slice_view *s, struct load *l)
{
	slice_model_image(&s->model, l->volume, l->level, l->width, true);
	l->volume = NULL;
	s->shown = l->index;
	free(s->fault);
	s->fault = NULL;
	if (s->first_slice > 0)
		slice_model_goto(&s->model, s->first_slice - 1);
	s->first_slice = 0;
}

static unsigned load_done(struct view *v, void *arg)
{
	struct slice_view *s = v->state;
	struct load *l = arg;

	if (l->rc) {
		if (l->which <= 0) {
			free(s->fault);
			s->fault = mem_strdup(l->err.msg);
			if (!l->which)
				slice_model_image(&s->model, NULL, 0, 1, true);
			s->shown = l->index;
		} else {
			app_flash(v->app, FLASH_BAD, "%s", l->err.msg);
		}
	} else if (l->which < 0) {
		take_cases(v, l);
		return VIEW_REDRAW;
	} else if (!l->which) {
		take_image(s, l);
	} else if (s->shown == l->index) {
		slice_model_overlay(&s->model, (enum slice_source)(l->which - 1), l->volume);
		l->volume = NULL;
	}
	load_next(v, l->index, l->rc && l->which <= 0 ? 2 : l->which);
	return VIEW_REDRAW;
}

/* The argument */

static void set_plane(struct slice_view *s, const char *name)
{
	for (int i = SLICE_AXIAL; i <= SLICE_SAGITTAL; i++)
		if (!strncmp(slice_plane_name((enum slice_plane)i), name, strlen(name)))
			s->model.plane = (enum slice_plane)i;
}

struct slice_args {
	char *image, *label, *pred;
};

static void take_field(struct slice_view *s, struct slice_args *a, char *field)
{
	char *eq = strchr(field, '=');
	size_t n = eq ? (size_t)(eq - field) : 0;

	/* A file comes first, whatever its name looks like. */
	if (n == 4 && !strncmp(field, "mmar", n) && !a->image)
		s->mmar = mem_strdup(eq + 1);
	else if (n == 4 && !strncmp(field, "case", n))
		s->first = mem_strdup(eq + 1);
	else if (n == 5 && !strncmp(field, "label", n))
		a->label = eq + 1;
	else if (n == 4 && !strncmp(field, "pred", n))
		a->pred = eq + 1;
	else if (n == 5 && !strncmp(field, "plane", n))
		set_plane(s, eq + 1);
	else if (n == 5 && !strncmp(field, "slice", n))
		s->first_slice = (int)strtol(eq + 1, NULL, 10);
}

static int slice_open(struct view *v, const char *arg, struct err *err)
{
	struct slice_view *s = v->state;
	struct slice_args a = {0};
	char *copy = mem_strdup(arg ? arg : ""), *rest = copy, *field;

	slice_model_init(&s->model);
	s->shown = -1;
	for (int i = 0; (field = strsep(&rest, "\t")); i++)
		if (!i && *field && strncmp(field, "mmar=", 5))
			a.image = field;
		else if (*field)
			take_field(s, &a, field);
	if (a.image)
		slice_cases_one(&s->cases, a.image, a.label, a.pred);
	free(copy);
	if (!s->cases.n && !s->mmar)
		return err_set(err, ERR_USAGE, "no image given");
	return 0;
}

static void slice_close(struct view *v)
{
	struct slice_view *s = v->state;

	slice_model_release(&s->model);
	slice_cases_release(&s->cases);
	free(s->fault);
	free(s->mmar);
	free(s->first);
}

static void slice_title(struct view *v, struct buf *out)
{
	struct slice_view *s = v->state;

	if (s->cases.n)
		buf_put_safe(out, s->cases.v[s->wanted].id);
	else
		buf_puts(out, "slices");
}

static unsigned slice_tick(struct view *v, double now, double *next_s)
{
	struct slice_view *s = v->state;
	int quarter;

	if (s->shown < 0 && !s->loading && !s->fault) { /* just opened */
		if (s->cases.n)
			load_start(v, s->cases.v[s->wanted].file[0], 0, s->wanted);
		else
			load_start(v, s->mmar, -1, -1);
	}
	*next_s = s->loading ? 0.25 : 0;
	quarter = s->loading ? (int)((now - s->since) * 4) : 0;
	if (quarter == s->waited)
		return VIEW_HANDLED;
	s->waited = quarter;
	return VIEW_REDRAW;
}

/* Keys */

static void go_to_case(struct view *v, int step)
{
	struct slice_view *s = v->state;
	int to = s->wanted + step;

	if (to < 0 || to >= s->cases.n) {
		app_flash(v->app, FLASH_INFO,
			s->cases.n > 1 ? "that was the %s case" : "there is only this image",
			step > 0 ? "last" : "first");
		return;
	}
	s->wanted = to;
	if (!s->loading)
		load_start(v, s->cases.v[to].file[0], 0, to);
}

static unsigned slice_action(struct view *v, enum action a, const struct input *in)
{
	struct slice_view *s = v->state;
	bool shift = in && in->mods & MOD_SHIFT;

	switch (a) {
	case ACT_common_next:
		go_to_case(v, 1);
		return VIEW_REDRAW;
	case ACT_common_prev:
		go_to_case(v, -1);
		return VIEW_REDRAW;
	case ACT_common_reload:
		if (!s->loading && s->cases.n)
			load_start(v, s->cases.v[s->wanted].file[0], 0, s->wanted);
		return VIEW_REDRAW;
	case ACT_common_back:
		return slice_model_back(&s->model) ? VIEW_REDRAW : VIEW_IGNORED;
	default:
		return slice_model_action(&s->model, a, shift) ? VIEW_REDRAW : VIEW_IGNORED;
	}
}

/* Arrows with Shift have no row in the table: they are the same keys, five times as far. */
static unsigned slice_key(struct view *v, const struct input *in)
{
	struct input plain = *in;

	if (in->kind != INPUT_KEY || !(in->mods & MOD_SHIFT))
		return VIEW_IGNORED;
	plain.mods &= ~(unsigned)MOD_SHIFT;
	return slice_action(v, binding_find("move", &plain), in);
}

static unsigned slice_mouse(struct view *v, const struct input *in)
{
	struct slice_view *s = v->state;

	switch (in->act) {
	case MOUSE_WHEEL_UP:
		return slice_action(v, ACT_move_page_up, NULL);
	case MOUSE_WHEEL_DOWN:
		return slice_action(v, ACT_move_page_down, NULL);
	case MOUSE_PRESS:
		s->drag_x = in->x;
		s->drag_y = in->y;
		if (in->button == 3)
			return VIEW_HANDLED;
		return slice_model_click(&s->model, in->x, in->y) ? VIEW_REDRAW : VIEW_IGNORED;
	case MOUSE_DRAG:
		if (in->button == 3)
			slice_model_window_by(&s->model, in->x - s->drag_x, s->drag_y - in->y);
		else
			slice_model_click(&s->model, in->x, in->y);
		s->drag_x = in->x;
		s->drag_y = in->y;
		return VIEW_REDRAW;
	default:
		return VIEW_IGNORED;
	}
}

/* Drawing */

static void draw_waiting(const struct slice_view *s, const struct draw *d)
{
	const char *path = s->cases.n ? s->cases.v[s->wanted].file[0] : s->mmar;
	struct stat st;
	char *text;

	if (s->fault) {
		draw_fit(d, 0, d->h / 2, d->w, ST_BAD, s->fault);
		return;
	}
	if (!s->waited) /* most files are there before anyone could read this */
		return;
	text = stat(path, &st) ? mem_printf("reading %s", path)
			       : mem_printf("reading %s, %.1f MB", path, (double)st.st_size / 1e6);
	draw_fit(d, 0, d->h / 2, d->w, ST_DIM, text);
	draw_printf(d, 0, d->h / 2 + 1, ST_DIM, "%.1f s", s->waited / 4.0);
	free(text);
}

static void slice_draw(struct view *v, const struct draw *d, bool focused)
{
	struct slice_view *s = v->state;
	char *note;

	(void)focused;
	if (!s->model.image) {
		draw_waiting(s, d);
		return;
	}
	note = s->cases.n > 1 ? mem_printf("case %d/%d%s", s->wanted + 1, s->cases.n,
					s->loading ? " reading" : "")
			      : mem_strdup(s->loading && s->waited ? "reading" : "");
	slice_model_draw(&s->model, d, note);
	free(note);
}

char *view_slice_arg(const char *image, const char *label, const char *plane, int slice)
{
	struct buf b = {0};

	buf_puts(&b, image);
	if (label && *label)
		buf_printf(&b, "\tlabel=%s", label);
	if (plane && *plane)
		buf_printf(&b, "\tplane=%s", plane);
	if (slice > 0)
		buf_printf(&b, "\tslice=%d", slice);
	return buf_detach(&b);
}

char *view_slice_arg_mmar(const char *mmar, const char *case_id)
{
	return case_id && *case_id ? mem_printf("mmar=%s\tcase=%s", mmar, case_id)
				   : mem_printf("mmar=%s", mmar);
}

const struct view_ops view_slice = {
	.name = "slice",
	.help = "slices of an image with its labels and predictions",
	.shared = "next prev reload",
	.state_size = sizeof(struct slice_view),
	.open = slice_open,
	.close = slice_close,
	.title = slice_title,
	.action = slice_action,
	.key = slice_key,
	.mouse = slice_mouse,
	.tick = slice_tick,
	.draw = slice_draw,
};
