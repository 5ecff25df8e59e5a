/*
 * Files that the program carries along.  The assembler reads them from the top of the
 * source tree, where the compiler runs; the Makefile knows that this file depends on them.
 */
#include "core/custom/files.h"

#define CUSTOM_FILE(name, path)                       \
	__asm__(".pushsection .rodata\n"              \
		".global custom_file_" #name "\n"     \
		"custom_file_" #name ":\n"            \
		".incbin \"" path "\"\n"              \
		".global custom_file_" #name "_end\n" \
		"custom_file_" #name "_end:\n"        \
		".byte 0\n"                           \
		".popsection\n")

CUSTOM_FILE(header, "core/custom/axial_custom.h");
CUSTOM_FILE(transform, "core/custom/template/transform.c.in");
CUSTOM_FILE(loss, "core/custom/template/loss.c.in");
CUSTOM_FILE(network, "core/custom/template/network.c.in");
CUSTOM_FILE(optimizer, "core/custom/template/optimizer.c.in");
CUSTOM_FILE(metric, "core/custom/template/metric.c.in");
