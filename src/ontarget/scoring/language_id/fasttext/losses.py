"""Computes the probabilities of labels from hidden vectors, for each loss of fastText classifiers.

Each function takes hidden vectors [dimensions, texts] and gives probabilities [labels, texts]. fastText adds
1e-5 to a probability before it takes the logarithm, and does not subtract it again; so do these functions.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ontarget.scoring.language_id.fasttext.file import FastTextFile, Floats

Probabilities = Callable[[Floats], NDArray[np.floating]]

_LEAST = np.float32(1e-5)
_UNCOUNTED = 10**15  # weight of a node that does not exist yet


def probabilities(file: FastTextFile) -> Probabilities:
    """The function from hidden vectors to probabilities, for the loss of a model."""
    if file.loss == "hierarchical softmax":
        return HierarchicalSoftmax(file.output, file.counts)
    return {"softmax": _softmax, "one against all": _one_against_all}[file.loss](file.output)


class HierarchicalSoftmax:
    """Labels are the leaves of a binary tree; a label's probability is the product along its path.

    Args:
        output: [labels, dimensions]; one row for each inner node, and an unused last row.
        counts: number of occurrences of each label, descending; the tree is their Huffman tree.
    """

    def __init__(self, output: Floats, counts: list[int]) -> None:
        labels, children = len(counts), huffman(counts)
        row = np.zeros(2 * labels - 1, np.int64)  # of each node; a level of the tree has consecutive rows
        inner: list[int] = []  # the inner nodes, level by level
        self._levels: list[_Level] = []
        level, end = [2 * labels - 2], 1
        while here := [node for node in level if node >= labels]:
            level = children[np.array(here) - labels].reshape(-1).tolist()
            row[level] = np.arange(end, end + len(level))
            scores = slice(len(inner), len(inner) + len(here))
            self._levels.append(_Level(row[here], scores, slice(end, end + len(level))))
            inner += here
            end += len(level)
        self._leaves = row[:labels]
        self._inner = output[np.array(inner, np.int64) - labels].astype(np.float64)

    def __call__(self, hidden: Floats) -> NDArray[np.float64]:
        """Probabilities [labels, texts] for hidden vectors [dimensions, texts]."""
        right = _logistic(_scores(self._inner, hidden))
        left = 1 - right
        left += _LEAST
        right += _LEAST
        # In 64 bits, a product of 60 probabilities does not underflow.
        reached = np.empty((2 * len(self._leaves) - 1, hidden.shape[1]))
        reached[0] = 1
        for level in self._levels:
            here, children = reached[level.rows], reached[level.children]
            np.multiply(here, left[level.scores], out=children[::2])
            np.multiply(here, right[level.scores], out=children[1::2])
        return reached[self._leaves]


class _Level(NamedTuple):
    """The inner nodes of one level: their rows, the rows of their scores, and those of their children."""

    rows: NDArray[np.int64]
    scores: slice
    children: slice


def huffman(counts: list[int]) -> NDArray[np.int64]:
    """The Huffman tree over leaves with these counts, which are descending.

    Returns:
        [leaves - 1, 2], the left and right child of each inner node. Leaves are numbered in order, followed
        by the inner nodes; the root is last.
    """
    leaves = len(counts)
    weights = counts + [_UNCOUNTED] * (leaves - 1)
    leaf, node = leaves - 1, leaves  # the lightest ones without a parent
    children = []
    for made in range(leaves, 2 * leaves - 1):
        pair = []
        for _ in range(2):
            if leaf >= 0 and weights[leaf] < weights[node]:
                pair.append(leaf)
                leaf -= 1
            else:
                pair.append(node)
                node += 1
        weights[made] = sum(weights[child] for child in pair)
        children.append(pair)
    return np.array(children, np.int64).reshape(-1, 2)


def _softmax(output: Floats) -> Probabilities:
    wide = output.astype(np.float64)

    def call(hidden: Floats) -> Floats:
        scores = _scores(wide, hidden)
        odds: Floats = np.exp(scores - scores.max(axis=0))
        return np.asarray(odds / odds.sum(axis=0, dtype=np.float64), np.float32) + _LEAST

    return call


def _one_against_all(output: Floats) -> Probabilities:
    # fastText has a table of the logistic function, in steps of 1/32 from -8 to 8, so many labels are equal.
    wide = output.astype(np.float64)
    table = _logistic(np.linspace(-8, 8, 513, dtype=np.float32))

    def call(hidden: Floats) -> Floats:
        scores = _scores(wide, hidden)
        known = table[((np.clip(scores, -8, 8) + 8) * 32).astype(np.int64)]
        return np.asarray(np.where(scores < -8, 0, np.where(scores > 8, 1, known)), np.float32) + _LEAST

    return call


def _scores(output: NDArray[np.float64], hidden: Floats) -> Floats:
    # The order of additions in a matrix product depends on the sizes. In double precision, rounded to single,
    # the result of a text does not depend on the other texts.
    return (output @ hidden.astype(np.float64)).astype(np.float32)


def _logistic(scores: Floats) -> Floats:
    # exp(88) is about the largest number in 32 bits.
    odds = np.maximum(scores, np.float32(-80))
    np.exp(np.negative(odds, out=odds), out=odds)
    odds += 1
    return np.reciprocal(odds, out=odds)
