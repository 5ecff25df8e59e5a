/*
 * safetensors: what is written reads back, and every damaged or hostile file of
 * the list (lengths, offsets, shapes, names, metadata) is refused with a message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/tensor/safetensors_read.h"
#include "core/tensor/safetensors_write.h"
#include "core/tensor/tensor.h"

static char path[] = "/tmp/axial-st-XXXXXX";

static int make_path(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int drop_path(void **state)
{
	(void)state;
	return unlink(path);
}

/* Writes N (as given), the header and data bytes of zeros. */
static void put(uint64_t n, const char *header, size_t data)
{
	struct buf b = {0};
	struct err err = ERR_INIT;

	for (int i = 0; i < 8; i++)
		buf_putc(&b, (char)(n >> (8 * i)));
	buf_puts(&b, header);
	for (size_t i = 0; i < data; i++)
		buf_putc(&b, 0);
	assert_int_equal(sys_write_file(path, b.p, b.len, &err), 0);
	buf_release(&b);
}

static void refused(const char *header, size_t data)
{
	struct err err = ERR_INIT;
	struct safetensors *st;

	put(strlen(header), header, data);
	st = safetensors_open(path, &err);
	if (st)
		print_error("accepted: %s\n", header);
	assert_null(st);
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.msg, path));
}

static void accepted(const char *header, size_t data, int count)
{
	struct err err = ERR_INIT;
	struct safetensors *st;

	put(strlen(header), header, data);
	st = safetensors_open(path, &err);
	if (!st)
		print_error("%s: %s\n", header, err.msg);
	assert_non_null(st);
	assert_int_equal(safetensors_count(st), count);
	safetensors_close(st);
}

static void reads_back_what_was_written(void **state)
{
	float w[6] = {1, -2, 3.5f, 0, 1e-30f, -1e30f}, back[6];
	int64_t step = 1234567890123456789, got;
	struct shape s2 = {2, {2, 3}}, s0 = {0, {0}}, empty = {1, {0}};
	struct st_item items[] = {{"enc0.conv.weight", DTYPE_F32, s2, w},
		{"step \"n\xc3\xa4h\"", DTYPE_I64, s0, &step}, {"none", DTYPE_F32, empty, NULL}};
	struct st_meta meta[] = {{"format", "axial 1"}, {"note", "a \"quoted\"\nline"}};
	struct err err = ERR_INIT;
	struct safetensors *st;

	(void)state;
	assert_int_equal(safetensors_write(path, items, 3, meta, 2, &err), 0);
	st = safetensors_open(path, &err);
	assert_non_null(st);
	assert_int_equal(safetensors_count(st), 3);
	assert_string_equal(safetensors_meta(st, "note"), meta[1].value);
	assert_null(safetensors_meta(st, "absent"));
	assert_int_equal(safetensors_load_named(st, items[0].name, DTYPE_F32, &s2, back, &err), 0);
	assert_memory_equal(back, w, sizeof(w));
	assert_int_equal(safetensors_load_named(st, items[1].name, DTYPE_I64, &s0, &got, &err), 0);
	assert_true(got == step);
	assert_int_equal(safetensors_find(st, "none")->bytes, 0);
	assert_int_equal(safetensors_load_named(st, "none", DTYPE_I64, &empty, back, &err), -1);
	assert_int_equal(safetensors_load_named(st, "absent", DTYPE_F32, &s2, back, &err), -1);
	assert_non_null(strstr(err.msg, "absent"));
	safetensors_close(st);
	items[1].name = items[0].name;
	assert_int_equal(safetensors_write(path, items, 3, NULL, 0, &err), -1);
}

static void bad_lengths(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	put(0, "", 0);
	assert_null(safetensors_open(path, &err));
	put(1ull << 63, "{}", 0);
	assert_null(safetensors_open(path, &err));
	put(100000001, "{}", 0);
	assert_null(safetensors_open(path, &err));
	put(3, "{}", 0);
	assert_null(safetensors_open(path, &err));
	assert_int_equal(err.code, ERR_DATA);
	refused("[]", 0);
	refused("{\"\xff\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4);
	refused("{\"a\"", 0);
	assert_int_equal(sys_write_file(path, "abc", 3, &err), 0);
	assert_null(safetensors_open(path, &err));
	assert_null(safetensors_open("/tmp", &err));
	assert_null(safetensors_open("/nonexistent/x", &err));
	assert_int_equal(err.code, ERR_NOINPUT);
}

#define T(name, dtype, shape, offs) \
	"\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offs "}"

static void bad_offsets(void **state)
{
	(void)state;
	accepted("{" T("a", "F32", "[1]", "[0,4]") "," T("b", "F32", "[1]", "[4,8]") "}", 8, 2);
	refused("{" T("a", "F32", "[1]", "[0,4]") "," T("b", "F32", "[1]", "[2,6]") "}", 6);
	refused("{" T("a", "F32", "[1]", "[0,4]") "," T("b", "F32", "[1]", "[0,4]") "}", 4);
	refused("{" T("a", "F32", "[1]", "[0,4]") "," T("b", "F32", "[1]", "[8,12]") "}", 12);
	refused("{" T("a", "F32", "[1]", "[4,8]") "}", 8);
	refused("{" T("a", "F32", "[1]", "[4,0]") "}", 4);
	refused("{" T("a", "F32", "[1]", "[0,4]") "}", 3);
	refused("{" T("a", "F32", "[1]", "[0,4]") "}", 5);
	refused("{" T("a", "F32", "[2]", "[0,4]") "}", 4);
	refused("{" T("a", "F32", "[1]", "[-4,0]") "}", 4);
	refused("{" T("a", "F32", "[1]", "[0.5,4.5]") "}", 4);
	refused("{" T("a", "F32", "[1]", "[0,4,8]") "}", 4);
	refused("{" T("a", "F32", "[1]", "\"x\"") "}", 4);
}

static void bad_shapes(void **state)
{
	(void)state;
	refused("{" T("a", "F32", "[4294967296,4294967296,2]", "[0,0]") "}", 0);
	refused("{" T("a", "F32", "[1,1,1,1,1,1]", "[0,4]") "}", 4);
	refused("{" T("a", "F7", "[1]", "[0,4]") "}", 4);
	refused("{" T("a", "F32", "[-1]", "[0,4]") "}", 4);
	refused("{" T("a", "F32", "[1e300]", "[0,4]") "}", 4);
	refused("{" T("a", "F32", "{}", "[0,4]") "}", 4);
	refused("{\"a\":7}", 0);
	accepted("{" T("a", "F32", "[0,5]", "[0,0]") "}", 0, 1);
	accepted("{" T("a", "I64", "[]", "[0,8]") "}", 8, 1);
	accepted("{}      ", 0, 0);
}

static void bad_names_and_metadata(void **state)
{
	(void)state;
	refused("{" T("a", "F32", "[0]", "[0,0]") "," T("a", "F32", "[0]", "[0,0]") "}", 0);
	refused("{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", 0);
	refused("{\"__metadata__\":{\"a\":1}}", 0);
	refused("{\"__metadata__\":[]}", 0);
	accepted("{\"__metadata__\":{\"a\":\"b\"}}", 0, 0);
}

static void many_tensors(void **state)
{
	enum { MANY = 100000 };
	struct buf b = {0};
	double t0;

	(void)state;
	buf_putc(&b, '{');
	for (int i = 0; i < MANY; i++)
		buf_printf(&b,
			"%s\"t%d\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%d,%d]}",
			i ? "," : "", i, i, i + 1);
	buf_putc(&b, '}');
	t0 = sys_now();
	accepted(b.p, MANY, MANY);
	assert_true(sys_now() - t0 < 10);
	buf_release(&b);
}

static void tensors_share_buffers(void **state)
{
	struct tensor t, u, v;
	struct shape s = {2, {3, 4}};
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(tensor_init(&t, DTYPE_F32, &s, "test", &err), 0);
	for (size_t i = 0; i < tensor_count(&t); i++)
		tensor_f32(&t)[i] = (float)i;
	u = tensor_ref(&t);
	v = tensor_slice(&t, 2);
	tensor_release(&t);
	assert_null(tensor_data(&t));
	assert_int_equal(v.shape.n, 1);
	assert_true(tensor_f32(&v)[3] == 11);
	assert_int_equal(tensor_bytes(&u), 48);
	tensor_release(&u);
	tensor_release(&v);
	s.d[0] = INT64_MAX / 2;
	assert_int_equal(tensor_init(&t, DTYPE_F32, &s, "test", &err), -1);
	assert_int_equal(err.code, ERR_DATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back_what_was_written),
		cmocka_unit_test(bad_lengths),
		cmocka_unit_test(bad_offsets),
		cmocka_unit_test(bad_shapes),
		cmocka_unit_test(bad_names_and_metadata),
		cmocka_unit_test(many_tensors),
		cmocka_unit_test(tensors_share_buffers),
	};

	return cmocka_run_group_tests(tests, make_path, drop_path);
}
