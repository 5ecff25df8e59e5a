#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/*
 * Targets for libFuzzer: each file fuzz_NAME.c reads bytes that came from anywhere.
 * A finding is a sanitizer report, a hang of 10 s or more than 2 GiB.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes the bytes to a file of this process named NAME in memory; the path is static. */
const char *fuzz_file(const char *name, const uint8_t *data, size_t size);

/* The folder of those files. */
const char *fuzz_dir(void);

#endif
