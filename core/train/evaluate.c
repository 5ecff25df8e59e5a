/*
 * The evaluate program: config_validation.json of v3.
 *
 * Per case: pre_transforms on the image, the network through the inferer (field
 * "model"), label_transforms on the label, post_transforms, metrics, writers.  A
 * written volume is put back on the grid of the image file, so that it lies over
 * the original in every viewer, whatever the transforms did in between; each case
 * has a folder of its own.
 *
 * Beside the results files of the metrics, two tables for other programs:
 * metrics.csv, all metrics with a line per case, and of a classifier
 * predictions.csv, the probabilities of its classes.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/data/datalist.h"
#include "core/handler/loader.h"
#include "core/handler/writer.h"
#include "core/train/case_io.h"
#include "core/train/source.h"
#include "core/train/trainer.h"

struct evaluator {
	const struct train_hooks *hooks;
	struct validate_config cfg;
	struct datalist *list;
	struct model model;
	struct validator validator;
	int written;
	struct buf predictions; /* of a classifier, as CSV */
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
static void evaluate_forget_labels(struct evaluator *e, struct datalist *list)
{
	struct buf skipped = {0};

	case_drop_label(&e->cfg.pre_transforms, &skipped);
	case_drop_label(&e->cfg.post_transforms, &skipped);
	if (skipped.len)
		trainer_say(
			e->hooks, "note       left out, because they need a label: %s", skipped.p);
	buf_release(&skipped);
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
		evaluate_forget_labels(e, e->list);
	rc = e->list ? datalist_check(e->list, e->cfg.do_validation, &ps) : -1;
	if (rc)
		problems_to_err(&ps, err);
	problems_release(&ps);
	return rc;
}

static int evaluate_model(struct evaluator *e, const char *device, struct err *err)
{
	char *path = loader_weights(&e->cfg.model_loader, err);
	int rc, folded;

	if (!path)
		return -1;
	rc = model_init_from_file(&e->model, path, device, err) ||
			     model_fold(&e->model, &folded, err)
		     ? -1
		     : 0;
	if (!rc)
		trainer_say(e->hooks, "weights    %s", path);
	if (!rc && e->cfg.use_amp && !model_use_amp(&e->model))
		trainer_say(e->hooks, "warning    use_amp: this CPU has no bf16, fp32 is used");
	free(path);
	return rc;
}

/* Labels of a classifier's cases that it has no class for. */
static int evaluate_labels(struct evaluator *e, struct err *err)
{
	struct problems ps = {0};
	int rc = 0;

	if (e->model.classifier && e->cfg.do_validation)
		rc = datalist_check_classes(e->list, e->model.classes, &ps);
	if (rc)
		problems_to_err(&ps, err);
	problems_release(&ps);
	return rc;
}

static int evaluate_write(
	struct evaluator *e, const struct component_use *writer, struct sample *s, struct err *err)
{
	const struct write_nifti_args *a = writer->args;
	char *file = mem_printf("%s/%s_%s.nii.gz", s->case_id, s->case_id, a->field);
	char *path = sys_join(a->write_path, file);
	int rc = case_write(s, a->field, path, (enum nifti_dtype)a->dtype, RESAMPLE_NEAREST, err);

	e->written += !rc;
	free(path);
	free(file);
	return rc;
}

static void evaluate_prediction_head(struct buf *b, int labels, int classes)
{
	csv_text(b, "case");
	for (int i = 0; i < labels; i++)
		buf_printf(b, labels > 1 ? ",label%d" : ",label", i);
	buf_puts(b, ",class");
	for (int i = 0; i < classes; i++)
		buf_printf(b, ",p%d", i);
	csv_end(b);
}

/* A classifier's answer for a case, before any transform. */
static int evaluate_prediction(struct evaluator *e, struct sample *s, struct err *err)
{
	const struct sample_field *field = e->cfg.do_validation ? sample_find(s, "label") : NULL;
	const struct volume *label = field ? field->vol : NULL;
	struct buf *b = &e->predictions;
	int n = 0, labels = label && volume_voxels(label) == 1 ? label->channels : 0;
	const float *p = case_classes(s, &n, err);

	if (!p)
		return err_set(err, ERR_DATA, "case '%s': no class probabilities", s->case_id);
	if (!b->len)
		evaluate_prediction_head(b, labels, n);
	csv_text(b, s->case_id);
	for (int i = 0; i < labels; i++)
		buf_printf(b, ",%g", (double)label->data[i]);
	buf_printf(b, ",%d", case_class(p, n, e->model.activation == LOSS_SIGMOID));
	for (int i = 0; i < n; i++)
		csv_num(b, (double)p[i]);
	csv_end(b);
	return 0;
}

static int evaluate_outputs(struct evaluator *e, struct sample *s, struct err *err)
{
	for (int w = 0; !e->model.classifier && w < e->cfg.writers.n; w++)
		if (evaluate_write(e, &e->cfg.writers.v[w], s, err))
			return -1;
	return 0;
}

static int evaluate_sample(struct evaluator *e, struct sample *s, struct err *err)
{
	if (case_transform(&e->cfg.pre_transforms, s, err) ||
		validator_predict(&e->validator, s, err))
		return -1;
	if (e->model.classifier && evaluate_prediction(e, s, err))
		return -1;
	if (e->cfg.do_validation && case_transform(&e->cfg.label_transforms, s, err))
		return -1;
	if (case_transform(&e->cfg.post_transforms, s, err))
		return -1;
	if (e->cfg.do_validation && validator_measure(&e->validator, s, err))
		return -1;
	return e->cfg.output_infer_result ? evaluate_outputs(e, s, err) : 0;
}

static int evaluate_case(struct evaluator *e, int i, struct err *err)
{
	struct sample *s = datalist_sample(e->list, i, err);
	int rc = s ? evaluate_sample(e, s, err) : -1;

	if (!rc)
		trainer_say(e->hooks, "case       %d/%d %s", i + 1, e->list->n, s->case_id);
	sample_free(s);
	return rc;
}

/* Writes text as a file of the eval folder. */
static int evaluate_save(
	struct evaluator *e, const char *name, const struct buf *text, struct err *err)
{
	char *path = sys_join(e->cfg.paths.eval_dir, name);
	int rc = sys_mkdirs(e->cfg.paths.eval_dir, err) ||
				 sys_write_file(path, text->p, text->len, err)
			 ? -1
			 : 0;

	if (!rc)
		trainer_say(e->hooks, "written    %s", path);
	free(path);
	return rc;
}

/* A line per case: the values of all metrics and their classes. */
static int evaluate_csv(struct evaluator *e, const struct metric_result *r, struct err *err)
{
	int n = e->validator.n_metrics, rc;
	struct buf b = {0};

	csv_text(&b, "case");
	for (int m = 0; m < n; m++) {
		csv_text(&b, r[m].name);
		for (int k = 0; k < r[m].n_classes; k++) {
			char *name = mem_printf("%s_class_%d", r[m].name, r[m].first_class + k);

			csv_text(&b, name);
			free(name);
		}
	}
	csv_end(&b);
	for (int i = 0; n && i < r[0].cases; i++) {
		csv_text(&b, r[0].rows[i].case_id);
		for (int m = 0; m < n; m++) {
			const struct metric_row *row = i < r[m].cases ? &r[m].rows[i] : NULL;

			csv_num(&b, row ? row->value : NAN);
			for (int k = 0; k < r[m].n_classes; k++)
				csv_num(&b, row && k < row->n_classes ? row->classes[k] : NAN);
		}
		csv_end(&b);
	}
	rc = n ? evaluate_save(e, "metrics.csv", &b, err) : 0;
	buf_release(&b);
	return rc;
}

/* Dice after 0, 1 ... clicks: a line of means, and a table with a line per case. */
static int evaluate_clicks(struct evaluator *e, struct err *err)
{
	const struct click_table *t = &e->validator.table;
	struct buf b = {0}, line = {0};
	int rc;

	if (!t->clicks)
		return 0;
	buf_puts(&line, "clicks     Dice");
	csv_text(&b, "case");
	for (int k = 0; k <= t->clicks; k++) {
		buf_printf(&b, ",clicks_%d", k);
		buf_printf(&line, "%s %d: %.4f", k ? "," : " after", k, click_table_mean(t, k));
	}
	csv_end(&b);
	for (int i = 0; i < t->n; i++) {
		csv_text(&b, t->v[i].case_id);
		for (int k = 0; k <= t->clicks; k++)
			csv_num(&b, t->v[i].dice[k]);
		csv_end(&b);
	}
	trainer_say(e->hooks, "%s", line.p);
	rc = evaluate_save(e, "clicks.csv", &b, err);
	buf_release(&b);
	buf_release(&line);
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
	if (!rc)
		rc = evaluate_csv(e, r, err);
	if (!rc)
		rc = evaluate_clicks(e, err);
	free(r);
	return rc;
}

static int evaluate_cases(struct evaluator *e, struct err *err)
{
	int rc = 0;

	validator_init(&e->validator, &e->model, &e->cfg.inferer, &e->cfg.metrics);
	e->validator.hooks = e->hooks;
	if (e->cfg.do_validation)
		validator_clicks(&e->validator, &e->cfg.iteration, 0);
	validator_begin(&e->validator);
	for (int i = 0; !rc && i < e->list->n; i++) {
		rc = evaluate_case(e, i, err);
		trainer_prop(e->hooks, "validation", (double)(i + 1) / (double)e->list->n);
	}
	if (!rc && e->cfg.do_validation)
		rc = evaluate_report(e, err);
	if (!rc && e->predictions.len)
		rc = evaluate_save(e, "predictions.csv", &e->predictions, err);
	if (!rc && e->cfg.output_infer_result && !e->model.classifier)
		trainer_say(e->hooks, "written    %d volumes", e->written);
	return rc;
}

int evaluate_run(const struct train_options *opt, const struct train_hooks *hooks, struct err *err)
{
	struct evaluator e = {.hooks = hooks};
	double start = sys_now();
	int rc;

	rc = evaluate_config(&e, opt, err) || evaluate_data(&e, err) ||
			     evaluate_model(&e, opt->device, err) || evaluate_labels(&e, err) ||
			     evaluate_cases(&e, err)
		     ? -1
		     : 0;
	if (!rc)
		trainer_say(hooks, "done       %d cases in %.1f s, peak RSS %.0f MiB", e.list->n,
			sys_now() - start, (double)sys_peak_rss() / 1048576.0);
	buf_release(&e.predictions);
	validator_release(&e.validator);
	model_release(&e.model);
	datalist_free(e.list);
	validate_config_release(&e.cfg);
	return rc;
}
