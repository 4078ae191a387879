import random
from itertools import product

import pytest

from ontarget.corpora.phrasebook.splits import Space, draw, split_of
from ontarget.errors import UserError


def test_key_pairs_are_held_apart_and_none_is_lost(patterns):
    for pattern in patterns:
        pairs = {
            split: {(a.lexeme.lemma, b.lexeme.lemma) for a, b in Space.of(pattern, split).pairs}
            for split in ("train", "validation", "test")
        }
        assert not pairs["train"] & pairs["validation"]
        assert not pairs["train"] & pairs["test"]
        assert not pairs["validation"] & pairs["test"]
        first, second = (pattern.slots[name] for name in pattern.key_slots)
        assert set.union(*pairs.values()) == {
            (a.lexeme.lemma, b.lexeme.lemma) for a, b in product(first, second)
        }


def test_drawn_fillings_belong_to_their_split(patterns):
    for split in ("train", "validation", "test"):
        for pattern, filling in draw(patterns, split, 500, random.Random(3)):
            first, second = (filling[name].lexeme.lemma for name in pattern.key_slots)
            assert split_of(pattern.name, first, second) == split


def test_the_split_does_not_depend_on_the_order_of_the_slots():
    assert split_of("gift", "book", "red") == split_of("gift", "red", "book")


def test_a_space_counts_every_filling_once(patterns):
    space = min((Space.of(pattern, "validation") for pattern in patterns), key=len)
    fillings = {
        tuple(sorted((name, word.lexeme.lemma) for name, word in space[index].items()))
        for index in range(len(space))
    }
    assert len(fillings) == len(space) > 0


def test_a_draw_shares_fairly_and_ends_where_the_space_ends(patterns):
    few = sorted(patterns, key=lambda pattern: len(Space.of(pattern, "test")))[:3]
    total = sum(len(Space.of(pattern, "test")) for pattern in few)
    everything = draw(few, "test", total, random.Random(1))
    assert len({(p.name, *(w.lexeme.lemma for w in f.values())) for p, f in everything}) == total
    with pytest.raises(UserError, match=f"has {total} tuples for its split 'test', not {total + 1}"):
        draw(few, "test", total + 1, random.Random(1))
    counts = [sum(p is pattern for p, _ in draw(few, "test", 30, random.Random(1))) for pattern in few]
    assert counts == [10, 10, 10]
