#ifndef TUI_WORKBENCH_H
#define TUI_WORKBENCH_H

#include <stdbool.h>

/* True when the command line opens the workbench: nothing, folders, or its options. */
bool workbench_handles(int argc, char **argv);

/* axial [OPTION...] [DIR...]: runs it; returns the exit code. */
int workbench_main(int argc, char **argv);

#endif
