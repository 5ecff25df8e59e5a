/*
 * States of runs and jobs on the screen.
 */
#include "tui/run_status.h"

enum style run_state_style(enum run_state s)
{
	static const enum style styles[] = {[RUN_RUNNING] = ST_INFO,
		[RUN_DONE] = ST_GOOD,
		[RUN_FAILED] = ST_BAD,
		[RUN_STOPPED] = ST_WARN,
		[RUN_INTERRUPTED] = ST_WARN};

	return styles[s];
}

uint32_t run_state_mark(enum glyphs g, enum run_state s)
{
	static const enum glyph_role roles[] = {[RUN_RUNNING] = GLYPH_RUN,
		[RUN_DONE] = GLYPH_CHECK,
		[RUN_FAILED] = GLYPH_CROSS,
		[RUN_STOPPED] = GLYPH_PAUSE,
		[RUN_INTERRUPTED] = GLYPH_PAUSE};

	return draw_glyph(g, roles[s]);
}

enum style job_state_style(enum job_state s)
{
	static const enum style styles[] = {[JOB_QUEUED] = ST_DIM,
		[JOB_RUNNING] = ST_INFO,
		[JOB_STOPPING] = ST_WARN,
		[JOB_DONE] = ST_GOOD,
		[JOB_FAILED] = ST_BAD,
		[JOB_STOPPED] = ST_WARN,
		[JOB_INTERRUPTED] = ST_WARN};

	return styles[s];
}

uint32_t job_state_mark(enum glyphs g, enum job_state s)
{
	static const enum glyph_role roles[] = {[JOB_QUEUED] = GLYPH_BULLET,
		[JOB_RUNNING] = GLYPH_RUN,
		[JOB_STOPPING] = GLYPH_PAUSE,
		[JOB_DONE] = GLYPH_CHECK,
		[JOB_FAILED] = GLYPH_CROSS,
		[JOB_STOPPED] = GLYPH_PAUSE,
		[JOB_INTERRUPTED] = GLYPH_PAUSE};

	return draw_glyph(g, roles[s]);
}
