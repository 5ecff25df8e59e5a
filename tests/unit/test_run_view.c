/*
 * The run view's model, header, log and export, and the system panel: on events that
 * come bit by bit, are resumed, torn or hostile, and on machines that tell little.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/run/run.h"
#include "core/volume/png.h"
#include "tui/run_export.h"
#include "tui/run_header.h"
#include "tui/run_log.h"
#include "tui/run_model.h"
#include "tui/system_draw.h"
#include "tui/utf8.h"

struct world {
	char *dir;
	FILE *f;
	int seq;
};

static int setup(void **state)
{
	struct world *w = mem_zalloc(sizeof(*w));
	char *path;

	w->dir = mem_strdup("/tmp/axial-test-runview-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	path = run_path_in(w->dir, RUN_FILE_EVENTS);
	w->f = fopen(path, "w");
	assert_non_null(w->f);
	free(path);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	struct err err = ERR_INIT;
	int rc = sys_remove_tree(w->dir, &err);

	fclose(w->f);
	free(w->dir);
	free(w);
	return rc;
}

/* Writes one event; fields as JSON text. */
static void event(struct world *w, const char *kind, const char *fields)
{
	w->seq++;
	fprintf(w->f, "{\"seq\":%d,\"t\":%d,\"kind\":\"%s\"%s%s}\n", w->seq, 1000 + w->seq, kind,
		*fields ? "," : "", fields);
	fflush(w->f);
}

static void step(struct world *w, int n, const char *loss)
{
	char text[128];

	snprintf(text, sizeof(text), "\"step\":%d,\"epoch\":%d,\"loss\":%s,\"lr\":0.001", n,
		(n + 3) / 4, loss);
	event(w, "step", text);
}

static void validation(struct world *w, int epoch, double mean, double best)
{
	char text[256];

	snprintf(text, sizeof(text),
		"\"epoch\":%d,\"step\":%d,\"dice_1\":%g,\"mean_dice\":%g,\"seconds\":2,"
		"\"key\":\"mean_dice\",\"best\":%g,\"best_epoch\":%d,\"is_best\":true",
		epoch, 4 * epoch, mean + 0.1, mean, best, epoch);
	event(w, "validation", text);
}

static int poll(struct run_model *m)
{
	struct err err = ERR_INIT;
	bool more;

	return run_model_poll(m, 0, &more, &err);
}

static struct plot plots[RUN_CHARTS_MAX];
static struct plot_line lines[RUN_CHARTS_MAX][PLOT_MAX_LINES];

static void start(struct world *w)
{
	event(w, "start", "\"run\":\"r\",\"epochs\":5,\"steps_per_epoch\":4,\"pid\":1");
}

static void curves(void **state)
{
	struct world *w = *state;
	struct run_model m;

	run_model_init(&m, w->dir);
	assert_int_equal(poll(&m), 0);
	assert_int_equal(run_model_plots(&m, 0, plots, lines), RUN_CHARTS_FIXED);
	assert_int_equal(plots[RUN_CHART_LOSS].n_lines, 0);
	start(w);
	step(w, 1, "1.5");
	step(w, 2, "null"); /* not finite */
	assert_int_equal(poll(&m), 1);
	assert_int_equal(poll(&m), 0);
	step(w, 3, "0.5");
	validation(w, 1, 0.6, 0.6);
	assert_int_equal(poll(&m), 1);
	run_model_plots(&m, 0, plots, lines);
	assert_int_equal(plots[RUN_CHART_LOSS].n_lines, 1);
	assert_int_equal(lines[RUN_CHART_LOSS][0].n, 3);
	assert_true(isnan(lines[RUN_CHART_LOSS][0].y[1]));
	assert_true(lines[RUN_CHART_LOSS][0].x[2] == 3);
	/* The key metric is the first line, bookkeeping is none, 0..1 is the range. */
	assert_int_equal(plots[RUN_CHART_METRIC].n_lines, 2);
	assert_string_equal(lines[RUN_CHART_METRIC][0].name, "mean_dice");
	assert_int_equal(lines[RUN_CHART_METRIC][0].best, PLOT_BEST_MAX);
	assert_true(plots[RUN_CHART_METRIC].yhi == 1);
	assert_string_equal(lines[RUN_CHART_RATE][0].name, "lr");
	run_model_set_xaxis(&m, RUN_X_TIME);
	run_model_plots(&m, 0, plots, lines);
	assert_true(lines[RUN_CHART_LOSS][0].x[0] == 1); /* one second after the start */
	run_model_set_xaxis(&m, RUN_X_EPOCH);
	run_model_plots(&m, 0, plots, lines);
	assert_true(lines[RUN_CHART_LOSS][0].x[2] == 0.75);
	run_model_release(&m);
}

/* Points that the killed process was ahead are taken back; what comes again counts. */
static void resume(void **state)
{
	struct world *w = *state;
	struct run_model m;

	run_model_init(&m, w->dir);
	start(w);
	for (int i = 1; i <= 6; i++)
		step(w, i, "9");
	assert_int_equal(poll(&m), 1);
	event(w, "resume", "\"step\":4,\"epoch\":1");
	step(w, 5, "2");
	step(w, 6, "3");
	assert_int_equal(poll(&m), 1);
	run_model_plots(&m, 0, plots, lines);
	assert_int_equal(lines[RUN_CHART_LOSS][0].n, 6);
	assert_true(lines[RUN_CHART_LOSS][0].y[3] == 9);
	assert_true(lines[RUN_CHART_LOSS][0].y[4] == 2);
	assert_true(lines[RUN_CHART_LOSS][0].y[5] == 3);
	run_model_release(&m);
}

static void states(void **state)
{
	struct world *w = *state;
	struct err err = ERR_INIT;
	char *path = run_path_in(w->dir, RUN_FILE_LOCK);
	struct run_model m;
	int fd;

	run_model_init(&m, w->dir);
	start(w);
	step(w, 1, "1");
	assert_int_equal(poll(&m), 1);
	fd = sys_lock(path, &err);
	assert_true(fd >= 0);
	assert_true(run_model_check_state(&m));
	assert_int_equal(m.state, RUN_RUNNING);
	close(fd);
	assert_true(run_model_check_state(&m));
	assert_int_equal(m.state, RUN_INTERRUPTED);
	event(w, "end", "\"state\":\"stopped\",\"peak_rss\":3e8");
	assert_int_equal(poll(&m), 1);
	assert_true(run_model_check_state(&m));
	assert_int_equal(m.state, RUN_STOPPED);
	assert_true(m.peak_rss == 3e8);
	run_model_release(&m);
	free(path);
}

struct screen {
	struct canvas c;
	struct draw d;
};

static void screen_open(struct screen *s, int w, int h)
{
	canvas_init(&s->c, w, h, theme_find("dark"), GLYPHS_BRAILLE);
	s->d = draw_root(&s->c);
}

static bool shows(const struct screen *s, const char *text)
{
	struct buf b = {0};
	char u[5];
	bool hit;

	for (int i = 0; i < s->c.w * s->c.h; i++) {
		if (i && i % s->c.w == 0)
			buf_putc(&b, '\n');
		utf8_put(u, s->c.cells[i].ch ? s->c.cells[i].ch : ' ');
		buf_puts(&b, u);
	}
	hit = strstr(b.p, text) != NULL;
	buf_release(&b);
	return hit;
}

static void header(void **state)
{
	struct world *w = *state;
	struct run_model m;
	struct screen s;

	run_model_init(&m, w->dir);
	start(w);
	step(w, 4, "0.25");
	validation(w, 1, 0.6, 0.6);
	assert_int_equal(poll(&m), 1);
	screen_open(&s, 100, 2);
	run_header_draw(&s.d, &m, 0);
	assert_true(shows(&s, "interrupted"));
	assert_true(shows(&s, "epoch 1/5"));
	assert_true(shows(&s, "step 4/20"));
	assert_true(shows(&s, "best 0.6000 mean_dice @1"));
	assert_true(shows(&s, "loss 0.2500"));
	assert_false(shows(&s, "peak")); /* unknown: not shown at all */
	canvas_release(&s.c);
	/* What the loader did in the last epoch: the cache, and warnings only when there is reason.
	 */
	event(w, "epoch",
		"\"epoch\":1,\"epochs\":5,\"step\":4,\"seconds\":10,\"loader_wait\":0.1,"
		"\"cache_bytes\":3221225472,\"cache_hits\":0.75,\"replace_lag\":0");
	assert_int_equal(poll(&m), 1);
	screen_open(&s, 140, 2);
	run_header_draw(&s.d, &m, 0);
	assert_true(shows(&s, "cache 3G 75 %"));
	assert_false(shows(&s, "lag"));
	assert_false(shows(&s, "waits for data"));
	canvas_release(&s.c);
	event(w, "epoch",
		"\"epoch\":2,\"epochs\":5,\"step\":4,\"seconds\":10,\"loader_wait\":2.5,"
		"\"cache_bytes\":3221225472,\"cache_hits\":1,\"replace_lag\":2");
	event(w, "epoch", "\"epoch\":1,\"step\":4");
	assert_int_equal(poll(&m), 1);
	screen_open(&s, 140, 2);
	run_header_draw(&s.d, &m, 0);
	assert_true(shows(&s, "lag 2"));
	assert_true(shows(&s, "waits for data 25 %"));
	canvas_release(&s.c);
	screen_open(&s, 22, 1); /* the most important is left */
	run_header_draw(&s.d, &m, 0);
	assert_true(shows(&s, "epoch 1/5"));
	canvas_release(&s.c);
	m.state = RUN_RUNNING;
	screen_open(&s, 100, 2);
	run_header_draw(&s.d, &m, 3);
	assert_true(shows(&s, "no event for 3 min"));
	canvas_release(&s.c);
	run_model_release(&m);
}

static void logs(void **state)
{
	struct world *w = *state;
	struct run_log log;
	struct run_model m;
	struct screen s;
	char text[64];

	run_model_init(&m, w->dir);
	run_log_init(&log);
	for (int i = 0; i < 30; i++) {
		snprintf(text, sizeof(text), "\"text\":\"%s %d\",\"level\":\"info\"",
			i % 10 == 3 ? "Needle" : "hay", i);
		event(w, "log", text);
	}
	assert_int_equal(poll(&m), 1);
	screen_open(&s, 30, 4);
	run_log_draw(&s.d, &log, &m.reader);
	assert_true(shows(&s, "hay 29") && shows(&s, "hay 26") && !shows(&s, "hay 25"));
	assert_int_equal(run_log_search(&log, &m.reader, "needle"), 3);
	canvas_clear(&s.c);
	run_log_draw(&s.d, &log, &m.reader);
	assert_true(shows(&s, "Needle 23"));
	assert_true(run_log_next(&log, &m.reader, -1));
	canvas_clear(&s.c);
	run_log_draw(&s.d, &log, &m.reader);
	assert_true(shows(&s, "Needle 13"));
	/* New lines do not move what is being read. */
	event(w, "log", "\"text\":\"new\"");
	assert_int_equal(poll(&m), 1);
	canvas_clear(&s.c);
	run_log_draw(&s.d, &log, &m.reader);
	assert_true(shows(&s, "Needle 13"));
	assert_int_equal(run_log_search(&log, &m.reader, "nowhere"), 0);
	assert_false(run_log_next(&log, &m.reader, 1));
	run_log_scroll(&log, &m.reader, -1000);
	canvas_clear(&s.c);
	run_log_draw(&s.d, &log, &m.reader);
	assert_true(shows(&s, "new"));
	canvas_release(&s.c);
	run_log_release(&log);
	run_model_release(&m);
}

static void exporting(void **state)
{
	struct world *w = *state;
	struct plot_span all = {0, 100};
	char *path = sys_join(w->dir, "curves.tsv"), *png = run_export_png_path(path);
	struct run_export *e;
	struct err err = ERR_INIT;
	struct buf text = {0};
	struct run_model m;
	int width, height;
	uint8_t *px;

	run_model_init(&m, w->dir);
	start(w);
	for (int i = 1; i <= 8; i++)
		step(w, i, "0.5");
	validation(w, 2, 0.7, 0.7);
	assert_int_equal(poll(&m), 1);
	e = run_export_new(&m, all, 0.9);
	assert_int_equal(run_export_write(e, path, &err), 0);
	run_export_free(e);
	assert_int_equal(sys_read_file(path, 1 << 20, &text, &err), 0);
	assert_non_null(strstr(text.p, "series\tkind\tstep\tepoch\tseconds\tvalue\n"));
	assert_non_null(strstr(text.p, "loss\tstep\t8\t2.0000\t8.000\t0.5\n"));
	assert_non_null(strstr(text.p, "mean_dice\tvalidation\t8\t2.0000\t9.000\t0.7\n"));
	px = png_file_read(png, 3, &width, &height, &err);
	assert_non_null(px);
	assert_true(width >= 800 && height >= 600);
	free(px);
	/* Only what is in the window. */
	buf_reset(&text);
	run_model_tsv(&m, (struct plot_span){3, 5}, &text);
	assert_null(strstr(text.p, "loss\tstep\t2\t"));
	assert_non_null(strstr(text.p, "loss\tstep\t3\t"));
	e = run_export_new(&m, all, 0);
	assert_int_equal(run_export_write(e, "/nonexistent/x.tsv", &err), -1);
	run_export_free(e);
	buf_release(&text);
	run_model_release(&m);
	free(png);
	free(path);
}

static void unknown_machine(struct system_model *m)
{
	memset(m, 0, sizeof(*m));
	m->known = true;
	m->interval = 1;
	m->engine_rss = NAN;
	m->now.ncpu = 2;
	m->now.cpu = m->now.mem_total = m->now.mem_used = m->now.mem_available = NAN;
	m->now.cpus[0] = m->now.cpus[1] = NAN;
	m->now.load[0] = m->now.self_rss = m->now.disk_free = m->now.disk_total = NAN;
	m->now.net_rx = m->now.net_tx = NAN;
	snprintf(m->now.gpu_note, sizeof(m->now.gpu_note), "no NVIDIA driver");
}

/* What is not known is "-", never 0, and has no bar. */
static void system_unknown(void **state)
{
	struct system_look look = {.cpus = true, .processes = true};
	struct system_model *m = mem_zalloc(sizeof(*m));
	struct screen s;

	(void)state;
	unknown_machine(m);
	screen_open(&s, 80, 23);
	system_draw(&s.d, m, &look);
	assert_true(shows(&s, "no NVIDIA driver"));
	assert_true(shows(&s, "-/-"));
	assert_true(shows(&s, "engine -"));
	assert_false(shows(&s, "0%\n"));
	assert_false(shows(&s, " 0B"));
	canvas_release(&s.c);
	/* A GPU that tells its name and heat only. */
	m->now.ngpu = 1;
	m->now.gpu_state = GPU_OK;
	m->now.gpu[0].valid = GPU_HAS_NAME | GPU_HAS_TEMP;
	m->now.gpu[0].temp = 61;
	snprintf(m->now.gpu[0].name, sizeof(m->now.gpu[0].name), "Card X");
	screen_open(&s, 120, 40);
	system_draw(&s.d, m, &look);
	assert_true(shows(&s, "GPU 0 Card X"));
	assert_true(shows(&s, "-/- W  61 C  SM - MHz"));
	canvas_release(&s.c);
	free(m);
}

static void fill_gpu(struct gpu_sample *g, int i)
{
	g->valid = ~0u;
	snprintf(g->name, sizeof(g->name), "NVIDIA H100 80GB HBM3");
	g->util = 10 * i;
	g->mem_used = 1e10;
	g->mem_total = 8e10;
	g->power = 350, g->power_limit = 700;
	g->nprocs = 2;
	g->procs[0].pid = 4242;
	g->procs[0].memory = NAN;
}

static void system_sizes(void **state)
{
	static const int size[][2] = {
		{1, 1}, {5, 2}, {20, 5}, {80, 23}, {120, 40}, {200, 60}, {300, 100}};
	struct system_look look = {.cpus = true, .processes = true};
	struct system_model *m = mem_zalloc(sizeof(*m));

	(void)state;
	for (int gpus = 0; gpus <= MONITOR_GPUS; gpus += 8)
		for (size_t i = 0; i < ARRAY_SIZE(size); i++) {
			struct screen s;

			unknown_machine(m);
			m->now.ncpu = gpus ? 256 : 1;
			m->now.ngpu = gpus;
			for (int g = 0; g < gpus; g++) {
				fill_gpu(&m->now.gpu[g], g);
				m->gpu_util[g].n = SYSTEM_HISTORY;
			}
			m->cpu.n = 1;
			screen_open(&s, size[i][0], size[i][1]);
			system_draw(&s.d, m, &look);
			canvas_release(&s.c);
		}
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(curves, setup, teardown),
		cmocka_unit_test_setup_teardown(resume, setup, teardown),
		cmocka_unit_test_setup_teardown(states, setup, teardown),
		cmocka_unit_test_setup_teardown(header, setup, teardown),
		cmocka_unit_test_setup_teardown(logs, setup, teardown),
		cmocka_unit_test_setup_teardown(exporting, setup, teardown),
		cmocka_unit_test(system_unknown),
		cmocka_unit_test(system_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
