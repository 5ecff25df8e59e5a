#ifndef CORE_TRAIN_NET_REPORT_H
#define CORE_TRAIN_NET_REPORT_H

#include "core/backend.h"
#include "core/base/buf.h"
#include "core/component.h"
#include "core/tensor/shape.h"

/* What a network costs for one input, from its plans; nothing runs and no arena is allocated. */
struct net_report {
	struct shape out;   /* of the prediction */
	size_t params;      /* trained numbers */
	int layers;         /* layers with weights of their own, norms not counted */
	double flops;       /* of a forward */
	double train_flops; /* of a training step */
	size_t infer_bytes; /* arena and weights */
	size_t train_bytes; /* arena, weights, gradients, two moments of Adam */
};

/*
 * image: N D H W C.  The training plan ends in the cross entropy of the logits.  text (may
 * be NULL) gets plan_describe() of the training or the inference plan.  Errors: what
 * the network says of its arguments (ERR_DATA).
 */
int net_report_make(const struct component_use *net, struct backend *b, const struct shape *image,
	bool training_text, struct buf *text, struct net_report *r, struct err *err) MUST_CHECK;

/* Example arguments of a network, for the list of all: JSON text. */
const char *net_report_example(const struct component *net);

#endif
