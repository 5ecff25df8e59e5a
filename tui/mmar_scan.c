/*
 * Reading archives and their runs for the browser, off the UI thread.
 */
#include "tui/mmar_scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

void mmar_row_read_runs(struct mmar_row *row)
{
	struct err err = ERR_INIT;

	run_items_free(row->runs, row->nruns);
	row->runs = NULL;
	row->nruns = 0;
	row->best = row->last = NAN;
	if (!row->info.ckpt_dir)
		return;
	row->nruns = run_scan(row->info.ckpt_dir, &row->runs, &err);
	if (row->nruns < 0) {
		row->nruns = 0;
		free(row->error);
		row->error = mem_strdup(err.msg);
	}
	for (int i = 0; i < row->nruns; i++) {
		const struct run_item *r = &row->runs[i];

		if (isfinite(r->best) && !(r->best <= row->best))
			row->best = r->best;
		if (isfinite(r->last) && !(r->last <= row->last))
			row->last = r->last;
	}
}

void mmar_row_read(struct mmar_row *row)
{
	struct err err = ERR_INIT;

	free(row->error);
	row->error = NULL;
	mmar_info_release(&row->info);
	memset(&row->info, 0, sizeof(row->info));
	if (mmar_info_load(row->root, &row->info, &err))
		row->error = mem_strdup(err.msg);
	row->read = true;
	mmar_row_read_runs(row);
}

static bool same_num(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

bool mmar_row_same(const struct mmar_row *a, const struct mmar_row *b)
{
	if (strcmp(a->root, b->root) != 0 || a->nruns != b->nruns || a->read != b->read)
		return false;
	for (int i = 0; i < a->nruns; i++)
		if (a->runs[i].state != b->runs[i].state || strcmp(a->runs[i].id, b->runs[i].id) ||
			!same_num(a->runs[i].epoch, b->runs[i].epoch))
			return false;
	return same_num(a->best, b->best) && same_num(a->last, b->last);
}

void mmar_row_release(struct mmar_row *row)
{
	free(row->root);
	free(row->error);
	mmar_info_release(&row->info);
	run_items_free(row->runs, row->nruns);
	memset(row, 0, sizeof(*row));
}

int mmar_row_count(const struct mmar_row *row, enum run_state state)
{
	int n = 0;

	for (int i = 0; i < row->nruns; i++)
		n += row->runs[i].state == state;
	return n;
}

static void add_root(struct strlist *out, char *path)
{
	if (!sys_is_dir(path)) {
		free(path);
		return;
	}
	out->v = mem_realloc(out->v, (size_t)(out->n + 1) * sizeof(*out->v));
	out->v[out->n++] = path;
}

void mmar_default_roots(struct strlist *out)
{
	char exe[4096];
	ssize_t n;
	char *slash;

	add_root(out, mem_strdup("mmars"));
	if (out->n)
		return;
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	if (slash) {
		*slash = '\0';
		add_root(out, mem_printf("%s/mmars", exe));
		if (!out->n)
			add_root(out, mem_printf("%s/../share/axial/mmars", exe));
	}
	if (!out->n)
		add_root(out, mem_strdup("."));
}
