from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.checked.verdict import Checked, Verdict
from ontarget.languages import Direction
from ontarget.serving.failure import Failure
from ontarget.serving.sources import TextDirections
from ontarget.serving.texts import TextFormat, document_of, overall, translate_texts
from ontarget.translation.hypothesis import Hypothesis

DE_FR = Direction.parse("de-fr")


def translated(
    text: str, format: TextFormat = "text", ignored: Sequence[str] = (), upper: bool = True
) -> str:
    def translate(direction: Direction, lines: Sequence[str]) -> list[Checked]:
        verdict = Verdict("on_target", "fr", 0.9)
        return [
            Checked(
                line,
                direction,
                Hypothesis(line.upper() if upper else line, "stop", 0.0, 1),
                verdict,
            )
            for line in lines
        ]

    (one,) = translate_texts([document_of(text, format, ignored)], [TextDirections(DE_FR)], translate)
    return one.text


@pytest.mark.parametrize(
    ("format", "text", "expected"),
    [
        ("text", "", ""),
        ("text", "ein Hund", "EIN HUND"),
        ("text", "  ein Hund\r\n\n\tzwei {name} <b>  ", "  EIN HUND\r\n\n\tZWEI {name} <b>  "),
        ("html", "<p title='ein'>ein &amp; <b>zwei</b></p>", "<p title='EIN'>EIN &amp; <b>ZWEI</b></p>"),
        ("xml", 'ein <x id="1"></x> &lt; <g>zwei</g>', 'EIN <x id="1"></x> &lt; <g>ZWEI</g>'),
        ("xml", "ein <ph>da <b>x</b></ph> zwei", "EIN <ph>da <b>x</b></ph> ZWEI"),
    ],
)
def test_only_words_change(format: TextFormat, text: str, expected: str) -> None:
    assert translated(text, format, ["ph"]) == expected


@given(st.text())
def test_a_text_that_is_translated_into_itself_keeps_every_character_around_its_words(text: str) -> None:
    lines = text.splitlines(keepends=True)
    result = translated(text, upper=False)
    # Only white space within a line may change, as the model gets and gives single lines.
    assert "".join(result.split()) == "".join(text.split())
    assert result.count("\n") == text.count("\n")
    if not lines:
        assert result == ""


@pytest.mark.parametrize(
    "text", ["<b>", "a</text><text>b", "a & b", "<!DOCTYPE x [<!ENTITY y 'z'>]>", "</b>"]
)
def test_broken_xml_is_refused(text: str) -> None:
    with pytest.raises(Failure, match="the text") as refused:
        document_of(text, "xml")
    assert refused.value.status == 400


def test_the_verdict_on_a_text_is_that_on_its_worst_segment_with_all_flags() -> None:
    good = Verdict("on_target", "fr", 0.9, "reranked", {"echo": ()})
    doubtful = Verdict("unsure", "it", 0.4, details={"numbers_lost": ("3",)})
    off = Verdict("off_target", "en", 0.8, "failed", {"numbers_lost": ("4",)})
    surer = Verdict("off_target", "de", 0.95)
    whole = overall([good, doubtful, off, surer])
    assert (whole.outcome, whole.language, whole.action) == ("off_target", "de", "failed")
    assert whole.flags == ("echo", "numbers_lost")
    assert whole.details["numbers_lost"] == ("3", "4")
    assert overall([good, doubtful]).outcome == "unsure"
    assert overall([good]) == good
    assert overall([]).outcome == "neutral"


def test_a_text_that_stays_as_it_is_has_the_verdict_of_the_check() -> None:
    """It was read as the target with a hint from elsewhere, so nothing says that it is sure."""
    texts = ["Un petit chat dort sur le canapé.", "The cat sleeps on the sofa.", "123"]
    documents, directions = (
        [document_of(text) for text in texts],
        [TextDirections(Direction(DE_FR.target, DE_FR.target))] * 3,
    )
    found = translate_texts(documents, directions, translate=lambda direction, lines: [])
    assert [one.text for one in found] == texts
    assert [one.verdict.outcome for one in found] == ["on_target", "unsure", "neutral"]
    assert [one.verdict.flags for one in found] == [("kept",), ("kept",), ()]
    assert found[0].verdict.confidence < 1


def test_a_line_break_ends_a_sentence_or_does_not() -> None:
    text = "Ein Hund\nschläft. Da\n\nist er"

    def units(lines: bool) -> list[str]:
        return ["".join(map(str, unit.parts)) for unit in document_of(text, lines=lines).units]

    assert units(True) == ["Ein Hund", "schläft. Da", "ist er"]
    assert units(False) == ["Ein Hund\nschläft. Da", "ist er"]
