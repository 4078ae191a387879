"""The machine that a benchmark ran on, and its memory: no figure stands without them."""

import os
import platform
import threading
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

_PACKAGES = ("torch", "transformers", "accelerate", "peft", "trl", "liger-kernel")


def describe() -> dict[str, Any]:
    """Processor, memory, GPUs, versions and threads, as JSON takes them."""
    return {
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": torch.get_num_threads(),
        "bf16_products": _bf16_products(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "gpus": [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").split("\n"):
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _bf16_products() -> str:
    """What the CPU multiplies bf16 with: the figures of two CPUs differ by this more than by anything."""
    if torch.cpu._is_amx_tile_supported():
        return "amx"
    return "avx512_bf16" if torch.cpu._is_avx512_bf16_supported() else "none"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


class Memory:
    """The most memory of this process while a block runs: on a CPU, looked at every few milliseconds.

    Pages of files are not counted: they are a checkpoint as it lies on the disk, and given back on demand.
    """

    def __init__(self) -> None:
        self.before = self.peak = self._now()
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look)

    def __enter__(self) -> None:
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        self._watch.start()

    def __exit__(self, *_: Any) -> None:
        self._done.set()
        self._watch.join()
        if torch.cuda.is_available():
            self.peak = torch.cuda.max_memory_allocated()

    def _look(self) -> None:
        while not self._done.wait(0.003):
            self.peak = max(self.peak, self._now())

    @staticmethod
    def _now() -> int:
        if torch.cuda.is_available():
            return torch.cuda.memory_allocated()
        resident, shared = Path("/proc/self/statm").read_text(encoding="ascii").split()[1:3]
        return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
