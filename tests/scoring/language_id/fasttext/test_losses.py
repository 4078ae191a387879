import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.scoring.language_id.fasttext.toy import LABELS, toy

from ontarget.scoring.language_id.fasttext.file import FastTextFile, read_fasttext
from ontarget.scoring.language_id.fasttext.losses import HierarchicalSoftmax, huffman, probabilities

HIDDEN = np.array([[0.5, -1.0, 3.0], [0.25, 2.0, -4.0]], np.float32)  # [dimensions, texts]
OUTPUT = np.array([[1, 2], [-2, 1], [0, 3], [1, -1], [4, 4]], np.float32)  # [labels, dimensions]


@pytest.fixture
def file(tmp_path: Path) -> FastTextFile:
    path = tmp_path / "toy.bin"
    path.write_bytes(toy(dimensions=2))
    return replace(read_fasttext(path), output=OUTPUT)


def test_the_tree_joins_the_two_lightest() -> None:
    """Counts 10, 6, 3, 2, 1: 1 + 2 = 3, which is not lighter than the leaf of 3; 3 + 3, 6 + 6, 10 + 12."""
    assert huffman([10, 6, 3, 2, 1]).tolist() == [[4, 3], [5, 2], [6, 1], [0, 7]]
    assert huffman([1]).shape == (0, 2)


def test_a_leafs_probability_is_the_product_along_its_path() -> None:
    given = HierarchicalSoftmax(OUTPUT, [10, 6, 3, 2, 1])(HIDDEN)
    assert given.shape == (5, 3)
    for text in range(3):
        right = [1 / (1 + math.exp(-float(row @ HIDDEN[:, text]))) for row in OUTPUT[:4]]
        left = [1 - p for p in right]
        paths = {
            0: [left[3]],
            1: [right[3], right[2]],
            2: [right[3], left[2], right[1]],
            3: [right[3], left[2], left[1], right[0]],
            4: [right[3], left[2], left[1], left[0]],
        }
        for leaf, path in paths.items():
            assert given[leaf, text] == pytest.approx(math.prod(p + 1e-5 for p in path), rel=1e-4)
    np.testing.assert_allclose(given.sum(axis=0), 1, atol=1e-4)


def test_softmax(file: FastTextFile) -> None:
    given = probabilities(replace(file, loss="softmax"))(HIDDEN)
    odds = np.exp(OUTPUT.astype(float) @ HIDDEN)
    np.testing.assert_allclose(given, odds / odds.sum(axis=0) + 1e-5, rtol=1e-5)


def test_one_against_all_is_a_table_in_steps(file: FastTextFile) -> None:
    given = probabilities(replace(file, loss="one against all"))(HIDDEN)
    for label in range(len(LABELS)):
        for text in range(3):
            score = float(OUTPUT[label] @ HIDDEN[:, text])
            step = math.floor(score * 32) / 32
            expected = 0 if score < -8 else 1 if score > 8 else 1 / (1 + math.exp(-step))
            assert given[label, text] == pytest.approx(expected + 1e-5, rel=1e-5)


def test_scores_of_any_size_overflow_nothing(file: FastTextFile) -> None:
    extreme = np.array([[1e30, -1e30], [1e30, 1e30]], np.float32)
    with np.errstate(over="raise", invalid="raise"):
        for loss in ("hierarchical softmax", "softmax", "one against all"):
            given = probabilities(replace(file, loss=loss))(extreme)
            assert np.isfinite(given).all()
            assert (given >= 0).all()
