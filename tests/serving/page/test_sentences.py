"""A translation is cut into sentences beside their sources."""

from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st
from tests.checked.fake import ENGLISH, FRENCH, GERMAN
from tests.serving.fake import EMPTY, ESEL, Table

from ontarget.checked.translate import translate_checked
from ontarget.checked.verdict import Checked
from ontarget.documents.glossary import Glossary
from ontarget.languages import Direction
from ontarget.serving.page.sentences import PageSentence, sentences_of
from ontarget.serving.sources import TextDirections
from ontarget.serving.texts import document_of, translate_texts
from ontarget.translation.system import Request

TABLE = Table()
DE_FR = Direction.parse("de-fr")


def translated(text: str, glossary: Glossary | None = None) -> list[PageSentence]:
    def translate(direction: Direction, lines: Sequence[str]) -> list[Checked]:
        return translate_checked([Request(line, direction) for line in lines], TABLE.attempts, TABLE.checker)

    directions = [TextDirections(DE_FR)]
    (served,) = translate_texts([document_of(text)], directions, translate, glossary=glossary)
    pieces = sentences_of(text, served)
    assert "".join(one.text for one in pieces) == served.text
    return pieces


def test_each_sentence_has_its_source_and_its_verdict() -> None:
    pieces = translated(f"{GERMAN} {ESEL}\n\n{ENGLISH}\n12:30\n{EMPTY}\n")
    assert [(one.source, one.badge.state, one.language) for one in pieces if one.badge] == [
        (GERMAN, "right", "fr"),
        (ESEL, "wrong", "en"),
        (ENGLISH, "repaired", "fr"),
        (EMPTY, "untranslated", ""),
    ]
    assert [one.source for one in pieces if not one.badge] == [" ", "\n\n", "\n12:30\n", "\n"]
    assert [one.text for one in pieces if one.badge][:3] == [
        FRENCH,
        "The donkey is very tired today and sleeps.",
        FRENCH,
    ]


def test_a_term_is_missed_in_its_own_sentence() -> None:
    pieces = translated(f"{GERMAN} {GERMAN[:-1]}!", Glossary([("Hund", "chien"), ("Sofa", "sofa")]))
    warnings = [one.badge.warning for one in pieces if one.badge]
    assert warnings[0] is True
    assert "“Sofa” as “sofa”" in pieces[0].badge.notes[1]  # type: ignore[union-attr]


def test_a_text_without_sentences_is_one_piece() -> None:
    for text in ("", "  \n", "12:30", "--"):
        (piece,) = translated(text)
        assert (piece.source, piece.text) == (text, text)
        assert piece.badge is None


@given(
    st.lists(
        st.sampled_from(
            [GERMAN, ESEL, ENGLISH, EMPTY, "12:30", " ", "\n", "\t", "\r\n", "  ", "* ", "{x} ", "aa. "]
        )
    )
)
@example([ESEL, " ", ESEL, " ", GERMAN])
def test_the_pieces_are_the_text_and_its_translation(parts: list[str]) -> None:
    text = "".join(parts)
    assert "".join(one.source for one in translated(text)) == text
