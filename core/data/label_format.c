/*
 * Labels of classification as channels.  What v3 had in output_label_format is not
 * published; here it says of each number of a label whether it is a value of its own
 * (1) or a class number to be spread over K channels (K > 1), so that one list can
 * serve a softmax over classes and several independent findings.
 */
#include "core/data/label_format.h"

#include <math.h>
#include <string.h>

int label_format_channels(const struct numlist *format, const struct datalist *list)
{
	int n = 0;

	if (!format->n)
		return list->label_values;
	for (int i = 0; i < format->n; i++)
		n += (int)format->v[i];
	return n;
}

int label_format_check(const struct numlist *format, const struct datalist *list, struct err *err)
{
	if (format->n && format->n != list->label_values)
		return err_set(err, ERR_DATA,
			"%s: output_label_format has %d numbers, but the labels of '%s' have %d",
			list->file, format->n, list->key, list->label_values);
	for (int i = 0; format->n && i < list->n; i++) {
		const struct datalist_entry *e = &list->v[i];

		for (int k = 0; k < e->n_label_value; k++) {
			float x = e->label_value[k];

			if (format->v[k] > 1 && (x != floorf(x) || (double)x >= format->v[k]))
				return err_set(err, ERR_DATA,
					"%s: %s.#%d, case '%s' has the label %g, but "
					"output_label_format allows the classes 0 to %g",
					list->file, list->key, i + 1, e->case_id, (double)x,
					format->v[k] - 1);
		}
	}
	return 0;
}

int label_format_apply(const struct numlist *format, struct sample *s, struct err *err)
{
	const struct sample_field *f = sample_find(s, "label");
	struct volume *v;
	int n = 0, at = 0;

	if (!format->n || !f || !f->vol || f->vol->channels != format->n)
		return 0;
	for (int i = 0; i < format->n; i++)
		n += (int)format->v[i];
	v = volume_new(n, (const int[]){1, 1, 1}, err);
	if (!v)
		return -1;
	memset(v->data, 0, (size_t)n * sizeof(*v->data));
	for (int i = 0; i < format->n; i++) {
		int width = (int)format->v[i];
		float x = f->vol->data[i];

		if (width == 1)
			v->data[at] = x;
		else if (x < (float)width)
			v->data[at + (int)x] = 1;
		at += width;
	}
	return sample_set(s, "label", v, err);
}
