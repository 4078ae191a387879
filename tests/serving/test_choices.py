from collections.abc import Mapping, Sequence

import pytest

from ontarget.checked.verdict import Checked, Verdict
from ontarget.documents.glossary import Glossary
from ontarget.languages import Direction
from ontarget.serving.choices import translate_with_choices
from ontarget.serving.sources import TextDirections
from ontarget.serving.texts import ServedText, TextFormat, document_of
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import Request

DE_EN = Direction.parse("de-en")
ANSWERS: Mapping[str, Sequence[str]] = {
    "Ein Hund.": ["A dog.", "One dog.", "Ein Hund!"],
    "Zwei Katzen.": ["Two cats."],
    "Hund X1 da": ["dog X1 there", "a dog there", "hound X1 there"],
    "Hund": ["dog", "hound"],
    "da": ["there"],
}


class Model:
    """Answers by a table. What ends with `!` is off-target."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def __call__(self, requests: Sequence[Request], count: int) -> list[list[Checked]]:
        self.asked += [(one.source, count) for one in requests]
        return [[self._checked(one, text) for text in self._texts(one)[:count]] for one in requests]

    def _texts(self, request: Request) -> Sequence[str]:
        return ANSWERS.get(request.source, [request.source.upper()])

    def _checked(self, request: Request, text: str) -> Checked:
        verdict = Verdict("off_target" if text.endswith("!") else "on_target", "en", 0.9)
        return Checked(request.source, request.direction, Hypothesis(text, "stop", 0.0, 1), verdict)


def served(text: str, format: TextFormat = "text", model: Model | None = None, **how: object) -> ServedText:
    documents = [document_of(text, format)]
    directions = [TextDirections(DE_EN)]
    (one,) = translate_with_choices(documents, directions, model or Model(), **how)  # type: ignore[arg-type]
    return one


@pytest.mark.parametrize(
    ("text", "format", "count", "expected"),
    [
        ("Ein Hund.", "text", 0, ["A dog."]),
        ("Ein Hund.", "text", 1, ["A dog.", "One dog."]),
        ("Ein Hund.", "text", 5, ["A dog.", "One dog."]),  # the third one is off-target
        ("Ein Hund. Zwei Katzen.", "text", 5, ["A dog. Two cats.", "One dog. Two cats."]),
        ("Zwei Katzen.", "text", 5, ["Two cats."]),
        ("12", "text", 5, ["12"]),
        # The second one has lost its tag, so its pieces are translated, which gives the best one again.
        ("<b>Hund <i>da</i></b>", "xml", 5, ["<b>dog <i>there</i></b>", "<b>hound <i>there</i></b>"]),
    ],
)
def test_alternatives_are_different_and_on_target(
    text: str, format: TextFormat, count: int, expected: Sequence[str]
) -> None:
    found = served(text, format, alternatives=count)
    others = found.alternatives or ()
    assert [found.text, *(one.text for one in others)] == expected
    assert all(one.on_target and not one.alternatives for one in others)
    assert (found.alternatives is None) == (count == 0)


def test_all_that_a_text_needs_is_asked_once_and_alternatives_by_themselves() -> None:
    model = Model()
    served("Ein Hund. Zwei Katzen.", model=model, alternatives=2)
    assert model.asked == [("Ein Hund.", 1), ("Zwei Katzen.", 1), ("Ein Hund.", 3), ("Zwei Katzen.", 3)]
    model = Model()
    served("Ein Hund.", model=model)
    assert model.asked == [("Ein Hund.", 1)]


def test_a_translation_with_the_terms_of_the_glossary_comes_first() -> None:
    one = Glossary([("Hund", "hound"), ("ein", "one")])
    found = served("Ein Hund.", glossary=one, alternatives=2)
    assert [found.text, *(each.text for each in found.alternatives or ())] == ["One dog.", "A dog."]
    assert found.verdict.action == "reranked"
    assert found.to_dict()["terms_missing"] == {"Hund": ["hound"]}
    assert [each["text"] for each in found.to_dict()["alternatives"]] == ["A dog."]
    assert "terms_missing" not in served("Zwei Katzen.", glossary=one).to_dict()
