"""Runs an ONNX file with numpy alone, to compare an export with axial's own output.

    onnx_run.py TOLERANCE MODEL.onnx IMAGE.nii.gz PREDICTION.nii.gz [MODEL IMAGE PREDICTION...]

checks each file with onnx.checker, applies it to the image in double precision and
compares with axial's prediction, relative to its largest value (1 for probabilities).  It knows the
operators that axial writes (opset 13), as the ONNX operator reference defines them.
"""
import gzip
import sys

import numpy as np
import onnx
from onnx import numpy_helper


def nifti(path):
    """C D H W of a .nii.gz or .nii."""
    raw = open(path, "rb").read()
    raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    dim = np.frombuffer(raw, "<i2", 8, 40)
    code = int(np.frombuffer(raw, "<i2", 1, 70)[0])
    at = int(np.frombuffer(raw, "<f4", 1, 108)[0])
    slope, inter = np.frombuffer(raw, "<f4", 2, 112)
    kind = {2: "<u1", 4: "<i2", 8: "<i4", 16: "<f4", 64: "<f8"}[code]
    n = [int(d) for d in dim[1:1 + dim[0]]] + [1] * (4 - dim[0])
    n = n[:3] + [int(np.prod(n[3:]))]
    x = np.frombuffer(raw, kind, int(np.prod(n)), at).astype(np.float64)
    x = x * (slope if slope else 1) + (inter if slope else 0)
    return x.reshape(n[::-1])


def windows(size, a):
    """kernel, strides, pads before and after, for spatial sizes."""
    k, s = a["kernel_shape"], a.get("strides", [1] * len(size))
    if a.get("auto_pad", b"NOTSET") == b"SAME_UPPER":
        total = [max((-(-n // t) - 1) * t + m - n, 0) for n, m, t in zip(size, k, s)]
        return k, s, [t // 2 for t in total], [t - t // 2 for t in total]
    pads = a.get("pads", [0] * 2 * len(size))
    return k, s, pads[:len(size)], pads[len(size):]


def taps(x, a, fill):
    """For each tap of the kernel: its index and the voxels it sees, N C D H W."""
    k, s, before, after = windows(x.shape[2:], a)
    x = np.pad(x, [(0, 0), (0, 0)] + list(zip(before, after)), constant_values=fill)
    out = [(n - m) // t + 1 for n, m, t in zip(x.shape[2:], k, s)]
    for i in np.ndindex(*k):
        yield i, x[(slice(None), slice(None)) + tuple(
            slice(j, j + (o - 1) * t + 1, t) for j, o, t in zip(i, out, s))]


def conv(a, x, w, bias=0):
    y = 0
    for i, v in taps(x, a, 0):
        y = y + np.einsum("oc,ncdhw->nodhw", w[(slice(None), slice(None)) + i], v)
    return y + np.reshape(bias, (-1, 1, 1, 1))


def conv_transpose(a, x, w, bias=0):
    k, s, before, after = windows(x.shape[2:], a)
    extra = a.get("output_padding", [0, 0, 0])
    full = [(n - 1) * t + m + e for n, m, t, e in zip(x.shape[2:], k, s, extra)]
    y = np.zeros((x.shape[0], w.shape[1], *full))
    for i in np.ndindex(*k):
        at = tuple(slice(j, j + (n - 1) * t + 1, t) for j, n, t in zip(i, x.shape[2:], s))
        y[(slice(None), slice(None)) + at] += np.einsum(
            "co,ncdhw->nodhw", w[(slice(None), slice(None)) + i], x)
    cut = tuple(slice(b, n - e) for b, e, n in zip(before, after, full))
    return y[(slice(None), slice(None)) + cut] + np.reshape(bias, (-1, 1, 1, 1))


def max_pool(a, x):
    y = None
    for _, v in taps(x, a, -np.inf):
        y = v if y is None else np.maximum(y, v)
    return y


def average_pool(a, x):
    assert not a.get("count_include_pad", 0)
    y = sum(v for _, v in taps(x, a, 0))
    return y / sum(v for _, v in taps(np.ones_like(x), a, 0))


def column(x, v):
    return np.reshape(v, (1, -1) + (1,) * (x.ndim - 2))


def instance_norm(a, x, gamma, beta):
    axes = tuple(range(2, x.ndim))
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return (x - mean) / np.sqrt(var + a.get("epsilon", 1e-5)) * column(x, gamma) + column(x, beta)


def batch_norm(a, x, gamma, beta, mean, var):
    scale = column(x, gamma) / np.sqrt(column(x, var) + a.get("epsilon", 1e-5))
    return (x - column(x, mean)) * scale + column(x, beta)


def resize(a, x, _roi=None, scales=None, sizes=None):
    mode, place = a["mode"], a["coordinate_transformation_mode"]
    if sizes is None:
        sizes = np.floor(np.array(x.shape) * scales)
    for axis, m in enumerate(int(v) for v in sizes):
        n, o = x.shape[axis], np.arange(int(m))
        if m == n:
            continue
        if mode == b"nearest":
            assert place == b"asymmetric" and a["nearest_mode"] == b"floor"
            x = np.take(x, np.floor(o * n / m).astype(int), axis)
            continue
        at = o * (n - 1) / max(m - 1, 1) if place == b"align_corners" else (o + 0.5) * n / m - 0.5
        at = np.clip(at, 0, n - 1)
        lo = np.floor(at).astype(int)
        t = (at - lo).reshape((-1,) + (1,) * (x.ndim - 1 - axis))
        x = np.take(x, lo, axis) * (1 - t) + np.take(x, np.minimum(lo + 1, n - 1), axis) * t
    return x


def softmax(a, x):
    e = np.exp(x - x.max(a["axis"], keepdims=True))
    return e / e.sum(a["axis"], keepdims=True)


def cut(_, x, begin, end, axes=None):
    index = [slice(None)] * x.ndim
    for k, (i, j) in enumerate(zip(begin, end)):
        index[k if axes is None else int(axes[k])] = slice(int(i), int(j))
    return x[tuple(index)]


def reshape(_, x, shape):
    return x.reshape([x.shape[i] if n == 0 else int(n) for i, n in enumerate(shape)])


SPACE = (2, 3, 4)
OPS = {
    "Add": lambda a, x, y: x + y,
    "AveragePool": average_pool,
    "BatchNormalization": batch_norm,
    "Concat": lambda a, *x: np.concatenate(x, a["axis"]),
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "Flatten": lambda a, x: x.reshape(x.shape[0], -1),
    "GlobalAveragePool": lambda a, x: x.mean(SPACE, keepdims=True),
    "GlobalMaxPool": lambda a, x: x.max(SPACE, keepdims=True),
    "Identity": lambda a, x: x,
    "InstanceNormalization": instance_norm,
    "LeakyRelu": lambda a, x: np.where(x > 0, x, a.get("alpha", 0.01) * x),
    "MaxPool": max_pool,
    "Mul": lambda a, x, y: x * y,
    "PRelu": lambda a, x, slope: np.where(x > 0, x, slope * x),
    "Relu": lambda a, x: np.maximum(x, 0),
    "Reshape": reshape,
    "Resize": resize,
    "Shape": lambda a, x: np.array(x.shape),
    "Sigmoid": lambda a, x: 1 / (1 + np.exp(-x)),
    "Slice": cut,
    "Softmax": softmax,
    "Squeeze": lambda a, x, axes: np.squeeze(x, tuple(int(i) for i in axes)),
    "Unsqueeze": lambda a, x, axes: np.expand_dims(x, tuple(int(i) for i in axes)),
}


def run(model, image):
    graph = model.graph
    values = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    values = {k: v.astype(np.float64) if v.dtype == np.float32 else v for k, v in values.items()}
    values[graph.input[0].name] = image
    for node in graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        inputs = [values[name] if name else None for name in node.input]
        values[node.output[0]] = OPS[node.op_type](attributes, *inputs)
    return values[graph.output[0].name]


def check(model_path, image_path, prediction_path, tolerance):
    model = onnx.load(model_path)
    onnx.checker.check_model(model, full_check=True)
    image, want = nifti(image_path)[None], nifti(prediction_path)[None]
    if len(model.graph.input[0].type.tensor_type.shape.dim) == 4:
        image, want = image[:, :, 0], want[:, :, 0]
    got = run(model, image)
    worst = float(np.abs(got - want.reshape(got.shape)).max()) / max(1, np.abs(want).max())
    twice = run(model, np.concatenate([image, image[..., ::-1]]))
    batch = float(np.abs(twice[0] - got[0]).max())
    ok = worst <= tolerance and batch <= 1e-9
    print("%s: %d nodes, output %s, worst difference %.3g, in a batch %.3g%s" % (
        model_path, len(model.graph.node), "x".join(str(n) for n in got.shape), worst, batch,
        "" if ok else ": FAILED"))
    return ok


def main(tolerance, *files):
    triples = [files[i:i + 3] for i in range(0, len(files), 3)]
    return 0 if all([check(*t, float(tolerance)) for t in triples]) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
