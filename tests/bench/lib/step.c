/*
 * Whole training steps (forward, loss, backward, optimizer), ours and PyTorch's.
 *
 * All settings of one network live at the same time: ours in fp32 and bf16 in this
 * process, PyTorch's four in a child.  After a probe, which drops the settings of
 * PyTorch that are far from its best, rounds follow: in each, every setting
 * runs a few steps in turn, so that a clock that drifts meets all of them.  A
 * round beside other load is repeated.  The ratio is that of the medians: the fastest
 * setting found for PyTorch (fp32: of those in fp32; bf16: of all) against ours.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "tests/bench/lib/bench.h"
#include "tests/bench/lib/noise.h"
#include "tests/bench/lib/ours.h"
#include "tests/bench/lib/peer.h"

struct step_net {
	const char *name, *spec;
	int size[3]; /* x, y, z */
	double target_fp32, target_bf16;
};

#define STEP_SEGRESNET(filters) \
	"{\"name\":\"SegResNet\",\"args\":{\"init_filters\":" #filters ",\"out_channels\":3}}"

static const struct step_net step_nets[] = {
	{"unet",
		"{\"name\":\"UNet\",\"args\":{\"out_channels\":3,\"channels\":[16,32,64,128,256],"
		"\"strides\":[2,2,2,2],\"num_res_units\":2}}",
		{48, 64, 48}, 3, 5},
	{"segresnet8", STEP_SEGRESNET(8), {48, 64, 48}, 3, 5},
	{"unet_v3",
		"{\"name\":\"Unet\",\"args\":{\"num_classes\":3,\"nf_enc\":\"32,64,64,64\","
		"\"nf_dec\":\"64,64,64,64,64,32,32\",\"use_group_norm\":true,"
		"\"final_activation\":\"linear\"}}",
		{64, 64, 64}, 2.5, 4},
	{"segresnet16", STEP_SEGRESNET(16), {48, 64, 48}, 0, 0},
	{"dynunet",
		"{\"name\":\"DynUNet\",\"args\":{\"out_channels\":3,\"kernel_size\":[3,3,3,3],"
		"\"strides\":[1,2,2,2],\"filters\":[32,64,128,256]}}",
		{40, 56, 40}, 0, 0},
};

enum {
	STEP_BATCH = 4,
	STEP_OURS = 2,     /* settings 0 and 1: ours in fp32 and bf16 */
	STEP_SETTINGS = 6, /* then PyTorch's */
	STEP_MIN_ROUNDS = 3,
	STEP_MAX_ROUNDS = 25,
	STEP_TURN_MAX = 15, /* steps of one turn, after one to warm up */
};

/* A turn lasts about so long, ms: both sides leave the other's traces in the caches behind. */
static const double STEP_TURN = 1500;

/* PyTorch's settings that are slower than its best by this factor are not measured further. */
static const double STEP_DROP = 1.25;

static const char *const step_names[STEP_SETTINGS] = {
	"axial fp32", "axial bf16", "f32", "f32_cl", "bf16", "bf16_cl"};

struct step_bench {
	struct bench *b;
	const struct step_net *net;
	struct ours ours[STEP_OURS];
	struct peer peer;
	struct samples ms[STEP_SETTINGS];
	double probe[STEP_SETTINGS]; /* ms; 0: not there */
	bool used[STEP_SETTINGS];
	int repeated;
	double others; /* most that others took in a round that counts */
};

/* Steps of one setting; their times in ms[0 .. n-1]. */
static int step_run(struct step_bench *s, int setting, int n, double *ms, struct err *err)
{
	char line[64];
	cJSON *answer, *list;

	if (setting < STEP_OURS) {
		for (int i = 0; i < n; i++)
			if (ours_step(&s->ours[setting], &ms[i], err))
				return -1;
		return 0;
	}
	snprintf(line, sizeof(line), "%s %d", step_names[setting], n);
	answer = peer_ask(&s->peer, line, err);
	list = cJSON_GetObjectItemCaseSensitive(answer, "ms");
	for (int i = 0; i < n && list; i++) {
		const cJSON *v = cJSON_GetArrayItem(list, i);

		if (!cJSON_IsNumber(v)) {
			list = NULL;
			err_set(err, ERR_PROTO, "the peer's answer has no times");
		} else {
			ms[i] = v->valuedouble;
		}
	}
	cJSON_Delete(answer);
	return list ? 0 : -1;
}

/* Opens both sides; a peer that is not there is said, not an error. */
static int step_open(struct step_bench *s, struct err *err)
{
	static const int tiny[3] = {16, 16, 16};
	const int *size = s->b->tiny ? tiny : s->net->size;
	int batch = s->b->tiny ? 2 : STEP_BATCH;
	char words[4][16];
	const char *args[] = {s->net->name, words[0], words[1], words[2], words[3], NULL};
	struct err why = ERR_INIT;

	snprintf(words[0], sizeof(words[0]), "%d", batch);
	for (int i = 0; i < 3; i++)
		snprintf(words[1 + i], sizeof(words[0]), "%d", size[2 - i]);
	for (int i = 0; i < STEP_OURS; i++) {
		s->used[i] = true;
		if (!ours_open(&s->ours[i], s->net->spec, batch, size, i == 1, err))
			continue;
		if (err->code != ERR_NODEVICE || i == 0)
			return -1;
		bench_say(s->b, "%-12s %s", s->net->name, err->msg);
		err_clear(err);
		s->used[i] = false;
	}
	if (s->b->no_peer || peer_start(&s->peer, "step.py", args, &why)) {
		if (!s->b->no_peer)
			bench_say(s->b, "%-12s no PyTorch to compare with: %s", s->net->name,
				why.msg);
		return 0;
	}
	for (int i = STEP_OURS; i < STEP_SETTINGS; i++)
		s->used[i] = true;
	return 0;
}

/* The two sides must be the same network. */
static void step_check_params(struct step_bench *s, cJSON *out)
{
	double ours = (double)params_count(s->ours[0].model.params);
	double theirs = s->peer.pid ? json_num(s->peer.about, "params", 0) : ours;

	cJSON_AddNumberToObject(out, "params", ours);
	cJSON_AddBoolToObject(out, "same_params", ours == theirs);
	if (ours != theirs)
		bench_say(s->b, "%-12s NOT THE SAME NETWORK: %.0f parameters, PyTorch has %.0f",
			s->net->name, ours, theirs);
}

static double step_best(const double *ms, const bool *used, int first, int end)
{
	double best = INFINITY;

	for (int i = first; i < end; i++)
		if (used[i] && ms[i] < best)
			best = ms[i];
	return best;
}

/* One step of each to warm up, two to see how long they last; drops what is slow. */
static int step_probe(struct step_bench *s, struct err *err)
{
	double ms[3], best_f32, best;

	for (int i = 0; i < STEP_SETTINGS; i++) {
		if (!s->used[i])
			continue;
		if (step_run(s, i, 3, ms, err)) {
			if (i < STEP_OURS)
				return -1;
			bench_say(s->b, "%-12s PyTorch %s: %s", s->net->name, step_names[i],
				err->msg);
			err_clear(err);
			s->used[i] = false;
			continue;
		}
		s->probe[i] = fmin(ms[1], ms[2]);
	}
	best_f32 = step_best(s->probe, s->used, STEP_OURS, STEP_OURS + 2);
	best = step_best(s->probe, s->used, STEP_OURS, STEP_SETTINGS);
	for (int i = STEP_OURS; i < STEP_SETTINGS; i++)
		if (s->probe[i] > STEP_DROP * (i < STEP_OURS + 2 ? best_f32 : best))
			s->used[i] = false;
	return 0;
}

/* Every setting once; the times go to ms when nobody disturbed it, or last says so. */
static int step_round(struct step_bench *s, bool last, bool *clean, struct err *err)
{
	double ms[STEP_SETTINGS][STEP_TURN_MAX + 1], others;
	int n[STEP_SETTINGS], warm[STEP_SETTINGS];
	struct noise noise;

	noise_begin(&noise, s->peer.pid);
	for (int i = 0; i < STEP_SETTINGS; i++) {
		if (!s->used[i])
			continue;
		n[i] = (int)fmin(fmax(STEP_TURN / s->probe[i], 1), STEP_TURN_MAX);
		warm[i] = s->probe[i] < STEP_TURN; /* caches do not outlive a long step */
		if (step_run(s, i, n[i] + warm[i], ms[i], err))
			return -1;
	}
	others = noise_end(&noise);
	*clean = others <= NOISE_LIMIT;
	if (!*clean && !last)
		return 0;
	s->others = fmax(s->others, others);
	for (int i = 0; i < STEP_SETTINGS; i++)
		for (int k = s->used[i] ? warm[i] : 0; s->used[i] && k < n[i] + warm[i]; k++)
			samples_add(&s->ms[i], ms[i][k]);
	return 0;
}

static int step_rounds(struct step_bench *s, struct err *err)
{
	double end = sys_now() + s->b->seconds;
	int done = 0;

	if (!s->b->tiny && !noise_wait(15))
		bench_say(s->b, "%-12s the machine is busy; measuring all the same", s->net->name);
	while (done < STEP_MAX_ROUNDS && (done < STEP_MIN_ROUNDS || sys_now() < end)) {
		bool clean, give_up = s->b->tiny || sys_now() > end ||
				      s->repeated >= STEP_MIN_ROUNDS * 2;

		if (step_round(s, give_up, &clean, err))
			return -1;
		done += clean || give_up;
		s->repeated += !clean;
	}
	if (!s->b->tiny && s->others > NOISE_LIMIT)
		bench_noisy(s->b, s->net->name, s->others);
	return 0;
}

static int step_fastest(const struct step_bench *s, int first, int end)
{
	int best = -1;

	for (int i = first; i < end; i++)
		if (s->ms[i].n &&
			(best < 0 || samples_at(&s->ms[i], 0.5) < samples_at(&s->ms[best], 0.5)))
			best = i;
	return best;
}

static void step_report(struct step_bench *s, cJSON *out)
{
	const double target[2] = {s->net->target_fp32, s->net->target_bf16};
	cJSON *settings = cJSON_AddObjectToObject(out, "ms");

	for (int i = 0; i < STEP_SETTINGS; i++) {
		cJSON *obj = samples_json(&s->ms[i]);

		if (i >= STEP_OURS && s->probe[i] > 0)
			report_number(obj, "probe", s->probe[i]);
		cJSON_AddItemToObject(settings, step_names[i], obj);
	}
	for (int i = 0; i < STEP_OURS; i++) {
		int best = step_fastest(s, STEP_OURS, i ? STEP_SETTINGS : STEP_OURS + 2);
		double ours = samples_at(&s->ms[i], 0.5);
		double theirs = best < 0 ? NAN : samples_at(&s->ms[best], 0.5);
		char key[64], side[64] = "-";

		snprintf(key, sizeof(key), "%s_%s_ratio", s->net->name, i ? "bf16" : "fp32");
		if (best >= 0) {
			snprintf(side, sizeof(side), "%.1f (%.1f-%.1f) %s", theirs,
				samples_at(&s->ms[best], 0.1), samples_at(&s->ms[best], 0.9),
				step_names[best]);
			cJSON_AddStringToObject(
				out, i ? "best_of_all" : "best_f32", step_names[best]);
		}
		bench_say(s->b, "%-12s %-10s %7.1f (%.1f-%.1f) ms   PyTorch %s", s->net->name,
			step_names[i], ours, samples_at(&s->ms[i], 0.1), samples_at(&s->ms[i], 0.9),
			side);
		bench_ratio(s->b, key, theirs / ours, target[i]);
	}
	report_number(
		out, "bf16_against_fp32", samples_at(&s->ms[0], 0.5) / samples_at(&s->ms[1], 0.5));
	report_number(out, "others_share_of_a_core", s->others);
	cJSON_AddNumberToObject(out, "rounds_repeated", s->repeated);
	if (s->peer.pid)
		cJSON_AddItemToObject(out, "peer", cJSON_Duplicate(s->peer.about, 1));
}

static int step_net(struct bench *b, const struct step_net *net, cJSON *out, struct err *err)
{
	struct step_bench s = {.b = b, .net = net};
	int rc = step_open(&s, err);

	if (!rc) {
		cJSON_AddItemToObject(out, "size", cJSON_CreateIntArray(net->size, 3));
		cJSON_AddNumberToObject(out, "batch", STEP_BATCH);
		step_check_params(&s, out);
		rc = step_probe(&s, err) || step_rounds(&s, err) ? -1 : 0;
	}
	if (!rc)
		step_report(&s, out);
	for (int i = 0; i < STEP_OURS; i++)
		ours_close(&s.ours[i]);
	for (int i = 0; i < STEP_SETTINGS; i++)
		samples_release(&s.ms[i]);
	peer_stop(&s.peer);
	return rc ? err_wrap(err, "step of %s", net->name) : 0;
}

int section_step(struct bench *b, struct err *err)
{
	cJSON *out = cJSON_AddObjectToObject(b->report, "step");

	bench_say(b, "training step, batch %d: median (p10-p90)", STEP_BATCH);
	for (size_t i = 0; i < sizeof(step_nets) / sizeof(step_nets[0]); i++) {
		const struct step_net *net = &step_nets[i];

		if (bench_chosen(b->nets, net->name) &&
			step_net(b, net, cJSON_AddObjectToObject(out, net->name), err))
			return -1;
	}
	return 0;
}
