/*
 * A data list without its faulty entries.
 */
#include "core/train/data_fix.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/train/trainer.h"

static char *fix_path(const struct data_fix *fix)
{
	const char *file = fix->part[0].list->file;
	size_t n = strlen(file);

	if (fix->out[0])
		return mem_strdup(fix->out);
	if (n > 5 && !strcmp(file + n - 5, ".json"))
		n -= 5;
	return mem_printf("%.*s_fixed.json", (int)n, file);
}

static int fix_count(const bool *flag, int n)
{
	int count = 0;

	for (int i = 0; i < n; i++)
		count += flag[i];
	return count;
}

/* Removes the entries of one list from the tree; returns how many. */
static int fix_part(cJSON *root, const struct data_fix_part *p, const struct train_hooks *hooks)
{
	cJSON *array = cJSON_GetObjectItemCaseSensitive(root, p->list->key);
	int bad = fix_count(p->bad, p->list->n), gone = 0, both = 0;

	for (int i = 0; i < p->list->n; i++)
		both += p->bad[i] || p->drop[i];
	for (int i = p->list->n - 1; i >= 0; i--) {
		if (!p->bad[i] && !(p->drop[i] && both < p->list->n))
			continue;
		cJSON_DeleteItemFromArray(array, i);
		gone++;
	}
	trainer_say(hooks, "fixed      %s: %d faulty entries and %d copies removed, %d stay",
		p->list->key, bad, gone - bad, p->list->n - gone);
	if (both == p->list->n && both > bad)
		trainer_say(hooks,
			"           copies were left in %s: nothing would remain without them",
			p->list->key);
	return gone;
}

int data_fix_write(const struct data_fix *fix, const struct train_hooks *hooks, struct err *err)
{
	const char *file = fix->part[0].list->file;
	cJSON *root = json_read(file, err);
	char *out = fix_path(fix);
	int rc = root ? 0 : -1, gone = 0;

	for (int i = 0; !rc && i < fix->n; i++)
		if (!strcmp(fix->part[i].list->file, file))
			gone += fix_part(root, &fix->part[i], hooks);
		else
			trainer_say(hooks, "not fixed  %s is in another file, '%s', which stays",
				fix->part[i].list->key, fix->part[i].list->file);
	if (!rc && gone && !strcmp(out, file))
		rc = err_set(err, ERR_USAGE, "--fix would write over '%s': give another name", out);
	else if (!rc && gone)
		rc = json_write(out, root, err);
	if (!rc && gone)
		trainer_say(hooks, "written    %s (use it with --set DATASET_JSON=%s)", out, out);
	else if (!rc)
		trainer_say(hooks, "fixed      nothing to remove, no list was written");
	cJSON_Delete(root);
	free(out);
	return rc;
}
