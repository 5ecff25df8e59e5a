"""Shared by the reference scripts: numbers that C and Python make alike, and dumps.

A reference is made of values() for inputs and weights, so that a dump holds only
results: outputs, and digests of gradients.  tests/unit/ref.h is the C side.
"""
import json
import os
import struct

import numpy as np

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
MASK = (1 << 64) - 1


def values(name, shape, scale=1.0):
    """Uniform in [-scale, scale), float32, from FNV-1a of name and splitmix64 of the index."""
    h = 0xCBF29CE484222325
    for b in name.encode():
        h = ((h ^ b) * 0x100000001B3) & MASK
    n = int(np.prod(shape, dtype=np.int64))
    with np.errstate(over="ignore"):
        z = np.uint64(h) + np.uint64(0x9E3779B97F4A7C15) * np.arange(1, n + 1, dtype=np.uint64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    unit = (z >> np.uint64(40)).astype(np.float64) / 16777216.0
    return ((2.0 * unit - 1.0) * scale).astype(np.float32).reshape(shape)


def labels(name, shape, classes):
    """Whole numbers 0 .. classes - 1 as float32."""
    u = (values(name, shape).astype(np.float64) + 1.0) / 2.0
    return np.minimum(np.floor(u * classes), classes - 1).astype(np.float32)


def digest(name, x):
    """Three numbers that stand for a tensor: sum, sum of squares, dot with values(name)."""
    x = np.asarray(x, dtype=np.float64).ravel()
    return np.array([x.sum(), (x * x).sum(), (x * values(name, x.shape)).sum()], np.float64)


def channels_last(x):
    """N C D H W -> N D H W C."""
    return np.ascontiguousarray(np.moveaxis(np.asarray(x), 1, -1))


def save(name, tensors, meta=None):
    """Writes tests/ref/data/NAME.safetensors (float32 and float64 arrays)."""
    head, blob = {}, b""
    if meta:
        head["__metadata__"] = {k: str(v) for k, v in meta.items()}
    for key, x in tensors.items():
        x = np.ascontiguousarray(x)
        raw = x.tobytes()
        dtype = {"float32": "F32", "float64": "F64", "int64": "I64"}[x.dtype.name]
        head[key] = {"dtype": dtype, "shape": list(x.shape),
                     "data_offsets": [len(blob), len(blob) + len(raw)]}
        blob += raw
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    os.makedirs(DATA, exist_ok=True)
    path = os.path.join(DATA, name + ".safetensors")
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + blob)
    print("%s: %d tensors, %d bytes" % (path, len(tensors), 8 + len(text) + len(blob)))
