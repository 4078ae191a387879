"""Statistics of paired tests as text, and back."""

import base64
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scoring.test_significance import texts

from ontarget.languages import Language
from ontarget.scoring.metrics.sacrebleu import Metric
from ontarget.scoring.metrics.statistics_codec import pack, unpack
from ontarget.scoring.significance import mean_of_segments


@pytest.mark.parametrize("language", ["fr", "zh"])
def test_bleu_comes_back_number_for_number_with_the_n_grams_that_were_left_out(language: str) -> None:
    hypotheses, references = texts(1, 0.4)
    hypotheses[:4] = ["", "one", "one two", "word " * 300]  # no n-gram of an order; a length of two bytes
    statistics = Metric("bleu", Language(language)).statistics(hypotheses, references)
    assert np.array_equal(unpack("bleu", pack("bleu", statistics)), statistics)


@given(st.lists(st.booleans(), min_size=1))
def test_off_target_flags_come_back(off: list[bool]) -> None:
    statistics = mean_of_segments([100.0 * flag for flag in off])
    assert np.array_equal(unpack("otr", pack("otr", statistics)), statistics)


def test_the_bytes_are_columns_of_whole_numbers_the_low_byte_first() -> None:
    text = pack("otr", mean_of_segments([0.0, 100.0, 300.0]))
    assert zlib.decompress(base64.b64decode(text)) == bytes([0, 100, 44, 0, 0, 1, *[0] * 6])


def test_a_thousand_lines_are_a_few_kilobytes() -> None:
    statistics = Metric("bleu", Language("fr")).statistics(*texts(1, 0.5, segments=1200))
    assert len(pack("bleu", statistics)) < 5_000
    assert len(pack("otr", mean_of_segments([100.0 * (n % 7 == 0) for n in range(1200)]))) < 300


@pytest.mark.parametrize("text", ["no base 64", base64.b64encode(b"no zlib").decode()])
def test_what_is_damaged_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack("bleu", text)
