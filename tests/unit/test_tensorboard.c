/*
 * TensorBoard files, read back by a decoder that shares no code with the writer:
 * a table-driven CRC-32C and a generic protobuf walk.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/run/run.h"
#include "core/run/tensorboard.h"

/* --- the independent decoder ---------------------------------------------------------------- */

static uint32_t ref_crc(const unsigned char *p, size_t n)
{
	uint32_t table[256], crc = ~0u;

	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int k = 0; k < 8; k++)
			c = (c >> 1) ^ (0x82f63b78u & (0u - (c & 1)));
		table[i] = c;
	}
	while (n--)
		crc = table[(crc ^ *p++) & 0xff] ^ (crc >> 8);
	return ~crc;
}

static uint64_t le(const unsigned char *p, int n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static void check_masked(const unsigned char *data, size_t n, const unsigned char *stored)
{
	uint32_t m = (uint32_t)le(stored, 4) - 0xa282ead8u;

	assert_int_equal(ref_crc(data, n), m << 15 | m >> 17);
}

struct field {
	int nr, wire;
	uint64_t num; /* varint, fixed64, fixed32 */
	const unsigned char *p;
	size_t len;
};

static uint64_t varint(const unsigned char **p, const unsigned char *end)
{
	uint64_t v = 0;

	for (int shift = 0; *p < end; shift += 7) {
		unsigned char c = *(*p)++;

		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return v;
	}
	fail_msg("varint runs over the end");
	return 0;
}

static int next_field(const unsigned char **p, const unsigned char *end, struct field *f)
{
	uint64_t key;

	if (*p == end)
		return 0;
	key = varint(p, end);
	f->nr = (int)(key >> 3);
	f->wire = (int)(key & 7);
	if (f->wire == 0) {
		f->num = varint(p, end);
		return 1;
	}
	f->len = f->wire == 1 ? 8 : f->wire == 5 ? 4 : (size_t)varint(p, end);
	assert_true(f->wire == 1 || f->wire == 5 || f->wire == 2);
	assert_true(f->len <= (size_t)(end - *p));
	f->p = *p;
	*p += f->len;
	if (f->wire != 2)
		f->num = le(f->p, (int)f->len);
	return 1;
}

struct point {
	double wall;
	int64_t step;
	char tag[64], version[32];
	float value;
	int restart;
};

static void decode_value(const struct field *summary, struct point *pt)
{
	const unsigned char *p = summary->p, *end = p + summary->len, *q, *qend;
	struct field v, f;
	uint32_t bits;

	while (next_field(&p, end, &v)) {
		assert_int_equal(v.nr, 1);
		for (q = v.p, qend = q + v.len; next_field(&q, qend, &f);) {
			if (f.nr == 1)
				snprintf(pt->tag, sizeof(pt->tag), "%.*s", (int)f.len, f.p);
			bits = (uint32_t)f.num;
			if (f.nr == 2)
				memcpy(&pt->value, &bits, 4);
		}
	}
}

static struct point decode_event(const unsigned char *p, size_t n)
{
	const unsigned char *end = p + n;
	struct point pt = {0};
	struct field f;

	while (next_field(&p, end, &f)) {
		if (f.nr == 1)
			memcpy(&pt.wall, &f.num, 8);
		else if (f.nr == 2)
			pt.step = (int64_t)f.num;
		else if (f.nr == 3)
			snprintf(pt.version, sizeof(pt.version), "%.*s", (int)f.len, f.p);
		else if (f.nr == 5)
			decode_value(&f, &pt);
		else if (f.nr == 7)
			pt.restart = f.len == 2 && f.p[0] == 8 && f.p[1] == 1;
		else
			fail_msg("field %d", f.nr);
	}
	return pt;
}

static int decode_file(const char *path, struct point *pts, int max)
{
	struct buf b = {0};
	const unsigned char *p;
	size_t left;
	int n = 0;

	assert_int_equal(sys_read_file(path, 1 << 20, &b, NULL), 0);
	p = (const unsigned char *)b.p;
	for (left = b.len; left; n++) {
		size_t len = (size_t)le(p, 8);

		assert_true(left >= 16 + len);
		check_masked(p, 8, p + 8);
		check_masked(p + 12, len, p + 12 + len);
		assert_true(n < max);
		pts[n] = decode_event(p + 12, len);
		p += 16 + len;
		left -= 16 + len;
	}
	buf_release(&b);
	return n;
}

/* --- tests ---------------------------------------------------------------------------------- */

static int setup(void **state)
{
	char *dir = mem_strdup("/tmp/axial-test-tb-XXXXXX");

	*state = mkdtemp(dir);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	int rc = sys_remove_tree(*state, NULL);

	free(*state);
	return rc;
}

/* The only file in dir whose name says TensorBoard; index counts in name order. */
static char *tb_file(const char *dir, int index)
{
	char **names, *path = NULL;
	int n = sys_list_dir(dir, &names, NULL);

	for (int i = 0; i < n; i++)
		if (!strncmp(names[i], "events.out.tfevents.", 20) && index-- == 0)
			path = sys_join(dir, names[i]);
	sys_free_names(names, n);
	assert_non_null(path);
	return path;
}

/* RFC 3720 B.4, and the check value of the CRC catalogue. */
static void test_crc_known_answers(void **state)
{
	unsigned char b[32];

	(void)state;
	memset(b, 0, sizeof(b));
	assert_int_equal(tensorboard_crc32c(b, 32), 0x8a9136aau);
	memset(b, 0xff, sizeof(b));
	assert_int_equal(tensorboard_crc32c(b, 32), 0x62a8ab43u);
	for (int i = 0; i < 32; i++)
		b[i] = (unsigned char)i;
	assert_int_equal(tensorboard_crc32c(b, 32), 0x46dd794eu);
	assert_int_equal(tensorboard_crc32c("123456789", 9), 0xe3069283u);
}

static void test_scalars(void **state)
{
	struct tensorboard *tb = tensorboard_open(*state, NULL);
	struct point pts[8];
	char *path;

	assert_non_null(tb);
	tensorboard_scalar(tb, "train/loss", 1764000000.25, 300, 0.125f);
	tensorboard_restart(tb, 1764000001.0, 301);
	tensorboard_scalar(tb, "val/mean_dice", 1764000002.5, 1 << 20, -3.5f);
	tensorboard_close(tb);
	path = tb_file(*state, 0);
	assert_int_equal(decode_file(path, pts, 8), 4);
	free(path);
	assert_string_equal(pts[0].version, "brain.Event:2");
	assert_string_equal(pts[1].tag, "train/loss");
	assert_true(pts[1].wall == 1764000000.25 && pts[1].step == 300);
	assert_true(pts[1].value == 0.125f);
	assert_true(pts[2].restart && pts[2].step == 301);
	assert_true(pts[3].value == -3.5f && pts[3].step == 1 << 20);
}

/* The run store feeds the file by itself: steps at the interval, epochs and validations all. */
static void test_run_feeds_it(void **state)
{
	struct run_info info = {.ckpt_dir = *state, .name = "r", .summary_interval = 5};
	struct run *r = run_create(&info, NULL);
	struct point pts[16];
	struct buf f = {0};
	char *path, *dir;

	assert_non_null(r);
	dir = mem_strdup(run_dir(r));
	for (int i = 1; i <= 10; i++) {
		buf_reset(&f);
		event_int(&f, "step", i);
		event_num(&f, "loss", 1.0 / i);
		assert_int_equal(run_event(r, EVENT_STEP, &f, NULL), 0);
	}
	event_num(&f, "mean_dice", 0.5);
	assert_int_equal(run_event(r, EVENT_VALIDATION, &f, NULL), 0);
	buf_release(&f);
	assert_int_equal(run_close(r, "done", NULL, 0, NULL), 0);
	path = tb_file(dir, 0);
	/* version, two steps, and the validation event's two numbers */
	assert_int_equal(decode_file(path, pts, 16), 5);
	assert_true(pts[1].step == 5 && pts[1].value == 0.2f);
	assert_true(pts[2].step == 10);
	assert_string_equal(pts[1].tag, "train/loss");
	assert_string_equal(pts[4].tag, "val/mean_dice");
	free(path);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc_known_answers),
		cmocka_unit_test_setup_teardown(test_scalars, setup, teardown),
		cmocka_unit_test_setup_teardown(test_run_feeds_it, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
