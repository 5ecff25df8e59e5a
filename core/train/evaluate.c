/*
 * The evaluate program: config_validation.json of v3.
 *
 * Per case: pre_transforms on the image, the network through the inferer (field
 * "model"), label_transforms on the label, post_transforms, metrics, writers.  A
 * written volume is put back on the grid of the image file, so that it lies over
 * the original in every viewer, whatever the transforms did in between.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/data/datalist.h"
#include "core/handler/loader.h"
#include "core/handler/writer.h"
#include "core/train/source.h"
#include "core/train/trainer.h"
#include "core/transform/transform.h"
#include "core/volume/nifti.h"
#include "core/volume/resample.h"

struct evaluator {
	const struct train_hooks *hooks;
	struct validate_config cfg;
	struct datalist *list;
	struct model model;
	struct validator validator;
	int written;
};

static int evaluate_config(struct evaluator *e, const struct train_options *opt, struct err *err)
{
	struct train_source src;
	struct problems ps = {0};
	int rc = train_source_init(&src, opt, err);

	if (!rc) {
		const struct config_source cs = train_source_config(&src);

		rc = validate_config_load(&cs, &e->cfg, &ps);
		if (rc)
			problems_to_err(&ps, err);
	}
	problems_release(&ps);
	train_source_release(&src);
	return rc;
}

/* Inference looks at no label, so none needs to be there. */
static void evaluate_forget_labels(struct datalist *list)
{
	for (int i = 0; i < list->n; i++) {
		free(list->v[i].label);
		list->v[i].label = NULL;
	}
}

static int evaluate_data(struct evaluator *e, struct err *err)
{
	struct problems ps = {0};
	int rc;

	if (train_generate(&e->cfg.generator, &e->cfg.paths, e->hooks, err))
		return -1;
	if (!e->cfg.paths.dataset_json)
		return err_set(err, ERR_DATA,
			"DATASET_JSON is not set: give it in environment.json or by "
			"--set DATASET_JSON=FILE");
	e->list = datalist_read(
		e->cfg.paths.dataset_json, e->cfg.paths.data_root, e->cfg.data_list_key, &ps);
	if (e->list && !e->cfg.do_validation)
		evaluate_forget_labels(e->list);
	rc = e->list ? datalist_check(e->list, e->cfg.do_validation, &ps) : -1;
	if (rc)
		problems_to_err(&ps, err);
	problems_release(&ps);
	return rc;
}

static int evaluate_model(struct evaluator *e, const char *device, struct err *err)
{
	char *path = loader_weights(&e->cfg.model_loader, err);
	int rc;

	if (!path)
		return -1;
	rc = model_init_from_file(&e->model, path, device, err);
	if (!rc)
		trainer_say(e->hooks, "weights    %s", path);
	free(path);
	return rc;
}

static int evaluate_transforms(const struct component_list *list, struct sample *s, struct err *err)
{
	for (int i = 0; i < list->n; i++) {
		/* Random ones draw the same in every evaluation. */
		struct rng rng = transform_stream(0, 0, s->case_id, 0, &list->v[i]);

		if (transform_apply(&list->v[i], s, &rng, err))
			return -1;
	}
	return 0;
}

static int evaluate_write(
	struct evaluator *e, const struct component_use *writer, struct sample *s, struct err *err)
{
	const struct write_nifti_args *a = writer->args;
	struct volume *v = sample_volume(s, a->field, err), *image, *out;
	char *name, *path;
	int rc;

	if (!v)
		return -1;
	image = sample_volume(s, "image", err);
	if (!image || sys_mkdirs(a->write_path, err))
		return -1;
	out = resample_to_grid(v, &image->original, RESAMPLE_NEAREST, err);
	if (!out)
		return err_wrap(err, "case '%s', field '%s'", s->case_id, a->field);
	name = mem_printf("%s_%s.nii.gz", s->case_id, a->field);
	path = sys_join(a->write_path, name);
	rc = nifti_write(path, out, (enum nifti_dtype)a->dtype, err);
	e->written += !rc;
	free(path);
	free(name);
	volume_free(out);
	return rc;
}

static int evaluate_case(struct evaluator *e, int i, struct err *err)
{
	struct sample *s = datalist_sample(e->list, i, err);
	int rc = s ? evaluate_transforms(&e->cfg.pre_transforms, s, err) : -1;

	if (!rc)
		rc = validator_predict(&e->validator, s, err);
	if (!rc && e->cfg.do_validation)
		rc = evaluate_transforms(&e->cfg.label_transforms, s, err);
	if (!rc)
		rc = evaluate_transforms(&e->cfg.post_transforms, s, err);
	if (!rc && e->cfg.do_validation)
		rc = validator_measure(&e->validator, s, err);
	for (int w = 0; !rc && e->cfg.output_infer_result && w < e->cfg.writers.n; w++)
		rc = evaluate_write(e, &e->cfg.writers.v[w], s, err);
	if (!rc)
		trainer_say(e->hooks, "case       %d/%d %s", i + 1, e->list->n, s->case_id);
	sample_free(s);
	return rc;
}

static int evaluate_report(struct evaluator *e, struct err *err)
{
	struct metric_result *r = mem_zalloc((size_t)e->validator.n_metrics * sizeof(*r));
	int rc = 0;

	validator_end(&e->validator, r);
	for (int i = 0; !rc && i < e->validator.n_metrics; i++) {
		struct buf line = {0};

		buf_printf(&line, "metric     %s %.4f over %d of %d cases", r[i].name, r[i].mean,
			r[i].valid, r[i].cases);
		for (int k = 0; k < r[i].n_classes; k++)
			buf_printf(&line, "%s class %d %.4f", k ? "," : ":", r[i].first_class + k,
				r[i].class_mean[k]);
		trainer_say(e->hooks, "%s", line.p);
		buf_release(&line);
		rc = metric_report(e->validator.metrics[i], &r[i], err);
	}
	free(r);
	return rc;
}

static int evaluate_cases(struct evaluator *e, struct err *err)
{
	int rc = 0;

	validator_init(&e->validator, &e->model, &e->cfg.inferer, &e->cfg.metrics);
	e->validator.hooks = e->hooks;
	validator_begin(&e->validator);
	for (int i = 0; !rc && i < e->list->n; i++) {
		rc = evaluate_case(e, i, err);
		trainer_prop(e->hooks, "validation", (double)(i + 1) / (double)e->list->n);
	}
	if (!rc && e->cfg.do_validation)
		rc = evaluate_report(e, err);
	if (!rc && e->cfg.output_infer_result)
		trainer_say(e->hooks, "written    %d volumes", e->written);
	return rc;
}

int evaluate_run(const struct train_options *opt, const struct train_hooks *hooks, struct err *err)
{
	struct evaluator e = {.hooks = hooks};
	double start = sys_now();
	int rc;

	rc = evaluate_config(&e, opt, err) || evaluate_data(&e, err) ||
			     evaluate_model(&e, opt->device, err) || evaluate_cases(&e, err)
		     ? -1
		     : 0;
	if (!rc)
		trainer_say(hooks, "done       %d cases in %.1f s, peak RSS %.0f MiB", e.list->n,
			sys_now() - start, (double)sys_peak_rss() / 1048576.0);
	validator_release(&e.validator);
	model_release(&e.model);
	datalist_free(e.list);
	validate_config_release(&e.cfg);
	return rc;
}
