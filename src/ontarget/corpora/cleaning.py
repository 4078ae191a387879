"""Cleans the train split by the steps of a recipe, in their order, and counts the segments removed by each.

Segments are removed in all their languages, so that the others stay aligned. Test and validation text is
never changed.
"""

import hashlib
import json
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import Literal

from ontarget.corpora import store
from ontarget.corpora.checks import Check, CleaningStep, Columns, Identification, InTest, check_of
from ontarget.corpora.corpus import Corpus, Part
from ontarget.errors import UserError
from ontarget.files import cache_folder, full_disk_said, made_once, whole_folder, write_json
from ontarget.languages import Language

Overlap = Literal["error", "remove", "allow"]

# Raise it when the same steps remove other segments than before.
_FORMAT = 2
_AT_ONCE = 10_000  # segments
_COUNTS = "counts.json"
_OVERLAP = "in the test set"


def cleaned(
    corpus: Corpus,
    steps: Sequence[CleaningStep],
    overlap: Overlap,
    test_split: str,
    identification: Identification,
) -> Corpus:
    """The corpus without the segments of its train split that a step removes, and with their counts.

    For text from files, the numbers of the kept segments are cached.

    Args:
        corpus: the corpus.
        steps: the cleaning steps, in order.
        overlap: the treatment of segments with a line, in any language, that is also in the test split.
        test_split: the name of the test split.
        identification: identifies the languages of texts.

    Raises:
        UserError: a test line is in the train split and `overlap` is `error`, or no segment is left.
    """
    if overlap == "allow" and not steps:
        return corpus
    about = [
        _FORMAT,
        corpus.fingerprint,
        [s.settings() for s in steps],
        overlap,
        test_split,
        identification.name,
    ]
    folder = cache_folder() / "cleaned" / hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]
    kept: Sequence[Sequence[int]]
    if corpus.fingerprint:
        made_once(
            folder, lambda: _remember(folder, *_clean(corpus, steps, overlap, test_split, identification))
        )
        kept, left_out = _remembered(folder)
    else:
        kept, left_out = _clean(corpus, steps, overlap, test_split, identification)
    if not left_out:
        return corpus
    if not any(map(len, kept)):
        counts = ", ".join(f"{number} {name}" for name, number in left_out.items())
        raise UserError(
            f"corpus '{corpus.name}': cleaning removes all segments of the split 'train': {counts}"
        )
    parts = [part.chosen(numbers) for part, numbers in zip(corpus.parts("train"), kept, strict=True)]
    counted = {f"train: {name}": number for name, number in left_out.items()}
    return replace(
        corpus,
        splits={**corpus.splits, "train": parts},
        left_out={**corpus.left_out, **counted},
        fingerprint=folder.name if corpus.fingerprint else None,
    )


def _clean(
    corpus: Corpus,
    steps: Sequence[CleaningStep],
    overlap: Overlap,
    test_split: str,
    identification: Identification,
) -> "tuple[list[array[int]], dict[str, int]]":
    """The numbers of the kept segments of each part, and the number of segments that each step removed."""
    counts: Counter[str] = Counter()
    in_test = None if overlap == "allow" else InTest(_lines(corpus, test_split))
    kept: list[array[int]] = []
    for part in corpus.parts("train"):
        checks = {step.name: check_of(step, identification) for step in steps}
        kept.append(_kept(part, checks | ({_OVERLAP: in_test} if in_test else {}), counts))
    if in_test and in_test.first and overlap == "error":
        language, text = in_test.first
        raise UserError(
            f"corpus '{corpus.name}': {counts[_OVERLAP]} train segments have a line of the split "
            f"'{test_split}', the first in {language.name()}: '{text[:60]}'; remove them with "
            "overlap=remove, or keep them with overlap=allow"
        )
    return kept, {name: number for name, number in counts.items() if number}


def _kept(part: Part, checks: Mapping[str, Check], counts: Counter[str]) -> "array[int]":
    """The numbers of the segments that pass; other segments are counted by the first check that they fail."""
    kept = array("q")
    for begin in range(0, len(part), _AT_ONCE):
        numbers = list(range(begin, min(begin + _AT_ONCE, len(part))))
        texts: Columns = {code: lines[begin : begin + _AT_ONCE] for code, lines in part.lines.items()}
        for name, check in checks.items():
            stays = check(texts)
            counts[name] += stays.count(False)
            numbers = list(compress(numbers, stays))
            texts = {language: list(compress(lines, stays)) for language, lines in texts.items()}
        kept.extend(numbers)
    return kept


def _lines(corpus: Corpus, split: str) -> dict[Language, frozenset[str]]:
    """All lines of a split by language, without surrounding blanks."""
    found: dict[Language, set[str]] = {}
    for part in corpus.parts(split):
        for language, lines in part.lines.items():
            found.setdefault(language, set()).update(line.strip() for line in lines)
    return {language: frozenset(lines - {""}) for language, lines in found.items()}


def _remember(folder: Path, kept: "Sequence[array[int]]", left_out: Mapping[str, int]) -> None:
    with full_disk_said(folder), whole_folder(folder) as temporary:
        for number, numbers in enumerate(kept):
            (temporary / str(number)).write_bytes(memoryview(numbers))
        write_json(temporary / _COUNTS, {"parts": len(kept), "left_out": left_out})


def _remembered(folder: Path) -> tuple[Sequence[Sequence[int]], dict[str, int]]:
    found = json.loads((folder / _COUNTS).read_text(encoding="utf-8"))
    return [store.numbers(folder / str(number)) for number in range(found["parts"])], found["left_out"]
