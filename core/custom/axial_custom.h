#ifndef AXIAL_CUSTOM_H
#define AXIAL_CUSTOM_H

/*
 * Components of your own for axial, in C.
 *
 * Put NAME.c into the folder custom/ of an MMAR, include this file, define one or more
 * components and export each with AXIAL_COMPONENT(NAME, ...).  Then
 *
 *     axial custom build -m MMAR          compiles custom/NAME.c to custom/NAME.so
 *     "path": "custom/NAME.so:MyLoss"     names it in a configuration
 *
 * "axial custom new NAME KIND" writes a file to start from.  This file needs nothing but
 * the C library.  Everything is plain structs and function pointers; AXIAL_CUSTOM_ABI
 * counts up when one of them changes, and a component built for another number is
 * refused: build it again.
 *
 * Functions may be called from several threads at once and must give the same result for
 * the same input (random numbers only from the call): keep nothing in global variables.
 */
#include <stddef.h>
#include <stdint.h>

#define AXIAL_CUSTOM_ABI 1

enum axial_kind {
	AXIAL_TRANSFORM = 1,
	AXIAL_LOSS,
	AXIAL_NETWORK,
	AXIAL_OPTIMIZER,
	AXIAL_METRIC,
};

/* ---- Arguments ---- */

enum axial_arg_type {
	AXIAL_BOOL = 1, /* value.number: 0 or 1 */
	AXIAL_INT,      /* value.number, whole */
	AXIAL_FLOAT,    /* value.number */
	AXIAL_STRING,   /* value.text, NULL when absent */
	AXIAL_NUMBERS,  /* value.list, value.n: 1, "1,2" or [1, 2] in the configuration */
	AXIAL_STRINGS,  /* value.texts, value.n */
	AXIAL_FIELDS,   /* likewise; transforms: names of the volumes that apply() gets */
};

struct axial_arg {
	const char *name; /* NULL ends the table */
	enum axial_arg_type type;
	const char *def; /* default as JSON: "0.5", "true", "[1,2]", "\"x\""; NULL: 0 or nothing */
	double min, max; /* allowed range; not checked when equal */
	int required;
	const char *help; /* one line */
};

/* One per row of the table, in its order. */
struct axial_value {
	double number;
	const char *text;
	const double *list;
	const char *const *texts;
	int n;
};

/* What a call can use.  fail() keeps the first text and makes the run stop with it. */
struct axial_call {
	void (*fail)(struct axial_call *call, const char *text);
	double (*uniform)(struct axial_call *call); /* in [0, 1): transforms only */
	double (*normal)(struct axial_call *call);  /* mean 0, variance 1: transforms only */
	void *private_;
};

/* ---- Transform ---- */

/* A volume: value of channel c at x, y, z is data[((c * size[2] + z) * size[1] + y) * size[0] + x].
 */
struct axial_volume {
	const char *field; /* "image", "label" ... */
	int channels, size[3];
	float *data;         /* may be changed in place */
	double affine[4][4]; /* voxel index -> mm, RAS+; may be changed */
	void *private_;
};

struct axial_transform {
	int random; /* not 0: draws from the call, so its results are not cached */
	/*
	 * Edits n volumes, those that the AXIAL_FIELDS arguments name, in their order.  For
	 * another size: float *to = resize(v, channels, size) gives new memory (NULL: none
	 * left), and v->data stays the old until apply() returns.
	 */
	void (*apply)(const struct axial_value *args, struct axial_volume *v, int n,
		float *(*resize)(struct axial_volume *v, int channels, const int size[3]),
		struct axial_call *call);
};

/* ---- Loss ---- */

/* Value of item i, voxel v, channel c at [(i * voxels + v) * channels + c]. */
struct axial_batch {
	int items, channels, label_channels;
	size_t voxels;
	const float *prediction; /* after the network's last activation; logits when asked for */
	const float *label;      /* class numbers (1 channel) or one channel per class */
};

struct axial_loss {
	int logits; /* not 0: prediction is the network's output before its last activation */
	/*
	 * Returns the loss.  gradient (as large as prediction) is NULL when it is not wanted,
	 * else every element of it must be set: d loss / d prediction.
	 */
	double (*value)(const struct axial_value *args, const struct axial_batch *b,
		float *gradient, struct axial_call *call);
};

/* ---- Network ---- */

struct axial_node; /* a layer's output; NULL goes through every function as NULL */

/* weights are named NAME.weight, NAME.bias ...: names must differ */
struct axial_layers {
	void *private_;
	struct axial_node *(*conv)(const struct axial_layers *l, struct axial_node *x,
		const char *name, int channels, int kernel, int stride, int bias);
	struct axial_node *(*batch_norm)(
		const struct axial_layers *l, struct axial_node *x, const char *name);
	struct axial_node *(*group_norm)(
		const struct axial_layers *l, struct axial_node *x, const char *name, int groups);
	struct axial_node *(*relu)(const struct axial_layers *l, struct axial_node *x);
	struct axial_node *(*leaky_relu)(
		const struct axial_layers *l, struct axial_node *x, double slope);
	struct axial_node *(*sigmoid)(const struct axial_layers *l, struct axial_node *x);
	struct axial_node *(*softmax)(const struct axial_layers *l, struct axial_node *x);
	struct axial_node *(*max_pool)(
		const struct axial_layers *l, struct axial_node *x, int kernel, int stride);
	struct axial_node *(*average_pool)(
		const struct axial_layers *l, struct axial_node *x, int kernel, int stride);
	struct axial_node *(*global_pool)(const struct axial_layers *l, struct axial_node *x);
	/* Nearest neighbour, to the size of like. */
	struct axial_node *(*upsample)(
		const struct axial_layers *l, struct axial_node *x, struct axial_node *like);
	struct axial_node *(*concat)(
		const struct axial_layers *l, struct axial_node *const *x, int n);
	struct axial_node *(*add)(
		const struct axial_layers *l, struct axial_node *a, struct axial_node *b);
	struct axial_node *(*dropout)(
		const struct axial_layers *l, struct axial_node *x, double rate);
	int (*channels)(const struct axial_layers *l, struct axial_node *x);
	void (*size)(const struct axial_layers *l, struct axial_node *x, int size[3]); /* x, y, z */
};

struct axial_network {
	int (*classes)(const struct axial_value *args); /* channels of the output */
	/*
	 * Returns the output before the last activation; *prediction: after it (the same node
	 * when there is none).  An error: call->fail() and NULL.
	 */
	struct axial_node *(*build)(const struct axial_value *args, const struct axial_layers *l,
		struct axial_node *image, struct axial_node **prediction, struct axial_call *call);
};

/* ---- Optimizer ---- */

struct axial_optimizer {
	int states; /* arrays of n numbers that it keeps per tensor, 0 .. 3; they start at 0 */
	/* Updates w from its gradient g.  lr: learning rate now; step: from 1. */
	void (*update)(const struct axial_value *args, double lr, int64_t step, size_t n, float *w,
		const float *g, float *const *state);
};

/* ---- Metric ---- */

struct axial_metric {
	/*
	 * One case: the predicted volume and the label, of the same size.  Returns the value
	 * (NaN: not defined here); more is better.  Adds nothing to the arguments name,
	 * field, label_field, report_path, is_key_metric, do_summary, do_print, which every
	 * metric has: the table holds only the others.
	 */
	double (*measure)(const struct axial_value *args, const struct axial_volume *prediction,
		const struct axial_volume *label, struct axial_call *call);
};

/* ---- A component ---- */

struct axial_component {
	int abi; /* AXIAL_CUSTOM_ABI; stays the first member */
	enum axial_kind kind;
	const char *help;                        /* one line */
	const struct axial_arg *args;            /* ends with a row without a name; NULL: none */
	const struct axial_transform *transform; /* the one of the kind */
	const struct axial_loss *loss;
	const struct axial_network *network;
	const struct axial_optimizer *optimizer;
	const struct axial_metric *metric;
};

/* AXIAL_COMPONENT(MyLoss, .kind = AXIAL_LOSS, .help = "...", .args = args, .loss = &my_loss); */
#define AXIAL_COMPONENT(name, ...)                                  \
	extern const struct axial_component axial_component_##name; \
	__attribute__((visibility("default")))                      \
	const struct axial_component axial_component_##name = {     \
		.abi = AXIAL_CUSTOM_ABI, __VA_ARGS__}

#endif
