/*
 * axial: the composition root.  Subcommands go to core/cli; a folder, an option of the
 * workbench or nothing opens the workbench.
 */
#include <string.h>
#include "core/cli/cli.h"
#include "tui/view_command.h"
#include "tui/workbench.h"

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "view"))
		return view_command_main(argc, argv);
	if (workbench_handles(argc, argv))
		return workbench_main(argc, argv);
	return cli_main(argc, argv);
}
