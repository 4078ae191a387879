"""Where the time of a step goes on a GPU: `train_stage` under torch.profiler, as kinds of kernels.

    python benchmarks/gpu_profile.py --start MODEL [--steps 3] [--samples 64] [--micro-batch-tokens 2048]

gpu.py runs it. The first step, which warms up, is left out. The last line is JSON: the share of each kind;
the seconds of kernels and of the clock in a step (the difference is time in which the GPU waits); and the
slowest kernels by name, so that kinds can be checked. Without a GPU it shows PyTorch's operations instead.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch
from stage1_step import drawn
from steps import Job, ours
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

# A part of a kernel's name, in lower case, and its kind; the first one that fits.
KINDS = (
    (("flash", "attention", "fmha"), "attention"),
    (("gemm", "nvjet", "cutlass", "cublas", "::mm", "::addmm", "::bmm"), "matrix products"),
    (("rms_norm", "swiglu", "silu", "geglu", "rope"), "Liger's layers"),
    (("_add", "_step"), "loss"),
    (("adam", "optimizer", "multi_tensor"), "optimiser, norm of the gradient and clipping"),
    (("copy", "cat", "memset", "memcpy", "fill"), "casts, copies and zeros"),
    (("index", "gather", "scatter", "embedding"), "embeddings and gathering"),
    (("reduce", "sum", "mean"), "sums"),
)
REST = "numbers, one by one"


def kind_of(name: str) -> str:
    name = name.lower()
    return next((kind for parts, kind in KINDS if any(part in name for part in parts)), REST)


def measured(job: Job) -> dict[str, Any]:
    """Shares of kinds, seconds of a step, and the slowest kernels."""
    gpu = torch.cuda.is_available()
    profiler = profile(activities=[ProfilerActivity.CUDA if gpu else ProfilerActivity.CPU])
    clock: list[float] = []

    def lap(_: int | None) -> None:
        if gpu:
            torch.cuda.synchronize()
        if len(clock) == job.steps - 1:
            profiler.stop()
        clock.append(time.perf_counter())
        if len(clock) == 1:
            profiler.start()

    ours()(job, drawn(job.translations()), lap)
    times = {
        event.key: (event.self_device_time_total if gpu else event.self_cpu_time_total) / 1e6
        for event in profiler.key_averages()
        if (event.device_type == DeviceType.CUDA if gpu else "::" in event.key)
    }
    whole, kinds = sum(times.values()), dict[str, float]()
    for name, seconds in times.items():
        kinds[kind_of(name)] = kinds.get(kind_of(name), 0.0) + seconds / whole
    slowest = sorted(times, key=lambda name: -times[name])[:25]
    return {
        "shares": {kind: round(share, 4) for kind, share in sorted(kinds.items(), key=lambda item: -item[1])},
        "kernel_seconds": round(whole / (job.steps - 1), 3),
        "seconds": round((clock[-1] - clock[0]) / (job.steps - 1), 3),
        "slowest": {name[:80]: round(times[name] / whole, 4) for name in slowest},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--start", type=Path, required=True, help="a model that steps.make_model made")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--micro-batch-tokens", type=int, default=2048)
    options = parser.parse_args()
    job = Job(options.start, options.steps, options.samples, options.micro_batch_tokens, sentences=2)
    print(json.dumps(measured(job)))


if __name__ == "__main__":
    main()
