"""How cost grows: where does it stop being linear?

    OMP_NUM_THREADS=1 python benchmarks/growth.py samples [--sizes 1000 10000 100000 1000000 10000000]
    OMP_NUM_THREADS=1 python benchmarks/growth.py languages [--sizes 4 10 20 50 100]
    OMP_NUM_THREADS=1 python benchmarks/growth.py vocabulary [--sizes 8000 32000 128000 256000]
    OMP_NUM_THREADS=1 python benchmarks/growth.py length [--sizes 64 256 1024 2048]
    OMP_NUM_THREADS=1 python benchmarks/growth.py processes

Each prints a table with a line for each size: seconds of processor time, and in column x, how many times as
long a sample, direction or token takes as at the first size (1.0 is linear). Figures are in
benchmarks/results/growth_*.json.
"""

import argparse
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from growth_languages import languages
from growth_model import length, vocabulary
from growth_processes import processes
from growth_samples import samples
from growth_table import Row
from machine import describe

PARTS: dict[str, tuple[Callable[[Sequence[int]], list[Row]], Sequence[int]]] = {
    "samples": (samples, (1_000, 10_000, 100_000, 1_000_000)),
    "languages": (languages, (4, 10, 20, 50, 100)),
    "vocabulary": (vocabulary, (8_000, 32_000, 128_000, 256_000)),
    "length": (length, (64, 256, 1024, 2048)),
    "processes": (processes, (1, 2)),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--sizes", type=int, nargs="+")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    measured, usual = PARTS[options.part]
    rows = measured(options.sizes or usual)
    output = options.output or Path(__file__).parent / "results" / f"growth_{options.part}.json"
    result = {"machine": describe(), "load": [round(number, 1) for number in os.getloadavg()], "rows": rows}
    output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
