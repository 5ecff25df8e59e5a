/*
 * The op table and what op files share: bit masks, the shape rules that many
 * ops have, random shapes for examples.
 */
#include "core/graph/op.h"

#include <string.h>

static const struct op *const op_table[] = {
#define OP(name) &op_##name,
#include "core/graph/ops.def"
#undef OP
	NULL,
};

const struct op *op_at(int i)
{
	return op_table[i];
}

const struct op *op_find(const char *name)
{
	for (int i = 0; op_table[i]; i++)
		if (!strcmp(op_table[i]->name, name))
			return op_table[i];
	return NULL;
}

unsigned op_bits_all(const void *attr, int n_in)
{
	(void)attr;
	return (1u << n_in) - 1;
}

unsigned op_bits_first(const void *attr, int n_in)
{
	(void)attr;
	(void)n_in;
	return OP_IN(0);
}

unsigned op_bits_none(const void *attr, int n_in)
{
	(void)attr;
	(void)n_in;
	return 0;
}

unsigned op_bits_out(const void *attr, int n_in)
{
	(void)attr;
	(void)n_in;
	return OP_NEEDS_OUT;
}

int op_shape_same(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	(void)attr;
	(void)n_in;
	(void)err;
	*out = in[0];
	return 0;
}

int op_shape_loss(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	char a[SHAPE_TEXT], b[SHAPE_TEXT];
	bool same = n_in >= 2 && in[0].n == 5 && in[1].n == 5 && in[1].d[4] == 1;

	(void)attr;
	for (int i = 0; same && i < 4; i++)
		same = in[0].d[i] == in[1].d[i];
	if (!same)
		return err_set(err, ERR_DATA,
			"prediction %s and label %s do not fit: N D H W C and N D H W 1 wanted",
			shape_text(&in[0], a), shape_text(&in[1], b));
	*out = shape1(1);
	return 0;
}

struct shape op_example_shape(struct rng *r, int max_edge)
{
	static const int64_t channels[] = {1, 2, 3, 5, 16, 17};
	struct shape s = {5, {0}};

	s.d[0] = 1 + (int64_t)rng_below(r, 2);
	for (int i = 1; i < 4; i++)
		s.d[i] = 1 + (int64_t)rng_below(r, (uint32_t)max_edge);
	s.d[4] = channels[rng_below(r, 6)];
	return s;
}
