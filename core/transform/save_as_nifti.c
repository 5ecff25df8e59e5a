/*
 * SaveAsNifti: writes fields to files, to look at what the transforms before it made.
 *
 * The files are CASE_FIELD_1.nii.gz, _2 and so on, each use of a case a new one, up
 * to a limit, so that a forgotten dump does not fill the disk.  A number is claimed
 * by creating the file, because loader threads may write the same case at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/transform/fields.h"
#include "core/volume/nifti.h"

enum { SAVE_LIMIT = 1000 };

struct save_args {
	struct strlist fields;
	char *out_dir;
	bool interrupt;
};

static const struct arg_def save_defs[] = {
	FIELDS_ARG,
	{.name = "out_dir",
		.type = ARG_STRING,
		.offset = offsetof(struct save_args, out_dir),
		.flags = ARG_REQUIRED,
		.help = "folder, made when it is not there"},
	{.name = "interrupt",
		.type = ARG_BOOL,
		.offset = offsetof(struct save_args, interrupt),
		.def = "false",
		.help = "ignored: loaders have no terminal to wait at"},
	ARG_END,
};

/* Creates an empty file of the next free number; *path stays NULL when all are taken. */
static int save_claim(
	const char *dir, const char *case_id, const char *field, char **path, struct err *err)
{
	*path = NULL;
	for (int i = 1; i <= SAVE_LIMIT; i++) {
		char *name = mem_printf("%s_%s_%d.nii.gz", case_id, field, i);
		char *file = sys_join(dir, name);
		int fd, rc;

		free(name);
		fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd >= 0) {
			close(fd);
			*path = file;
			return 0;
		}
		rc = errno == EEXIST ? 0
				     : err_set(err, ERR_IO, "cannot create '%s': %s", file,
					       strerror(errno));
		free(file);
		if (rc)
			return -1;
	}
	return 0;
}

static int save_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct save_args *a = args;

	(void)rng;
	if (sys_mkdirs(a->out_dir, err))
		return err_wrap(err, "out_dir");
	for (int i = 0; i < a->fields.n; i++) {
		const char *name = a->fields.v[i];
		struct volume *v = sample_volume(s, name, err);
		char *path;
		int rc;

		if (!v || save_claim(a->out_dir, s->case_id, name, &path, err))
			return -1;
		rc = path ? nifti_write(path, v, NIFTI_OUT_FLOAT32, err) : 0;
		free(path);
		if (rc)
			return err_wrap(err, "field '%s'", name);
	}
	return 0;
}

static void save_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct save_args *a = args;
	char *at;

	fields_check(args, file, path, ps);
	if (!a->interrupt)
		return;
	at = mem_printf("%s.interrupt", path);
	problems_add(ps, PROBLEM_WARNING, ERR_DATA, file, at, "set it to false",
		"ignored: there is no terminal to wait at");
	free(at);
}

const struct component component_save_as_nifti = {
	.name = "SaveAsNifti",
	.kind = COMPONENT_TRANSFORM,
	.help = "writes fields as CASE_FIELD_N.nii.gz (float32) to look at, at most 1000 files per "
		"case and field",
	.args = save_defs,
	.args_size = sizeof(struct save_args),
	.ops =
		&(const struct transform_ops){
			.apply = save_apply, .check = save_check, .reads = fields_reads},
};
