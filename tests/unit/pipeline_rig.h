#ifndef TESTS_UNIT_PIPELINE_RIG_H
#define TESTS_UNIT_PIPELINE_RIG_H

#include <stdatomic.h>
#include "core/base/buf.h"
#include "core/data/pipeline.h"

/*
 * A pipeline over cases that no file holds: a transform of this rig makes them and
 * counts, another draws, a third makes several crops.  Case i is called "case_i" and its
 * image has the value i before anything is drawn.
 */
enum { PRIG_CASES = 100, PRIG_SIDE = 4, PRIG_VOXELS = PRIG_SIDE * PRIG_SIDE * PRIG_SIDE };

struct prig {
	struct pipeline_args args;
	struct pipeline_config config;
	struct component_use use[4];
	struct datalist *list;
	struct buf warnings; /* a line each */
	int n_warnings;
};

/* How often each case was made since prig_reset(). */
extern atomic_int prig_made[PRIG_CASES];
extern int prig_delay;  /* microseconds that making a case takes */
extern int prig_jitter; /* up to so many more, at random */
extern int prig_bad;    /* case that cannot be made, or -1 */
void prig_reset(void);
int prig_total(void);

/*
 * n cases, batches of batch, crops samples of each (and inner of each of those), a training.
 * With labels: the JSON text of each, "2" or "[0, 1]"; one sample of each case.
 */
struct prig *prig_new(int n, int batch, int crops, int inner);
struct prig *prig_new_labels(int n, int batch, const char *const *labels);
void prig_free(struct prig *r);

struct pipeline *prig_start(struct prig *r, int64_t epoch, int64_t step);
struct batch *prig_next(struct pipeline *p);
int prig_case(const char *case_id); /* its number */
uint64_t prig_hash(const struct batch *b);
uint64_t prig_hash_sample(const struct batch *b, int i); /* images of one place */

/* Hashes of n batches from the beginning, with so many workers. */
void prig_run(struct prig *r, int workers, int n, uint64_t *hashes);

#endif
