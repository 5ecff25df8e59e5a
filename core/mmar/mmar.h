#ifndef CORE_MMAR_MMAR_H
#define CORE_MMAR_MMAR_H

#include <stdbool.h>
#include <stdint.h>
#include "core/base/args.h"

/*
 * The folder of one model: an MMAR (medical model archive) in the layout of Clara
 * Train v3: commands/ config/ docs/ eval/ models/ resources/.
 */

/* True when dir has config/ with config_train.json, environment.json or any config*.json. */
bool mmar_is(const char *dir);

/*
 * The MMAR that a configuration file belongs to: the parent of the "config" folder
 * it stands in, else the file's own folder.  Absolute; the caller frees.
 */
char *mmar_root_of(const char *config_file);

/*
 * MMARs in and below the given folders (at most 4 levels down, no links followed,
 * not inside an MMAR), sorted, absolute.  Folders that cannot be read are skipped.
 */
void mmar_find(const char *const *roots, int nroots, struct strlist *out);
void mmar_list_release(struct strlist *l);

struct mmar_run {
	char *name;   /* folder name below the checkpoint folder */
	char *dir;    /* absolute */
	double mtime; /* wall time of the last event */
};

struct mmar_info {
	char *root;  /* absolute */
	char *name;  /* folder name */
	char *title; /* first heading of docs/Readme.md, else "" */
	char *task;  /* PROCESSING_TASK, else "" */
	struct strlist
		classes;      /* names by label index from the data list's "labels"; may be empty */
	int num_classes;      /* of the network in config_train.json; 0: unknown */
	char *network, *loss; /* component names of config_train.json, else "" */
	struct strlist configs;                               /* file names in config/, sorted */
	char *ckpt_dir, *eval_dir, *data_root, *dataset_json; /* absolute; may be NULL */
	bool data_present;                                    /* dataset_json exists */
	char *generator;                                      /* DATA_GENERATOR, or NULL */
	struct mmar_run *runs;                                /* newest first */
	int nruns;
	uint64_t disk_bytes; /* of the whole folder */
};

/* Reads what can be read; a broken config gives an info with empty fields, not an error. */
int mmar_info_load(const char *root, struct mmar_info *out, struct err *err) MUST_CHECK;
void mmar_info_release(struct mmar_info *info);

/*
 * Copies an MMAR without what runs left behind (contents of models/, eval/ and
 * data/).  dst must not exist or be an empty folder.  On failure nothing stays.
 */
int mmar_clone(const char *src, const char *dst, struct err *err) MUST_CHECK;

/* Makes a new MMAR from built-in templates: a small Unet on a CT data set. */
int mmar_new(const char *dir, struct err *err) MUST_CHECK;

#endif
