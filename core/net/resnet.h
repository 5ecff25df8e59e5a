#ifndef CORE_NET_RESNET_H
#define CORE_NET_RESNET_H

#include "core/base/args.h"
#include "core/net/blocks.h"

/*
 * The encoder and decoder that SegResnet (Clara v3) and SegResNet (MONAI) share:
 * Myronenko 2018 (arXiv 1810.11654).  Names of parameters are MONAI's.
 */
enum { RESNET_LEVELS = 8 };

struct resnet {
	struct net_ctx net;
	const char *owner;               /* for messages */
	const struct numlist *down, *up; /* residual blocks per level */
	int64_t filters;                 /* of the first level; doubled with each */
	bool same;   /* SAME padding as TensorFlow, else (kernel - 1) / 2 on both sides */
	bool bias;   /* of the convolutions but the last */
	bool deconv; /* upsampling by a transposed convolution, else trilinear */
	double reg, dropout;
};

/* 1 to RESNET_LEVELS levels, one less upwards.  -1: ERR_DATA. */
int resnet_check(const struct resnet *r) MUST_CHECK;

struct node *resnet_conv(const struct resnet *r, struct node *x, const char *name, int64_t channels,
	int kernel, int stride, bool bias) MUST_CHECK;

/* norm, activation: NAME is the norm's. */
struct node *resnet_norm(const struct resnet *r, struct node *x, const char *name) MUST_CHECK;

/* The output of each level goes to skip; the last one is returned. */
struct node *resnet_encode(
	const struct resnet *r, struct node *image, struct node *skip[RESNET_LEVELS]) MUST_CHECK;

/*
 * Up from the last level's size.  join: the skip tensors are added, else they give the
 * sizes only (the variational branch).  prefix goes before the names.
 */
struct node *resnet_decode(const struct resnet *r, struct node *x, struct node *const *skip,
	bool join, const char *prefix) MUST_CHECK;

/* Trilinear to the size of like. */
struct node *resnet_resize(
	const struct resnet *r, struct node *x, const struct node *like) MUST_CHECK;

/* norm, activation, 1x1x1 convolution with bias. */
struct node *resnet_final(
	const struct resnet *r, struct node *x, const char *name, int64_t channels) MUST_CHECK;

/* Adds the variational branch and its losses to the graph (training only). */
int resnet_vae(const struct resnet *r, struct node *image, struct node *const *skip) MUST_CHECK;

#endif
