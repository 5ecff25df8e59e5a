/*
 * Copying an MMAR, and making a new one.  Both build the tree beside its place and
 * rename it, so that a failure leaves nothing behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/mmar/folder.h"
#include "core/mmar/mmar.h"
#include "core/mmar/template.h"

static int clone_bytes(int in, struct sys_writer *w, const char *src, struct err *err)
{
	char *part = mem_alloc(1u << 18);
	ssize_t n;
	int rc = 0;

	while (!rc && (n = read(in, part, 1u << 18)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		rc = n < 0 ? err_sys(err, errno, "cannot read '%s'", src)
			   : sys_writer_add(w, part, (size_t)n, err);
	}
	free(part);
	return rc;
}

static int clone_file(const char *src, const char *dst, mode_t mode, struct err *err)
{
	int in = open(src, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct sys_writer w;

	if (in < 0)
		return err_sys(err, errno, "cannot open '%s'", src);
	if (sys_writer_begin(&w, dst, err)) {
		close(in);
		return -1;
	}
	if (clone_bytes(in, &w, src, err)) {
		close(in);
		sys_writer_abort(&w);
		return -1;
	}
	close(in);
	if (sys_writer_commit(&w, err))
		return -1;
	if (chmod(dst, mode & 0777))
		return err_sys(err, errno, "cannot set the mode of '%s'", dst);
	return 0;
}

/* What runs leave behind: contents of these folders at the top. */
static bool clone_is_left_out(const char *rel)
{
	static const char *const dirs[] = {"models/", "eval/", "data/"};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (!strncmp(rel, dirs[i], strlen(dirs[i])) &&
			strcmp(sys_basename(rel), ".gitkeep"))
			return true;
	return false;
}

static int clone_tree(const char *src, const char *dst, const char *rel, struct err *err)
{
	char **names;
	int n = sys_list_dir(src, &names, err), rc = 0;

	if (n < 0 || sys_mkdirs(dst, err)) {
		if (n >= 0)
			sys_free_names(names, n);
		return -1;
	}
	for (int i = 0; !rc && i < n; i++) {
		char *from = sys_join(src, names[i]), *to = sys_join(dst, names[i]);
		char *here = rel[0] ? mem_printf("%s/%s", rel, names[i]) : mem_strdup(names[i]);
		struct stat st;

		if (clone_is_left_out(here))
			rc = 0;
		else if (lstat(from, &st))
			rc = err_sys(err, errno, "cannot stat '%s'", from);
		else if (S_ISDIR(st.st_mode))
			rc = clone_tree(from, to, here, err);
		else if (S_ISREG(st.st_mode))
			rc = clone_file(from, to, st.st_mode, err);
		free(from);
		free(to);
		free(here);
	}
	sys_free_names(names, n);
	return rc;
}

static bool clone_is_inside(const char *src, const char *dst)
{
	char *copy = mem_strdup(dst), *slash = strrchr(copy, '/'), *full;
	char *from = realpath(src, NULL);
	size_t n = from ? strlen(from) : 0;
	bool inside;

	if (slash)
		*(slash == copy ? slash + 1 : slash) = '\0';
	full = realpath(slash ? copy : ".", NULL);
	inside = n && full && !strncmp(full, from, n) && (full[n] == '/' || !full[n]);
	free(full);
	free(from);
	free(copy);
	return inside;
}

int mmar_clone(const char *src, const char *dst, struct err *err)
{
	char *tmp;
	int rc;

	if (!sys_is_dir(src))
		return err_set(err, ERR_NOINPUT, "no such folder '%s'", src);
	if (!mmar_is(src))
		return err_set(err, ERR_DATA, "'%s' is no MMAR", src);
	if (clone_is_inside(src, dst))
		return err_set(err, ERR_USAGE, "'%s' lies inside '%s'", dst, src);
	if (folder_check_free(dst, err))
		return -1;
	tmp = folder_tmp(dst);
	rc = folder_finish(tmp, dst, clone_tree(src, tmp, "", err), err);
	free(tmp);
	return rc;
}

static int new_file(const char *dir, const struct template_file *f, struct err *err)
{
	char *path = sys_join(dir, f->path), *slash;
	int rc;

	slash = strrchr(path, '/');
	*slash = '\0';
	rc = sys_mkdirs(path, err);
	*slash = '/';
	if (!rc)
		rc = sys_write_file(path, f->text, strlen(f->text), err);
	if (!rc && f->executable && chmod(path, 0755))
		rc = err_sys(err, errno, "cannot set the mode of '%s'", path);
	free(path);
	return rc;
}

int mmar_new(const char *dir, struct err *err)
{
	char *tmp;
	int rc = 0;

	if (folder_check_free(dir, err))
		return -1;
	tmp = folder_tmp(dir);
	for (int i = 0; !rc && template_at(i); i++)
		rc = new_file(tmp, template_at(i), err);
	rc = folder_finish(tmp, dir, rc, err);
	free(tmp);
	return rc;
}
