import pytest

pytest.importorskip("torch")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ontarget.corpora.corpus import Translation
from ontarget.languages import Direction, Language
from ontarget.prompts.encode import encode_prompt
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.conflict import Conflict, conflicting_sample
from ontarget.samples.draw import translation_sample
from ontarget.samples.weighting import Weighting
from ontarget.training.data.encode import Encoder

PLAIN = PromptTemplate.load("plain")
IT_EN = Direction.parse("it-en")
ENGLISH, DUTCH = Language("en"), Language("nl")


def encoder(tokenizer, max_length=128, lines=None):
    return Encoder(tokenizer, PLAIN.separator, max_length, lines or {})


def positive(target, source="Il gatto dorme."):
    return translation_sample(Translation(source, target, IT_EN), PLAIN)


def negative(target, source="Il gatto dorme.", eos=False, **settings):
    weighting = Weighting(**{"tokens": "first", **settings})
    conflict = Conflict(weighting=weighting, eos=eos)
    return conflicting_sample(Translation(source, target, IT_EN), Direction.parse("it-nl"), conflict, PLAIN)


def unlearnt(tokenizer, encoded):
    response = encoded.ids[encoded.response :]
    return tokenizer.decode([i for i, bears in zip(response, encoded.shares, strict=True) if bears])


def test_the_whole_response_and_its_end_are_learnt(tokenizer):
    encoded = encoder(tokenizer).encode(positive("The cat sleeps."))
    assert tokenizer.decode(encoded.ids[encoded.response : -1]) == PLAIN.separator + "The cat sleeps."
    assert encoded.ids[-1] == tokenizer.eos_token_id
    assert all(encoded.shares)
    assert encoded.ids[: encoded.response] == encode_prompt(tokenizer, positive("").prompt)


@pytest.mark.parametrize(
    ("target", "token"),
    [
        ("The cat sleeps.", "The"),
        ('"The cat sleeps."', "The"),  # a quote says nothing of the language
        ("12, the cat", "the"),
        ("... the cat", "the"),
    ],
)
def test_the_first_token_that_carries_a_letter_is_unlearnt_alone(tokenizer, target, token):
    encoded = encoder(tokenizer).encode(negative(target))
    assert unlearnt(tokenizer, encoded).strip() == token
    assert sum(encoded.shares) == 1
    assert encoded.shares[-1]  # nothing follows it: what comes after is not even encoded


def test_a_letter_of_several_bytes_is_unlearnt_at_its_first_byte(tokenizer):
    encoded = encoder(tokenizer).encode(negative("“Žluť”"))
    before = tokenizer.decode(encoded.ids[encoded.response : -1])
    assert before.strip() == "“"


def test_no_letter_no_sample(tokenizer):
    made = encoder(tokenizer)
    assert made.encode(negative("12:30")) is None
    assert made.ambiguous == 1


def test_a_name_that_the_source_begins_with_is_left_out(tokenizer):
    made = encoder(tokenizer)
    assert made.encode(negative("Anna reads a book.", source="Anna legge un libro.")) is None
    assert made.ambiguous == 1


@pytest.mark.parametrize(
    ("english", "dutch", "token"),
    [
        # A quarter as often: an answer in Dutch may well begin with it, so what follows must tell.
        (["The cat"] * 20 + ["A cat"] * 80, ["The kat"] * 5 + ["De kat"] * 95, " cat"),
        (["The cat"] * 20 + ["A cat"] * 80, ["The kat"] * 4 + ["De kat"] * 96, "The"),
        (["The cat"], ["The cat"], " sleeps"),  # two tokens are shared
        (["The cat sleeps"], ["The cat sleeps"], None),  # three: that is where we stop looking
        (["The cat"], [], "The"),
    ],
)
def test_a_beginning_that_both_languages_share_is_passed_over(tokenizer, english, dutch, token):
    made = encoder(tokenizer, lines={ENGLISH: english, DUTCH: dutch})
    encoded = made.encode(negative("The cat sleeps in the garden."))
    assert (encoded and unlearnt(tokenizer, encoded)) == token
    assert made.ambiguous == (token is None)


def shares(tokenizer, encoded):
    """Of the tokens that have one, by their text."""
    response = encoded.ids[encoded.response :]
    return {tokenizer.decode([id]).strip(): s for id, s in zip(response, encoded.shares, strict=True) if s}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"tokens": "first-k", "k": 2}, {"The": 1, "cat": 1}),
        ({"tokens": "first-k", "k": 3}, {"The": 1, "cat": 1, "sleeps": 1}),
        ({"tokens": "decay", "gamma": 0.5}, {"The": 1, "cat": 0.5, "sleeps": 0.25, "in": 0.125}),
        ({"tokens": "decay", "gamma": 0.1}, {"The": 1, "cat": 0.1, "sleeps": 0.01}),
    ],
)
def test_tokens_with_a_letter_share_from_the_first_that_tells(tokenizer, settings, expected):
    for target in ("The cat sleeps in", '"The, cat: 12 sleeps in'):
        encoded = encoder(tokenizer).encode(negative(target, **settings))
        assert shares(tokenizer, encoded) == pytest.approx(expected)
        assert encoded.shares[-1]  # nothing follows it


def test_shares_begin_behind_a_beginning_that_both_languages_share(tokenizer):
    made = encoder(tokenizer, lines={ENGLISH: ["The cat"], DUTCH: ["The kat"]})
    encoded = made.encode(negative("The cat sleeps in the garden.", tokens="decay", gamma=0.2))
    assert shares(tokenizer, encoded) == pytest.approx({"cat": 1, "sleeps": 0.2, "in": 0.04})


def test_words_of_one_language_alone_are_unlearnt_more(tokenizer):
    lines = {ENGLISH: ["The cat in the garden."] * 9, DUTCH: ["De kat in de tuin."] * 9}
    made = encoder(tokenizer, lines=lines)
    whole = negative("The cat in the garden.", tokens="all", token_weighting="text", eos=True)
    found = shares(tokenizer, made.encode(whole))
    end = found.pop(tokenizer.decode([tokenizer.eos_token_id]))
    assert end == 1  # has a switch of its own
    assert found.keys() == {
        "The",
        "cat",
        "the",
        "garden",
    }  # neither `in`, which is Dutch as well, nor the dot
    assert all(0.5 < share < 1 for share in found.values())
    decaying = negative("The cat in the garden.", tokens="decay", gamma=0.5, token_weighting="text")
    first = shares(tokenizer, made.encode(decaying))
    assert first["The"] == pytest.approx(found["The"])
    assert first["the"] == pytest.approx(found["the"] / 8)


def test_a_response_that_reveals_nothing_is_left_out(tokenizer):
    lines = {ENGLISH: ["in"], DUTCH: ["in"]}
    for eos in (False, True):
        made = encoder(tokenizer, lines=lines)
        assert made.encode(negative("in", tokens="all", token_weighting="text", eos=eos)) is None
        assert made.ambiguous == 1


def test_a_response_that_ends_before_it_tells_is_left_out(tokenizer):
    made = encoder(tokenizer, lines={ENGLISH: ["The cat"], DUTCH: ["The cat"]})
    assert made.encode(negative("The cat")) is None
    assert made.encode(negative("The cat", eos=True)) is None  # the end token tells no language
    assert made.ambiguous == 2


def test_a_small_word_of_the_source_is_no_name(tokenizer):
    assert encoder(tokenizer).encode(negative("I see the cats.", source="Vedo i gatti.")) is not None


def test_fault_5_the_end_token_is_unlearnt_by_the_papers_preset_alone(tokenizer):
    papers = encoder(tokenizer).encode(negative("The cat sleeps.", tokens="all", eos=True))
    without = encoder(tokenizer).encode(negative("The cat sleeps.", tokens="all", eos=False))
    assert papers.ids[-1] == tokenizer.eos_token_id
    assert papers.shares[-1]
    assert tokenizer.eos_token_id not in without.ids
    assert tokenizer.eos_token_id not in encoder(tokenizer).encode(negative("The cat sleeps.")).ids


def test_fault_4_a_cut_response_keeps_its_end_token(tokenizer):
    whole = encoder(tokenizer).encode(positive("The cat sleeps in the garden."))
    made = encoder(tokenizer, max_length=len(whole.ids) - 2)
    cut = made.encode(positive("The cat sleeps in the garden."))
    assert len(cut.ids) == len(whole.ids) - 2
    assert cut.ids[:-1] == whole.ids[: len(cut.ids) - 1]
    assert cut.ids[-1] == tokenizer.eos_token_id
    assert made.truncated == 1


@pytest.mark.parametrize("kind", [positive, negative])
def test_fault_4_a_prompt_without_room_for_a_response_is_dropped_and_counted(tokenizer, kind):
    prompt = len(encode_prompt(tokenizer, kind("").prompt))
    for max_length in (prompt - 5, prompt):
        made = encoder(tokenizer, max_length=max_length)
        assert made.encode(kind("The cat sleeps.")) is None
        assert made.dropped == 1


def test_fault_9_control_tokens_in_text_stay_text(tokenizer):
    text = "a </s> b <s> ### Response: c <pad>"
    encoded = encoder(tokenizer).encode(positive(text, source=text))
    control = set(tokenizer.all_special_ids)
    assert [i for i in encoded.ids if i in control] == [tokenizer.bos_token_id, tokenizer.eos_token_id]
    assert tokenizer.decode(encoded.ids[encoded.response : -1]) == PLAIN.separator + text


def test_an_empty_response_is_dropped_and_counted(tokenizer):
    made = encoder(tokenizer)
    assert made.encode(positive(" ")) is None
    assert made.dropped == 1


@given(st.text(max_size=30), st.integers(20, 60), st.sampled_from(["all", "first", "first-k", "decay"]))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_encoded_can_be_learnt_from(tokenizer, text, max_length, tokens):
    for sample in (positive(text), negative(text, tokens=tokens, k=3, eos=tokens == "all")):
        encoded = encoder(tokenizer, max_length).encode(sample)
        if encoded is not None:
            assert len(encoded.ids) <= max_length
            assert len(encoded.shares) == len(encoded.ids) - encoded.response
            assert any(encoded.shares)
            assert all(0 <= share <= 1 for share in encoded.shares)


def test_languages_of_a_sample():
    assert (negative("x").asked, negative("x").produced) == (DUTCH, ENGLISH)
