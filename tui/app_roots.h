#ifndef TUI_APP_ROOTS_H
#define TUI_APP_ROOTS_H

#include "core/base/args.h"

struct app;

/* Adds copies of the folders that the workbench was started on. */
void app_roots(const struct app *app, struct strlist *out);

#endif
