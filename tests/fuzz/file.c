/*
 * Files for targets that read by path.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/sys.h"
#include "tests/fuzz/fuzz.h"

static char fuzz_folder[64]; /* lint: global, set once */

static void fuzz_clean(void)
{
	struct err err = ERR_INIT;

	if (sys_remove_tree(fuzz_folder, &err))
		fprintf(stderr, "%s\n", err.msg);
}

const char *fuzz_dir(void)
{
	if (!fuzz_folder[0]) {
		snprintf(fuzz_folder, sizeof(fuzz_folder), "/dev/shm/axial-fuzz-%ld",
			(long)getpid());
		if (mkdir(fuzz_folder, 0700))
			abort();
		atexit(fuzz_clean);
	}
	return fuzz_folder;
}

const char *fuzz_file(const char *name, const uint8_t *data, size_t size)
{
	static char path[160]; /* lint: global, the answer */
	int fd;

	snprintf(path, sizeof(path), "%s/%s", fuzz_dir(), name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || sys_write_all(fd, data, size))
		abort();
	close(fd);
	return path;
}
