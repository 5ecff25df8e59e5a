"""PyTorch in the fastest environment that was found for it on CPUs.

torch of Debian takes one thread on CPUs it does not know; its gemm needs a fast BLAS; glibc
gives big tensors back to the kernel in every step, and the page faults cost a quarter of it.
start() runs the script again with settings against all that and imports torch; without
torch or a fast BLAS it says {"missing": ...} and ends.
"""
import json
import os
import sys

NEEDED = "python3-torch libopenblas0-pthread"
FASTEST = {"OMP_NUM_THREADS": str(len(os.sched_getaffinity(0))),
           "ATEN_CPU_CAPABILITY": "avx512" if " avx512f" in open("/proc/cpuinfo").read() else "",
           "MALLOC_MMAP_THRESHOLD_": "4000000000", "MALLOC_TRIM_THRESHOLD_": "8000000000",
           "MALLOC_TOP_PAD_": "268435456"}


def say(**what):
    print(json.dumps(what), flush=True)


def start():
    if os.environ.get("PEER_TUNED") != "1":
        env = {k: v for k, v in {**os.environ, **FASTEST, "PEER_TUNED": "1"}.items() if v}
        for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
            env.pop(name, None)
        os.execve(sys.executable, [sys.executable] + sys.argv, env)
    try:
        import torch
    except ImportError:
        say(missing=NEEDED)
        sys.exit(0)
    torch.mm(torch.ones(8, 8), torch.ones(8, 8))
    maps = open("/proc/self/maps").read()
    if not torch.backends.mkl.is_available() and "openblas" not in maps and "mkl" not in maps:
        say(missing="libopenblas0-pthread (PyTorch is here, but with the slow reference BLAS)")
        sys.exit(0)
    if int(torch.__version__.split(".")[0]) < 2:
        # its group norm refuses bf16 input with float weights: run it in float
        import torch.nn.functional as F
        torch.nn.GroupNorm.forward = lambda m, x: F.group_norm(x.float(), m.num_groups, m.weight,
                                                               m.bias, m.eps)
    return torch
