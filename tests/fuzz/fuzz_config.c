/* Configurations of every kind, through the linter; the first byte chooses the file's name. */
#include <stdio.h>
#include <sys/stat.h>

#include "core/mmar/config.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"config/config_train.json",
		"config/config_validation.json", "config/environment.json"};
	struct config_source src = {.mmar_root = fuzz_dir(), .lint = true};
	struct problems ps = {0};
	struct buf text = {0};
	char dir[128];

	if (size < 1)
		return 0;
	snprintf(dir, sizeof(dir), "%s/config", fuzz_dir());
	mkdir(dir, 0700);
	src.config_path = names[data[0] % 3];
	fuzz_file(src.config_path, data + 1, size - 1);
	if (config_lint(&src, &ps))
		problems_format(&ps, &text);
	buf_release(&text);
	problems_release(&ps);
	return 0;
}
