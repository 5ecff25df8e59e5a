/*
 * A round of a metric: one row per case, means over the rows, results files.
 *
 * What a case is worth is the business of the components (metric_ops.measure);
 * what happens to the values is here, once.  NaN is "not defined", never "bad": a
 * case whose label lacks a class says nothing about how well it is found.  Sums
 * run over the rows in the order of addition, so that a round gives the same bits
 * each time.
 */
#include "core/metric/metric.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/sys.h"

struct metric {
	const struct component_use *use;
	struct metric_row *rows;
	int n, cap;
	int first_class;
	double *class_mean;
};

struct metric *metric_new(const struct component_use *u)
{
	struct metric *m = mem_zalloc(sizeof(*m));

	m->use = u;
	return m;
}

void metric_begin(struct metric *m)
{
	for (int i = 0; i < m->n; i++) {
		free(m->rows[i].case_id);
		free(m->rows[i].classes);
		free(m->rows[i].extra);
	}
	m->n = 0;
	free(m->class_mean);
	m->class_mean = NULL;
}

void metric_free(struct metric *m)
{
	if (!m)
		return;
	metric_begin(m);
	free(m->rows);
	free(m);
}

const struct metric_args *metric_args(const struct component_use *u)
{
	return u->args;
}

int metric_add(struct metric *m, const struct metric_case *c, struct err *err)
{
	const struct metric_ops *ops = m->use->c->ops;
	const char *name = metric_args(m->use)->name;
	struct metric_row row = {.value = NAN};
	int first_class = 0;

	if (ops->measure(m->use->args, c, &row, &first_class, err)) {
		free(row.classes);
		free(row.extra);
		return err_wrap(err, "metric '%s', case '%s'", name, c->case_id);
	}
	if (m->n && m->rows[0].n_classes != row.n_classes) {
		free(row.classes);
		free(row.extra);
		return err_set(err, ERR_DATA,
			"metric '%s': case '%s' has %d classes, the cases before it have %d", name,
			c->case_id, row.n_classes, m->rows[0].n_classes);
	}
	if (m->n == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 16;
		m->rows = mem_realloc(m->rows, (size_t)m->cap * sizeof(*m->rows));
	}
	row.case_id = mem_strdup(c->case_id);
	m->rows[m->n++] = row;
	m->first_class = first_class;
	return 0;
}

void metric_end(struct metric *m, struct metric_result *out)
{
	int n_classes = m->n ? m->rows[0].n_classes : 0;
	double sum = 0;

	*out = (struct metric_result){
		.name = metric_args(m->use)->name,
		.is_key = metric_args(m->use)->is_key_metric,
		.cases = m->n,
		.first_class = m->first_class,
		.n_classes = n_classes,
		.rows = m->rows,
	};
	for (int i = 0; i < m->n; i++) {
		if (isnan(m->rows[i].value))
			continue;
		sum += m->rows[i].value;
		out->valid++;
	}
	out->mean = out->valid ? sum / out->valid : NAN;

	free(m->class_mean);
	m->class_mean = mem_zalloc((size_t)n_classes * sizeof(double));
	for (int k = 0; k < n_classes; k++) {
		int valid = 0;

		for (int i = 0; i < m->n; i++) {
			if (isnan(m->rows[i].classes[k]))
				continue;
			m->class_mean[k] += m->rows[i].classes[k];
			valid++;
		}
		m->class_mean[k] = valid ? m->class_mean[k] / valid : NAN;
	}
	out->class_mean = m->class_mean;
	if (m->n && ((const struct metric_ops *)m->use->c->ops)->finish)
		((const struct metric_ops *)m->use->c->ops)
			->finish(m->use->args, out, m->class_mean);
}

static void put_number(struct buf *b, double v)
{
	if (isnan(v))
		buf_puts(b, "nan"); /* printf may write "-nan" */
	else
		buf_printf(b, "%.6f", v);
}

static void raw_text(const struct metric_result *r, struct buf *b)
{
	buf_puts(b, "case\tmean");
	for (int k = 0; k < r->n_classes; k++)
		buf_printf(b, "\tclass_%d", r->first_class + k);
	buf_putc(b, '\n');
	for (int i = 0; i < r->cases; i++) {
		buf_put_safe(b, r->rows[i].case_id);
		buf_putc(b, '\t');
		put_number(b, r->rows[i].value);
		for (int k = 0; k < r->n_classes; k++) {
			buf_putc(b, '\t');
			put_number(b, r->rows[i].classes[k]);
		}
		buf_putc(b, '\n');
	}
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void put_line(struct buf *b, const char *key, double v)
{
	buf_printf(b, "%s\t", key);
	put_number(b, v);
	buf_putc(b, '\n');
}

static void summary_text(const struct metric_result *r, struct buf *b)
{
	double *v = mem_alloc((size_t)(r->cases + 1) * sizeof(double)), spread = 0;
	int n = 0;

	for (int i = 0; i < r->cases; i++)
		if (!isnan(r->rows[i].value))
			v[n++] = r->rows[i].value;
	for (int i = 0; i < n; i++)
		spread += (v[i] - r->mean) * (v[i] - r->mean);
	qsort(v, (size_t)n, sizeof(*v), compare_doubles);
	buf_puts(b, "metric\t");
	buf_put_safe(b, r->name);
	buf_printf(b, "\ncases\t%d\nvalid_cases\t%d\n", r->cases, r->valid);
	put_line(b, "mean", r->mean);
	put_line(b, "std", n ? sqrt(spread / n) : NAN);
	put_line(b, "min", n ? v[0] : NAN);
	put_line(b, "median", n ? (v[(n - 1) / 2] + v[n / 2]) / 2 : NAN);
	put_line(b, "max", n ? v[n - 1] : NAN);
	for (int k = 0; k < r->n_classes; k++) {
		char key[32];

		snprintf(key, sizeof(key), "class_%d_mean", r->first_class + k);
		put_line(b, key, r->class_mean[k]);
	}
	free(v);
}

/* A metric's name as part of a file name: no folders. */
static char *report_file(const char *dir, const char *name, const char *what)
{
	char *file = mem_printf("%s_%s_results.txt", name, what), *path;

	for (char *p = file; *p; p++)
		if (*p == '/')
			*p = '_';
	path = sys_join(dir, file);
	free(file);
	return path;
}

static int write_text(const struct metric_result *r, const char *dir, const char *what,
	void (*text)(const struct metric_result *, struct buf *), struct err *err)
{
	char *path = report_file(dir, r->name, what);
	struct buf b = {0};
	int rc;

	text(r, &b);
	rc = sys_write_file(path, b.p, b.len, err);
	buf_release(&b);
	free(path);
	return rc;
}

int metric_report(const struct metric *m, const struct metric_result *r, struct err *err)
{
	const struct metric_args *a = metric_args(m->use);

	if (!a->report_path || !a->report_path[0])
		return 0;
	if (sys_mkdirs(a->report_path, err))
		return err_wrap(err, "report of metric '%s'", a->name);
	if (write_text(r, a->report_path, "raw", raw_text, err) ||
		write_text(r, a->report_path, "summary", summary_text, err))
		return err_wrap(err, "report of metric '%s'", a->name);
	return 0;
}
