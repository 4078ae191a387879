"""What bulk translation costs: memory for any number of lines, and time for small shards.

    python benchmarks/bulk.py memory [--lines 100000 1000000 10000000]
    python benchmarks/bulk.py shards MODEL TEXT --from it --to nl [--lines 4096] [--rounds 3]

`memory`: a function that only changes a text to capitals stands for the model. Each number of lines has a
process of its own, which loads no model library, and whose peak of resident memory is printed, with the lines
that it translates in a processor second and in a second. `shards`: the
first lines of a text are translated greedily, all together and in shards; the processor seconds of each size
are divided by those of all lines together, and the median over rounds is printed.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from ontarget.bulk.job import BulkJob
from ontarget.bulk.local import Advance, in_this_process
from ontarget.bulk.translate import translate_files
from ontarget.checked.verdict import Checked, Verdict
from ontarget.corpora.plain import lines_of
from ontarget.languages import Direction
from ontarget.translation.hypothesis import Hypothesis

LINE = "Ein Satz von der Länge, die ein Satz im Mittel hat, und mit der Nummer"
DIRECTION = Direction.parse("de-fr")
VERDICT = Verdict("on_target", "fr", 0.9)
SIZES = (64, 256)


class Silent:
    def say(self, line: str) -> None: ...

    def advance(self, done: int, total: int) -> None: ...


def capitals(texts: Sequence[str], *, progress: Advance | None = None) -> list[Checked]:
    return [Checked(text, DIRECTION, Hypothesis(text.upper(), "stop", 0.0, 1), VERDICT) for text in texts]


def one(lines: int) -> None:
    """Translates a file of so many lines; prints the seconds (of the processor, too) and MiB at the peak."""
    with tempfile.TemporaryDirectory() as name:
        text, out = Path(name) / "text", Path(name) / "out"
        with text.open("w", encoding="utf-8") as file:
            file.writelines(f"{LINE} {number}\n" for number in range(lines))
        began, busy = time.perf_counter(), time.process_time()
        job = BulkJob([str(text)], out, {}, "fr", report=Path(name) / "report")
        translate_files(job, lambda _: in_this_process(capitals), Silent())
        seconds, busy = time.perf_counter() - began, time.process_time() - busy
        assert sum(1 for _ in lines_of(out)) == lines
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB, or bytes on macOS
    mib = peak / (2**20 if sys.platform == "darwin" else 2**10)
    print(
        json.dumps(
            {
                "lines": lines,
                "seconds": round(seconds, 1),
                "cpu_seconds": round(busy, 1),
                "mib": round(mib, 1),
            }
        )
    )


def memory(numbers: Sequence[int]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in numbers:
        done = subprocess.run(
            [sys.executable, __file__, "one", str(number)], check=True, capture_output=True, encoding="utf-8"
        )
        rows.append(json.loads(done.stdout))
        ratio = rows[-1]["mib"] / rows[0]["mib"]
        per_second, per_cpu_second = (number / rows[-1][name] for name in ("seconds", "cpu_seconds"))
        print(
            f"{number:>10,} lines  {rows[-1]['mib']:6.1f} MiB  ratio {ratio:.2f}  "
            f"{per_cpu_second:,.0f} lines a processor second, {per_second:,.0f} a second",
            flush=True,
        )
    return rows


def shards(options: argparse.Namespace) -> list[dict[str, Any]]:
    from ontarget.translation.translator import Translator

    translator = Translator(options.model)
    lines = list(islice(lines_of(options.text), options.lines))
    seconds: dict[int, list[float]] = {size: [] for size in (len(lines), *SIZES)}
    for _ in range(options.rounds):
        for size, taken in seconds.items():
            began = time.process_time()
            for start in range(0, len(lines), size):
                translator.translate(
                    lines[start : start + size],
                    options.source,
                    options.target,
                    num_beams=1,
                    max_new_tokens=64,
                )
            taken.append(time.process_time() - began)
    rows = []
    for size, taken in seconds.items():
        ratio = median(own / all_ for own, all_ in zip(taken, seconds[len(lines)], strict=True))
        rows.append({"shard": size, "seconds": round(min(taken), 2), "ratio": round(ratio, 3)})
        print(f"shards of {size:>6,} lines  {min(taken):7.2f} s  ratio {ratio:.2f}", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("one").add_argument("lines", type=int)
    of_memory = commands.add_parser("memory")
    of_memory.add_argument("--lines", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    of_shards = commands.add_parser("shards")
    of_shards.add_argument("model")
    of_shards.add_argument("text", type=Path)
    of_shards.add_argument("--from", dest="source", required=True)
    of_shards.add_argument("--to", dest="target", required=True)
    of_shards.add_argument("--lines", type=int, default=4096)
    of_shards.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.command == "one":
        one(options.lines)
        return
    load = [round(number, 1) for number in os.getloadavg()]
    rows = memory(options.lines) if options.command == "memory" else shards(options)
    from machine import describe  # imports torch, which `memory` is measured without

    place = Path(__file__).parent / "results" / f"bulk_{options.command}.json"
    settings = {name: value for name, value in vars(options).items() if name not in ("model", "text")}
    result = {"machine": describe(), "load": load, "settings": settings, "rows": rows}
    place.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
