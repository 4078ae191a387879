import re
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scoring.language_id.fasttext.toy import HIERARCHICAL, LABELS, WORDS, toy

from ontarget.errors import UserError
from ontarget.scoring.language_id.fasttext.file import FastTextFile, read_fasttext
from ontarget.scoring.language_id.fasttext.model import FastTextModel
from ontarget.scoring.language_id.identifier import bundled

PRUNED = toy(HIERARCHICAL, quantised=True, norms=True, output_too=True, kept=6, buckets=20, dimensions=3)
SETTINGS = 8  # where they begin
DICTIONARY = SETTINGS + 12 * 4 + 8


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "toy.bin"


def read(path: Path, content: bytes) -> FastTextFile:
    path.write_bytes(content)
    return read_fasttext(path)


def test_a_dense_model(path: Path) -> None:
    content = toy(dimensions=4, buckets=7, ngrams=(2, 3))
    file = read(path, content)
    assert (file.shortest, file.longest, file.word_ngrams, file.buckets, file.kept) == (2, 3, 1, 7, None)
    assert file.words == {word.encode(): row for row, word in enumerate(WORDS)}
    assert file.labels == [label.encode() for label in LABELS]
    assert file.counts == [1000 // (k + 1) for k in range(len(WORDS), len(WORDS) + len(LABELS))]
    assert file.loss == "softmax"
    assert file.rows.shape == (len(WORDS) + 7, 4)
    assert file.output.tobytes() == content[-16 * len(LABELS) :]
    last_row = content[: -16 * len(LABELS) - 17][-16:]  # before the flag and the shape of the output
    assert file.rows.take(np.array([len(WORDS) + 6])).tobytes() == last_row


def test_a_quantised_model_is_centroids_times_norms(path: Path) -> None:
    content = PRUNED
    file = read(path, content)
    m = len(WORDS) + 6
    start = content.index(struct.pack("<?2qi", True, m, 3, 2 * m)) + 21
    codes = np.frombuffer(content, np.uint8, 2 * m, start).reshape(m, 2)
    start += 2 * m + 16
    centroids = np.frombuffer(content, "<f4", 256 * 3, start)
    start += 256 * 3 * 4
    norm_codes = np.frombuffer(content, np.uint8, m, start)
    norms = np.frombuffer(content, "<f4", 256, start + m + 16)
    for row in (0, 4, m - 1):
        first, second = codes[row].tolist()
        expected = norms[norm_codes[row]] * centroids[[2 * first, 2 * first + 1, 512 + second]]
        np.testing.assert_allclose(file.rows.take(np.array([row]))[0], expected, rtol=1e-6)


def test_the_bundled_model() -> None:
    file = read_fasttext(bundled())
    assert (file.shortest, file.longest, file.buckets, file.loss) == (2, 4, 2_000_000, "hierarchical softmax")
    assert (len(file.words), len(file.labels), file.rows.shape) == (7235, 176, (50_000, 16))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is truncated or damaged"),
        (b"no model at all", "its beginning is different"),
        (toy(version=13), "its format has version 13, but only 11 and 12 are supported"),
        (toy(kind=2), "it has word vectors but no labels"),
        (toy(labels=[]), "it is truncated or damaged"),
    ],
)
def test_what_is_no_classifier_is_one_sentence(path: Path, content: bytes, why: str) -> None:
    with pytest.raises(
        UserError, match=f"^{re.escape(str(path))} is not a fastText model such as lid.176.bin: {why}$"
    ):
        read(path, content)


@pytest.mark.parametrize("content", [toy(dimensions=2, buckets=5), PRUNED], ids=["dense", "quantised"])
def test_a_file_that_is_cut_short_anywhere(path: Path, content: bytes) -> None:
    ends = {*range(0, 700, 5), *range(700, len(content), 97), len(content) - 1}
    for end in sorted(end for end in ends if end < len(content)):
        with pytest.raises(UserError, match="truncated or damaged"):
            read(path, content[:end])


@pytest.mark.parametrize("value", [2**31 - 1, -1, -(2**31), 10**7])
def test_absurd_sizes_cost_no_memory(path: Path, value: int) -> None:
    """Each number of the settings and the head of the dictionary, of 32 and of 64 bits."""
    for content in (toy(), PRUNED):
        numbers = [(at, "<i") for at in range(SETTINGS, DICTIONARY, 4)]
        numbers += [(DICTIONARY + 4 * k, "<i") for k in range(3)] + [(DICTIONARY + 20, "<q")]
        for at, layout in numbers:
            damaged = bytearray(content)
            struct.pack_into(layout, damaged, at, value)
            path.write_bytes(damaged)
            tracemalloc.start()
            try:
                list(FastTextModel(read_fasttext(path)).best(["the cat sat"]))
            except UserError as error:
                assert "truncated or damaged" in str(error) or "word vectors" in str(error)  # noqa: PT017
            finally:
                _, peak = tracemalloc.get_traced_memory()
                tracemalloc.stop()
            assert peak < 2**26, (at, peak)


@pytest.fixture(scope="module")
def module_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("toy") / "toy.bin"


@given(st.data())
def test_a_damaged_file_is_refused_or_answers(module_path: Path, data: st.DataObject) -> None:
    """Never another error."""
    content = data.draw(st.sampled_from([toy(), toy(HIERARCHICAL, word_ngrams=2), PRUNED]))
    damaged = bytearray(content)
    at = data.draw(st.integers(0, 400) | st.integers(0, len(content) - 4))
    damaged[at : at + 4] = data.draw(st.binary(min_size=4, max_size=4))
    module_path.write_bytes(damaged)
    try:
        model = FastTextModel(read_fasttext(module_path))
    except UserError as error:
        assert str(module_path) in str(error)  # noqa: PT017
    else:
        with np.errstate(all="ignore"):
            assert len(list(model.best(["the кот", ""]))) == 2
