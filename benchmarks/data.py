"""Speed and memory of a corpus of many pairs: read, opened again, cleaned, hashed, drawn from, encoded.

    python benchmarks/data.py [--pairs 1000000] [--samples 1000000]

The text is made up: N pairs in a TSV file, of which one in a hundred is a duplicate, and a test split of
1,000 others. Of it so many samples are drawn, in both directions, encoded in Alpaca's prompt by a process for
each core, and read once more in the order of training; and the documents of a small base likewise. Memory is
what we and our processes hold of our own (Pss_Anon of Linux, looked at ten times a second): pages of a file
that is mapped into memory are the system's, which takes them back when it needs them. The steps follow one
another in one process, so memory that an earlier one did not give back counts for the next.
"""

import argparse
import json
import os
import random
import resource
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ontarget.corpora import files
from ontarget.corpora.checks import CleaningStep, Identification
from ontarget.corpora.cleaning import cleaned
from ontarget.corpora.corpus import Corpus
from ontarget.languages import Direction, Language
from ontarget.pipeline.planning.artifacts import text_fingerprint
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.documents import make_documents
from ontarget.samples.draw import draw_translations
from ontarget.samples.groups import Draw, document_groups, translation_groups

DE, EN = Language("de"), Language("en")
DRAWN = 12_000  # what stage 1 of the paper takes
STEPS = [
    CleaningStep.of(name) for name in ("empty", "too-long", "length-ratio", "duplicates", "source-is-target")
]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "data.json")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []

    def measured(name: str, work: Callable[[], Any], items: int = options.pairs) -> Any:
        with Memory() as memory:
            began, processor = time.perf_counter(), processor_seconds()
            made = work()
            seconds, busy = time.perf_counter() - began, processor_seconds() - processor
        rows.append(
            {
                "step": name,
                "seconds": round(seconds, 2),
                "per_second": round(items / seconds),
                "per_cpu_second": round(items / busy),
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
        measured(f"draw {DRAWN}", lambda: draw_translations(left, directions, DRAWN, seed=1), DRAWN)
        every = 2 * len(left.parts("train")[0])
        measured(
            "draw all, in both directions", lambda: draw_translations(left, directions, None, seed=1), every
        )
        draw = samples_of(left, directions, options.samples)
        encoder = measured("load torch, make a tokenizer", lambda: encoder_of(left), 0)
        from ontarget.training.data.encoded_cache import encode_pass

        def encode() -> Any:
            return encode_pass(draw(0), encoder, identity=lambda _: "made up")

        count = len(draw(0))
        measured(f"encode {count} samples", encode, count)
        made = measured("encoded before, open again", encode, count)
        random.Random(1).shuffle(made.learnt)
        tokens = measured(
            "read, as training does", lambda: sum(len(made.group(n)[0].ids) for n in made.learnt), count
        )
        on_disk = sum(file.stat().st_size for file in (Path(folder) / "cache/encoded").glob("*/*"))
        documents = measured(
            "draw documents of a base", lambda: documents_of(left), len(left.parts("train")[0])
        )
        read = document_groups(lambda _: documents)(0)
        made = measured(
            f"encode {len(read)} documents",
            lambda: encode_pass(read, encoder, identity=lambda _: "documents"),
            len(read),
        )
        random.Random(1).shuffle(made.learnt)
        measured(
            "read, as training does", lambda: sum(len(made.group(n)[0].ids) for n in made.learnt), len(read)
        )
    from machine import describe  # imports torch

    result = {
        "machine": describe(),
        "load": [round(number, 1) for number in os.getloadavg()],
        "settings": {
            "pairs": options.pairs,
            "bytes": size,
            "left": len(left.parts("train")[0]),
            "samples": count,
            "tokens": tokens,
            "bytes_encoded": on_disk,
        },
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


def samples_of(corpus: Corpus, directions: list[Direction], count: int | None) -> Draw:
    """Stage 1 over so many of them."""
    drawn = draw_translations(corpus, directions, count, seed=1)
    return translation_groups(drawn, PromptTemplate.load("alpaca"))


def documents_of(corpus: Corpus) -> Sequence[str]:
    """One pass of what a small base reads."""
    return make_documents(corpus, [DE, EN], EN, "aligned", seed=1)


def encoder_of(corpus: Corpus) -> Any:
    """With a tokenizer of 8,000 pieces, made from the first lines."""
    from ontarget.training.data.encode import Encoder
    from ontarget.training.new_model import make_tokenizer

    lines = [line for language in (DE, EN) for line in corpus.lines("train", language)[:20_000]]
    return Encoder(make_tokenizer(lines, 8000), "", 512, {})


def processor_seconds() -> float:
    """Of ours, and of those processes of ours that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(of.ru_utime + of.ru_stime for of in used)


class Memory:
    """The most that we and the processes that we started hold while the block lasts, in bytes."""

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
            children = [path.read_text().split() for path in Path("/proc/self/task").glob("*/children")]
            self.peak = max(self.peak, sum(map(_own, ["self", *(pid for of in children for pid in of)])))
            if self._over.wait(0.1):
                return


def _own(process: str) -> int:
    try:
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8")
    except OSError:  # it has ended
        return 0
    return sum(int(line.split()[1]) * 1024 for line in rollup.split("\n") if line.startswith("Pss_Anon:"))


if __name__ == "__main__":
    main()
