/*
 * Every op of the table against finite differences, and proof that the harness
 * sees a wrong gradient.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/graph/layers.h"
#include "tests/unit/op_harness.h"

static const uint64_t SEED = 20261124;

static void every_op(void **state)
{
	struct op_report r, worst = {.ok = true};
	bool ok = true;

	(void)state;
	for (int i = 0; op_at(i); i++) {
		gradcheck_op(op_at(i), SEED, 12, &r);
		ok &= r.ok && (r.cases > 0 || !op_at(i)->backward);
		if (!r.ok)
			print_error("gradcheck failed, %s (error %.3g)\n", r.what, r.worst);
		if (r.worst >= worst.worst)
			worst = r;
	}
	print_message("seed %llu, worst error %.2e: %s\n", (unsigned long long)SEED, worst.worst,
		worst.what);
	assert_true(ok);
}

static void wrong_backward(const struct op_io *io)
{
	op_act.backward(io);
	for (size_t i = 0; i < shape_count(&io->out_shape); i++)
		io->din[0][i] *= 1.1f;
}

static void ignores_acc(const struct op_io *io)
{
	struct op_io c = *io;

	c.acc = 0;
	op_softmax.backward(&c);
}

static void reads_what_it_must_not(const struct op_io *io)
{
	for (size_t i = 0; i < shape_count(&io->out_shape); i++)
		io->out[i] = io->in[0][0] * 2 + io->in[0][i]; /* in[0][0] is gone in place */
}

static void broken_ops_are_seen(void **state)
{
	struct op bad = op_act;
	struct op_report r;

	(void)state;
	bad.backward = wrong_backward;
	gradcheck_op(&bad, SEED, 6, &r);
	assert_false(r.ok);
	assert_true(r.worst > 0.05);
	bad = op_softmax;
	bad.backward = ignores_acc;
	gradcheck_op(&bad, SEED, 6, &r);
	assert_false(r.ok);
	bad = op_act;
	bad.forward = reads_what_it_must_not;
	gradcheck_op(&bad, SEED, 6, &r);
	assert_false(r.ok);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_op),
		cmocka_unit_test(broken_ops_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
