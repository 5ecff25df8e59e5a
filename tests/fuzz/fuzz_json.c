/* The strict JSON reader; what it accepts is written and read again. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	cJSON *root = json_parse((const char *)data, size, "fuzz", &err), *again;
	char *text;

	if (!root)
		return 0;
	text = cJSON_Print(root);
	if (!text)
		abort();
	again = json_parse(text, strlen(text), "again", &err);
	if (!again)
		abort(); /* what we write can be read */
	free(text);
	cJSON_Delete(again);
	cJSON_Delete(root);
	return 0;
}
