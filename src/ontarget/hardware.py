"""Properties of the processor. It needs torch, so only packages that use models import it."""

import ctypes
import gc
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

_OF_USER = "MALLOC_TRIM_THRESHOLD_"  # glibc's own environment variable, in bytes


def prefers_bf16() -> bool:
    """Whether matrix products are faster in bf16 than in fp32 on this machine.

    They are faster on most GPUs, and on CPUs with AMX or AVX512-BF16. Intel's CPUs with AVX512-BF16 but
    without AMX are an exception, which is not detected: set the precision there (docs/experiments/growth.md).
    """
    if torch.cuda.is_available():
        supported: bool = torch.cuda.is_bf16_supported(including_emulation=False)  # untyped in torch
        return supported
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def multiplies_bf16() -> bool:
    """Whether oneDNN multiplies bf16 on this processor: it needs AVX512, AMX, or the bf16 of newer Arm."""
    if not torch._C._has_mkldnn:
        return False
    supported: bool = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return supported


def device() -> torch.device:
    """The first GPU, or the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def has_gpu() -> bool:
    """Whether there is a GPU."""
    return torch.cuda.is_available()


def gpu_count() -> int:
    """The number of GPUs that this process may use."""
    return torch.cuda.device_count()


def keep_freed_memory() -> None:
    """Makes glibc keep large freed blocks.

    Otherwise, new pages for each activation take a sixth of a training step on CPU. A setting of the user
    stays, since a process that does much else is better off if it gives memory back.
    """
    if sys.platform != "linux" or torch.cuda.is_available() or _OF_USER in os.environ:
        return
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # musl does not have it
        libc.mallopt(mmap_threshold, 1 << 30)
        libc.mallopt(trim_threshold, 2**31 - 1)


def return_freed_memory() -> None:
    """Returns memory to the system that `keep_freed_memory` kept. It takes 0.2 ms if there is little."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)


def release_memory() -> None:
    """Frees the models that are no longer used, and returns freed memory to the system.

    Trainer and its callbacks refer to each other, so a finished stage keeps its weights and moments until
    Python looks for such cycles, which may take hours. Call it before a model is loaded.
    """
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return_freed_memory()


@contextmanager
def computing_threads(count: int | None) -> Iterator[None]:
    """torch computes with `count` threads of the processor meanwhile; with None, as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def machine_name(threads: int | None = None) -> str:
    """What decides how long work takes: the GPU, or the processor and its threads (default: as torch has)."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").split("\n") if info.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    processor = next(named, platform.processor() or platform.machine())
    return f"{processor}, {threads or torch.get_num_threads()} threads"


def busy_seconds() -> float:
    """A clock for the work of this thread, which other programs hardly change.

    On a CPU it is the processor time of this thread, which does its share of products in several threads.
    Where a GPU computes, it is elapsed time.
    """
    return time.perf_counter() if torch.cuda.is_available() else time.thread_time()
