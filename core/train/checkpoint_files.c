/*
 * The two checkpoints of a run folder.
 *
 * A save makes, in this order: the new file under a temporary name, flushed; a second
 * name, RUN_FILE_CHECKPOINT_PREV, for the checkpoint that is there; the new file under
 * RUN_FILE_CHECKPOINT.  Each name changes in one rename(), so a process that is killed
 * anywhere, or a disk that is full, leaves the newest whole file in its place, and a
 * newest file that is damaged later still has one before it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/run/run.h"
#include "core/train/checkpoint.h"

#define CHECKPOINT_TMP ".tmp-" /* also in the names that sys_writer gives */

/* Gives the file path the second name prev, in place of what was there. */
static int checkpoint_keep(const char *path, const char *prev, struct err *err)
{
	char *tmp = mem_printf("%s" CHECKPOINT_TMP "link", prev);
	int rc = 0;

	(void)unlink(tmp);
	if (!sys_exists(path))
		rc = 0;
	else if (!link(path, tmp)) {
		if (rename(tmp, prev))
			rc = err_sys(err, errno, "cannot rename to '%s'", prev);
		(void)unlink(tmp); /* two names of one file: rename() does nothing */
	} else if (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == EMLINK) {
		/* a file system without links: one short moment without the first name */
		if (rename(path, prev))
			rc = err_sys(err, errno, "cannot rename to '%s'", prev);
	} else {
		rc = err_sys(err, errno, "cannot make '%s'", prev);
	}
	free(tmp);
	return rc;
}

int checkpoint_rotate(
	const char *dir, const struct learner *l, const struct train_position *pos, struct err *err)
{
	char *path = run_path_in(dir, RUN_FILE_CHECKPOINT);
	char *prev = run_path_in(dir, RUN_FILE_CHECKPOINT_PREV);
	char *fresh = mem_printf("%s" CHECKPOINT_TMP "new", path);
	int rc = checkpoint_save(fresh, l, pos, err);

	if (!rc)
		rc = checkpoint_keep(path, prev, err);
	if (!rc && rename(fresh, path))
		rc = err_sys(err, errno, "cannot rename to '%s'", path);
	if (rc)
		(void)unlink(fresh);
	else
		rc = sys_flush_dir(dir, err);
	free(path);
	free(prev);
	free(fresh);
	return rc;
}

/* Temporary files of a process that is gone; failing to remove one harms nothing. */
static void checkpoint_clean(const char *dir)
{
	struct err err = ERR_INIT;
	char **names;
	int n = sys_list_dir(dir, &names, &err);

	for (int i = 0; i < n; i++) {
		char *path = strstr(names[i], CHECKPOINT_TMP) ? sys_join(dir, names[i]) : NULL;

		if (path)
			(void)unlink(path);
		free(path);
	}
	if (n >= 0)
		sys_free_names(names, n);
}

/* The previous checkpoint, after the newest failed with first. */
static int checkpoint_fall_back(const char *path, const char *prev, struct learner *l,
	struct train_position *pos, struct buf *note, struct err *err)
{
	struct err first = *err, second = ERR_INIT;
	char *damaged;

	if (!sys_exists(prev))
		return sys_exists(path) ? -1 : 0;
	if (checkpoint_load(prev, l, pos, &second)) {
		*err = first;
		return err_set(err, first.code, "%s; and the checkpoint before it: %s", first.msg,
			second.msg);
	}
	err_clear(err);
	buf_printf(note, "%s; going on from the checkpoint before it, step %lld", first.msg,
		(long long)pos->total_step);
	damaged = mem_printf("%s.damaged", path);
	if (sys_exists(path) && rename(path, damaged))
		buf_printf(note, " (cannot rename '%s')", path);
	free(damaged);
	return 1;
}

int checkpoint_resume(const char *dir, struct learner *l, struct train_position *pos,
	struct buf *note, struct err *err)
{
	char *path = run_path_in(dir, RUN_FILE_CHECKPOINT);
	char *prev = run_path_in(dir, RUN_FILE_CHECKPOINT_PREV);
	int rc = 1;

	checkpoint_clean(dir);
	if (!sys_exists(path))
		err_set(err, ERR_NOINPUT, "no '%s'", path);
	if (!sys_exists(path) || checkpoint_load(path, l, pos, err))
		rc = checkpoint_fall_back(path, prev, l, pos, note, err);
	if (!rc)
		err_clear(err);
	free(path);
	free(prev);
	return rc;
}
