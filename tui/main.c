/*
 * axial: the composition root.  Subcommands go to core/cli; a folder, an option of the
 * workbench or nothing opens the workbench.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cli/cli.h"
#include "tui/view_command.h"
#include "tui/workbench.h"

/* Commands that compute. */
static bool main_computes(const char *cmd)
{
	static const char *const names[] = {
		"train", "evaluate", "infer", "check", "cache-plan", "engine"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(cmd, names[i]))
			return true;
	return false;
}

/*
 * At each barrier the OpenMP library of gcc spins for long before it sleeps.  When
 * another program wants one of two cores, the spinning thread keeps it from running
 * and a step takes five times as long (measured: 1085 ms against 371 ms with a short
 * spin, 209 against 208 ms on a quiet machine).  The library reads its settings when
 * it is loaded, so the program starts itself once more.
 */
static void main_short_spin(char **argv)
{
	if (getenv("GOMP_SPINCOUNT") || getenv("OMP_WAIT_POLICY"))
		return;
	setenv("GOMP_SPINCOUNT", "1000", 1);
	execv("/proc/self/exe", argv); /* on failure it just runs as it is */
}

int main(int argc, char **argv)
{
	if (argc > 1 && main_computes(argv[1]))
		main_short_spin(argv);
	if (argc > 1 && !strcmp(argv[1], "view"))
		return view_command_main(argc, argv);
	if (workbench_handles(argc, argv))
		return workbench_main(argc, argv);
	return cli_main(argc, argv);
}
