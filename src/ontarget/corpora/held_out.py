"""Validation and test text out of the train split, for corpora that have none of their own."""

import hashlib
import json
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ontarget.corpora.checks import hash_of
from ontarget.corpora.corpus import Corpus, Part
from ontarget.errors import UserError


def held_out(corpus: Corpus, numbers: Mapping[str, int]) -> Corpus:
    """The corpus with so many segments of each part of its train split as another split, in place of its own.

    They are those whose hashes come first: a fair draw, the same on every machine and in whatever order the
    text is. No segment is drawn twice. One that has a line of theirs may still be in the train split: that is
    for `overlap` to say (cleaning.py).

    Args:
        corpus: cleaned, so that what is left out is no test either.
        numbers: split -> segments of each part.
    Raises:
        UserError: there is no train split, or a part has no more segments than are asked for.
    """
    if not corpus.parts("train"):
        raise UserError(f"hold_out: corpus '{corpus.name}' has no split 'train' to take text from")
    splits: dict[str, list[Part]] = {split: [] for split in ("train", *numbers)}
    for part in corpus.parts("train"):
        for split, chosen in zip(splits, _drawn(part, corpus.name, list(numbers.values())), strict=True):
            splits[split].append(chosen)
    known = json.dumps([corpus.fingerprint, numbers]).encode()
    fingerprint = hashlib.sha256(known).hexdigest() if corpus.fingerprint else None
    return replace(corpus, splits={**corpus.splits, **splits}, fingerprint=fingerprint)


def _drawn(part: Part, name: str, numbers: Sequence[int]) -> list[Part]:
    """What stays of a part, then what each split gets of it, each in the order of the text."""
    hashes = np.fromiter(map(hash_of, zip(*part.lines.values(), strict=True)), np.uint64, len(part))
    distinct = np.unique(hashes, return_index=True)[1]  # in the order of their hashes
    if len(distinct) <= sum(numbers):
        raise UserError(
            f"hold_out takes {sum(numbers)} segments of each part of the train split of corpus '{name}', and "
            f"that in {' '.join(map(str, part.lines))} has {len(distinct)}; take fewer"
        )
    *taken, _ = np.split(distinct, np.cumsum(numbers))
    stay = np.delete(np.arange(len(part)), np.concatenate(taken))
    return [part.chosen(array("q", np.sort(places))) for places in (stay, *taken)]
