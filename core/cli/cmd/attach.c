/*
 * axial attach: follows a run as plain lines, the same ones that "axial train"
 * prints.
 *
 * It reads the run folder only, so it works for a run of the engine, of another
 * terminal or of another machine on a shared disk, and leaving it (^C) has no
 * effect on the training.  ^C is read from a signalfd: no handler, no global.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/cli/cli.h"
#include "core/cli/runref.h"
#include "core/engine/client.h"
#include "core/engine/job.h"
#include "core/run/reader.h"
#include "core/run/run.h"
#include "core/run/scan.h"

enum { ATTACH_DETACHED = 1 };

/* Waits up to ms for ^C.  True when it came. */
static bool attach_interrupted(int sig_fd, int ms)
{
	struct pollfd p = {.fd = sig_fd, .events = POLLIN};

	return poll(&p, 1, ms) > 0;
}

static int attach_open_signals(struct err *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? err_sys(err, errno, "cannot make a signalfd") : fd;
}

/* The job to follow when none is named: the newest that runs, else the newest. */
static int64_t attach_default_job(struct err *err)
{
	cJSON *list = engine_call("jobs", NULL, false, 10, err);
	int64_t id = 0, active = 0;
	const cJSON *job;

	if (!list)
		return -1;
	cJSON_ArrayForEach (job, list) {
		id = (int64_t)json_num(job, "id", 0);
		if (!strcmp(json_str(job, "state", ""), "running"))
			active = id;
	}
	cJSON_Delete(list);
	if (!id)
		return err_set(err, ERR_USAGE, "the engine has no jobs");
	return active ? active : id;
}

/*
 * Waits until the job has a run folder.  0 with *dir, ATTACH_DETACHED after ^C,
 * -1 when it ended before it had one.
 */
static int attach_wait_run(int64_t id, int sig_fd, char **dir, struct err *err)
{
	bool told = false;

	for (;;) {
		cJSON *job = runref_call_job("props", id, err);
		const char *run = json_str(job, "run", NULL);
		const char *state = json_str(job, "state", "");
		int rc = 0;

		if (!job)
			return -1;
		*dir = run ? mem_strdup(run) : NULL;
		if (!run && job_state_final(job_state_find(state)))
			rc = err_set(err, (int)json_num(job, "code", ERR_IO), "job %lld %s: %s",
				(long long)id, state, json_str(job, "error", "no reason given"));
		else if (!run && !told && !strcmp(state, "queued"))
			printf("job %lld is waiting for its turn\n", (long long)id);
		told = true;
		cJSON_Delete(job);
		fflush(stdout);
		if (rc || *dir)
			return rc;
		if (attach_interrupted(sig_fd, 200))
			return ATTACH_DETACHED;
	}
}

/* Prints the notes from *shown on. */
static void attach_print(const struct run_reader *rd, int *shown)
{
	for (; *shown < rd->nnotes; ++*shown)
		printf("%s\n", rd->notes[*shown].text);
	fflush(stdout);
}

static int attach_ended(const struct run_reader *rd, struct err *err)
{
	if (!strcmp(rd->end_state, "done"))
		return 0;
	return err_set(err, rd->end_code ? rd->end_code : ERR_IO, "the run %s%s%s", rd->end_state,
		rd->end_reason ? ": " : "", rd->end_reason ? rd->end_reason : "");
}

static int attach_follow(const char *dir, int sig_fd, bool follow, struct err *err)
{
	char *lock = run_path_in(dir, RUN_FILE_LOCK);
	struct run_reader rd;
	int shown = 0, rc = 0;

	run_reader_init(&rd, dir);
	for (;;) {
		/* Asked before reading: a holder that ends meanwhile has written its end. */
		bool live = sys_is_locked(lock);

		if (run_reader_poll(&rd, 0, NULL, err) < 0) {
			rc = -1;
			break;
		}
		if (rd.nnotes < shown)
			shown = 0;
		attach_print(&rd, &shown);
		if (!follow)
			break;
		if (rd.end_state) {
			rc = attach_ended(&rd, err);
			break;
		}
		if (!live) {
			rc = err_set(err, ERR_AGAIN,
				"the run was interrupted ('axial resume %s' goes on)", dir);
			break;
		}
		if (attach_interrupted(sig_fd, 200)) {
			rc = ATTACH_DETACHED;
			break;
		}
	}
	run_reader_release(&rd);
	free(lock);
	return rc;
}

static int attach_run(struct cmd_line *line, struct err *err)
{
	const char *word = cmd_arg(line, 0);
	int64_t job = word ? runref_job(word) : attach_default_job(err);
	int sig_fd, rc = 0;
	char *dir = NULL;

	if (job < 0)
		return -1;
	sig_fd = attach_open_signals(err);
	if (sig_fd < 0)
		return -1;
	if (job)
		rc = attach_wait_run(job, sig_fd, &dir, err);
	else if (!(dir = runref_find(line, word, err)))
		rc = -1;
	if (dir && !rc)
		rc = attach_follow(dir, sig_fd, !cmd_flag(line, "no-follow"), err);
	close(sig_fd);
	free(dir);
	if (rc != ATTACH_DETACHED)
		return rc;
	printf("detached, the training goes on\n");
	return 0;
}

static const struct cmd_opt attach_opts[] = {
	{"mmar", 'm', CMD_VALUE, "DIR", "where a run given by name is (default: here)"},
	{"no-follow", 'n', CMD_FLAG, NULL, "print what is there and return"},
	CMD_OPT_END,
};

const struct cmd cmd_attach = {
	.name = "attach",
	.args = "[JOB|RUN]",
	.summary = "follow a run from its first event to its end, as plain lines",
	.help = "Without an argument: the job that is running.  ^C leaves the training alone.  Ends with\n"
		"the exit code of the training: 0 done, 130 stopped, 75 interrupted.",
	.opts = attach_opts,
	.run = attach_run,
};
