/*
 * The list of runs, from their folders alone.
 *
 * A list of a hundred runs must not read a hundred event files from end to end,
 * so each is read backwards: the last 64 KiB first, then four times as much, until
 * an epoch and a validation were seen or the limit is reached.  The newest event
 * decides the state, together with the lock.
 */
#include "core/run/scan.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/run/fence.h"
#include "core/run/run.h"

static const size_t SCAN_FIRST = 64u << 10;
static const size_t SCAN_MAX = 4u << 20;

static const char *const run_state_names[] = {
	[RUN_RUNNING] = "running",
	[RUN_DONE] = "done",
	[RUN_FAILED] = "failed",
	[RUN_STOPPED] = "stopped",
	[RUN_INTERRUPTED] = "interrupted",
};

const char *run_state_name(enum run_state state)
{
	return run_state_names[state];
}

/* What a tail of the events told. */
struct scan_seen {
	bool any, epoch, validation, step;
};

static void scan_set(double *to, const struct event *ev, const char *key)
{
	if (isnan(*to))
		*to = event_get(ev, key);
}

/* Nothing follows an end event but a resume: the newest event decides. */
static void scan_state(struct run_item *it, const struct event *ev)
{
	const char *reason = event_get_str(ev, "reason", NULL);
	const char *state = event_get_str(ev, "state", "failed");

	it->state = RUN_INTERRUPTED;
	if (ev->kind != EVENT_END)
		return;
	it->state = RUN_FAILED;
	if (!strcmp(state, "done"))
		it->state = RUN_DONE;
	else if (!strcmp(state, "stopped"))
		it->state = RUN_STOPPED;
	if (reason)
		it->reason = mem_strdup(reason);
}

/* Events come newest first: what is known already stays. */
static void scan_event(struct run_item *it, struct scan_seen *seen, const struct event *ev)
{
	if (!seen->any) {
		it->last = ev->time;
		scan_state(it, ev);
	}
	seen->any = true;
	scan_set(&it->epoch, ev, "epoch");
	scan_set(&it->step, ev, "step");
	switch (ev->kind) {
	case EVENT_STEP:
		if (!seen->step)
			it->loss = event_get(ev, "loss");
		seen->step = true;
		break;
	case EVENT_START:
		scan_set(&it->epochs, ev, "epochs");
		break;
	case EVENT_EPOCH:
		scan_set(&it->epochs, ev, "epochs");
		seen->epoch = true;
		break;
	case EVENT_VALIDATION:
		scan_set(&it->best, ev, "best");
		scan_set(&it->best_epoch, ev, "best_epoch");
		if (!it->key && event_get_str(ev, "key", NULL))
			it->key = mem_strdup(event_get_str(ev, "key", ""));
		seen->validation = true;
		break;
	default:
		break;
	}
}

/* Most lines are steps, and one of them is enough: the others need no parsing. */
static bool scan_is_step(const char *line, size_t len)
{
	static const char kind[] = "\"kind\":\"step\"";

	return memmem(line, len < 80 ? len : 80, kind, sizeof(kind) - 1) != NULL;
}

/* Takes the whole lines of data backwards; returns the offset of the oldest one taken. */
static size_t scan_lines(
	struct run_item *it, struct scan_seen *seen, const char *data, size_t len, bool from_start)
{
	size_t end = len, line;
	const char *nl;
	struct event ev;

	while (end && data[end - 1] != '\n')
		end--;
	while (end) {
		nl = memrchr(data, '\n', end - 1);
		line = nl ? (size_t)(nl - data) + 1 : 0;
		if (!line && !from_start)
			break;
		if (!(seen->step && scan_is_step(data + line, end - line)) &&
			!event_parse(data + line, end - 1 - line, &ev)) {
			scan_event(it, seen, &ev);
			event_release(&ev);
		}
		end = line;
	}
	return end;
}

/* Reads the end of the events.  Missing or unreadable events leave the numbers unknown. */
static void scan_events(struct run_item *it, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct scan_seen seen = {0};
	off_t limit = 0, at;
	size_t chunk = SCAN_FIRST, total = 0;
	struct stat st;

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		limit = st.st_size;
	/* Each round takes the chunk before the lines that are done. */
	while (limit > 0 && total < SCAN_MAX && !(seen.epoch && seen.validation)) {
		size_t want = (uint64_t)limit < chunk ? (size_t)limit : chunk, from;
		char *data = mem_alloc(want);

		at = limit - (off_t)want;
		if (pread(fd, data, want, at) != (ssize_t)want) {
			free(data);
			break;
		}
		from = scan_lines(it, &seen, data, want, at == 0);
		free(data);
		if (from == want && at > 0 && chunk >= SCAN_MAX)
			break;
		total += want - from;
		limit = at + (off_t)from;
		chunk *= 4;
	}
	close(fd);
}

static bool scan_has(const char *dir, const char *file)
{
	char *path = run_path_in(dir, file);
	bool there = sys_exists(path);

	free(path);
	return there;
}

static char *scan_str(const cJSON *info, const char *key)
{
	const char *s = json_str(info, key, NULL);

	return s ? mem_strdup(s) : NULL;
}

int run_item_read(struct run_item *it, const char *dir, struct err *err)
{
	char *info_path = run_path_in(dir, RUN_FILE_INFO), *path;
	char host[128];
	cJSON *info;

	*it = (struct run_item){.state = RUN_INTERRUPTED};
	it->started = it->last = it->epoch = it->epochs = it->step = NAN;
	it->loss = it->best = it->best_epoch = NAN;
	info = json_read(info_path, err);
	free(info_path);
	if (!info)
		return err_wrap(err, "'%s' is no run folder", dir);
	it->dir = mem_strdup(dir);
	it->id = mem_strdup(sys_basename(dir));
	it->started = json_num(info, "created_wall", NAN);
	it->mmar = scan_str(info, "mmar");
	it->config = scan_str(info, "config");
	it->device = scan_str(info, "device");
	path = run_path_in(dir, RUN_FILE_EVENTS);
	scan_events(it, path);
	free(path);
	if (isnan(it->epochs) && json_num(info, "epochs", 0) > 0)
		it->epochs = json_num(info, "epochs", NAN);
	cJSON_Delete(info);
	path = run_path_in(dir, RUN_FILE_LOCK);
	it->pid = run_fence_holder(path, host, sizeof(host));
	it->host = mem_strdup(host);
	if (sys_is_locked(path))
		it->state = RUN_RUNNING;
	free(path);
	it->resumable =
		it->state != RUN_RUNNING && it->state != RUN_DONE &&
		(scan_has(dir, RUN_FILE_CHECKPOINT) || scan_has(dir, RUN_FILE_CHECKPOINT_PREV));
	return 0;
}

void run_item_release(struct run_item *it)
{
	free(it->id);
	free(it->dir);
	free(it->key);
	free(it->host);
	free(it->mmar);
	free(it->config);
	free(it->device);
	free(it->reason);
	*it = (struct run_item){.state = RUN_INTERRUPTED};
}

static int scan_order(const void *a, const void *b)
{
	const struct run_item *x = a, *y = b;

	if (x->started != y->started && !isnan(x->started) && !isnan(y->started))
		return x->started > y->started ? -1 : 1;
	return strcmp(y->id, x->id);
}

/* What scan_folder() collects. */
struct scan_list {
	struct run_item *v;
	int n;
};

/*
 * Adds the runs of dir; id_prefix is "" or "trn_base/".  Folders that are no runs
 * are looked into once: v3's command scripts give each configuration a checkpoint
 * folder of its own below models/.
 */
static int scan_folder(struct scan_list *l, const char *dir, const char *prefix, struct err *err)
{
	char **names;
	int count = sys_list_dir(dir, &names, err);
	struct err ignored = ERR_INIT;

	for (int i = 0; i < count; i++) {
		char *sub = sys_join(dir, names[i]), *info = run_path_in(sub, RUN_FILE_INFO);

		l->v = mem_realloc(l->v, (size_t)(l->n + 1) * sizeof(*l->v));
		if (sys_exists(info) && !run_item_read(&l->v[l->n], sub, NULL)) {
			free(l->v[l->n].id);
			l->v[l->n++].id = mem_printf("%s%s", prefix, names[i]);
		} else if (!prefix[0] && sys_is_dir(sub)) {
			char *deeper = mem_printf("%s/", names[i]);

			/* One that cannot be read is no reason to show nothing. */
			if (scan_folder(l, sub, deeper, &ignored))
				log_write(LOG_INFO, "%s", ignored.msg);
			free(deeper);
		}
		free(info);
		free(sub);
	}
	if (count >= 0)
		sys_free_names(names, count);
	return count < 0 ? -1 : 0;
}

int run_scan(const char *ckpt_dir, struct run_item **items, struct err *err)
{
	struct scan_list l = {0};

	*items = NULL;
	if (!sys_is_dir(ckpt_dir))
		return 0;
	if (scan_folder(&l, ckpt_dir, "", err)) {
		run_items_free(l.v, l.n);
		return -1;
	}
	if (l.n)
		qsort(l.v, (size_t)l.n, sizeof(*l.v), scan_order);
	*items = l.v;
	return l.n;
}

void run_items_free(struct run_item *items, int n)
{
	for (int i = 0; i < n; i++)
		run_item_release(&items[i]);
	free(items);
}
