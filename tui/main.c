/*
 * axial: the composition root.  Subcommands go to core/cli; a folder or nothing
 * opens the workbench.
 */
#include "core/cli/cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
