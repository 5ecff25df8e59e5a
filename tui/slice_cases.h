#ifndef TUI_SLICE_CASES_H
#define TUI_SLICE_CASES_H

#include "core/base/args.h"
#include "core/base/err.h"
#include "tui/slice_model.h"

/* One image with what can be laid over it. */
struct slice_case {
	char *id;
	char *file[3]; /* image, label, prediction; NULL: there is none */
};

/* What a slice view goes through with n and N. */
struct slice_cases {
	struct slice_case *v;
	int n;
	struct strlist classes; /* label names by number; may be empty */
};

/* One file with an optional label. */
void slice_cases_one(
	struct slice_cases *c, const char *image, const char *label, const char *prediction);

/*
 * The cases of an MMAR's data list, validation first, with the predictions that its
 * eval folder holds.  Reads files: for a worker thread.
 */
int slice_cases_mmar(struct slice_cases *c, const char *mmar, struct err *err) MUST_CHECK;

void slice_cases_release(struct slice_cases *c);

#endif
