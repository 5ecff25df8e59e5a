/*
 * Writing and compiling components of the user's.  Header and templates are part of the
 * program, so that an MMAR can be worked on wherever the program is installed.
 */
#include <ctype.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/custom/custom.h"
#include "core/custom/files.h"

#define BUILD_WORDS 32

extern char **environ;

static const struct {
	enum component_kind kind;
	const char *from, *end;
} templates[] = {
	{COMPONENT_TRANSFORM, custom_file_transform, custom_file_transform_end},
	{COMPONENT_LOSS, custom_file_loss, custom_file_loss_end},
	{COMPONENT_NETWORK, custom_file_network, custom_file_network_end},
	{COMPONENT_OPTIMIZER, custom_file_optimizer, custom_file_optimizer_end},
	{COMPONENT_METRIC, custom_file_metric, custom_file_metric_end},
};

static bool is_identifier(const char *s)
{
	if (!isalpha((unsigned char)*s) && *s != '_')
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '_')
			return false;
	return true;
}

/* custom/axial_custom.h as this program has it. */
static int write_header(const char *root, struct err *err)
{
	size_t n = (size_t)(custom_file_header_end - custom_file_header);
	char *path = mem_printf("%s/custom/axial_custom.h", root);
	struct buf old = {0};
	struct err none = ERR_INIT;
	bool same = !sys_read_file(path, 1u << 20, &old, &none) && old.len == n &&
		    !memcmp(old.p, custom_file_header, n);
	int rc = same ? 0 : sys_write_file(path, custom_file_header, n, err);

	buf_release(&old);
	free(path);
	return rc;
}

/* The template with every NAME replaced. */
static void template_text(enum component_kind kind, const char *name, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(templates); i++) {
		if (templates[i].kind != kind)
			continue;
		for (const char *p = templates[i].from; p < templates[i].end;) {
			if (templates[i].end - p >= 4 && !memcmp(p, "NAME", 4)) {
				buf_puts(out, name);
				p += 4;
			} else {
				buf_putc(out, *p++);
			}
		}
	}
}

int custom_new(
	const char *root, const char *name, enum component_kind kind, char **path, struct err *err)
{
	char *dir = sys_join(root, "custom"), *full = mem_printf("%s/%s.c", dir, name);
	struct buf text = {0};
	int rc = 0;

	*path = NULL;
	if (!is_identifier(name))
		rc = err_set(
			err, ERR_USAGE, "'%s' is no C identifier: letters, digits and '_'", name);
	else if (sys_exists(full))
		rc = err_set(err, ERR_DATA, "'%s' is there already", full);
	else if (sys_mkdirs(dir, err) || write_header(root, err))
		rc = -1;
	if (!rc) {
		template_text(kind, name, &text);
		rc = sys_write_file(full, text.p, text.len, err);
	}
	if (!rc)
		*path = mem_printf("custom/%s.c", name);
	buf_release(&text);
	free(dir);
	free(full);
	return rc;
}

/* Runs argv[0] from PATH and waits; its output goes where ours goes. */
static int build_run(char *const *argv, struct err *err)
{
	pid_t pid;
	int status, rc = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);

	if (rc)
		return err_sys(err, rc, "cannot run the compiler '%s' (set CC)", argv[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(err, errno, "cannot wait for '%s'", argv[0]);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return err_set(err, ERR_DATA, "'%s' failed, its messages are above", argv[0]);
	return 0;
}

int custom_compile(const char *root, const char *name, struct err *err)
{
	static const char *const options[] = {"-shared", "-fPIC", "-O2", "-g", "-std=c11",
		"-D_GNU_SOURCE", "-Wall", "-Wextra", "-fvisibility=hidden", "-I"};
	const char *cc = getenv("CC");
	char *words = mem_strdup(cc && *cc ? cc : "cc"), *save = NULL;
	char *dir = sys_join(root, "custom"), *src = mem_printf("%s/%s.c", dir, name);
	char *so = mem_printf("%s/%s.so", dir, name), *tmp = mem_printf("%s/%s.so.new", dir, name);
	char *argv[BUILD_WORDS + 20];
	int n = 0, rc = 0;

	for (char *w = strtok_r(words, " ", &save); w && n < BUILD_WORDS;
		w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		argv[n++] = (char *)options[i];
	argv[n++] = dir;
	argv[n++] = (char *)"-o";
	argv[n++] = tmp;
	argv[n++] = src;
	argv[n++] = (char *)"-lm";
	argv[n] = NULL;
	if (!sys_exists(src))
		rc = err_set(err, ERR_NOINPUT, "there is no '%s'", src);
	else if (write_header(root, err) || build_run(argv, err))
		rc = -1;
	else if (rename(tmp, so))
		rc = err_sys(err, errno, "cannot write '%s'", so);
	if (rc)
		unlink(tmp);
	free(words);
	free(dir);
	free(src);
	free(so);
	free(tmp);
	return rc;
}

int custom_exports(const char *root, const char *name, char ***names, struct err *err)
{
	static const char macro[] = "AXIAL_COMPONENT(";
	char *src = mem_printf("%s/custom/%s.c", root, name);
	struct buf text = {0};
	int n = 0;

	*names = NULL;
	if (sys_read_file(src, 1u << 24, &text, err)) {
		free(src);
		return -1;
	}
	buf_putc(&text, '\0');
	for (const char *p = text.p; (p = strstr(p, macro));) {
		size_t len;

		p += sizeof(macro) - 1;
		p += strspn(p, " \t\n");
		len = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
		if (!len)
			continue;
		*names = mem_realloc(*names, (size_t)(n + 1) * sizeof(**names));
		(*names)[n++] = mem_strndup(p, len);
	}
	buf_release(&text);
	free(src);
	return n;
}
