/*
 * axial: the composition root.  Subcommands go to core/cli; a folder, an option of the
 * workbench or nothing opens the workbench.
 */
#include "core/cli/cli.h"
#include "tui/workbench.h"

int main(int argc, char **argv)
{
	if (workbench_handles(argc, argv))
		return workbench_main(argc, argv);
	return cli_main(argc, argv);
}
