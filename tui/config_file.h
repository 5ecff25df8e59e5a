#ifndef TUI_CONFIG_FILE_H
#define TUI_CONFIG_FILE_H

#include <stdbool.h>
#include "core/base/problem.h"
#include "core/mmar/config.h"

/* Slow work on one configuration file, for the worker thread. */
struct config_load {
	char *path;
	struct buf text;
	struct err err; /* code 0: text holds the file */
};

struct config_check {
	char *path;      /* of the file that is being edited */
	char *label;     /* its name in messages */
	struct buf text; /* what to check, saved or not */
	struct problems ps;
	int serial; /* which text this was; for the caller */
};

struct config_save {
	char *path;
	struct buf before; /* what was loaded: the file must still hold it */
	struct buf text;
	bool force;   /* write although the file was changed by somebody else */
	bool changed; /* result: it was, and nothing was written */
	bool launch;  /* for the caller */
	struct err err;
};

/* These take the struct as void * so that app_work() can run them. */
void config_load_work(void *arg);
void config_load_drop(void *arg);
void config_check_work(void *arg);
void config_check_drop(void *arg);
void config_save_work(void *arg);
void config_save_drop(void *arg);

/* "config_train.json" of a path: its label in messages. */
const char *config_label(const char *path);

#endif
