/*
 * The slice view: a synthetic volume has to come out with the right side on the
 * right side, in the right proportions, with its labels, at every size; and keys have
 * to do what they say, in any orientation of the stored image.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/base/mem.h"
#include "tui/slice_model.h"
#include "tui/slice_picture.h"

enum { NX = 20, NY = 20, NZ = 10 };

struct scene {
	struct slice_model m;
	struct canvas c;
	struct draw d;
};

static float *voxel(struct volume *v, int x, int y, int z)
{
	return &v->data[((size_t)z * (size_t)v->dim[1] + (size_t)y) * (size_t)v->dim[0] +
			(size_t)x];
}

/* Zero everywhere; spacing in mm, axes along R, A, S (or reversed where negative). */
static struct volume *make(const double mm[3])
{
	static const int dim[3] = {NX, NY, NZ};
	struct err err = ERR_INIT;
	struct volume *v = volume_new(1, dim, &err);

	assert_non_null(v);
	memset(v->data, 0, sizeof(float) * NX * NY * NZ);
	memset(v->affine, 0, sizeof(v->affine));
	for (int i = 0; i < 3; i++)
		v->affine[i][i] = mm[i];
	v->affine[3][3] = 1;
	return v;
}

static void scene_open(
	struct scene *s, struct volume *v, int w, int h, const char *theme, enum glyphs g)
{
	slice_model_init(&s->m);
	slice_model_image(&s->m, v, 50, 100, false);
	canvas_init(&s->c, w, h, theme_find(theme), g);
	s->d = draw_root(&s->c);
}

static void scene_close(struct scene *s)
{
	slice_model_release(&s->m);
	canvas_release(&s->c);
}

static const struct cell *at(const struct scene *s, int x, int y)
{
	return &s->c.cells[y * s->c.w + x];
}

/* Is any colour of the cell this palette index? */
static bool has(const struct cell *k, int index)
{
	return k->bg == COLOR_INDEX(index) || (k->ch != ' ' && k->fg == COLOR_INDEX(index));
}

/* Mean place of the cells that have a colour; returns how many. */
static int where(const struct scene *s, int index, double *x, double *y)
{
	int n = 0;

	*x = *y = 0;
	for (int j = 0; j < s->c.h - 3; j++)
		for (int i = 0; i < s->c.w; i++)
			if (has(at(s, i, j), index))
				n++, *x += i, *y += j;
	if (n)
		*x /= n, *y /= n;
	return n;
}

static void redraw(struct scene *s)
{
	canvas_clear(&s->c);
	slice_model_draw(&s->m, &s->d, "");
}

static const int white = 231;

static void sides(void **state)
{
	static const double ras[3] = {1, 1, 1}, las[3] = {-1, 1, 1};
	struct volume *v = make(ras);
	struct scene s;
	double x, y;

	(void)state;
	*voxel(v, 18, 17, 5) = 1000; /* right, anterior */
	scene_open(&s, v, 60, 33, "dark", GLYPHS_BRAILLE);
	redraw(&s);
	assert_true(where(&s, white, &x, &y) > 0);
	assert_true(x < 20 && y < 10); /* radiological: patient right is on the left, A on top */
	assert_true(slice_model_action(&s.m, ACT_slice_side, false));
	redraw(&s);
	assert_true(where(&s, white, &x, &y) > 0);
	assert_true(x > 40 && y < 10);
	scene_close(&s);

	/* The same voxel of an image stored the other way round is patient left. */
	v = make(las);
	*voxel(v, 18, 17, 5) = 1000;
	scene_open(&s, v, 60, 33, "dark", GLYPHS_BRAILLE);
	redraw(&s);
	assert_true(where(&s, white, &x, &y) > 0);
	assert_true(x > 40 && y < 10);
	scene_close(&s);
}

static void planes(void **state)
{
	static const double mm[3] = {1, 1, 1};
	struct volume *v = make(mm);
	struct scene s;
	double x, y;

	(void)state;
	*voxel(v, 10, 18, 8) = 1000; /* anterior, superior */
	scene_open(&s, v, 60, 33, "dark", GLYPHS_BRAILLE);
	slice_model_action(&s.m, ACT_slice_sagittal, false);
	redraw(&s);
	assert_true(where(&s, white, &x, &y) > 0);
	assert_true(x < 20 && y < 15); /* anterior on the left, superior on top */
	slice_model_action(&s.m, ACT_slice_coronal, false);
	redraw(&s);
	assert_int_equal(where(&s, white, &x, &y), 0); /* that is slice 18, shown is 10 */
	assert_true(slice_model_goto(&s.m, 18));
	redraw(&s);
	assert_true(where(&s, white, &x, &y) > 0);
	assert_false(slice_model_goto(&s.m, NY));
	assert_false(slice_model_goto(&s.m, -1));
	scene_close(&s);
}

/* Columns and rows that the picture covers. */
static void covered(const struct scene *s, int *cols, int *rows)
{
	int x0 = s->c.w, x1 = -1, y0 = s->c.h, y1 = -1;

	for (int j = 0; j < s->c.h - 3; j++)
		for (int i = 0; i < s->c.w; i++)
			if (has(at(s, i, j), 16)) {
				x0 = i < x0 ? i : x0, x1 = i > x1 ? i : x1;
				y0 = j < y0 ? j : y0, y1 = j > y1 ? j : y1;
			}
	*cols = x1 - x0 + 1;
	*rows = y1 - y0 + 1;
}

static void aspect(void **state)
{
	static const double cube[3] = {1, 1, 1}, tall[3] = {1, 2, 1}, flat[3] = {2, 1, 1};
	static const struct {
		const double *mm;
		int cols, rows; /* 30 rows of cells for the picture, a cell is 1 x 2 */
	} want[] = {{cube, 60, 30}, {tall, 30, 30}, {flat, 100, 25}};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct scene s;
		int cols, rows;

		scene_open(&s, make(want[i].mm), 100, 33, "dark", GLYPHS_BRAILLE);
		redraw(&s);
		covered(&s, &cols, &rows);
		assert_in_range(cols, want[i].cols - 1, want[i].cols);
		assert_in_range(rows, want[i].rows - 1, want[i].rows + 1);
		scene_close(&s);
	}
}

static int count_char(const struct scene *s, uint32_t ch)
{
	int n = 0;

	for (int i = 0; i < s->c.w * (s->c.h - 3); i++)
		n += s->c.cells[i].ch == ch;
	return n;
}

static void letters(void **state)
{
	static const double mm[3] = {1, 1, 1};
	struct scene s;

	(void)state;
	scene_open(&s, make(mm), 60, 33, "mono", GLYPHS_ASCII);
	redraw(&s);
	for (const char *c = "RLAP"; *c; c++)
		assert_int_equal(count_char(&s, (uint32_t)*c), 1);
	slice_model_action(&s.m, ACT_slice_sagittal, false);
	redraw(&s);
	for (const char *c = "APSI"; *c; c++)
		assert_int_equal(count_char(&s, (uint32_t)*c), 1);
	scene_close(&s);
}

static struct volume *label_block(const double mm[3])
{
	struct volume *v = make(mm);

	for (int y = 8; y < 14; y++)
		for (int x = 8; x < 14; x++)
			*voxel(v, x, y, 5) = 1;
	return v;
}

static void overlays(void **state)
{
	static const double mm[3] = {1, 1, 1};
	int orange = slice_label_index(1);
	struct scene s;
	double x, y;
	int filled, edge;

	(void)state;
	scene_open(&s, make(mm), 60, 33, "dark", GLYPHS_BRAILLE);
	slice_model_overlay(&s.m, SLICE_LABEL, label_block(mm));
	s.m.opacity = 1;
	redraw(&s);
	filled = where(&s, orange, &x, &y);
	assert_true(filled > 100);
	slice_model_action(&s.m, ACT_slice_outline, false);
	redraw(&s);
	edge = where(&s, orange, &x, &y);
	assert_true(edge > 20 && edge < filled);
	slice_model_action(&s.m, ACT_slice_overlay, false);
	redraw(&s);
	assert_int_equal(where(&s, orange, &x, &y), 0);
	assert_int_equal(slice_model_label_at(&s.m, 0), 1);
	assert_int_equal(slice_model_label_at(&s.m, 1), -1);
	slice_model_goto(&s.m, 6);
	assert_int_equal(slice_model_label_at(&s.m, 0), 0);
	scene_close(&s);

	/* Without colours a label is its digit. */
	scene_open(&s, make(mm), 60, 33, "mono", GLYPHS_ASCII);
	slice_model_overlay(&s.m, SLICE_LABEL, label_block(mm));
	redraw(&s);
	assert_true(count_char(&s, '1') > 50);
	scene_close(&s);
}

static void difference(void **state)
{
	static const double mm[3] = {1, 1, 1};
	struct volume *pred = label_block(mm);
	int orange = slice_label_index(1), sky = slice_label_index(2);
	struct scene s;
	double x, y;

	(void)state;
	*voxel(pred, 8, 8, 5) = 0;  /* missed */
	*voxel(pred, 16, 8, 5) = 1; /* too much */
	scene_open(&s, make(mm), 60, 33, "dark", GLYPHS_BRAILLE);
	slice_model_overlay(&s.m, SLICE_LABEL, label_block(mm));
	slice_model_overlay(&s.m, SLICE_PREDICTION, pred);
	s.m.opacity = 1;
	slice_model_action(&s.m, ACT_slice_source, false);
	slice_model_action(&s.m, ACT_slice_source, false);
	assert_int_equal(s.m.source, SLICE_DIFFERENCE);
	redraw(&s);
	assert_in_range(where(&s, orange, &x, &y), 2, 8);
	assert_in_range(where(&s, sky, &x, &y), 2, 8);
	scene_close(&s);
}

static void keys(void **state)
{
	static const double mm[3] = {-1, 1, 1};
	struct scene s;
	int depth, before;

	(void)state;
	scene_open(&s, make(mm), 60, 33, "dark", GLYPHS_BRAILLE);
	before = slice_model_slice(&s.m, &depth);
	assert_int_equal(depth, NZ);
	slice_model_action(&s.m, ACT_move_up, false);
	assert_int_equal(slice_model_slice(&s.m, &depth), before + 1);
	slice_model_action(&s.m, ACT_slice_up10, false); /* stops at the last one */
	assert_int_equal(slice_model_slice(&s.m, &depth), NZ - 1);
	slice_model_action(&s.m, ACT_move_first, false);
	assert_int_equal(slice_model_slice(&s.m, &depth), 0);
	assert_false(slice_model_action(&s.m, ACT_move_left, false));
	/* Crosshair: right on the screen is patient left, which is +x of this image. */
	slice_model_action(&s.m, ACT_slice_cross, false);
	slice_model_action(&s.m, ACT_move_right, false);
	assert_int_equal(s.m.voxel[0], NX / 2 + 1);
	slice_model_action(&s.m, ACT_move_right, true);
	assert_int_equal(s.m.voxel[0], NX / 2 + 6);
	slice_model_action(&s.m, ACT_move_down, false); /* towards posterior */
	assert_int_equal(s.m.voxel[1], NY / 2 - 1);
	/* Window: wider, then back to automatic. */
	slice_model_action(&s.m, ACT_slice_window, false);
	slice_model_action(&s.m, ACT_move_right, false);
	assert_true(s.m.width > 100 && !s.m.is_auto);
	slice_model_action(&s.m, ACT_move_up, false);
	assert_true(s.m.level > 50);
	assert_true(slice_model_back(&s.m));
	assert_true(s.m.is_auto && s.m.mode == SLICE_STEP);
	slice_model_action(&s.m, ACT_slice_preset2, false);
	assert_true(s.m.width == 1500 && s.m.level == -600);
	assert_true(slice_model_back(&s.m));
	assert_false(slice_model_back(&s.m));
	scene_close(&s);
}

static void clicks(void **state)
{
	static const double mm[3] = {1, 1, 1};
	struct scene s;

	(void)state;
	scene_open(&s, make(mm), 60, 33, "dark", GLYPHS_BRAILLE);
	redraw(&s);
	assert_true(slice_model_click(&s.m, 1, 0)); /* upper left: right, anterior */
	assert_int_equal(s.m.voxel[0], NX - 1);
	assert_int_equal(s.m.voxel[1], NY - 1);
	assert_true(slice_model_click(&s.m, 58, 29));
	assert_int_equal(s.m.voxel[0], 0);
	assert_int_equal(s.m.voxel[1], 0);
	assert_false(slice_model_click(&s.m, 1, 32)); /* the read-out */
	scene_close(&s);
}

static void all_sizes(void **state)
{
	static const double mm[3] = {1, 1, 5};
	static const int size[][2] = {{1, 1}, {2, 2}, {3, 9}, {20, 5}, {24, 9}, {80, 23}, {120, 40},
		{200, 60}, {300, 20}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(size); i++)
		for (int k = 0; k < 8; k++) {
			struct scene s;

			scene_open(&s, k & 1 ? make(mm) : NULL, size[i][0], size[i][1],
				k & 2 ? "dark" : "mono", k & 2 ? GLYPHS_BLOCK : GLYPHS_ASCII);
			if (k & 1)
				slice_model_overlay(&s.m, SLICE_PREDICTION, label_block(mm));
			s.m.ortho = k & 4;
			s.m.zoom = 1 + 3 * (k & 1);
			redraw(&s);
			slice_model_action(&s.m, ACT_move_up, false);
			redraw(&s);
			scene_close(&s);
		}
}

/* What xterm shows for an index of the palette that is a grey. */
static int shown_grey(int index)
{
	assert_true(index == 16 || index == 231 || (index >= 232 && index <= 255));
	return index == 16 ? 0 : index == 231 ? 255 : 8 + 10 * (index - 232);
}

static void greys(void **state)
{
	(void)state;
	assert_int_equal(slice_grey_index(0), 16);
	assert_int_equal(slice_grey_index(255), 231);
	for (int g = 0; g < 256; g++) {
		int v = shown_grey(slice_grey_index(g));

		assert_true(abs(v - g) <= 8); /* the widest gap is 238 to 255 */
		if (g)
			assert_true(v >= shown_grey(slice_grey_index(g - 1)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sides),
		cmocka_unit_test(planes),
		cmocka_unit_test(aspect),
		cmocka_unit_test(letters),
		cmocka_unit_test(overlays),
		cmocka_unit_test(difference),
		cmocka_unit_test(keys),
		cmocka_unit_test(clicks),
		cmocka_unit_test(all_sizes),
		cmocka_unit_test(greys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
