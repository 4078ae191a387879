"""Several translations of a text, from several of each of its segments."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ontarget.checked.verdict import Checked
from ontarget.documents.glossary import Glossary
from ontarget.documents.keep import Keep
from ontarget.documents.parts import Document
from ontarget.documents.segments import Level
from ontarget.documents.terms import TranslateRequests, translate_with_terms
from ontarget.languages import Direction
from ontarget.scoring.language_id.identifier import Identifier
from ontarget.serving.sources import TextDirections
from ontarget.serving.texts import ServedText, translate_texts
from ontarget.translation.system import Request


def translate_with_choices(
    documents: Sequence[Document],
    directions: Sequence[TextDirections],
    translate: TranslateRequests,
    *,
    level: Level = "sentence",
    identifier: Identifier | None = None,
    keep: Keep | None = None,
    glossary: Glossary | None = None,
    alternatives: int = 0,
) -> list[ServedText]:
    """Translates texts, each with alternatives.

    The translation is that without alternatives, also if an alternative is better. An alternative has another
    translation of each segment, or the best one of a segment without another. It is different from all before
    it, and not off-target.

    Args:
        documents, directions, level, identifier, keep: see `translate_texts`.
        translate: the model.
        glossary: terms, see `documents/terms.py`.
        alternatives: number of alternatives of a text, at most.
    """
    choices = _Choices(translate, 1 + alternatives, glossary)
    translated = partial(
        translate_texts,
        documents,
        directions,
        level=level,
        identifier=identifier,
        keep=keep,
        glossary=glossary,
    )
    found = [[one] for one in translated(choices.best)]
    for place in range(1, choices.most):
        others = translated(partial(choices.other, place))
        for one, of_text in zip(others, found, strict=True):
            if one.text not in [each.text for each in of_text] and one.on_target:
                of_text.append(one)
    return [replace(best, alternatives=others if alternatives else None) for best, *others in found]


class _Choices:
    """Translates segments, and keeps the other translations of each.

    Args:
        translate: the model.
        count: number of translations of a segment, at most.
        glossary: terms that they should have.
    """

    def __init__(self, translate: TranslateRequests, count: int, glossary: Glossary | None) -> None:
        self._translate, self._count, self._glossary = translate, count, glossary
        self._known = dict[tuple[Direction, str], list[Checked]]()

    @property
    def most(self) -> int:
        """The largest number of translations that a segment has so far."""
        return max(map(len, self._known.values()), default=0)

    def best(self, direction: Direction, lines: Sequence[str]) -> list[Checked]:
        """The best translation of each line."""
        requests = [
            Request(line, direction, self._glossary.of(line) if self._glossary else ()) for line in lines
        ]
        answers = dict[str, list[Checked]]()

        def translate(some: Sequence[Request], count: int) -> Sequence[Sequence[Checked]]:
            found = self._translate(some, count)
            for request, of_one in zip(some, found, strict=True):
                answers.setdefault(request.source, []).extend(of_one)
            return found

        chosen = translate_with_terms(requests, translate)
        if self._count > 1:  # by themselves, since a wider beam may have another best hypothesis
            translate(requests, self._count)
        for line, one in zip(lines, chosen, strict=True):
            others = {each.text: each for each in answers[line] if not each.verdict.unusable}
            others.pop(one.text, None)
            self._known[direction, line] = [one, *others.values()][: self._count]
        return chosen

    def other(self, place: int, direction: Direction, lines: Sequence[str]) -> list[Checked]:
        """Another translation of each line, or the best one of a line that has no more.

        Args:
            place: number of the translation; the best one is 0.
            direction: from which language into which.
            lines: segments. New ones, such as the pieces of one that lost a tag, are asked for.
        """
        new = [line for line in dict.fromkeys(lines) if (direction, line) not in self._known]
        if new:
            self.best(direction, new)
        known = [self._known[direction, line] for line in lines]
        return [of_one[place] if place < len(of_one) else of_one[0] for of_one in known]
