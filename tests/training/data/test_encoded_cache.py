import os

import pytest

pytest.importorskip("torch")

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ontarget.corpora.corpus import Corpus, Translation
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.conflict import Conflict
from ontarget.samples.documents import make_documents
from ontarget.samples.groups import document_groups, language_aware_groups
from ontarget.settings.tuning import Tuning
from ontarget.training.data import encoded_cache as passes
from ontarget.training.data.batches import Steps
from ontarget.training.data.encode import Encoded, Encoder
from ontarget.training.data.encoded_cache import encode_pass

PLAIN = PromptTemplate.load("plain")
LANGUAGES = [Language(code) for code in ("en", "it", "nl")]
SUPERVISED = [Direction.parse(text) for text in ("en-it", "it-en", "en-nl", "nl-en")]
# Every seventh has nothing to learn, every fifth is too long, the beginning of every third tells nothing.
TRANSLATIONS = [
    Translation(
        f"{'12 ' * (n % 3 == 0)}la casa {n}",
        "" if n % 7 == 0 else f"{'the house ' * (30 if n % 5 == 0 else n % 4)}{n}",
        SUPERVISED[n % 4],
    )
    for n in range(43)
]
DRAW = language_aware_groups(TRANSLATIONS, PLAIN, Conflict(), LANGUAGES, SUPERVISED, 1)
COUNTS = ("dropped", "truncated", "ambiguous")


@pytest.fixture(autouse=True)
def many_are_few(monkeypatch, tmp_path):
    monkeypatch.setenv("ONTARGET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(passes, "MANY", 10)
    monkeypatch.setattr(passes, "_BLOCK", 4)


def encoder(tokenizer, max_length=60):
    return Encoder(tokenizer, " ", max_length, {})


def contents(made):
    return list(made.learnt), [made.group(number) for number in made.learnt]


def identity(pass_number):
    return f"text {pass_number}"


@pytest.mark.parametrize("processes", [1, 2])
def test_what_is_on_disk_is_what_would_be_in_memory_whoever_encoded_it(tokenizer, processes):
    in_memory, on_disk = encoder(tokenizer), encoder(tokenizer)
    expected = encode_pass(DRAW(0), in_memory)
    found = encode_pass(DRAW(0), on_disk, identity=identity, processes=processes)
    assert contents(found) == contents(expected)
    assert [getattr(on_disk, name) for name in COUNTS] == [getattr(in_memory, name) for name in COUNTS]
    assert all(getattr(on_disk, name) for name in COUNTS)
    assert 0 not in found.learnt


@pytest.mark.parametrize("processes", [1, 2])
def test_documents_are_kept_likewise(tokenizer, processes):
    corpus = Corpus("toy", {"train": {code: [f"{code} {n}" for n in range(30)] for code in LANGUAGES}})
    groups = document_groups(lambda _: make_documents(corpus, LANGUAGES, LANGUAGES[0], "aligned", 1))(0)
    found = encode_pass(groups, encoder(tokenizer), identity=identity, processes=processes)
    assert contents(found) == contents(encode_pass(groups, encoder(tokenizer)))
    assert len(found.learnt) == len(groups) > 30


def test_steps_are_the_same_from_disk(tokenizer):
    def steps(**settings):
        return Steps(
            DRAW,
            encoder(tokenizer),
            Tuning(epochs=2, global_batch_size=8),
            0.5,
            1,
            encode=lambda groups, encoder, number: encode_pass(
                groups, encoder, number, processes=2, **settings
            ),
        )

    kept, whole = steps(identity=identity), steps()
    assert len(kept) == len(whole)
    for step in range(len(whole)):
        for ours, theirs in zip(kept[step], whole[step], strict=True):
            assert ours.keys() == theirs.keys()
            assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert kept.names(1, [0]) == whole.names(1, [0]) != []


def test_it_is_encoded_once(tokenizer, monkeypatch):
    told, used = [], encoder(tokenizer)
    encode_pass(DRAW(0), used, identity=identity, processes=1, progress=lambda *args: told.append(args))
    counts = [getattr(used, name) for name in COUNTS]
    assert told[-1] == (43, 43)
    monkeypatch.setattr(Encoder, "encode", None)
    again = encoder(tokenizer)
    assert contents(encode_pass(DRAW(0), again, identity=identity))[0]
    assert [getattr(again, name) for name in COUNTS] == counts


@pytest.mark.parametrize("file", ["ids", "ends", "counts.json"])
@pytest.mark.parametrize("keep", [0, 0.5, None])
def test_what_is_damaged_on_disk_is_encoded_anew(tokenizer, tmp_path, file, keep):
    expected = contents(encode_pass(DRAW(0), encoder(tokenizer), identity=identity, processes=1))
    [path] = (tmp_path / "cache" / "encoded").glob(f"*/{file}")
    if keep is None:
        path.unlink()
    else:
        os.truncate(path, int(path.stat().st_size * keep))
    again = encoder(tokenizer)
    assert contents(encode_pass(DRAW(0), again, identity=identity, processes=1)) == expected
    assert all(getattr(again, name) for name in COUNTS)


def test_anything_else_is_encoded_anew(tokenizer, tmp_path):
    for number, settings in enumerate(
        [{}, {"pass_number": 1}, {"identity": lambda _: "other text"}, {"encoder": encoder(tokenizer, 61)}],
        start=1,
    ):
        of = {"encoder": encoder(tokenizer), "pass_number": 0, "identity": identity} | settings
        encode_pass(DRAW(0), of.pop("encoder"), processes=1, **of)
        assert len(list((tmp_path / "cache/encoded").glob("[!.]*"))) == number


def test_few_are_in_memory(tokenizer, tmp_path):
    encode_pass(DRAW(0)[:9], encoder(tokenizer), identity=identity)
    assert not (tmp_path / "cache").exists()


def test_a_mistake_is_told_as_it_is_and_leaves_nothing(tokenizer, tmp_path, monkeypatch):
    def fail(*_):
        raise UserError("no such luck")

    monkeypatch.setattr(Encoder, "encode", fail)
    for processes in (1, 2):
        with pytest.raises(UserError) as error:
            encode_pass(DRAW(0), encoder(tokenizer), identity=identity, processes=processes)
        assert str(error.value) == "no such luck"
    assert not (tmp_path / "cache/encoded").exists()


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 2**31 - 1), max_size=9),
            st.lists(
                st.tuples(st.integers(0, 2**31 - 1), st.sampled_from([0.0, 1.0, 0.5, 2.25])), max_size=9
            ),
            st.sampled_from([1, -1]),
        ),
        max_size=4,
    )
)
def test_a_group_comes_back_as_it_was(samples):
    group = [
        Encoded([*prompt, *(id for id, _ in response)], len(prompt), [weight for _, weight in response], sign)
        for prompt, response, sign in samples
    ]
    assert passes._unpacked(memoryview(passes._packed(group))) == group
