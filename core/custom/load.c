/*
 * Finding and loading components from outside.
 *
 * What a configuration names is code that runs with the user's rights, so it comes from
 * the MMAR's own folder and from nowhere else; what is wrong with a file is said before
 * any of its code runs (dlopen() runs constructors).
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/custom/custom.h"
#include "core/custom/wrap.h"

struct loaded {
	struct loaded *next;
	char *file, *name; /* real path, component */
	dev_t dev;
	ino_t ino;
	struct timespec changed;
	struct custom custom;
};

static struct loaded *loaded_list; /* lint: global, files stay loaded until the process ends */
static pthread_mutex_t loaded_lock = PTHREAD_MUTEX_INITIALIZER; /* lint: global, guards it */
static _Thread_local char custom_root[PATH_MAX]; /* lint: global, see custom_set_root() */

static const enum component_kind custom_kinds[] = {
	[AXIAL_TRANSFORM] = COMPONENT_TRANSFORM,
	[AXIAL_LOSS] = COMPONENT_LOSS,
	[AXIAL_NETWORK] = COMPONENT_NETWORK,
	[AXIAL_OPTIMIZER] = COMPONENT_OPTIMIZER,
	[AXIAL_METRIC] = COMPONENT_METRIC,
};

bool custom_kind(const char *word, enum component_kind *kind)
{
	for (size_t i = AXIAL_TRANSFORM; i < ARRAY_SIZE(custom_kinds); i++) {
		if (strcmp(word, component_kind_name(custom_kinds[i])))
			continue;
		*kind = custom_kinds[i];
		return true;
	}
	return false;
}

bool custom_is_path(const char *text)
{
	return text && strstr(text, ".so:");
}

/* "custom/FILE.so" of "custom/FILE.so:NAME"; *name points behind the colon. */
static char *custom_split(const char *text, const char **name, struct err *err)
{
	const char *colon = strstr(text, ".so:");
	size_t n = colon ? (size_t)(colon - text) + 3 : 0;
	char *rel = mem_strndup(text, n), *slash = strrchr(rel, '/');
	bool good =
		n && !strncmp(rel, "custom/", 7) && slash == rel + 6 && slash[1] != '.' && colon[4];

	for (const char *p = good ? colon + 4 : ""; *p; p++)
		good = good && (*p == '_' || (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
				       (*p >= 'A' && *p <= 'Z'));
	if (!good) {
		err_set(err, ERR_DATA,
			"'%s' is not \"custom/FILE.so:NAME\": only files in the folder custom of "
			"the MMAR are loaded",
			text);
		free(rel);
		return NULL;
	}
	*name = colon + 4;
	return rel;
}

static bool newer(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* The real path of root/rel, still inside root. */
static char *custom_real(const char *root, const char *rel, struct err *err)
{
	char *path = sys_join(root, rel), *real = realpath(path, NULL), *top = NULL;
	size_t n;

	if (!real) {
		if (errno == ENOENT)
			err_set(err, ERR_NOINPUT,
				"there is no '%s': run 'axial custom build -m %s'", path, root);
		else
			err_sys(err, errno, "cannot open '%s'", path);
		free(path);
		return NULL;
	}
	top = realpath(root, NULL);
	n = top ? strlen(top) : 0;
	if (!top || strncmp(real, top, n) || real[n] != '/') {
		err_set(err, ERR_DATA,
			"'%s' leads out of the MMAR, to '%s': only files inside it are loaded",
			path, real);
		free(real);
		real = NULL;
	}
	free(top);
	free(path);
	return real;
}

static int custom_check_file(
	const char *root, const char *rel, const char *real, struct stat *st, struct err *err)
{
	char *base = mem_strndup(rel, strlen(rel) - 3), *source = mem_printf("%s/%s.c", root, base);
	struct stat src;
	int rc = 0;

	if (stat(real, st) || !S_ISREG(st->st_mode))
		rc = err_set(err, ERR_DATA, "'%s' is no regular file", rel);
	else if (st->st_mode & S_IWOTH)
		rc = err_set(err, ERR_DATA, "'%s' can be written by everybody: chmod o-w", rel);
	else if (!stat(source, &src) && newer(&src.st_mtim, &st->st_mtim))
		rc = err_set(err, ERR_DATA,
			"'%s' is older than '%s.c': run 'axial custom build -m %s'", rel, base,
			root);
	free(base);
	free(source);
	return rc;
}

/* Everything that can be said without loading; *name and real path when it is all right. */
static char *custom_place(
	const char *root, const char *text, const char **name, struct stat *st, struct err *err)
{
	char *rel = custom_split(text, name, err), *real;

	if (!rel)
		return NULL;
	real = custom_real(root, rel, err);
	if (real && custom_check_file(root, rel, real, st, err)) {
		free(real);
		real = NULL;
	}
	free(rel);
	return real;
}

int custom_check(const char *root, const char *text, struct err *err)
{
	const char *name;
	struct stat st;
	char *real = custom_place(root, text, &name, &st, err);

	free(real);
	return real ? 0 : -1;
}

static struct loaded *loaded_find(const char *file, const char *name, const struct stat *st)
{
	for (struct loaded *l = loaded_list; l; l = l->next)
		if (!strcmp(l->file, file) && !strcmp(l->name, name) && l->dev == st->st_dev &&
			l->ino == st->st_ino && !newer(&st->st_mtim, &l->changed) &&
			!newer(&l->changed, &st->st_mtim))
			return l;
	return NULL;
}

/* What the file says it holds: version and kind are looked at before anything else. */
static const struct axial_component *custom_symbol(
	const char *file, const char *name, enum component_kind kind, struct err *err)
{
	void *so = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	const char *why = so ? NULL : dlerror();
	char *symbol = mem_printf("axial_component_%s", name);
	const struct axial_component *ext = so ? dlsym(so, symbol) : NULL;

	free(symbol);
	if (!so) {
		err_set(err, ERR_DATA, "cannot load it: %s", why ? why : "unknown reason");
		return NULL;
	}
	if (!ext) {
		err_set(err, ERR_DATA, "it exports no component '%s': AXIAL_COMPONENT(%s, ...)",
			name, name);
	} else if (ext->abi != AXIAL_CUSTOM_ABI) {
		err_set(err, ERR_DATA,
			"it was built for version %d of the interface, this program has %d: run "
			"'axial custom build'",
			ext->abi, AXIAL_CUSTOM_ABI);
		ext = NULL;
	} else if ((int)ext->kind < AXIAL_TRANSFORM || ext->kind > AXIAL_METRIC ||
		   custom_kinds[ext->kind] != kind) {
		err_set(err, ERR_DATA, "it is %s%s, a %s is expected here",
			(int)ext->kind < AXIAL_TRANSFORM || ext->kind > AXIAL_METRIC ? "no kind"
										     : "a ",
			(int)ext->kind < AXIAL_TRANSFORM || ext->kind > AXIAL_METRIC
				? " that is known"
				: component_kind_name(custom_kinds[ext->kind]),
			component_kind_name(kind));
		ext = NULL;
	}
	return ext;
}

static const struct component *custom_load_locked(enum component_kind kind, const char *text,
	const char *file, const char *name, const struct stat *st, struct err *err)
{
	struct loaded *l = loaded_find(file, name, st);
	char *shown;

	if (l && l->custom.c.kind == kind)
		return &l->custom.c;
	l = mem_zalloc(sizeof(*l));
	l->custom.ext = custom_symbol(file, name, kind, err);
	shown = mem_strdup(text);
	if (!l->custom.ext || custom_wrap(&l->custom, kind, shown, err)) {
		free(shown);
		free(l);
		return NULL;
	}
	l->file = mem_strdup(file);
	l->name = mem_strdup(name);
	l->dev = st->st_dev;
	l->ino = st->st_ino;
	l->changed = st->st_mtim;
	l->next = loaded_list;
	loaded_list = l;
	return &l->custom.c;
}

const struct component *custom_load(
	enum component_kind kind, const char *root, const char *text, struct err *err)
{
	const struct component *c;
	const char *name;
	struct stat st;
	char *file = custom_place(root, text, &name, &st, err);

	if (!file)
		return NULL;
	pthread_mutex_lock(&loaded_lock);
	c = custom_load_locked(kind, text, file, name, &st, err);
	pthread_mutex_unlock(&loaded_lock);
	free(file);
	if (!c)
		err_wrap(err, "%s", text);
	return c;
}

void custom_set_root(const char *root)
{
	strncpy(custom_root, root ? root : "", sizeof(custom_root) - 1);
}

const struct component *custom_find(enum component_kind kind, const char *text, struct err *err)
{
	if (!custom_root[0]) {
		err_set(err, ERR_DATA, "'%s' comes from an MMAR: name it with -m", text);
		return NULL;
	}
	return custom_load(kind, custom_root, text, err);
}
