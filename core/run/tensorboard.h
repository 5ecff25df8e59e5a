#ifndef CORE_RUN_TENSORBOARD_H
#define CORE_RUN_TENSORBOARD_H

#include <stddef.h>
#include <stdint.h>
#include "core/base/err.h"

/*
 * A TensorBoard event file with scalars: TFRecord framing (length, masked CRC-32C,
 * data, masked CRC-32C) around tensorflow.Event messages.
 */
struct tensorboard;

/* Makes events.out.tfevents.SECONDS.HOST.PID in dir. */
struct tensorboard *tensorboard_open(const char *dir, struct err *err) MUST_CHECK;

/* Tells TensorBoard to forget points of older files from this step on (after a resume). */
void tensorboard_restart(struct tensorboard *tb, double wall, int64_t step);

/* Adds a point to the buffer; tensorboard_flush() writes it. */
void tensorboard_scalar(
	struct tensorboard *tb, const char *tag, double wall, int64_t step, float value);
int tensorboard_flush(struct tensorboard *tb, struct err *err) MUST_CHECK;

/* Flushes as far as it can and frees. */
void tensorboard_close(struct tensorboard *tb);

/* CRC-32C (Castagnoli, reflected polynomial 0x82f63b78) of data. */
uint32_t tensorboard_crc32c(const void *data, size_t len);

/* Bytes that could not be written yet; the next flush tries again. */
size_t tensorboard_waiting(const struct tensorboard *tb);

#endif
