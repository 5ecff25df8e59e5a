#ifndef TUI_VIEW_COMMAND_H
#define TUI_VIEW_COMMAND_H

/* axial view IMAGE [OPTION...]: argv[1] is "view".  Returns the exit code. */
int view_command_main(int argc, char **argv);

#endif
