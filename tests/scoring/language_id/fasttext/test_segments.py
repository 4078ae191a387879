import numpy as np
import pytest

from ontarget.scoring.language_id.fasttext import segments


def test_blocks_hold_whole_owners_or_parts_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "_BLOCK", 4)
    owner = np.repeat(np.arange(5), [2, 1, 2, 10, 1])
    cuts = [(block.start, block.stop) for block in segments.blocks(owner)]
    assert cuts == [(0, 3), (3, 5), (5, 9), (9, 13), (13, 16)]
    assert list(segments.blocks(owner[:0])) == []


def test_rows_are_added_to_whom_they_belong() -> None:
    sums = np.ones((4, 2), np.float32)
    rows = np.arange(8, dtype=np.float32).reshape(4, 2)
    segments.add_rows(sums, np.array([0, 0, 3, 3]), rows)
    segments.add_rows(sums, np.array([3]), rows[:1])
    assert sums.tolist() == [[3, 5], [1, 1], [1, 1], [11, 14]]


def test_the_sums_are_those_of_one_owner_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "_BLOCK", 8)
    random = np.random.default_rng(1)
    owner = np.repeat(np.arange(6), [3, 20, 1, 7, 9, 2])
    rows = random.normal(size=(len(owner), 3)).astype(np.float32)
    together = np.zeros((6, 3), np.float32)
    for block in segments.blocks(owner):
        segments.add_rows(together, owner[block], rows[block])
    for k in range(6):
        alone, mine = np.zeros((1, 3), np.float32), rows[owner == k]
        for block in segments.blocks(np.zeros(len(mine), np.int64)):
            segments.add_rows(alone, np.zeros(len(mine), np.int64)[block], mine[block])
        assert together[k].tobytes() == alone[0].tobytes()
        np.testing.assert_allclose(alone[0], mine.sum(axis=0, dtype=np.float64), rtol=1e-5)
