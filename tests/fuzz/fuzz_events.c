/* events.jsonl of a run as the workbench follows it: in two parts, then as a list item. */
#include "core/run/reader.h"
#include "core/run/scan.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run_reader r;
	struct run_item item;
	struct err err = ERR_INIT;

	fuzz_file("run.json", (const uint8_t *)"{}", 2);
	run_reader_init(&r, fuzz_dir());
	fuzz_file("events.jsonl", data, size / 2);
	if (run_reader_poll(&r, 0, NULL, &err) < 0)
		err.code = 0;
	fuzz_file("events.jsonl", data, size);
	if (run_reader_poll(&r, 0, NULL, &err) < 0)
		err.code = 0;
	run_reader_release(&r);
	if (!run_item_read(&item, fuzz_dir(), &err))
		run_item_release(&item);
	return 0;
}
