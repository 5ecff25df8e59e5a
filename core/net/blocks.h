#ifndef CORE_NET_BLOCKS_H
#define CORE_NET_BLOCKS_H

#include "core/base/json.h"
#include "core/graph/layers.h"
#include "core/net/net.h"

/* What networks share: norm and activation as an argument names them, the output's activation. */
enum net_norm_kind { NET_NORM_NONE, NET_NORM_BATCH, NET_NORM_INSTANCE, NET_NORM_GROUP };

struct net_norm {
	enum net_norm_kind kind;
	int groups;  /* NET_NORM_GROUP; lowered to a divisor of the channels */
	bool affine; /* gamma and beta */
};

struct net_act {
	enum { NET_ACT_NONE, NET_ACT_RELU, NET_ACT_LEAKY, NET_ACT_PRELU, NET_ACT_SIGMOID } kind;
	float slope;    /* NET_ACT_LEAKY */
	int64_t slopes; /* NET_ACT_PRELU: 1, or one per channel */
};

struct net_ctx {
	struct graph *g;
	struct err *err;
	struct net_norm norm;
	struct net_act act;
	bool flat; /* the image has D = 1: a 2-D network */
};

/*
 * MONAI's spelling: "instance", "BATCH", ["group", {"num_groups": 8}], ["leakyrelu",
 * {"negative_slope": 0.1}].  v NULL: *out stays as it is.  owner is the network's name,
 * for messages.  -1: ERR_DATA.
 */
int net_norm_parse(
	const cJSON *v, struct net_norm *out, const char *owner, struct err *err) MUST_CHECK;
int net_act_parse(
	const cJSON *v, struct net_act *out, const char *owner, struct err *err) MUST_CHECK;

/* Under the name NAME; x itself when there is none. */
struct node *net_add_norm(const struct net_ctx *c, struct node *x, const char *name) MUST_CHECK;
struct node *net_add_act(const struct net_ctx *c, struct node *x, const char *name) MUST_CHECK;

/* The final activation: choices of the argument, and what build() does at its end. */
enum net_final { NET_SOFTMAX, NET_SIGMOID, NET_LINEAR };
extern const char *const net_final_choices[];
int net_finish(struct graph *g, struct node *logits, int final, struct net_out *out,
	struct err *err) MUST_CHECK;

/* Text into name, which it returns. */
#define NET_NAME 192
const char *net_name(char name[NET_NAME], const char *fmt, ...) PRINTF_LIKE(2, 3);

/* dims (0: not given) against the image; in_channels (0: not given) too.  -1: ERR_DATA. */
int net_check_image(const struct node *image, int64_t dims, int64_t in_channels, const char *owner,
	struct err *err) MUST_CHECK;

#endif
