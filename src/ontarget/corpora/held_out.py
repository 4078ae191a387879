"""Holds out validation and test segments from the train split, for corpora without such splits."""

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
    """Moves segments of each part of the train split to other splits, which replace existing ones.

    The segments with the smallest hashes are moved: a random draw, but the same on every machine and for any
    order of the text. Equal segments are drawn only once. Segments that share a line with a moved segment may
    remain in the train split; `overlap` decides on these (cleaning.py).

    Args:
        corpus: the cleaned corpus, so that removed segments are not drawn.
        numbers: split -> number of segments to move from each part.
    Raises:
        UserError: there is no train split, or a part does not have more segments than are moved.
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
    """The remaining segments of a part, then the segments for each split, all in the order of the text."""
    hashes = np.fromiter(map(hash_of, zip(*part.lines.values(), strict=True)), np.uint64, len(part))
    distinct = np.unique(hashes, return_index=True)[1]  # in the order of their hashes
    if len(distinct) <= sum(numbers):
        raise UserError(
            f"hold_out moves {sum(numbers)} segments from each part of the train split of corpus '{name}', "
            f"but the part in {' '.join(map(str, part.lines))} has {len(distinct)}; reduce the number"
        )
    *taken, _ = np.split(distinct, np.cumsum(numbers))
    stay = np.delete(np.arange(len(part)), np.concatenate(taken))
    return [part.chosen(array("q", np.sort(places))) for places in (stay, *taken)]
