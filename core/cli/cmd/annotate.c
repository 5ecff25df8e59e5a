/*
 * axial annotate FILE: a mask of one object from points, without a model.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/annot/annot.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/cli/cli.h"
#include "core/volume/image_file.h"
#include "core/volume/nifti.h"

static const struct cmd_opt annotate_opts[] = {
	{"points", 'p', CMD_VALUE, "X,Y,Z;...",
		"six or more extreme points of the object, any order"},
	{"foreground", 0, CMD_VALUE, "X,Y,Z;...", "clicks inside the object"},
	{"background", 0, CMD_VALUE, "X,Y,Z;...", "clicks outside of it"},
	{"reach", 0, CMD_VALUE, "MM", "with clicks alone: how far the object may reach (40)"},
	{"coarse", 0, CMD_FLAG, NULL, "a first answer on a small grid"},
	{"output", 'o', CMD_VALUE, "OUT", "the mask, .nii or .nii.gz, on the grid of FILE"},
	{"json", 0, CMD_FLAG, NULL, "voxels, mm3 and seconds as a JSON object"},
	CMD_OPT_END,
};

struct points {
	int (*v)[3];
	int n;
};

/* "x,y,z" at *text, which moves behind it; -1: it is none. */
static int points_one(const char **text, int p[3])
{
	const char *at = *text;

	for (int k = 0; k < 3; k++) {
		char *end;
		long v = strtol(at, &end, 10);

		if (end == at || v < INT_MIN || v > INT_MAX || (k < 2 && *end != ','))
			return -1;
		p[k] = (int)v;
		at = end + (k < 2);
	}
	*text = at;
	return *at && !strchr("; ", *at) ? -1 : 0;
}

/* "x,y,z;x,y,z", also separated by blanks. */
static int points_parse(
	struct cmd_line *line, const char *option, struct points *out, struct err *err)
{
	const char *text = cmd_value(line, option, "");

	for (text += strspn(text, "; "); *text; text += strspn(text, "; ")) {
		const char *from = text;
		int p[3];

		if (points_one(&text, p))
			return err_set(err, ERR_USAGE,
				"option '--%s' needs voxels as \"10,20,30; 12,20,31\", not '%s'",
				option, from);
		out->v = mem_realloc(out->v, (size_t)(out->n + 1) * sizeof(*out->v));
		memcpy(out->v[out->n++], p, sizeof(p));
	}
	return 0;
}

static int annotate_number(struct cmd_line *line, double *out, struct err *err)
{
	const char *text = cmd_value(line, "reach", NULL);
	char *end;

	if (!text)
		return 0;
	*out = strtod(text, &end);
	if (end == text || *end || !(*out > 0 && *out <= 1000))
		return err_set(err, ERR_USAGE,
			"option '--reach' needs millimetres, above 0 and at most 1000, not '%s'",
			text);
	return 0;
}

static void annotate_say(struct cmd_line *line, const char *out, const struct volume *mask,
	double voxels, double seconds)
{
	double mm[3];

	volume_spacing(mask, mm);
	if (cmd_flag(line, "json")) {
		cJSON *o = cJSON_CreateObject();
		char *text;

		cJSON_AddStringToObject(o, "file", out);
		cJSON_AddNumberToObject(o, "voxels", voxels);
		cJSON_AddNumberToObject(o, "mm3", voxels * mm[0] * mm[1] * mm[2]);
		cJSON_AddNumberToObject(o, "seconds", round(seconds * 1000) / 1000);
		text = cJSON_PrintUnformatted(o);
		puts(text);
		cJSON_free(text);
		cJSON_Delete(o);
	} else {
		printf("%s: %.0f voxels, %.2f ml, %.2f s\n", out, voxels,
			voxels * mm[0] * mm[1] * mm[2] / 1000, seconds);
	}
}

/* The mask of the request as a file. */
static int annotate_write(struct cmd_line *line, const struct volume *image,
	const struct annot_request *q, struct err *err)
{
	const char *out = cmd_value(line, "output", NULL);
	size_t n = volume_voxels(image);
	unsigned char *in = mem_alloc(n);
	struct volume *mask = volume_new(1, image->dim, err);
	double start = sys_now(), voxels = 0, seconds;
	int rc = mask ? annot_segment(image, q, in, err) : -1;

	seconds = sys_now() - start;
	for (size_t i = 0; !rc && i < n; i++) {
		mask->data[i] = in[i];
		voxels += in[i];
	}
	if (!rc) {
		memcpy(mask->affine, image->affine, sizeof(mask->affine));
		rc = nifti_write(out, mask, NIFTI_OUT_UINT8, err);
	}
	if (!rc)
		annotate_say(line, out, mask, voxels, seconds);
	volume_free(mask);
	free(in);
	return rc;
}

static int annotate_run(struct cmd_line *line, struct err *err)
{
	const char *file = cmd_arg(line, 0), *out = cmd_value(line, "output", NULL);
	struct points six = {0}, fore = {0}, back = {0};
	struct annot_request q = {
		.max_voxels = cmd_flag(line, "coarse") ? ANNOT_COARSE : ANNOT_FINE};
	struct volume *image = NULL;
	int rc = -1;

	if (!file || cmd_argc(line) > 1)
		return err_set(err, ERR_USAGE, "annotate needs one image");
	if (!out || image_file_kind(out) != IMAGE_NIFTI)
		return err_set(err, ERR_USAGE, "give a file to write to with --output OUT.nii.gz");
	if (!annotate_number(line, &q.reach_mm, err) && !points_parse(line, "points", &six, err) &&
		!points_parse(line, "foreground", &fore, err) &&
		!points_parse(line, "background", &back, err))
		image = image_file_read(file, image_file_kind(file), false, err);
	if (image) {
		q.extreme = (const int(*)[3])six.v;
		q.n_extreme = six.n;
		q.fore = (const int(*)[3])fore.v;
		q.n_fore = fore.n;
		q.back = (const int(*)[3])back.v;
		q.n_back = back.n;
		rc = annotate_write(line, image, &q, err);
	}
	volume_free(image);
	free(six.v);
	free(fore.v);
	free(back.v);
	return rc;
}

const struct cmd cmd_annotate = {
	.name = "annotate",
	.args = "FILE",
	.summary = "a mask of one object from extreme points and clicks, without a model",
	.help = "Points are voxels x,y,z of FILE.  Cheapest paths between opposite extreme points, and\n"
		"the foreground clicks, are foreground; what lies beyond the box of the extreme points,\n"
		"and the background clicks, are background; a random walker divides the rest.  Every\n"
		"foreground click is inside of the mask and every background click outside.",
	.opts = annotate_opts,
	.run = annotate_run,
};
