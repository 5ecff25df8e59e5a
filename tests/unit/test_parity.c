/*
 * The CPU's kernels against the references over the whole op table, and proof
 * that the harness sees a kernel that disagrees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/cpu/cpu.h"
#include "core/graph/layers.h"
#include "tests/unit/op_harness.h"

static const uint64_t SEED = 20261124;

static struct backend *open_cpu(void)
{
	struct err err = ERR_INIT;
	struct backend *b = cpu_open(NULL, &err);

	if (!b)
		print_error("%s\n", err.msg);
	assert_non_null(b);
	return b;
}

static void every_op(void **state)
{
	struct backend *b = open_cpu();
	struct op_report r;
	bool ok = true;

	(void)state;
	for (int i = 0; op_at(i); i++) {
		parity_op(b, op_at(i), op_at(i), SEED, 40, &r);
		print_message("%-10s %2d of %2d cases by kernel, worst %.2e\n", op_at(i)->name,
			r.kernels, r.cases, r.worst);
		if (!r.ok)
			print_error("parity failed, %s (error %.3g)\n", r.what, r.worst);
		ok &= r.ok;
	}
	print_message("seed %llu\n", (unsigned long long)SEED);
	b->ops->close(b);
	assert_true(ok);
}

static void kernels_exist(void **state)
{
	static const struct op *const wanted[] = {&op_conv3d, &op_norm, &op_upconv, &op_softmax,
		&op_concat, &op_upsample, &op_add, &op_act, &op_conv_transpose, &op_prelu,
		&op_loss_dice, &op_loss_dice_logits, &op_loss_cross_entropy, &op_loss_focal};
	struct backend *b = open_cpu();
	struct op_report r;

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		parity_op(b, wanted[i], wanted[i], SEED, 20, &r);
		assert_true(r.kernels > 0);
	}
	b->ops->close(b);
}

/* Channel counts that are no multiple of 16, over more rows than are summed in one go. */
static void larger(struct rng *r, struct op_case *c)
{
	static const int64_t channels[] = {1, 3, 4, 6, 8, 12, 24, 40};
	int64_t old = c->in[0].d[4];

	c->in[0] = shape5(1 + (int64_t)rng_below(r, 2), 17, 16, 15, channels[rng_below(r, 8)]);
	for (int i = 1; i < c->n_in; i++)
		if (c->in[i].d[0] == old && (old > 1 || i + 1 < c->n_in || rng_below(r, 2)))
			c->in[i] = shape1(c->in[0].d[4]);
}

static void larger_prelu(struct rng *r, struct op_case *c)
{
	op_prelu.example(r, c);
	larger(r, c);
}

static void larger_norm(struct rng *r, struct op_case *c)
{
	struct norm_attr *a = (struct norm_attr *)c->attr;

	op_norm.example(r, c);
	larger(r, c);
	a->groups = rng_below(r, 2) ? 1 : (int32_t)c->in[0].d[4];
	for (int i = 1; i < c->n_in - (a->slopes ? 1 : 0); i++)
		c->in[i] = shape1(c->in[0].d[4]);
	if (a->slopes)
		a->slopes = (int32_t)c->in[c->n_in - 1].d[0];
}

static void large_thin_tensors(void **state)
{
	struct op prelu = op_prelu, norm = op_norm, *big[] = {&prelu, &norm};
	const struct op *made[] = {&op_prelu, &op_norm};
	struct backend *b = open_cpu();
	struct op_report r;

	(void)state;
	prelu.example = larger_prelu;
	norm.example = larger_norm;
	for (int i = 0; i < 2; i++) {
		parity_op(b, big[i], made[i], SEED, 40, &r);
		assert_int_equal(r.kernels, r.cases);
		if (!r.ok)
			fail_msg("parity failed, %s (error %.3g)", r.what, r.worst);
	}
	b->ops->close(b);
}

static void other_forward(const struct op_io *io)
{
	op_add.forward(io);
	io->out[shape_count(&io->out_shape) - 1] += 0.01f;
}

static void other_backward(const struct op_io *io)
{
	op_add.backward(io);
	io->din[1][0] *= 0.9f;
}

static void a_kernel_that_disagrees_is_seen(void **state)
{
	struct backend *b = open_cpu();
	struct op ref = op_add;
	struct op_report r;

	(void)state;
	ref.forward = other_forward;
	parity_op(b, &ref, &op_add, SEED, 4, &r);
	assert_true(r.kernels > 0);
	assert_false(r.ok);
	ref = op_add;
	ref.backward = other_backward;
	parity_op(b, &ref, &op_add, SEED, 4, &r);
	assert_false(r.ok);
	b->ops->close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_op),
		cmocka_unit_test(kernels_exist),
		cmocka_unit_test(large_thin_tensors),
		cmocka_unit_test(a_kernel_that_disagrees_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
