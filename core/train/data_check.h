#ifndef CORE_TRAIN_DATA_CHECK_H
#define CORE_TRAIN_DATA_CHECK_H

#include "core/base/problem.h"
#include "core/train/train.h"

/* What `axial check` shall do. */
struct data_check_options {
	struct train_options train;
	bool quick;      /* headers only: no voxels are read */
	bool no_step;    /* no plan and no trial step */
	const char *fix; /* write a data list without faulty cases here; NULL: no; "": beside it */
};

/*
 * Checks configuration and data of a training before it starts: all files, sizes,
 * positions, label values, copies, leakage, forgotten files; then memory and time
 * by the plan and two trial steps (nothing is written but the list of fix).  Results
 * go to hooks->line, warnings and errors to ps.  Returns 0, or -1: problems_code(ps) is
 * the exit code when ps has errors (66 missing files, 65 others), else err says it.
 */
int data_check_run(const struct data_check_options *opt, const struct train_hooks *hooks,
	struct problems *ps, struct err *err) MUST_CHECK;

#endif
