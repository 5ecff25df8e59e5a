/*
 * Reading, checking and saving a configuration, off the UI thread.
 *
 * The check is core's own lint, run on what is being edited: the text goes to a file in
 * the temporary folder and is checked under the name and MMAR of the real one.  Saving
 * keeps the former contents as .bak, replaces the file in one step, and refuses when
 * somebody else changed it since it was read.
 */
#include "tui/config_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/mmar/mmar.h"

#define CONFIG_MAX (8u << 20)

const char *config_label(const char *path)
{
	return sys_basename(path);
}

void config_load_work(void *arg)
{
	struct config_load *l = arg;

	if (sys_read_file(l->path, CONFIG_MAX, &l->text, &l->err))
		buf_reset(&l->text);
}

void config_load_drop(void *arg)
{
	struct config_load *l = arg;

	free(l->path);
	buf_release(&l->text);
	free(l);
}

static int write_temp(const struct config_check *c, char *name, struct err *err)
{
	int fd = mkstemp(name), rc;

	if (fd < 0)
		return err_sys(err, errno, "cannot make '%s'", name);
	rc = sys_write_all(fd, c->text.p, c->text.len);
	if (close(fd) < 0 || rc < 0) {
		unlink(name);
		return err_sys(err, errno, "cannot write '%s'", name);
	}
	return 0;
}

void config_check_work(void *arg)
{
	struct config_check *c = arg;
	char *root = mmar_root_of(c->path), *tmp;
	const char *dir = getenv("TMPDIR");
	struct config_source src = {.mmar_root = root, .config_label = c->label, .lint = true};
	struct err err = ERR_INIT;

	tmp = mem_printf("%s/axial-check-XXXXXX", dir && *dir == '/' ? dir : "/tmp");
	if (write_temp(c, tmp, &err) < 0) {
		problems_add_err(&c->ps, c->label, "", &err);
	} else {
		src.config_path = tmp;
		if (config_lint(&src, &c->ps) && !c->ps.n)
			problems_add(&c->ps, PROBLEM_ERROR, ERR_DATA, c->label, "", NULL,
				"the configuration cannot be read");
		unlink(tmp);
	}
	free(tmp);
	free(root);
}

void config_check_drop(void *arg)
{
	struct config_check *c = arg;

	free(c->path);
	free(c->label);
	buf_release(&c->text);
	problems_release(&c->ps);
	free(c);
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (!a->len || !memcmp(a->p, b->p, a->len));
}

void config_save_work(void *arg)
{
	struct config_save *s = arg;
	struct buf now = {0};
	char *backup = mem_printf("%s.bak", s->path);

	if (sys_read_file(s->path, CONFIG_MAX, &now, &s->err)) {
		/* Gone: then there is nothing to keep, and writing it again is what was asked. */
		if (s->err.code != ERR_NOINPUT)
			goto out;
		err_clear(&s->err);
	} else if (!s->force && !same(&now, &s->before)) {
		s->changed = true;
		goto out;
	} else if (sys_write_file(backup, now.p ? now.p : "", now.len, &s->err)) {
		goto out;
	}
	if (sys_write_file(s->path, s->text.p, s->text.len, &s->err))
		err_wrap(&s->err, "not saved");
out:
	free(backup);
	buf_release(&now);
}

void config_save_drop(void *arg)
{
	struct config_save *s = arg;

	free(s->path);
	buf_release(&s->before);
	buf_release(&s->text);
	free(s);
}
