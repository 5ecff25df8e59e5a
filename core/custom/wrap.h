#ifndef CORE_CUSTOM_WRAP_H
#define CORE_CUSTOM_WRAP_H

#include "core/custom/axial_custom.h"
#include "core/loss/loss.h"
#include "core/metric/metric.h"
#include "core/net/net.h"
#include "core/optim/optim.h"
#include "core/transform/transform.h"

/*
 * A component from outside as one of ours: the argument table is translated, and the
 * callbacks of its kind find the component through the first part of the arguments.
 */
#define CUSTOM_ARGS 32

struct custom {
	struct component c; /* what the rest of the program sees */
	const struct axial_component *ext;
	struct arg_def defs[CUSTOM_ARGS + 8];
	size_t offset[CUSTOM_ARGS]; /* of the argument's value in the block */
	int n_args;
	union {
		struct transform_ops transform;
		struct loss_ops loss;
		struct net_ops net;
		struct optim_ops optim;
		struct metric_ops metric;
	} ops;
};

/* Head of the arguments; the values follow. */
struct custom_block {
	struct metric_args metric; /* first, as every metric has it; unused by other kinds */
	char *label_field;
	const struct custom *custom;
};

/* Fills c->c, defs and ops from c->ext; name is borrowed.  ERR_DATA: a table that makes no sense.
 */
int custom_wrap(
	struct custom *c, enum component_kind kind, const char *name, struct err *err) MUST_CHECK;

/* The component and values that a callback was called for. */
const struct custom *custom_values(const void *args, struct axial_value v[CUSTOM_ARGS]);

/* A call with what it may use; rng may be NULL. */
struct custom_call {
	struct axial_call call;
	struct rng *rng;
	char text[256]; /* of fail(), "" when it was not called */
};
void custom_call_init(struct custom_call *c, struct rng *rng);
int custom_call_status(const struct custom_call *c, struct err *err) MUST_CHECK;

/* A volume as a component sees it. */
struct axial_volume custom_volume(const char *field, struct volume *v);

void custom_wrap_transform(struct custom *c);
void custom_wrap_loss(struct custom *c);
void custom_wrap_network(struct custom *c);
void custom_wrap_optimizer(struct custom *c);
void custom_wrap_metric(struct custom *c);

#endif
