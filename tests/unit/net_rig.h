#ifndef TESTS_UNIT_NET_RIG_H
#define TESTS_UNIT_NET_RIG_H

#include "core/backend.h"
#include "core/graph/plan.h"
#include "core/net/net.h"

/* A network with the mean cross entropy of its logits, its weights and a training plan. */
struct net_rig {
	struct graph *g;
	struct node *image, *label, *loss;
	struct net_out out;
	struct params *params;
	struct backend *cpu;
	struct plan *plan;
	float *m, *v; /* Adam */
	int step;
};

/* image: N D H W C.  Fails the test when something cannot be made. */
void net_rig_open(struct net_rig *r, const char *name, const char *json, struct shape image);
void net_rig_close(struct net_rig *r);

/* Only builds the graph: 0, or -1 with err. */
int net_rig_build(
	struct net_rig *r, const char *name, const char *json, struct shape image, struct err *err);

/* Forward and backward; the loss. */
double net_rig_step(struct net_rig *r);

/* The same, then one step of Adam. */
double net_rig_adam(struct net_rig *r, double rate);

/* The same, then rate times the sign of the gradient: cheap where there are many weights. */
double net_rig_descend(struct net_rig *r, double rate);

#endif
