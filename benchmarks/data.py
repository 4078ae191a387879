"""Speed and memory of a corpus of many pairs: read into the cache, opened again, cleaned, hashed, drawn from.

    python benchmarks/data.py [--pairs 1000000]

The text is made up: N pairs in a TSV file, of which one in a hundred is a duplicate, and a test split of
1,000 others. Memory is what the process holds of its own (RssAnon of Linux, looked at every 20 ms): pages of
a file that is mapped into memory are the system's, which takes them back when it needs them. The steps follow
one another in one process, so memory that an earlier one did not give back counts for the next.
"""

import argparse
import json
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ontarget.corpora import files
from ontarget.corpora.checks import Identification, Step
from ontarget.corpora.cleaning import cleaned
from ontarget.corpora.corpus import Corpus
from ontarget.languages import Direction, Language
from ontarget.pipeline.artifacts import text_fingerprint
from ontarget.samples.draw import draw_translations

DE, EN = Language("de"), Language("en")
DRAWN = 12_000  # what stage 1 of the paper takes
STEPS = [Step.of(name) for name in ("empty", "too-long", "length-ratio", "duplicates", "source-is-target")]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "data.json")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []

    def measured(name: str, work: Callable[[], Any]) -> Any:
        with Memory() as memory:
            began, processor = time.perf_counter(), time.process_time()
            made = work()
            seconds, busy = time.perf_counter() - began, time.process_time() - processor
        rows.append(
            {
                "step": name,
                "seconds": round(seconds, 2),
                "pairs_per_second": round(options.pairs / seconds),
                "pairs_per_cpu_second": round(options.pairs / busy),
                "memory_mib": round(memory.peak / 2**20),
            }
        )
        print(rows[-1], flush=True)
        return made

    with tempfile.TemporaryDirectory() as folder:
        os.environ["ONTARGET_CACHE"] = f"{folder}/cache"
        write(Path(folder) / "train.tsv", range(options.pairs))
        write(Path(folder) / "test.tsv", range(options.pairs, options.pairs + 1000))
        size = (Path(folder) / "train.tsv").stat().st_size

        def load() -> Corpus:
            splits = {split: [f"{folder}/{split}.tsv"] for split in ("train", "test")}
            return files.load("made up", splits, [DE, EN])

        def clean() -> Corpus:
            return cleaned(corpus, STEPS, "error", "test", Identification("none", lambda *_: []))

        corpus = measured("read and store", load)
        corpus = measured("open again", load)
        left = measured("clean, with the overlap check", clean)
        left = measured("clean again", clean)
        measured("fingerprint", lambda: [text_fingerprint(left.lines("train", x)) for x in (DE, EN)])
        directions = [Direction(DE, EN), Direction(EN, DE)]
        measured(f"draw {DRAWN}", lambda: draw_translations(left, directions, DRAWN, seed=1))
    from machine import describe  # imports torch, whose memory is no part of this

    result = {
        "machine": describe(),
        "load": [round(number, 1) for number in os.getloadavg()],
        "settings": {"pairs": options.pairs, "bytes": size, "left": len(left.parts("train")[0])},
        "rows": rows,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def write(path: Path, numbers: range) -> None:
    """Sentences of some ten words, all different but for every hundredth, which is the one before."""
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyzäöüß", k=rng.randint(2, 9))) for _ in range(5000)]
    sentences = [" ".join(rng.choices(words, k=rng.randint(5, 15))) for _ in range(997)]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("de\ten\n")
        for number in numbers:
            kept = number - (number % 100 == 99)
            file.write(f"{sentences[kept % 997]} {kept}\t{kept} {sentences[kept % 991]}\n")


class Memory:
    """The most that the process holds of its own while the block lasts, in bytes."""

    def __enter__(self) -> "Memory":
        self.peak, self._over = 0, threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()

    def _look(self) -> None:
        while True:
            status = Path("/proc/self/status").read_text(encoding="utf-8")
            [line] = [line for line in status.split("\n") if line.startswith("RssAnon:")]
            self.peak = max(self.peak, int(line.split()[1]) * 1024)
            if self._over.wait(0.02):
                return


if __name__ == "__main__":
    main()
