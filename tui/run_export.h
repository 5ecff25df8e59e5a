#ifndef TUI_RUN_EXPORT_H
#define TUI_RUN_EXPORT_H

#include "tui/run_model.h"

/*
 * A copy of what the charts show, so that a worker thread can write it while the
 * view goes on: text for spreadsheets and a picture for reports.
 */
struct run_export;

/* Points outside of span are left out.  Free with run_export_free(). */
struct run_export *run_export_new(const struct run_model *m, struct plot_span span, double smooth);
void run_export_free(struct run_export *e);

/* Writes path (tab-separated text) and the same name with .png; both atomically. */
int run_export_write(const struct run_export *e, const char *path, struct err *err) MUST_CHECK;

/* Name of the picture that goes with a text file; the caller frees. */
char *run_export_png_path(const char *path);

#endif
