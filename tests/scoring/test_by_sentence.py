import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ontarget
from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.by_sentence import BySentence, counting, is_long
from ontarget.scoring.floor import Floor
from ontarget.scoring.language_id.identifier import Guess
from ontarget.scoring.language_id.identifiers import identifier_named
from ontarget.scoring.off_target import OffTarget
from ontarget.scoring.ratios import Ratios

FRENCH = [
    "La boulangère du quartier ouvre sa boutique avant le lever du soleil.",
    "Un vieux bateau rouge attend la marée dans le petit port.",
    "Les enfants de la voisine jouent au ballon derrière notre maison.",
    "Mon frère a réparé la vieille horloge qui ne sonnait plus.",
]
GERMAN = "Die Bäckerin des Viertels öffnet ihren Laden noch vor Sonnenaufgang."
ENGLISH = [
    "The baker in our neighbourhood opens her shop before the sun rises.",
    "My sister repaired the old clock that had stopped in winter.",
]


class ByFirstWord:
    """The first word of a text is its language: `fr`, `en`; and `un` is a French one that it is unsure of."""

    signature = "first-word"
    labels = frozenset({"fr", "en", "de"})

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        words = [first[0].lower() if (first := re.search(r"[^\W\d]+", text)) else "" for text in texts]
        return [Guess("en", 0.4) if word == "un" else Guess(word, 1.0 if word else 0.0) for word in words]


def line(languages: Sequence[str]) -> str:
    """A sentence in each language, as `ByFirstWord` reads them; `12` has none."""
    return " ".join("12." if language == "12" else f"{language.title()} words." for language in languages)


def test_thirty_copies_in_a_paragraph_are_found() -> None:
    paragraphs = [" ".join([*FRENCH[:3], *FRENCH[:3], ENGLISH[0], *FRENCH[1:3]])] * 30
    count = BySentence("fr")
    found = count.add(paragraphs)
    assert {segment.outcome for segment in found} == {"mixed"}
    assert OffTarget("fr").add(paragraphs)[0].outcome == "on"  # as a whole, nothing is to be seen
    assert count.score.value == 0.0
    assert count.sentence_score.value == pytest.approx(100 / 9)
    assert count.sentence_score.n == 270


@pytest.mark.parametrize(
    ("languages", "outcome", "off"),
    [
        (["fr", "fr", "fr"], "on", False),
        (["fr", "en", "fr"], "mixed", False),
        (["fr", "en"], "english", True),  # half of them
        (["fr", "en", "de", "de"], "other", True),  # the language of most sentences that are off
        (["en", "12", "12", "12"], "english", True),  # neutral sentences are left out
        (["en", "un", "un", "un"], "english", True),  # and so are unsure ones
        (["fr", "un", "12"], "on", False),
        (["12", "12"], "neutral", False),
        (["un", "un"], "unsure", False),
    ],
)
def test_a_line_is_what_its_sentences_are(languages: list[str], outcome: str, off: bool) -> None:
    count = BySentence("fr", ByFirstWord())
    [segment] = count.add([line(languages)])
    assert (segment.outcome, segment.off) == (outcome, off)
    assert len(segment.sentences) == len(languages)
    assert count.score.value == 100.0 * off


@given(
    st.lists(st.lists(st.sampled_from(["fr", "en", "de", "un", "12"]), max_size=6), min_size=1, max_size=6)
)
def test_ratios_from_first_principles(lines: list[list[str]]) -> None:
    count = BySentence("fr", ByFirstWord(), strict=True)
    count.add([line(languages) for languages in lines])
    off, strict = 0, 0
    for languages in lines:
        away = sum(languages.count(language) for language in ("en", "de"))
        there = languages.count("fr")
        off += not languages or (away > 0 and away >= there)
        strict += not languages or away > 0
    assert count.score.value == pytest.approx(100 * off / len(lines))
    assert count.strict_score.value == pytest.approx(100 * strict / len(lines))
    every = [language for languages in lines for language in languages]
    if every:
        assert count.sentence_score.value == pytest.approx(
            100 * (every.count("en") + every.count("de")) / len(every)
        )


@given(st.lists(st.sampled_from([*FRENCH, *ENGLISH, GERMAN, "", "12", "Berlin", "https://a.b"]), min_size=1))
def test_lines_of_one_sentence_count_as_they_do_without(lines: list[str]) -> None:
    whole, by_sentence = OffTarget("fr", strict=True), BySentence("fr", strict=True)
    assert [(s.outcome, s.off, s.guess) for s in whole.add(lines)] == [
        (s.outcome, s.off, s.guess) for s in by_sentence.add(lines)
    ]
    assert whole.score.value == by_sentence.score.value


def test_what_is_a_matter_of_the_whole_line() -> None:
    source = f"{ENGLISH[0]} {ENGLISH[1]}"
    mixed = " ".join([*FRENCH, ENGLISH[0]])
    count = BySentence("fr", strict=True)
    found = count.add(
        [source, " ", mixed, mixed], [source, source, source, source], ["stop"] * 3 + ["length"]
    )
    assert [segment.outcome for segment in found] == ["copy", "empty", "mixed", "run-on"]
    assert count.strict_score.value == 100.0


def test_chunks_add_up() -> None:
    lines = [" ".join([*FRENCH, ENGLISH[0]]), FRENCH[0], f"{GERMAN} {ENGLISH[0]}", ""]
    at_once, one_by_one = BySentence("fr"), BySentence("fr")
    at_once.add(lines)
    for text in lines:
        one_by_one.add([text])
    assert at_once.score == one_by_one.score
    assert at_once.sentence_score == one_by_one.sentence_score
    assert at_once.outcomes == one_by_one.outcomes


def test_the_signature_names_the_unit() -> None:
    lines = [f"{FRENCH[0]} {FRENCH[1]}"]
    plain, sentences = (ontarget.off_target_ratio(lines, "fr", unit=unit) for unit in ("line", "sentence"))
    assert sentences.signature == plain.signature.replace("|n:1|", "|unit:sentence|n:1|")
    count = BySentence("fr", strict=True)
    count.add(lines)
    assert "|unit:sentence|confidence:" in count.strict_score.signature
    assert count.sentence_score.signature == plain.signature.replace("|n:1|", "|unit:sentence|n:2|")
    assert count.sentence_score.metric == "otr_sentences"


def test_there_are_two_units() -> None:
    with pytest.raises(UserError, match="the unit 'sentense' is neither line nor sentence; did you mean"):
        counting("sentense")  # type: ignore[arg-type]


def test_the_floor_counts_sentences_too() -> None:
    references = [[" ".join([*FRENCH, ENGLISH[0]]), FRENCH[0]], [FRENCH[0], FRENCH[1]]]
    floor = Floor(Language("fr"), identifier_named(), "robust", {}, "sentence")
    floor.add(references)
    floor.add(references)  # known by now
    assert floor.score.value == 0.0
    of_sentences = floor.sentence_score
    assert of_sentences is not None
    assert of_sentences.value == pytest.approx((100 * 1 / 6 + 0) / 2)
    assert of_sentences.verbose.startswith("16.67/0.00")
    whole = Floor(Language("fr"), identifier_named(), "robust", {})
    whole.add(references)
    assert whole.sentence_score is None


def test_ratios_have_sentences_by_request_and_say_where_they_are_missed() -> None:
    paragraph = " ".join([*FRENCH, *FRENCH, ENGLISH[0]])
    whole, by_sentence = (
        Ratios(Language("fr"), [identifier_named()], unit=unit) for unit in ("line", "sentence")
    )
    for ratios in (whole, by_sentence):
        ratios.add([paragraph, paragraph, FRENCH[0]], None, None)
    assert whole.misses_sentences
    assert not by_sentence.misses_sentences
    assert "otr_sentences" not in whole.scores()
    assert by_sentence.scores()["otr_sentences"].value == pytest.approx(100 * 2 / 19)
    whole.add([FRENCH[0]], None, None)
    assert not whole.misses_sentences  # half of them are long


def test_without_a_sentence_there_is_no_ratio_of_them() -> None:
    ratios = Ratios(Language("fr"), [identifier_named()], unit="sentence")
    ratios.add(["", " "], None, None)
    assert "otr_sentences" not in ratios.scores()


@pytest.mark.parametrize(
    ("text", "long"),
    [
        (" ".join(FRENCH), False),
        (" ".join([*FRENCH, FRENCH[0]]), True),
        ("mot " * 101, True),
        ("mot " * 100, False),
        ("Non. " * 11, False),
        ("今日はとても良い天気ですね。" * 5, True),
    ],
)
def test_long_lines(text: str, long: bool) -> None:
    assert is_long(text) is long


def test_the_length_of_the_first_lines_of_each_chunk_is_looked_at() -> None:
    ratios = Ratios(Language("fr"), [identifier_named()])
    paragraph = " ".join([*FRENCH, *FRENCH])
    ratios.add([paragraph] * 100 + [FRENCH[0]] * 300, None, None)
    ratios.add([paragraph] * 2, None, None)
    assert ratios.misses_sentences
    ratios.add([FRENCH[0]] * 102, None, None)
    assert ratios.misses_sentences  # 102 of 202
    ratios.add([FRENCH[0]] * 2, None, None)
    assert not ratios.misses_sentences  # 102 of 204
