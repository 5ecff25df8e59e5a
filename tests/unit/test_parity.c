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
		&op_concat, &op_upsample, &op_add, &op_act, &op_conv_transpose, &op_prelu};
	struct backend *b = open_cpu();
	struct op_report r;

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		parity_op(b, wanted[i], wanted[i], SEED, 20, &r);
		assert_true(r.kernels > 0);
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
		cmocka_unit_test(a_kernel_that_disagrees_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
