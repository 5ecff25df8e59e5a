#ifndef TUI_MMAR_SCAN_H
#define TUI_MMAR_SCAN_H

#include "core/mmar/mmar.h"
#include "core/run/scan.h"

/* One archive as the browser shows it; made on the worker thread. */
struct mmar_row {
	char *root;
	struct mmar_info info; /* zero while not read */
	bool read;
	char *error;           /* why it could not be read, NULL */
	struct run_item *runs; /* newest first */
	int nruns;
	double best; /* best key metric of all runs; NaN: none */
	double last; /* time of the newest event of any run; NaN: none */
};

/* Reads everything again (slow). row->root must be set. */
void mmar_row_read(struct mmar_row *row);

/* Reads only the runs again (quicker). */
void mmar_row_read_runs(struct mmar_row *row);

/* True when the two would be shown alike. */
bool mmar_row_same(const struct mmar_row *a, const struct mmar_row *b);
void mmar_row_release(struct mmar_row *row);

/* How many runs have this state. */
int mmar_row_count(const struct mmar_row *row, enum run_state state);

/* The folders to look into when none was given: mmars/ here, else beside the program. */
void mmar_default_roots(struct strlist *out);

#endif
