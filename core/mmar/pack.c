/*
 * An MMAR as one file.
 *
 * Archives come from strangers: paths are checked by their text before anything is
 * made, only folders and plain files are taken, and sizes are counted while they are
 * written, not believed.
 */
#include "core/mmar/pack.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/mmar/archive_api.h"
#include "core/mmar/folder.h"
#include "core/mmar/mmar.h"

#define PACK_PART (1u << 18)

struct pack {
	struct archive_api api;
	struct archive *a;
	const char *file; /* of the archive, in messages */
	char *part;
	struct stat own[2]; /* the archive that is written and the one it replaces */
};

static int pack_fail(const struct pack *p, const char *what, struct err *err)
{
	const char *why = p->api.error_string(p->a);

	return err_set(err, ERR_IO, "cannot %s '%s': %s", what, p->file, why ? why : "unknown");
}

static int pack_begin(struct pack *p, const char *out, struct err *err)
{
	size_t n = strlen(out);
	bool zip = n > 4 && !strcmp(out + n - 4, ".zip");
	bool tar = n > 7 && !strcmp(out + n - 7, ".tar.gz");

	if (!zip && !tar)
		return err_set(
			err, ERR_USAGE, "'%s': a name that ends in .zip or .tar.gz is needed", out);
	if (archive_load(&p->api, err))
		return -1;
	p->a = p->api.write_new();
	if (zip ? p->api.write_set_format_zip(p->a)
		: p->api.write_set_format_pax_restricted(p->a) ||
				p->api.write_add_filter_gzip(p->a) ||
				p->api.write_set_options(p->a, "gzip:!timestamp"))
		return pack_fail(p, "write", err);
	return 0;
}

static int pack_data(struct pack *p, const char *path, size_t size, struct err *err)
{
	struct buf b = {0};
	int rc = sys_read_file(path, size, &b, err);

	if (!rc && b.len != size)
		rc = err_set(err, ERR_IO, "'%s' changed while it was read", path);
	if (!rc && size && p->api.write_data(p->a, b.p, b.len) != (la_ssize_t)size)
		rc = pack_fail(p, "write", err);
	buf_release(&b);
	return rc;
}

static int pack_file(struct pack *p, const char *path, const char *name, struct err *err)
{
	struct archive_entry *e = p->api.entry_new();
	struct stat st;
	int rc = 0;

	if (stat(path, &st)) {
		p->api.entry_free(e);
		return err_set(err, ERR_NOINPUT, "cannot stat '%s'", path);
	}
	p->api.entry_set_pathname(e, name);
	p->api.entry_set_filetype(e, S_ISDIR(st.st_mode) ? AE_IFDIR : AE_IFREG);
	p->api.entry_set_perm(e, S_ISDIR(st.st_mode) || (st.st_mode & 0100) ? 0755 : 0644);
	p->api.entry_set_mtime(e, 315619200, 0); /* 1980-01-02: the first that zip can hold */
	p->api.entry_set_size(e, S_ISDIR(st.st_mode) ? 0 : st.st_size);
	if (p->api.write_header(p->a, e) != ARCHIVE_OK)
		rc = pack_fail(p, "write", err);
	if (!rc && S_ISREG(st.st_mode))
		rc = pack_data(p, path, (size_t)st.st_size, err);
	p->api.entry_free(e);
	return rc;
}

/* lib.so, lib.so.1: code that runs as it is.  Only its sources are packed, none is unpacked. */
static bool pack_is_compiled(const char *path)
{
	const char *name = sys_basename(path), *so = NULL;

	for (const char *p = name; (p = strcasestr(p, ".so")); p += 3)
		so = p;
	return so && so[3 + strspn(so + 3, ".0123456789")] == '\0';
}

/* Only these stay of models/, eval/ and data/: weights at the top, and what keeps a folder. */
static bool pack_wanted(const char *rel, bool folder)
{
	size_t n = strlen(rel);

	if (!folder && pack_is_compiled(rel))
		return false;
	if (!strcmp(rel, "data") || !strncmp(rel, "data/", 5))
		return false;
	if (!strncmp(rel, "eval/", 5) || !strncmp(rel, "models/", 7))
		return !folder &&
		       (!strcmp(sys_basename(rel), ".gitkeep") ||
			       (n > 12 && rel[0] == 'm' && !strcmp(rel + n - 12, ".safetensors")));
	return true;
}

/* An archive that lies in the folder that is packed does not pack itself. */
static bool pack_is_own(const struct pack *p, const struct stat *st)
{
	for (size_t i = 0; i < ARRAY_SIZE(p->own); i++)
		if (p->own[i].st_ino && p->own[i].st_ino == st->st_ino &&
			p->own[i].st_dev == st->st_dev)
			return true;
	return false;
}

static int pack_tree(struct pack *p, const char *dir, const char *rel, const char *top,
	const char *weights, struct err *err)
{
	char **names;
	int n = sys_list_dir(dir, &names, err), rc = n < 0 ? -1 : 0;

	for (int i = 0; !rc && i < n; i++) {
		char *path = sys_join(dir, names[i]);
		char *here = rel[0] ? mem_printf("%s/%s", rel, names[i]) : mem_strdup(names[i]);
		char *name = mem_printf("%s/%s", top, here);
		bool folder = sys_is_dir(path);
		struct stat st;

		if (!lstat(path, &st) && (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)) &&
			pack_wanted(here, folder) && !pack_is_own(p, &st) &&
			!(weights && !strcmp(here, "models/model.safetensors"))) {
			rc = pack_file(p, path, name, err);
			if (!rc && folder)
				rc = pack_tree(p, path, here, top, weights, err);
		}
		free(name);
		free(here);
		free(path);
	}
	if (n >= 0)
		sys_free_names(names, n);
	return rc;
}

static int pack_all(struct pack *p, const char *dir, const char *weights, struct err *err)
{
	char *full = realpath(dir, NULL), *top, *name;
	int rc;

	if (!full)
		return err_set(err, ERR_NOINPUT, "no such folder '%s'", dir);
	top = mem_strdup(sys_basename(full));
	rc = pack_file(p, full, top, err) || pack_tree(p, full, "", top, weights, err) ? -1 : 0;
	name = mem_printf("%s/models/model.safetensors", top);
	if (!rc && weights)
		rc = pack_file(p, weights, name, err);
	free(name);
	free(top);
	free(full);
	return rc;
}

int mmar_pack(const char *dir, const char *out, const char *weights, struct err *err)
{
	struct pack p = {.file = out};
	struct err ignored = ERR_INIT;
	char *tmp;
	int rc;

	if (!mmar_is(dir))
		return err_set(
			err, sys_is_dir(dir) ? ERR_DATA : ERR_NOINPUT, "'%s' is no MMAR", dir);
	if (pack_begin(&p, out, err)) {
		if (p.a)
			p.api.write_free(p.a);
		return -1;
	}
	tmp = folder_tmp(out);
	rc = p.api.write_open_filename(p.a, tmp) == ARCHIVE_OK ? 0 : pack_fail(&p, "write", err);
	if (!rc && stat(tmp, &p.own[0]))
		rc = err_set(err, ERR_IO, "cannot stat '%s'", tmp);
	if (stat(out, &p.own[1]))
		p.own[1] = (struct stat){0};
	if (!rc)
		rc = pack_all(&p, dir, weights, err);
	if (!rc && p.api.write_close(p.a) != ARCHIVE_OK)
		rc = pack_fail(&p, "write", err);
	p.api.write_free(p.a);
	if (!rc && rename(tmp, out))
		rc = err_set(err, ERR_IO, "cannot make '%s'", out);
	if (rc && sys_remove_tree(tmp, &ignored))
		rc = -1;
	free(tmp);
	return rc;
}

/* A path of an archive that stays below where it is unpacked. */
static bool unpack_is_safe(const char *path)
{
	if (!path || !path[0] || path[0] == '/' || strchr(path, '\\'))
		return false;
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.')
			return false;
		path += n;
		path += strspn(path, "/");
	}
	return true;
}

static int unpack_data(struct pack *p, const char *path, int64_t *left, struct err *err)
{
	struct sys_writer w;
	la_ssize_t n = 0;
	int rc = 0;

	if (sys_writer_begin(&w, path, err))
		return -1;
	while (!rc && (n = p->api.read_data(p->a, p->part, PACK_PART)) > 0) {
		*left -= n;
		rc = *left < 0 ? err_set(err, ERR_DATA, "'%s' unpacks to more than %lld GiB",
					 p->file, PACK_MAX_BYTES >> 30)
			       : sys_writer_add(&w, p->part, (size_t)n, err);
	}
	if (!rc && n < 0)
		rc = err_set(err, ERR_DATA, "'%s' is damaged: %s", p->file,
			p->api.error_string(p->a) ? p->api.error_string(p->a) : "unknown");
	if (!rc)
		return sys_writer_commit(&w, err);
	sys_writer_abort(&w);
	return -1;
}

static int unpack_entry(
	struct pack *p, struct archive_entry *e, const char *dir, int64_t *left, struct err *err)
{
	const char *name = p->api.entry_pathname(e);
	unsigned type = p->api.entry_filetype(e);
	char *path, *slash;
	int rc;

	if (!unpack_is_safe(name))
		return err_set(err, ERR_DATA, "'%s' has a path that leaves its folder: '%s'",
			p->file, name ? name : "");
	if (p->api.entry_hardlink(e) || (type != AE_IFREG && type != AE_IFDIR))
		return err_set(err, ERR_DATA, "'%s': '%s' is neither a folder nor a plain file",
			p->file, name);
	if (type == AE_IFREG && pack_is_compiled(name))
		return err_set(err, ERR_DATA,
			"'%s' holds the compiled code '%s', which is never taken from an archive: "
			"pack the sources of custom/ only",
			p->file, name);
	path = sys_join(dir, name);
	if (type == AE_IFDIR) {
		rc = sys_mkdirs(path, err);
	} else {
		slash = strrchr(path, '/');
		*slash = '\0';
		rc = sys_mkdirs(path, err);
		*slash = '/';
		if (!rc)
			rc = unpack_data(p, path, left, err);
		if (!rc && (p->api.entry_perm(e) & 0100) && chmod(path, 0755))
			rc = err_set(err, ERR_IO, "cannot set the mode of '%s'", path);
	}
	free(path);
	return rc;
}

static int unpack_entries(struct pack *p, const char *dir, struct err *err)
{
	struct archive_entry *e;
	int64_t left = PACK_MAX_BYTES;
	int got = 0, n = 0, rc = 0;

	while (!rc && (got = p->api.read_next_header(p->a, &e)) == ARCHIVE_OK) {
		if (++n > PACK_MAX_FILES)
			rc = err_set(err, ERR_DATA, "'%s' has more than %d files", p->file,
				PACK_MAX_FILES);
		else
			rc = unpack_entry(p, e, dir, &left, err);
	}
	if (!rc && got != ARCHIVE_EOF)
		rc = err_set(err, ERR_DATA, "'%s' is no archive, or damaged: %s", p->file,
			p->api.error_string(p->a) ? p->api.error_string(p->a) : "unknown");
	return rc;
}

/* The MMAR in what was unpacked: the folder itself or its only sub-folder. */
static char *unpack_find(const char *dir, const char *file, struct err *err)
{
	struct strlist found;
	char *root = NULL;

	mmar_find(&dir, 1, &found);
	if (found.n == 1)
		root = mem_strdup(found.v[0]);
	else
		err_set(err, ERR_DATA, "'%s' has %s MMAR in it", file,
			found.n ? "more than one" : "no");
	mmar_list_release(&found);
	return root;
}

int mmar_unpack(const char *file, const char *dst, struct err *err)
{
	struct pack p = {.file = file};
	struct err ignored = ERR_INIT;
	char *tmp, *root = NULL;
	int rc;

	if (!sys_exists(file))
		return err_set(err, ERR_NOINPUT, "no such file '%s'", file);
	if (folder_check_free(dst, err) || archive_load(&p.api, err))
		return -1;
	tmp = folder_tmp(dst);
	p.part = mem_alloc(PACK_PART);
	p.a = p.api.read_new();
	p.api.read_support_filter_gzip(p.a);
	p.api.read_support_format_tar(p.a);
	p.api.read_support_format_zip_seekable(p.a);
	p.api.read_support_format_zip_streamable(p.a);
	rc = p.api.read_open_filename(p.a, file, PACK_PART) == ARCHIVE_OK
		     ? sys_mkdirs(tmp, err)
		     : err_set(err, ERR_DATA, "'%s' is no zip and no tar archive", file);
	if (!rc)
		rc = unpack_entries(&p, tmp, err);
	p.api.read_free(p.a);
	root = rc ? NULL : unpack_find(tmp, file, err);
	rc = folder_finish(root ? root : tmp, dst, root ? 0 : -1, err);
	if (sys_remove_tree(tmp, &ignored))
		rc = rc ? rc : -1;
	free(root);
	free(p.part);
	free(tmp);
	return rc;
}
