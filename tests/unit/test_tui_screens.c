/*
 * Every view of the table drawn at many sizes, with nothing to show and with a full
 * model: nothing crashes, no control character reaches a cell, and the parts that
 * must be there are where they belong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/mmar/mmar.h"
#include "core/run/run.h"
#include "core/volume/nifti.h"
#include "tui/app_state.h"
#include "tui/utf8.h"
#include "tui/view_slice.h"

static const struct {
	int w, h;
} sizes[] = {{1, 1}, {2, 2}, {5, 3}, {20, 5}, {40, 10}, {80, 23}, {120, 40}, {200, 60}, {300, 100}};

struct world {
	char *dir, *mmar, *run, *config, *image;
	const char *roots[1];
};

static char *file_in(const char *dir, const char *name, const char *text)
{
	char *path = sys_join(dir, name);
	struct err err = ERR_INIT;

	assert_int_equal(sys_write_file(path, text, strlen(text), &err), 0);
	return path;
}

static void make_run(struct world *w)
{
	struct run_info info = {
		.mmar = w->mmar, .name = "r1", .config = "config/config_train.json"};
	char *models = sys_join(w->mmar, "models");
	struct err err = ERR_INIT;
	struct buf f = {0};
	struct run *r;

	info.ckpt_dir = models;
	info.epochs = 3;
	r = run_create(&info, &err);
	assert_non_null(r);
	w->run = mem_strdup(run_dir(r));
	for (int i = 1; i <= 20; i++) {
		buf_reset(&f);
		event_int(&f, "step", i);
		event_int(&f, "epoch", 1);
		event_num(&f, "loss", 1.0 / i);
		event_num(&f, "lr", 1e-3);
		assert_int_equal(run_event(r, EVENT_STEP, &f, &err), 0);
	}
	assert_int_equal(run_log(r, "info", "hostile \x1b[2J\x9b line", &err), 0);
	run_abandon(r);
	buf_release(&f);
	free(models);
}

/* A small image whose values rise, and itself as its label. */
static void make_image(struct world *w)
{
	static const int dim[3] = {9, 7, 5};
	struct err err = ERR_INIT;
	struct volume *v = volume_new(1, dim, &err);
	char *path = sys_join(w->dir, "image.nii");

	assert_non_null(v);
	for (size_t i = 0; i < volume_voxels(v); i++)
		v->data[i] = (float)(i % 4);
	assert_int_equal(nifti_write(path, v, NIFTI_OUT_INT16, &err), 0);
	w->image = view_slice_arg(path, path, "coronal", 2);
	volume_free(v);
	free(path);
}

static int setup(void **state)
{
	struct world *w = mem_zalloc(sizeof(*w));
	struct err err = ERR_INIT;
	char *docs;

	w->dir = mem_strdup("/tmp/axial-test-screens-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->mmar = mem_printf("%s/ev\x1b[31mil", w->dir);
	assert_int_equal(mmar_new(w->mmar, &err), 0);
	docs = mem_printf("%s/docs", w->mmar);
	free(file_in(docs, "Readme.md", "# Title \x1b]52;c;QUFB\a\n\ttext\x7f\n"));
	w->config = mem_printf("%s/config/config_train.json", w->mmar);
	make_run(w);
	make_image(w);
	w->roots[0] = w->dir;
	free(docs);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	struct err err = ERR_INIT;
	int rc = sys_remove_tree(w->dir, &err);

	free(w->dir);
	free(w->mmar);
	free(w->run);
	free(w->config);
	free(w->image);
	free(w);
	return rc;
}

static struct app *app_make(struct world *w, int width, int height)
{
	struct app *app = app_new(NULL, theme_find("dark"), GLYPHS_BRAILLE, width, height);

	app->roots = w->roots;
	app->nroots = 1;
	return app;
}

/* Lets the worker finish and the views take what it made. */
static void settle(struct app *app)
{
	double end = sys_now() + 20;

	app_tick(app, sys_now());
	while (work_pending(app->work) && sys_now() < end) {
		app_work_done(app);
		usleep(2000);
	}
	assert_int_equal(work_pending(app->work), 0);
}

/* No cell may hold what a terminal would obey, and wide characters must be whole. */
static void check_cells(const struct app *app)
{
	const struct canvas *c = &app->canvas;

	for (int y = 0; y < c->h; y++)
		for (int x = 0; x < c->w; x++) {
			const struct cell *cell = &c->cells[y * c->w + x];
			int columns = cell->ch ? utf8_columns(cell->ch) : 1;

			assert_true(columns >= 1);
			if (columns == 2)
				assert_true(x + 1 < c->w && !cell[1].ch);
			if (!cell->ch)
				assert_true(x > 0 && utf8_columns(cell[-1].ch) == 2);
		}
	assert_true(c->cursor_x < c->w && c->cursor_y < c->h);
}

static char *row_text(const struct app *app, int y)
{
	const struct canvas *c = &app->canvas;
	struct buf b = {0};
	char utf8[5];

	for (int x = 0; x < c->w; x++)
		if (c->cells[y * c->w + x].ch) {
			utf8_put(utf8, c->cells[y * c->w + x].ch);
			buf_puts(&b, utf8);
		}
	return buf_detach(&b);
}

static bool on_screen(const struct app *app, const char *text)
{
	bool hit = false;

	for (int y = 0; y < app->canvas.h && !hit; y++) {
		char *row = row_text(app, y);

		hit = strstr(row, text) != NULL;
		free(row);
	}
	return hit;
}

static void draw_all_sizes(struct app *app)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		canvas_resize(&app->canvas, sizes[i].w, sizes[i].h);
		app_draw(app);
		check_cells(app);
		if (sizes[i].h >= 3 && sizes[i].w >= 20 && !app->overlay.ops) {
			char *bar = row_text(app, sizes[i].h - 1);

			assert_memory_equal(bar, "? help", 6);
			free(bar);
		}
	}
}

static const char *arg_of(const struct world *w, const char *view)
{
	if (!strcmp(view, "mmar"))
		return w->mmar;
	if (!strcmp(view, "config"))
		return w->config;
	if (!strcmp(view, "slice"))
		return w->image;
	return !strcmp(view, "run") ? w->run : !strcmp(view, "text") ? w->config : NULL;
}

static void press(struct app *app, uint32_t key)
{
	struct input in = {.kind = INPUT_KEY, .key = key};

	app_input(app, &in);
}

static void type(struct app *app, const char *text)
{
	for (; *text; text++)
		press(app, (unsigned char)*text);
}

static void set_jobs(struct app *app)
{
	static const char jobs[] =
		"[{\"id\":1,\"kind\":\"train\",\"state\":\"done\",\"title\":\"old\"},"
		"{\"id\":2,\"kind\":\"train\",\"state\":\"running\",\"title\":\"seg\\u001b[2Jct\","
		"\"run\":\"/tmp/none\",\"props\":{\"epoch\":7,\"epochs\":20,\"loss\":0.25,\"eta\":61}},"
		"{\"id\":3,\"kind\":\"train\",\"state\":\"interrupted\",\"title\":\"x\",\"resumable\":"
		"true}]";
	cJSON *list = cJSON_Parse(jobs);

	assert_non_null(list);
	app_engine_set_jobs(app, list);
	cJSON_Delete(list);
}

/* Before anything was read, after it was, and with the jobs of an engine. */
static void test_every_view_at_every_size(void **state)
{
	struct world *w = *state;

	for (int i = 0; view_at(i); i++) {
		struct app *app = app_make(w, 80, 23);
		const char *name = view_at(i)->name;

		app_open(app, "mmars", NULL);
		app_open(app, name, arg_of(w, name));
		draw_all_sizes(app);
		settle(app);
		draw_all_sizes(app);
		set_jobs(app);
		settle(app);
		draw_all_sizes(app);
		app_free(app);
	}
}

/* Any key in any view: nothing crashes, nothing leaks, whatever it does. */
static void test_every_key_in_every_view(void **state)
{
	struct world *w = *state;

	for (int i = 0; view_at(i); i++) {
		const char *name = view_at(i)->name;
		struct app *app = app_make(w, 80, 23);

		for (int b = 0; binding_at(b); b++) {
			if (!app->npages)
				app_open(app, "mmars", NULL);
			if (app->npages < 2)
				app_open(app, name, arg_of(w, name));
			app_draw(app);
			if (binding_at(b)->action != ACT_app_suspend)
				app_do(app, binding_at(b)->action, NULL);
			app_draw(app);
			check_cells(app);
			press(app, IN_ESC);
			settle(app);
		}
		app_free(app);
	}
}

static void test_glyphs_and_themes(void **state)
{
	struct world *w = *state;

	for (int t = 0; theme_at(t); t++)
		for (int i = 0; view_at(i); i++) {
			const char *name = view_at(i)->name;
			struct app *app = app_new(NULL, theme_at(t), GLYPHS_ASCII, 80, 23);

			app->roots = w->roots;
			app->nroots = 1;
			app_open(app, name, arg_of(w, name));
			settle(app);
			app_draw(app);
			/* Our own frames and marks must be plain ASCII then. */
			for (int c = 0; c < 80 * 23; c++)
				if (app->canvas.cells[c].ch > 126)
					fail_msg(
						"U+%04X in view %s", app->canvas.cells[c].ch, name);
			app_free(app);
		}
}

static void test_browser(void **state)
{
	struct world *w = *state;
	struct app *app = app_make(w, 80, 23);

	app_open(app, "mmars", NULL);
	app_draw(app);
	assert_true(on_screen(app, "looking for archives"));
	settle(app);
	settle(app);
	app_draw(app);
	assert_true(on_screen(app, "ev^[[31mil"));
	assert_true(on_screen(app, "interrupted"));
	assert_true(on_screen(app, "MMARs"));
	press(app, '/');
	type(app, "zzz");
	app_draw(app);
	assert_true(on_screen(app, "No archive has these letters"));
	press(app, IN_ESC);
	assert_null(app->overlay.ops);
	press(app, IN_ENTER);
	settle(app);
	app_draw(app);
	assert_int_equal(app->npages, 2);
	assert_true(on_screen(app, "config_train.json"));
	assert_true(on_screen(app, "r1"));
	press(app, IN_ESC);
	assert_int_equal(app->npages, 1);
	press(app, IN_ESC);
	assert_false(app->ended);
	press(app, 'q');
	assert_true(app->ended);
	app_free(app);
}

static void test_a_broken_configuration_names_its_line(void **state)
{
	struct world *w = *state;
	struct app *app = app_make(w, 80, 23);
	char *path = file_in(w->mmar, "config/config_broken.json", "{\n  \"use_amp\": fasle\n}\n");

	app_open(app, "mmar", w->mmar);
	settle(app);
	app_draw(app);
	assert_true(on_screen(app, "line 2, column 14: not valid JSON"));
	assert_int_equal(unlink(path), 0);
	app_free(app);
	free(path);
}

static void test_browser_without_archives(void **state)
{
	struct world *w = *state, empty = *w;
	struct app *app;

	empty.roots[0] = "/nonexistent";
	app = app_make(&empty, 80, 23);
	app_open(app, "mmars", NULL);
	settle(app);
	app_draw(app);
	assert_true(on_screen(app, "No MMAR in these folders"));
	app_free(app);
}

/* The image is read by the worker, then its label; a missing one is said. */
static void test_slices(void **state)
{
	struct world *w = *state;
	struct app *app = app_make(w, 80, 23);

	app_open(app, "slice", w->image);
	for (int i = 0; i < 3; i++)
		settle(app);
	app_draw(app);
	assert_true(on_screen(app, "coronal 2/7"));
	assert_true(on_screen(app, "voxel 4 1 2"));
	assert_true(on_screen(app, "label"));
	press(app, 'a');
	press(app, IN_UP);
	app_draw(app);
	assert_true(on_screen(app, "axial 4/5"));
	app_open(app, "slice", "/nonexistent/x.nii");
	settle(app);
	app_draw(app);
	assert_true(on_screen(app, "/nonexistent/x.nii"));
	app_free(app);
}

static void test_jobs(void **state)
{
	struct app *app = app_make(*state, 80, 23);

	app_open(app, "mmars", NULL);
	press(app, 'J');
	app_draw(app);
	assert_true(on_screen(app, "Waiting for the engine"));
	set_jobs(app);
	app_draw(app);
	assert_true(on_screen(app, "running"));
	assert_true(on_screen(app, "7/20"));
	assert_true(on_screen(app, "1 job "));
	press(app, 'g');
	press(app, IN_DOWN);
	press(app, 's');
	app_draw(app);
	assert_true(on_screen(app, "Stop job 2"));
	press(app, 'n');
	assert_null(app->overlay.ops);
	app_free(app);
}

/* Changing a value: refused with the reason, then taken, undone, and asked about. */
static void test_config(void **state)
{
	struct world *w = *state;
	struct app *app = app_make(w, 80, 23);

	app_open(app, "mmars", NULL);
	app_open(app, "config", w->config);
	settle(app);
	settle(app);
	app_draw(app);
	assert_true(on_screen(app, "training configuration"));
	press(app, '/');
	type(app, "epochs");
	press(app, IN_ENTER);
	app_draw(app);
	press(app, 'e');
	assert_non_null(app->overlay.ops);
	for (int i = 0; i < 10; i++)
		press(app, IN_BACKSPACE);
	type(app, "many");
	press(app, IN_ENTER);
	app_draw(app);
	assert_non_null(app->overlay.ops);
	assert_true(on_screen(app, "'many' is no whole number"));
	for (int i = 0; i < 4; i++)
		press(app, IN_BACKSPACE);
	type(app, "77");
	press(app, IN_ENTER);
	assert_null(app->overlay.ops);
	settle(app);
	app_draw(app);
	assert_true(on_screen(app, "77"));
	assert_true(on_screen(app, "not saved"));
	press(app, 'q');
	assert_non_null(app->overlay.ops);
	press(app, 'n');
	press(app, 'u');
	settle(app);
	app_draw(app);
	assert_false(on_screen(app, "not saved"));
	press(app, 'q');
	assert_int_equal(app->npages, 1);
	app_free(app);
}

static void test_help_and_palette(void **state)
{
	struct app *app = app_make(*state, 80, 23);

	app_open(app, "mmars", NULL);
	settle(app);
	press(app, '?');
	draw_all_sizes(app);
	canvas_resize(&app->canvas, 120, 60);
	app_draw(app);
	assert_true(on_screen(app, "sort by the next column"));
	press(app, IN_ESC);
	press(app, ':');
	draw_all_sizes(app);
	type(app, "jobs");
	press(app, IN_ENTER);
	assert_string_equal(app_focus(app)->ops->name, "jobs");
	press(app, ':');
	type(app, "q");
	press(app, IN_ENTER);
	assert_true(app->ended);
	app_free(app);
}

/* Panes stand side by side when there is room, and give way when there is none. */
static void test_panes(void **state)
{
	struct world *w = *state;
	struct app *app = app_make(w, 120, 40);

	app_open(app, "mmars", NULL);
	app_open(app, "config", w->config);
	assert_int_equal(app_open_beside(app, app_focus(app), "jobs", NULL), 0);
	assert_int_equal(app_open_beside(app, app_focus(app), "text", w->config), 0);
	settle(app);
	draw_all_sizes(app);
	canvas_resize(&app->canvas, 120, 40);
	app_draw(app);
	assert_true(on_screen(app, "1 config_train.json"));
	assert_true(on_screen(app, "2 jobs"));
	press(app, IN_TAB);
	assert_string_equal(app_focus(app)->ops->name, "jobs");
	press(app, '3');
	assert_string_equal(app_focus(app)->ops->name, "text");
	press(app, 'z');
	draw_all_sizes(app);
	press(app, 'q');
	assert_int_equal(app_page(app)->n, 2);
	app_free(app);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_view_at_every_size),
		cmocka_unit_test(test_every_key_in_every_view),
		cmocka_unit_test(test_glyphs_and_themes),
		cmocka_unit_test(test_browser),
		cmocka_unit_test(test_browser_without_archives),
		cmocka_unit_test(test_a_broken_configuration_names_its_line),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_jobs),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_help_and_palette),
		cmocka_unit_test(test_panes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
