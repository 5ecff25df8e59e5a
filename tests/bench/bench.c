/*
 * bench: our speed beside PyTorch's (and beside nibabel's, niftilib's ...) in one report.
 *
 *   bench [--sections step,data] [--json FILE] [--png FILE] [--seconds S] [--nets unet,...]
 *         [--no-peer] [--tiny]
 *
 * Each section prints its table and puts its figures into the JSON file; ratios stand
 * at its top level, null where there is nothing to compare with.  Every ratio
 * of two measurements of the same run: medians of alternating rounds on a machine
 * that is watched for other load.  --tiny runs it all on the smallest sizes, for the test.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/sys.h"
#include "tests/bench/lib/bench.h"

struct bench_section {
	const char *name;
	int (*run)(struct bench *b, struct err *err);
};

static const struct bench_section bench_sections[] = {
	{"step", section_step}, {"data", section_data}};

struct bench_options {
	const char *sections, *json, *png;
};

static int bench_parse(struct bench *b, struct bench_options *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--tiny"))
			b->tiny = true;
		else if (!strcmp(argv[i], "--no-peer"))
			b->no_peer = true;
		else if (i + 1 < argc && !strcmp(argv[i], "--sections"))
			o->sections = argv[++i];
		else if (i + 1 < argc && !strcmp(argv[i], "--json"))
			o->json = argv[++i];
		else if (i + 1 < argc && !strcmp(argv[i], "--png"))
			o->png = argv[++i];
		else if (i + 1 < argc && !strcmp(argv[i], "--nets"))
			b->nets = argv[++i];
		else if (i + 1 < argc && !strcmp(argv[i], "--seconds"))
			b->seconds = strtod(argv[++i], NULL);
		else
			return -1;
	}
	if (b->tiny)
		b->seconds = 0;
	return 0;
}

/* As axial train does, see tui/main.c. */
static void bench_short_spin(char **argv)
{
	if (getenv("GOMP_SPINCOUNT") || getenv("OMP_WAIT_POLICY"))
		return;
	setenv("GOMP_SPINCOUNT", "1000", 1);
	execv("/proc/self/exe", argv);
}

static cJSON *bench_report_new(void)
{
	cJSON *r = cJSON_CreateObject(), *machine = cJSON_AddObjectToObject(r, "machine");
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[4096], name[256] = "unknown", date[32];
	bool amx = false, avx512 = false, bf16 = false;

	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "model name : %255[^\n]", name);
		if (strncmp(line, "flags", 5))
			continue;
		amx = strstr(line, " amx_bf16") != NULL;
		avx512 = strstr(line, " avx512f") != NULL;
		bf16 = strstr(line, " avx512_bf16") != NULL;
	}
	if (f)
		fclose(f);
	sys_iso_time(sys_wall(), date);
	cJSON_AddStringToObject(machine, "cpu", name);
	cJSON_AddNumberToObject(machine, "cores", sys_cpu_count());
	cJSON_AddBoolToObject(machine, "avx512", avx512);
	cJSON_AddBoolToObject(machine, "avx512_bf16", bf16);
	cJSON_AddBoolToObject(machine, "amx", amx);
	cJSON_AddStringToObject(r, "date", date);
	cJSON_AddStringToObject(r, "version", AXIAL_VERSION);
	cJSON_AddObjectToObject(r, "targets");
	cJSON_AddArrayToObject(r, "text");
	return r;
}

int main(int argc, char **argv)
{
	struct bench b = {.seconds = 40};
	struct bench_options o = {0};
	struct err err = ERR_INIT;
	int rc = 0;

	if (bench_parse(&b, &o, argc, argv)) {
		fputs("usage: see the top of tests/bench/bench.c\n", stderr);
		return ERR_USAGE;
	}
	bench_short_spin(argv);
	b.report = bench_report_new();
	for (size_t i = 0; !rc && i < sizeof(bench_sections) / sizeof(bench_sections[0]); i++)
		if (bench_chosen(o.sections, bench_sections[i].name))
			rc = bench_sections[i].run(&b, &err);
	cJSON_AddBoolToObject(b.report, "noisy", b.noisy);
	if (!rc && o.json)
		rc = json_write(o.json, b.report, &err);
	if (!rc && o.png)
		rc = report_plot(o.png, b.report, &err);
	if (rc)
		fprintf(stderr, "bench: %s\n", err.msg);
	cJSON_Delete(b.report);
	return rc ? err.code : 0;
}
