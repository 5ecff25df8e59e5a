/*
 * Looking at the files of a data list before a training begins.
 *
 * A label of another shape, a truncated header or a missing file would otherwise
 * show up hours later, when the case is drawn for the first time.  Only headers
 * are read, so a list of hundreds of cases takes a fraction of a second.
 */
#include "core/data/datalist.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/volume/image_file.h"

struct check_ctx {
	const struct datalist *list;
	struct problems *ps;
	int entry, errors;
};

static void check_add(struct check_ctx *c, enum problem_level level, const struct err *err)
{
	char *path = mem_printf("%s.#%d", c->list->key, c->entry + 1);

	problems_add(c->ps, level, err->code, c->list->file, path, NULL, "%s", err->msg);
	c->errors += level == PROBLEM_ERROR;
	free(path);
}

static bool check_present(struct check_ctx *c, const char *what, const char *file)
{
	struct err err = ERR_INIT;

	if (sys_exists(file))
		return true;
	err_set(&err, ERR_NOINPUT, "%s '%s' is missing", what, file);
	check_add(c, PROBLEM_ERROR, &err);
	return false;
}

/* Largest distance in mm between the corners of the grids of a and b, which have one size. */
static double check_distance(const struct image_info *a, const struct image_info *b)
{
	double worst = 0;

	for (int corner = 0; corner < 8; corner++) {
		double d2 = 0;

		for (int r = 0; r < 3; r++) {
			double d = a->affine[r][3] - b->affine[r][3];

			for (int k = 0; k < 3; k++)
				if (corner >> k & 1)
					d += (a->dim[k] - 1) * (a->affine[r][k] - b->affine[r][k]);
			d2 += d * d;
		}
		worst = fmax(worst, sqrt(d2));
	}
	return worst;
}

static bool check_header(struct check_ctx *c, const char *file, struct image_info *info)
{
	struct err err = ERR_INIT;

	if (image_file_info(file, info, &err) == 0)
		return true;
	check_add(c, PROBLEM_ERROR, &err);
	return false;
}

/* Compares the grid of another file of the case with the one of its first image. */
static void check_pair(struct check_ctx *c, const char *image, const struct image_info *a,
	const char *other, const char *what)
{
	struct err err = ERR_INIT;
	struct image_info b;
	double apart;

	if (!check_header(c, other, &b))
		return;
	if (a->dim[0] != b.dim[0] || a->dim[1] != b.dim[1] || a->dim[2] != b.dim[2]) {
		err_set(&err, ERR_DATA,
			"case '%s': %s '%s' has %d x %d x %d voxels, but image '%s' has %d x %d x "
			"%d",
			c->list->v[c->entry].case_id, what, other, b.dim[0], b.dim[1], b.dim[2],
			image, a->dim[0], a->dim[1], a->dim[2]);
		check_add(c, PROBLEM_ERROR, &err);
		return;
	}
	apart = check_distance(a, &b);
	if (apart <= 1.0)
		return;
	err_set(&err, ERR_DATA,
		"case '%s': %s and image lie up to %.1f mm apart (their affines differ)",
		c->list->v[c->entry].case_id, what, apart);
	check_add(c, PROBLEM_WARNING, &err);
}

static void check_headers(struct check_ctx *c, const struct datalist_entry *e)
{
	struct image_info info;

	if (!check_header(c, e->image[0], &info))
		return;
	for (int i = 1; i < e->n_image; i++)
		check_pair(c, e->image[0], &info, e->image[i], "channel");
	if (e->label)
		check_pair(c, e->image[0], &info, e->label, "label");
}

int datalist_check(const struct datalist *list, bool need_label, struct problems *ps)
{
	struct check_ctx c = {list, ps, 0, 0};
	bool *whole = mem_zalloc((size_t)list->n * sizeof(*whole) + 1);

	/* Missing files first, all of them: their exit code is the one that helps. */
	for (int i = 0; i < list->n; i++) {
		const struct datalist_entry *e = &list->v[i];

		if (e->same_as != i)
			continue;
		c.entry = i;
		whole[i] = true;
		for (int k = 0; k < e->n_image; k++)
			whole[i] &= check_present(&c, "image", e->image[k]);
		if (e->label) {
			whole[i] &= check_present(&c, "label", e->label);
		} else if (need_label && !e->label_value) {
			struct err err = ERR_INIT;

			err_set(&err, ERR_DATA, "case '%s' has no label", e->case_id);
			check_add(&c, PROBLEM_ERROR, &err);
		}
	}
	for (int i = 0; i < list->n; i++) {
		c.entry = i;
		if (whole[i])
			check_headers(&c, &list->v[i]);
	}
	free(whole);
	return c.errors ? -1 : 0;
}

int datalist_check_classes(const struct datalist *list, int classes, struct problems *ps)
{
	struct check_ctx c = {list, ps, 0, 0};

	for (int i = 0; classes > 1 && i < list->n; i++) {
		const struct datalist_entry *e = &list->v[i];
		struct err err = ERR_INIT;
		double x = e->n_label_value == 1 ? (double)e->label_value[0] : 0;

		if (e->same_as != i || (x == floor(x) && x < classes))
			continue;
		c.entry = i;
		err_set(&err, ERR_DATA,
			"case '%s' has the label %g, but the network knows the classes 0 to %d",
			e->case_id, x, classes - 1);
		check_add(&c, PROBLEM_ERROR, &err);
	}
	return c.errors ? -1 : 0;
}
