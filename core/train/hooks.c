/*
 * Calls to whoever started the training, each of which may be absent.
 */
#include <stdarg.h>
#include <stdio.h>

#include "core/train/trainer.h"

void trainer_say(const struct train_hooks *hooks, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!hooks->line)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	hooks->line(hooks->ctx, text);
}

void trainer_prop(const struct train_hooks *hooks, const char *name, double value)
{
	if (hooks->prop)
		hooks->prop(hooks->ctx, name, value);
}

bool trainer_cancelled(const struct train_hooks *hooks)
{
	return hooks->cancelled && hooks->cancelled(hooks->ctx);
}
