/*
 * The other side of a comparison as a child process with a pipe in and a pipe out.
 * It lives as long as the comparison, so that its warm caches and pools are its own, and
 * waits while ours is measured.
 */
#include "tests/bench/lib/peer.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/sys.h"

enum { PEER_WORDS = 16, PEER_LINE = 1 << 16, PEER_SECONDS = 120 };

static void peer_exec(const char *python, const char *path, const char *const *args)
{
	const char *argv[PEER_WORDS] = {python, "-B", path};
	int n = 3;

	while (*args && n < PEER_WORDS - 1)
		argv[n++] = *args++;
	execvp(python, (char *const *)argv);
	_exit(127);
}

static int peer_spawn(struct peer *p, const char *python, const char *path, const char *const *args)
{
	int to[2], from[2];

	if (pipe(to))
		return -1;
	if (pipe(from)) {
		close(to[0]);
		close(to[1]);
		return -1;
	}
	p->pid = fork();
	if (!p->pid) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		close(to[1]);
		close(from[0]);
		peer_exec(python, path, args);
	}
	close(to[0]);
	close(from[1]);
	p->in = to[1];
	p->out = from[0];
	p->from = fdopen(from[0], "r");
	return p->pid > 0 ? 0 : -1;
}

void peer_stop(struct peer *p)
{
	if (p->from) {
		close(p->in);
		fclose(p->from);
	}
	if (p->pid > 0) {
		kill(p->pid, SIGTERM);
		waitpid(p->pid, NULL, 0);
	}
	cJSON_Delete(p->about);
	memset(p, 0, sizeof(*p));
}

static cJSON *peer_answer(struct peer *p, struct err *err)
{
	struct pollfd fd = {.fd = p->out, .events = POLLIN};
	char *line = NULL;
	size_t size = 0;
	ssize_t n = poll(&fd, 1, PEER_SECONDS * 1000) > 0 ? getline(&line, &size, p->from) : 0;
	cJSON *answer = NULL;

	if (n > 0)
		answer = json_parse(line, (size_t)n, "answer of the peer", err);
	else
		err_set(err, ERR_IO, "the peer did not answer");
	free(line);
	return answer;
}

cJSON *peer_ask(struct peer *p, const char *line, struct err *err)
{
	cJSON *answer;

	if (sys_write_all(p->in, line, strlen(line)) || sys_write_all(p->in, "\n", 1)) {
		err_set(err, ERR_IO, "the peer has ended");
		return NULL;
	}
	answer = peer_answer(p, err);
	if (answer && json_str(answer, "error", NULL)) {
		err_set(err, ERR_DATA, "%s", json_str(answer, "error", ""));
		cJSON_Delete(answer);
		return NULL;
	}
	return answer;
}

int peer_start(struct peer *p, const char *script, const char *const *args, struct err *err)
{
	const char *pythons[] = {getenv("BENCH_PYTHON"), "/usr/bin/python3", "python3"};
	char *path = sys_join("tests/bench/peer", script);

	memset(p, 0, sizeof(*p));
	signal(SIGPIPE, SIG_IGN);
	err_set(err, ERR_NODEVICE, "needs python3");
	for (int i = 0; i < 3; i++) {
		struct err why = ERR_INIT;

		if (!pythons[i] || peer_spawn(p, pythons[i], path, args))
			continue;
		p->about = peer_answer(p, &why);
		if (p->about && !json_str(p->about, "missing", NULL)) {
			free(path);
			err_clear(err);
			return 0;
		}
		if (p->about)
			err_set(err, ERR_NODEVICE, "install %s", json_str(p->about, "missing", ""));
		peer_stop(p);
	}
	free(path);
	return -1;
}
