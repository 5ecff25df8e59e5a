#ifndef CORE_MMAR_TEMPLATE_H
#define CORE_MMAR_TEMPLATE_H

#include <stdbool.h>

/* A file of a new MMAR. */
struct template_file {
	const char *path; /* "config/config_train.json" */
	const char *text;
	bool executable;
};

/* i = 0 ..., NULL at the end. */
const struct template_file *template_at(int i);

#endif
