"""Paragraphs with a few sentences in another language: what each unit of `--unit` sees of them.

    ONTARGET_DATA=... OMP_NUM_THREADS=1 python benchmarks/sentences.py

A paragraph is a number of consecutive lines of NTREX, in each of its languages. In every tenth paragraph one
line is the English source instead, and in every tenth half of them are. The human paragraphs as they are give
the floor.
"""

import argparse
import gzip
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from ontarget.scoring.by_sentence import BySentence
from ontarget.scoring.off_target import OffTarget

EVERY = 10  # paragraphs of which one gets English sentences


def lines_of(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        return file.read().rstrip("\n").split("\n")


def paragraphs(lines: Sequence[str], length: int) -> list[list[str]]:
    whole = len(lines) // length * length
    return [list(lines[start : start + length]) for start in range(0, whole, length)]


def spoilt(human: Sequence[Sequence[str]], english: Sequence[Sequence[str]], copies: int) -> list[list[str]]:
    """Every tenth paragraph with as many lines of English in its middle."""
    found = [list(paragraph) for paragraph in human]
    for place in range(0, len(found), EVERY):
        start = (len(found[place]) - copies) // 2
        found[place][start : start + copies] = english[place][start : start + copies]
    return found


def ratios(language: str, text: Sequence[Sequence[str]]) -> list[float]:
    """OTR by lines; by sentences OTR, strict OTR, mixed lines and OTR of sentences; in percent."""
    whole, by_sentence = OffTarget(language), BySentence(language, strict=True)
    joined = ["".join(text) if language in ("ja", "zh") else " ".join(text) for text in text]
    whole.add(joined)
    by_sentence.add(joined)
    mixed = 100 * by_sentence.outcomes["mixed"] / by_sentence.n
    return [
        whole.score.value,
        by_sentence.score.value,
        by_sentence.strict_score.value,
        mixed,
        by_sentence.sentence_score.value,
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--length", type=int, default=10, help="lines of a paragraph")
    options = parser.parse_args()
    folder = Path(os.environ["ONTARGET_DATA"]) / "ntrex"
    texts = {path.suffixes[0][1:]: lines_of(path) for path in sorted(folder.glob("newstest2019.*.gz"))}
    english = paragraphs(texts.pop("en"), options.length)
    titles = ["OTR, line", "OTR, sentence", "strict, sentence", "mixed", "OTR sentences"]
    print("| text | language |", " | ".join(titles), "|")
    print("|---|---|" + "---:|" * len(titles))
    for name, copies in (("human", 0), ("one English line", 1), ("half English", options.length // 2)):
        rows = {}
        for language, lines in texts.items():
            human = paragraphs(lines, options.length)
            rows[language] = ratios(language, spoilt(human, english, copies) if copies else human)
        for language, row in rows.items():
            print(f"| {name} | {language} |", " | ".join(f"{value:.2f}" for value in row), "|")
        means = [mean(values) for values in zip(*rows.values(), strict=True)]
        print(f"| {name} | mean |", " | ".join(f"{value:.2f}" for value in means), "|")


if __name__ == "__main__":
    main()
