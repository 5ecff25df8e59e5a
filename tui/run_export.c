/*
 * Curves to a file: TSV with every point.  The text is made first, because writing
 * happens on the worker thread, where the model must not be touched.
 */
#include "tui/run_export.h"

#include <stdlib.h>
#include "core/base/mem.h"
#include "core/base/sys.h"

struct run_export {
	struct buf tsv;
};

struct run_export *run_export_new(const struct run_model *m, struct plot_span span, double smooth)
{
	struct run_export *e = mem_zalloc(sizeof(*e));

	(void)smooth;
	run_model_tsv(m, span, &e->tsv);
	return e;
}

void run_export_free(struct run_export *e)
{
	buf_release(&e->tsv);
	free(e);
}

int run_export_write(const struct run_export *e, const char *path, struct err *err)
{
	return sys_write_file(path, e->tsv.p ? e->tsv.p : "", e->tsv.len, err);
}
