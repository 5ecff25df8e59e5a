/*
 * axial man: the manual page, made from the tables of commands, options and
 * components, so that it cannot say anything else than the program does.  The
 * build appends the key tables of the workbench.
 */
#include <stdio.h>

#include "core/base/buf.h"
#include "core/cli/cli.h"
#include "core/component.h"

#ifndef AXIAL_VERSION
#define AXIAL_VERSION "unknown"
#endif

/* Text with the characters escaped that roff would interpret. */
static void man_text(struct buf *out, const char *s)
{
	bool line_start = true;

	for (; *s; s++) {
		if (line_start && (*s == '.' || *s == '\''))
			buf_puts(out, "\\&");
		if (*s == '\\')
			buf_puts(out, "\\e");
		else if (*s == '-')
			buf_puts(out, "\\-");
		else
			buf_putc(out, *s);
		line_start = *s == '\n';
	}
}

static void man_option(struct buf *out, const struct cmd_opt *o)
{
	buf_puts(out, ".TP\n");
	if (o->letter)
		buf_printf(out, "\\fB\\-%c\\fR, ", o->letter);
	buf_puts(out, "\\fB\\-\\-");
	man_text(out, o->name);
	buf_puts(out, "\\fR");
	if (o->value)
		buf_printf(out, " \\fI%s\\fR", o->value);
	buf_putc(out, '\n');
	man_text(out, o->help);
	buf_putc(out, '\n');
}

static void man_command(struct buf *out, const struct cmd *c)
{
	buf_printf(out, ".SS axial %s%s %s\n", c->name, c->opts ? " [OPTION...]" : "", c->args);
	man_text(out, c->summary);
	buf_puts(out, ".\n");
	if (c->help) {
		buf_puts(out, ".PP\n");
		man_text(out, c->help);
		buf_putc(out, '\n');
	}
	for (const struct cmd_opt *o = c->opts; o && o->name; o++)
		man_option(out, o);
}

static void man_components(struct buf *out)
{
	int last = -1;

	buf_puts(out,
		".SH COMPONENTS\nWhat a configuration can name; 'axial components NAME' has the "
		"arguments.\n");
	for (int i = 0; component_at(i); i++) {
		const struct component *c = component_at(i);

		if ((int)c->kind != last)
			buf_printf(out, ".PP\n\\fI%s\\fR:\n", component_kind_name(c->kind));
		last = (int)c->kind;
		buf_printf(out, "\\fB%s\\fR\n", c->name);
	}
}

static const char man_files[] =
	".SH FILES\n"
	".TP\n.I MMAR/models/RUN/events.jsonl\nevery event of a run, appended, never changed\n"
	".TP\n.I MMAR/models/RUN/model.safetensors\nweights that were best by the key metric\n"
	".TP\n.I MMAR/models/RUN/model_final.safetensors\nweights after the last epoch\n"
	".TP\n.I MMAR/models/RUN/checkpoint.safetensors\nweights, optimizer and position, to go on from\n"
	".TP\n.I MMAR/models/RUN/checkpoint.prev.safetensors\nthe one before it: taken, and said, when the "
	"newest is damaged (a checksum tells)\n"
	".TP\n.I MMAR/eval\nresults of axial evaluate\n"
	".TP\n.I /tmp/axial\\-UID/\nsocket, lock and log of the engine (mode 0700)\n";

static const char man_environment[] =
	".SH ENVIRONMENT\n"
	".TP\n.B OMP_NUM_THREADS\ncompute threads; default: all CPUs of the process\n"
	".TP\n.B AXIAL_RUNTIME_DIR\nfolder of the engine's socket instead of /tmp/axial\\-UID\n"
	".TP\n.B NO_COLOR\nno colours in the workbench\n"
	".TP\n.B TERM, LANG\nwhat the terminal can show\n";

static const char man_training[] =
	".SH TRAINING\n"
	"The same configuration, seed and number of compute threads give the same bits of all weights\n"
	"and metrics, with any num_workers, and after a resume from any crash.  \\fBdeterminism\\fR sets the\n"
	"seed: the first of random_seed, tf_seed, numpy_seed, python_seed that is there; without it the\n"
	"seed is fixed as well.  run.json records the number of threads; a resume with another warns.\n"
	".PP\n\\fBuse_amp\\fR: convolutions with 8 and more channels on both sides round their operands to\n"
	"bf16 and add up in fp32, on CPUs that have instructions for it; weights, norms, losses and the\n"
	"optimizer stay fp32, and so does what is kept in memory.  Which layers do is a rule by shape.\n"
	".PP\nWhen the disk is full the training goes on: events wait in memory, checkpoints are tried\n"
	"again every 5 seconds, a best model waits as a copy; only a stop and the final model end with 74.\n"
	".PP\nA loss that is not finite ends the training and names the cases of the batch; with\n"
	"\\fBnan_policy\\fR \"skip\" the step is left out.  \\fBgradient_clip_norm\\fR and\n"
	"\\fBgradient_clip_value\\fR limit the gradient.  These keys stand beside learning_rate.\n";

static const char man_exit[] =
	".SH EXIT STATUS\n"
	"0 ok; 1 warnings (lint); 12 out of memory; 64 usage; 65 bad data or configuration; 66 missing\n"
	"input; 69 no such device; 73 locked by another process; 74 input or output failed; 75 try again;\n"
	"76 protocol; 130 interrupted.\n";

static int man_run(struct cmd_line *line, struct err *err)
{
	struct buf b = {0};

	(void)line;
	(void)err;
	buf_printf(&b,
		".TH AXIAL 1 \"\" \"axial %s\" \"User Commands\"\n.SH NAME\n"
		"axial \\- terminal workbench for medical\\-imaging models\n.SH SYNOPSIS\n"
		".B axial\n[\\fIDIR\\fR...]\n.br\n.B axial view\n\\fIIMAGE\\fR [\\fIOPTION\\fR...]\n.br\n"
		".B axial\n\\fICOMMAND\\fR [\\fIOPTION\\fR...]\n"
		".SH DESCRIPTION\n"
		"Reads the model archives (MMARs) of Clara Train v3 unchanged, trains and evaluates them,\n"
		"and shows loss, Dice, machine and slices live in a terminal.  Without a command it opens\n"
		"the workbench on folders of MMARs.  Jobs run in a background engine: closing the terminal\n"
		"stops nothing.\n.SH COMMANDS\n",
		AXIAL_VERSION);
	for (int i = 0; cmd_at(i); i++)
		man_command(&b, cmd_at(i));
	man_components(&b);
	buf_puts(&b, man_files);
	buf_puts(&b, man_training);
	buf_puts(&b, man_environment);
	buf_puts(&b, man_exit);
	fputs(b.p, stdout);
	buf_release(&b);
	return 0;
}

const struct cmd cmd_man = {
	.name = "man",
	.args = "",
	.summary = "print the manual page, made from the program's own tables",
	.run = man_run,
};
