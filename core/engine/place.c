/*
 * Folder, socket and process of the engine.
 *
 * The folder is below /tmp and not in XDG_RUNTIME_DIR, because logind removes the
 * latter at logout, which is exactly when the engine must stay reachable.  /tmp is
 * open to everybody, so the folder must be ours alone (owner and mode are
 * checked, links are not followed) and both ends check the uid of the other.
 *
 * A new process is forked twice: the engine is nobody's child, has its own session
 * and no controlling terminal, so a hang-up of the line does not reach it.
 */
#include "core/engine/place.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

char *engine_runtime_dir(struct err *err)
{
	const char *set = getenv("AXIAL_RUNTIME_DIR");
	char *dir =
		set && set[0] ? mem_strdup(set) : mem_printf("/tmp/axial-%u", (unsigned)geteuid());
	struct stat st;

	if (dir[0] != '/')
		err_set(err, ERR_USAGE, "AXIAL_RUNTIME_DIR: '%s' is no absolute path", dir);
	else if (mkdir(dir, 0700) && errno != EEXIST)
		err_sys(err, errno, "cannot make the engine's folder '%s'", dir);
	else if (lstat(dir, &st))
		err_sys(err, errno, "cannot stat the engine's folder '%s'", dir);
	else if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		err_set(err, ERR_IO,
			"'%s' is not a folder of this user (set AXIAL_RUNTIME_DIR to another one)",
			dir);
	else if (st.st_mode & 077)
		err_set(err, ERR_IO, "chmod 700 '%s': the engine's folder is open to others", dir);
	else
		return dir;
	free(dir);
	return NULL;
}

static int place_address(const char *dir, struct sockaddr_un *sa, struct err *err)
{
	*sa = (struct sockaddr_un){.sun_family = AF_UNIX};
	if ((size_t)snprintf(sa->sun_path, sizeof(sa->sun_path), "%s/engine.sock", dir) >=
		sizeof(sa->sun_path))
		return err_set(err, ERR_USAGE, "'%s' is too long for the path of a socket", dir);
	return 0;
}

int engine_listen(const char *dir, struct err *err)
{
	struct sockaddr_un sa;
	int fd;

	if (place_address(dir, &sa, err))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(err, errno, "cannot make a socket");
	unlink(sa.sun_path);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || chmod(sa.sun_path, 0600) ||
		listen(fd, 32)) {
		err_sys(err, errno, "cannot listen at '%s'", sa.sun_path);
		close(fd);
		return -1;
	}
	return fd;
}

int engine_connect(const char *dir, struct err *err)
{
	struct sockaddr_un sa;
	int fd;

	if (place_address(dir, &sa, err))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(err, errno, "cannot make a socket");
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		err_set(err, ERR_AGAIN, "no engine at '%s': %s", sa.sun_path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

int engine_check_peer(int fd, struct err *err)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return err_sys(err, errno, "cannot tell who is at the other end of the socket");
	if (cred.uid != geteuid())
		return err_set(err, ERR_PROTO, "the other end of the socket belongs to user %u",
			(unsigned)cred.uid);
	return 0;
}

/* In the forked child: only calls that are safe after a fork of a threaded process. */
static void place_become_engine(int log_fd)
{
	static const char *const argv[] = {"axial", "engine", "--foreground", NULL};
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (setsid() < 0 || fork() != 0)
		_exit(0);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(log_fd, 2) < 0)
		_exit(1);
	close_range(3, ~0u, 0);
	if (chdir("/"))
		_exit(1);
	execv("/proc/self/exe", (char *const *)argv);
	_exit(1);
}

int engine_spawn(struct err *err)
{
	char *dir = engine_runtime_dir(err), *path;
	int log_fd, status;
	pid_t pid;

	if (!dir)
		return -1;
	path = sys_join(dir, "engine.log");
	free(dir);
	log_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (log_fd < 0) {
		err_sys(err, errno, "cannot open '%s'", path);
		free(path);
		return -1;
	}
	free(path);
	pid = fork();
	if (!pid)
		place_become_engine(log_fd);
	close(log_fd);
	if (pid < 0)
		return err_sys(err, errno, "cannot start the engine");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return 0;
}
