/*
 * Inference on image files: what `axial infer` does.
 *
 * The images are listed first and their output names checked, so that nothing is
 * overwritten by accident; then each goes through load, pre_transforms, network,
 * post_transforms and is written.  One image is in memory at a time.
 */
#include "core/train/infer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/handler/writer.h"
#include "core/train/case_io.h"
#include "core/train/infer_config.h"
#include "core/train/trainer.h"

struct infer {
	const struct infer_options *opt;
	const struct train_hooks *hooks;
	struct infer_config cfg;
	struct model model;
	struct validator validator;
	struct infer_list list;
	bool to_file;   /* opt->out names a file */
	struct buf csv; /* classification */
	int failed;
};

/* How many files an image gives. */
static int infer_fields(const struct infer *f)
{
	return f->opt->probabilities || !f->cfg.n_writers ? 1 : f->cfg.n_writers;
}

static char *infer_path(const struct infer *f, const char *name, const char *field)
{
	char *file, *path;

	if (f->to_file)
		return mem_strdup(f->opt->out);
	file = mem_printf("%s_%s.nii.gz", name, field);
	path = sys_join(f->opt->out, file);
	free(file);
	return path;
}

/* What the file of a field is called after the case: one mask is CASE_seg. */
static const char *infer_suffix(const struct infer *f, struct sample *s, const char *field)
{
	const struct sample_field *v = sample_find(s, field);

	if (f->opt->probabilities)
		return "prob";
	return infer_fields(f) == 1 && v && v->vol && v->vol->channels == 1 ? "seg" : field;
}

/* True when a file that would be written is one of the images. */
static bool infer_is_input(const struct infer *f, const char *path)
{
	char *a = realpath(path, NULL);
	bool same = false;

	for (int i = 0; a && !same && i < f->list.n; i++) {
		char *b = realpath(f->list.v[i].file, NULL);

		same = b && !strcmp(a, b);
		free(b);
	}
	free(a);
	return same;
}

static int infer_write(
	struct infer *f, struct sample *s, struct infer_result *r, char **written, struct err *err)
{
	bool prob = f->opt->probabilities;
	int n = infer_fields(f);

	for (int i = 0; i < n; i++) {
		const struct write_nifti_args *w =
			f->cfg.n_writers && !prob ? f->cfg.writers[i] : NULL;
		const char *field = w ? w->field : "model";
		enum nifti_dtype type = f->model.classes > 256 ? NIFTI_OUT_INT16 : NIFTI_OUT_UINT8;

		if (w)
			type = (enum nifti_dtype)w->dtype;
		if (prob)
			type = NIFTI_OUT_FLOAT32;
		written[i] = infer_path(f, s->case_id, infer_suffix(f, s, field));
		if (infer_is_input(f, written[i]))
			return err_set(err, ERR_USAGE,
				"'%s' would be overwritten, but it is one of the images: give "
				"another folder with -o",
				written[i]);
		if (case_write(s, field, written[i], type,
			    prob ? RESAMPLE_LINEAR : RESAMPLE_NEAREST, err))
			return -1;
		r->n_written = i + 1;
	}
	return 0;
}

static void infer_classes(struct infer *f, const char *file, struct infer_result *r)
{
	bool independent = f->model.activation == LOSS_SIGMOID;

	r->best_class = case_class(r->classes, r->n_classes, independent);
	if (!f->csv.len) {
		csv_text(&f->csv, "file");
		csv_text(&f->csv, "class");
		for (int i = 0; i < r->n_classes; i++) {
			char *name = mem_printf("p%d", i);

			csv_text(&f->csv, name);
			free(name);
		}
		csv_end(&f->csv);
	}
	csv_text(&f->csv, file);
	buf_printf(&f->csv, ",%d", r->best_class);
	for (int i = 0; i < r->n_classes; i++)
		csv_num(&f->csv, (double)r->classes[i]);
	csv_end(&f->csv);
}

/* The network, then what is done with its output. */
static int infer_sample(
	struct infer *f, struct sample *s, struct infer_result *r, char **written, struct err *err)
{
	const struct volume *image;

	if (case_transform(f->cfg.pre, s, err))
		return -1;
	image = sample_volume(s, "image", err);
	if (!image)
		return -1;
	memcpy(r->dim, image->original.dim, sizeof(r->dim));
	if (validator_predict(&f->validator, s, err))
		return -1;
	if (f->model.classifier) {
		r->classes = case_classes(s, &r->n_classes, err);
		if (!r->classes)
			return err_set(err, ERR_DATA, "the network gave no class probabilities");
		infer_classes(f, r->file, r);
		return 0;
	}
	if (!f->opt->probabilities && f->cfg.post && case_transform(f->cfg.post, s, err))
		return -1;
	if (!f->opt->probabilities && !f->cfg.n_writers && case_label_map(s, &f->model, err))
		return -1;
	return infer_write(f, s, r, written, err);
}

static int infer_one(struct infer *f, int i, struct err *err)
{
	struct err e = ERR_INIT;
	struct infer_result r = {.file = f->list.v[i].file, .index = i, .count = f->list.n};
	char **written = mem_zalloc((size_t)infer_fields(f) * sizeof(*written));
	struct sample *s = sample_new(f->list.v[i].name);
	double start = sys_now();
	int rc = sample_add_file(s, "image", r.file, &e) || infer_sample(f, s, &r, written, &e);

	r.seconds = sys_now() - start;
	r.written = (const char *const *)written;
	r.err = rc ? &e : NULL;
	f->failed += rc != 0;
	if (f->opt->result && e.code != ERR_INTR)
		f->opt->result(f->opt->ctx, &r);
	trainer_prop(f->hooks, "validation", (double)(i + 1) / (double)f->list.n);
	for (int k = 0; k < infer_fields(f); k++)
		free(written[k]);
	free(written);
	sample_free(s);
	/* What is wrong with one image may not be with the next; these are not about images. */
	if (rc && (e.code == ERR_INTR || e.code == ERR_USAGE || e.code == ERR_IO ||
			  e.code == ERR_NOMEM || f->list.n == 1))
		return err_set(err, e.code, "%s", e.msg);
	return 0;
}

/* OUT.nii.gz is a file, anything else a folder. */
static int infer_check_out(struct infer *f, struct err *err)
{
	const char *out = f->opt->out;
	size_t n = out ? strlen(out) : 0;

	f->to_file = (n > 7 && !strcmp(out + n - 7, ".nii.gz")) ||
		     (n > 4 && !strcmp(out + n - 4, ".nii"));
	if (f->to_file && (f->list.n > 1 || infer_fields(f) > 1))
		return err_set(err, ERR_USAGE,
			"'%s' is one file, but there are %d images with %d fields each: give a "
			"folder with -o",
			out, f->list.n, infer_fields(f));
	if (f->to_file && infer_is_input(f, out))
		return err_set(err, ERR_USAGE, "'%s' is the image itself", out);
	return 0;
}

static int infer_save_csv(struct infer *f, struct err *err)
{
	char *path;
	int rc;

	if (!f->csv.len || !f->opt->out)
		return 0;
	if (sys_mkdirs(f->opt->out, err))
		return -1;
	path = sys_join(f->opt->out, "predictions.csv");
	rc = sys_write_file(path, f->csv.p, f->csv.len, err);
	if (!rc)
		trainer_say(f->hooks, "written    %s", path);
	free(path);
	return rc;
}

static int infer_model(struct infer *f, struct err *err)
{
	char *path = infer_config_weights(&f->cfg, f->opt->weights, err);
	int rc, folded;

	if (!path)
		return -1;
	rc = model_init_from_file(&f->model, path, f->opt->base.device, err) ||
			     model_fold(&f->model, &folded, err)
		     ? -1
		     : 0;
	if (!rc)
		trainer_say(f->hooks, "weights    %s", path);
	free(path);
	if (!rc && !f->model.classifier && !f->opt->out)
		rc = err_set(err, ERR_USAGE, "give a folder for the masks with -o");
	return rc;
}

static int infer_images(struct infer *f, struct err *err)
{
	const struct component_list none = {0};

	validator_init(&f->validator, &f->model, &f->cfg.inferer, &none);
	f->validator.hooks = f->hooks;
	for (int i = 0; i < f->list.n; i++)
		if (infer_one(f, i, err))
			return -1;
	if (infer_save_csv(f, err))
		return -1;
	if (f->failed)
		return err_set(
			err, ERR_DATA, "%d of %d images failed, see above", f->failed, f->list.n);
	return 0;
}

int infer_run(const struct infer_options *opt, const struct train_hooks *hooks, struct err *err)
{
	struct infer f = {.opt = opt, .hooks = hooks};
	double start = sys_now();
	int rc = infer_list_read(&f.list, opt->inputs, opt->n_inputs, err) ||
				 infer_config_load(&f.cfg, &opt->base, err) ||
				 infer_check_out(&f, err) || infer_model(&f, err)
			 ? -1
			 : 0;

	if (!rc && f.cfg.skipped.len)
		trainer_say(hooks, "note       left out, because they need a label: %s",
			f.cfg.skipped.p);
	if (!rc)
		rc = infer_images(&f, err);
	if (!rc)
		trainer_say(hooks, "done       %d images in %.1f s, peak RSS %.0f MiB", f.list.n,
			sys_now() - start, (double)sys_peak_rss() / 1048576.0);
	validator_release(&f.validator);
	model_release(&f.model);
	infer_config_release(&f.cfg);
	infer_list_release(&f.list);
	buf_release(&f.csv);
	return rc;
}
