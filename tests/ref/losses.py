#!/usr/bin/env python3
"""Reference numbers of every loss: value and gradient by the network's logits.

The formulas are written in PyTorch as the papers, Clara v3's documentation and MONAI
define them, in float64, and differentiated by autograd.  Run it from anywhere; it writes
tests/ref/data/losses.safetensors, which tests/unit/test_ref_losses.c compares.
"""
import numpy as np
import torch
import torch.nn.functional as F

import ref

ITEMS, SPACE = 2, (3, 4, 5)


def inputs(name, classes, label, points=False):
    """Logits N C D H W and the label; label: 'index', 'onehot', 'multi' or 'hole' (no class 1)."""
    space = (1, 1, 1) if points else SPACE
    items = 6 if points else ITEMS
    x = ref.values(name, (items,) + space + (classes,), 3.0)
    z = torch.tensor(np.moveaxis(x, -1, 1).astype(np.float64), requires_grad=True)
    if label == "multi":
        t = (ref.values(name + ".label", (items,) + space + (classes,)) > 0).astype(np.float64)
        return z, torch.tensor(np.moveaxis(t, -1, 1).copy())
    k = ref.labels(name + ".label", (items,) + space, max(classes, 2)).astype(np.int64)
    if label == "hole":
        k[k == 1] = 0
    k = torch.tensor(k)
    if classes == 1:
        return z, k[:, None].double()
    return z, F.one_hot(k, classes).movedim(-1, 1).double()


def overlap_sums(p, t, batch=False):
    dims = (0, 2, 3, 4) if batch else (2, 3, 4)
    return (p * t).sum(dims), t.sum(dims), p.sum(dims), (t * t).sum(dims), (p * p).sum(dims)


def cut(p, t, background):
    return (p, t) if background or p.shape[1] == 1 else (p[:, 1:], t[:, 1:])


def v3_dice(p, t, skip=False, squared=False, jaccard=False, smooth=1e-5, top=0.0):
    p, t = cut(p, t, not skip)
    i, st, sp, qt, qp = overlap_sums(p, t)
    d = qt + qp if squared else st + sp
    return 1 - ((2 * i + top) / (d - (i if jaccard else 0) + smooth)).mean()


def jaccard(p, t, skip=False, smooth=1e-5, top=0.0):
    p, t = cut(p, t, not skip)
    i, st, sp, _, _ = overlap_sums(p, t)
    return 1 - ((i + top) / (st + sp - i + smooth)).mean()


def tversky(p, t, alpha, beta, background=True, nr=0.0, dr=1e-5, batch=False):
    p, t = cut(p, t, background)
    dims = (0, 2, 3, 4) if batch else (2, 3, 4)
    tp, fp, fn = (p * t).sum(dims), (p * (1 - t)).sum(dims), ((1 - p) * t).sum(dims)
    return 1 - ((tp + nr) / (tp + alpha * fp + beta * fn + dr)).mean()


def monai_dice(p, t, background=True, squared=False, jac=False, nr=1e-5, dr=1e-5, batch=False,
               total=False):
    p, t = cut(p, t, background)
    i, st, sp, qt, qp = overlap_sums(p, t, batch)
    d = qt + qp if squared else st + sp
    if jac:
        d = 2 * (d - i)
    f = 1 - (2 * i + nr) / (d + dr)
    return f.sum() if total else f.mean()


def monai_general(p, t, background=True, w_type="square", nr=1e-5, dr=1e-5):
    p, t = cut(p, t, background)
    i, st, sp, _, _ = overlap_sums(p, t)
    w = {"square": 1 / (st * st), "simple": 1 / st, "uniform": torch.ones_like(st)}[w_type]
    rows = []
    for row in w:
        bad = torch.isinf(row)
        row = torch.where(bad, torch.zeros_like(row), row)
        rows.append(torch.where(bad, row.max(), row))
    w = torch.stack(rows)
    return (1 - (2 * (i * w).sum(1) + nr) / (((st + sp) * w).sum(1) + dr)).mean()


def v3_focal(log_p, log_q, t, gamma=2.0, alpha=None, skip=False):
    """Every class against the rest, summed over classes, mean over voxels."""
    c = t.shape[1]
    pos = torch.ones(c).double() if alpha is None else torch.tensor(alpha).double()
    neg = torch.ones(c).double() if alpha is None else 1 - pos
    pos, neg = pos.view(1, -1, 1, 1, 1), neg.view(1, -1, 1, 1, 1)
    f = -pos * t * (gamma * log_q).exp() * log_p - neg * (1 - t) * (gamma * log_p).exp() * log_q
    f = f[:, 1:] if skip and c > 1 else f
    return f.sum(1).mean()


def softmax_logs(z):
    log_p = F.log_softmax(z, 1)
    rest = [torch.cat((z[:, :c], z[:, c + 1:]), 1).logsumexp(1) for c in range(z.shape[1])]
    return log_p, torch.stack(rest, 1) - z.logsumexp(1, keepdim=True)


def monai_focal(z, t, background=True, gamma=2.0, alpha=None, weight=None):
    z, t = cut(z, t, background)
    bce = F.binary_cross_entropy_with_logits(z, t, reduction="none")
    f = (gamma * F.logsigmoid(-z * (2 * t - 1))).exp() * bce
    if alpha is not None:
        f = f * (t * alpha + (1 - t) * (1 - alpha))
    if weight is not None:
        f = f * torch.tensor(weight).double().view(1, -1, 1, 1, 1)
    return f.mean()


def monai_focal_softmax(z, t, gamma=2.0, alpha=None):
    ls = F.log_softmax(z, 1)
    f = -(1 - ls.exp()) ** gamma * ls * t
    if alpha is not None:
        a = torch.tensor([1 - alpha] + [alpha] * (z.shape[1] - 1)).double()
        f = f * a.view(1, -1, 1, 1, 1)
    return f.mean()


def torch_ce(z, t, **args):
    if "weight" in args:
        args["weight"] = torch.tensor(args["weight"]).double()
    return F.cross_entropy(z, t.argmax(1), **args)


def tf_weighted(z, t, weights):
    w = torch.tensor(weights).double()[t.argmax(1)]
    loss = F.cross_entropy(z, t.argmax(1), reduction="none")
    return (w * loss).sum() / (w != 0).sum()


def v3_cross_entropy(z, t, skip):
    return -(F.log_softmax(z, 1) * t)[:, 1 if skip else 0:].sum(1).mean()


SM, SG = (lambda z: F.softmax(z, 1)), torch.sigmoid
W3 = [0.5, 2.0, 0.0]

# name: (classes, label, points, function of logits and one-hot target)
CASES = {
    "dice": (3, "index", False, lambda z, t: v3_dice(SM(z), t)),
    "dice_v3": (3, "hole", False, lambda z, t: v3_dice(SM(z), t, True, True, True, 0.1, 0.2)),
    "dice_sigmoid": (2, "multi", False, lambda z, t: v3_dice(SG(z), t)),
    "dice_one": (1, "index", False, lambda z, t: v3_dice(SG(z), t)),
    "jaccard": (3, "index", False, lambda z, t: jaccard(SM(z), t, True)),
    "jaccard_smooth": (2, "index", False, lambda z, t: jaccard(SM(z), t, False, 0.3, 0.1)),
    "tversky": (3, "index", False, lambda z, t: tversky(SM(z), t, 0.3, 0.7)),
    "tversky_fg": (3, "index", False, lambda z, t: tversky(SM(z), t, 0.8, 0.1, False)),
    "cross_entropy": (4, "index", False, lambda z, t: v3_cross_entropy(z, t, False)),
    "cross_entropy_fg": (4, "index", False, lambda z, t: v3_cross_entropy(z, t, True)),
    "focal": (3, "index", False, lambda z, t: v3_focal(*softmax_logs(z), t)),
    "focal_alpha": (3, "index", False, lambda z, t: v3_focal(
        *softmax_logs(z), t, 1.5, [0.2, 0.5, 0.9], True)),
    "focal_sigmoid": (2, "multi", False, lambda z, t: v3_focal(
        F.logsigmoid(z), F.logsigmoid(-z), t, 2.0, [0.25, 0.25])),
    "focal_dice": (3, "index", False, lambda z, t: v3_focal(*softmax_logs(z), t)
                   + v3_dice(SM(z), t)),
    "cross_entropy_dice": (3, "index", False, lambda z, t: v3_cross_entropy(z, t, True)
                           + v3_dice(SM(z), t, True)),
    "binary": (3, "multi", True, F.binary_cross_entropy_with_logits),
    "binary_index": (3, "index", True, F.binary_cross_entropy_with_logits),
    "multiclass": (3, "index", True, torch_ce),
    "weighted": (3, "index", True, lambda z, t: tf_weighted(z, t, W3)),
    "DiceLoss": (3, "index", False, lambda z, t: monai_dice(SM(z), t)),
    "DiceLoss_all": (3, "hole", False, lambda z, t: monai_dice(
        SM(z), t, False, True, True, 0.1, 0.2, True, True)),
    "DiceLoss_sigmoid": (2, "multi", False, lambda z, t: monai_dice(SG(z), t)),
    "DiceCELoss": (3, "index", False, lambda z, t: 0.7 * monai_dice(SM(z), t, False)
                   + 1.3 * torch_ce(z, t, weight=[0.5, 2.0, 1.0])),
    "DiceCELoss_one": (1, "index", False, lambda z, t: monai_dice(SG(z), t)
                       + F.binary_cross_entropy_with_logits(z, t)),
    "DiceFocalLoss": (3, "index", False, lambda z, t: monai_dice(SM(z), t)
                      + 0.5 * monai_focal(z, t, True, 1.5)),
    "FocalLoss": (3, "index", False, monai_focal),
    "FocalLoss_fg": (3, "index", False, lambda z, t: monai_focal(
        z, t, False, 2.0, 0.25, [1.5, 0.5])),
    "FocalLoss_softmax": (3, "index", False, lambda z, t: monai_focal_softmax(z, t, 2.0, 0.75)),
    "GeneralizedDiceLoss": (3, "hole", False, lambda z, t: monai_general(SM(z), t)),
    "GeneralizedDiceLoss_simple": (3, "index", False, lambda z, t: monai_general(
        SM(z), t, False, "simple")),
    "TverskyLoss": (3, "index", False, lambda z, t: tversky(
        SM(z), t, 0.2, 0.6, True, 1e-5, 1e-5, True)),
    "BCEWithLogitsLoss": (3, "multi", True, lambda z, t: F.binary_cross_entropy_with_logits(
        z, t, pos_weight=torch.tensor([1.0, 2.0, 3.0]).double().view(-1, 1, 1, 1))),
    "CrossEntropyLoss": (3, "index", False, lambda z, t: torch_ce(
        z, t, weight=[0.5, 2.0, 1.0], label_smoothing=0.1)),
    "CrossEntropyLoss_sum": (3, "index", False, lambda z, t: torch_ce(z, t, reduction="sum")),
}


def main():
    tensors = {}
    for name, (classes, label, points, fn) in CASES.items():
        z, t = inputs(name, classes, label, points)
        loss = fn(z, t)
        loss.backward()
        tensors[name + ".loss"] = np.array([loss.item()], np.float64)
        tensors[name + ".grad"] = ref.channels_last(z.grad.numpy()).astype(np.float32)
    ref.save("losses", tensors)


main()
