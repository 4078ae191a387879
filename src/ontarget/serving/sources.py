"""From which language each sentence of a text is translated, among those that the server offers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from ontarget.checked.source import UnidentifiedLanguage, source_directions
from ontarget.documents.parts import Document
from ontarget.languages import Direction, Language
from ontarget.scoring.language_id.rules import letters
from ontarget.serving.failure import wrong
from ontarget.serving.offered import OfferedLanguages
from ontarget.text import in_one_line
from ontarget.translators.document import sample_of

_SHORT = 12  # letters
_CONTEXT = 20  # texts of a request that say what others are in
_SURE = 0.5
_SURE_IF_SHORT = 0.9  # words that the identifier does not know look like its most frequent language


@dataclass(frozen=True, slots=True)
class TextDirections:
    """The directions of the sentences of a text.

    Attributes:
        main: that of most sentences, whose source decides on sentence boundaries. With two equal sides, most
            sentences are in the target language already.
        offered: the languages among which that of each sentence is identified; None: all are as `main`.
        sample: texts from the same place, which say what short sentences are in.
        sure: see `source_directions`.
    """

    main: Direction
    offered: OfferedLanguages | None = None
    sample: tuple[str, ...] = ()
    sure: float = _SURE

    def of(self, sentences: Sequence[str]) -> list[Direction]:
        """The direction of each sentence; with two equal sides if it is in the target language already."""
        if self.offered is None or not sentences:
            return [self.main] * len(sentences)
        target, count = self.main.target, len(self.sample)
        together = [*self.sample, *sentences]
        found = source_directions(together, target, self.offered.identifier, self.sure)[count:]
        return [self.offered.direction(one, target) for one in found]


def directions_of(
    documents: Sequence[Document], source: Language | None, target: Language, offered: OfferedLanguages
) -> list[TextDirections]:
    """The directions of each text.

    Args:
        documents: the texts.
        source: their language; None: that of each sentence is identified, as in documents. A text that does
            not say what its language is has that of the other texts. If they do not say it either, it has the
            most probable one of the chosen languages of the server, or it is an error.
        target: the language to translate into.
        offered: the languages of the server.
    Raises:
        Failure: the language of a text cannot be identified, or is clearly not offered.
    """
    if source is not None:
        return [TextDirections(Direction(source, target))] * len(documents)
    samples = [tuple(sample_of(one)) for one in documents]
    texts = (text for sample in samples for text in sample)
    context = tuple(islice((text for text in texts if letters(text) >= _SHORT), _CONTEXT))
    names = [f"text {number}" for number in range(1, len(samples) + 1)] if len(samples) > 1 else ["the text"]
    return [
        _identified(name, own, context, target, offered) for name, own in zip(names, samples, strict=False)
    ]


def _identified(
    name: str, own: tuple[str, ...], context: tuple[str, ...], target: Language, offered: OfferedLanguages
) -> TextDirections:
    words = in_one_line(" ".join(own))
    if (other := offered.unoffered(words)) is not None:
        message = f"{name} is in {other.name()} ({other}), which this server does not offer"
        raise wrong(f"{message}{offered.listed(other)}", "unknown_language")
    short = letters(words) < _SHORT
    if short and offered.chosen and (source := offered.sure_of(words, _SURE_IF_SHORT)):
        return TextDirections(offered.direction(Direction(source, target), target))
    for sample, sure in (
        (own, _SURE_IF_SHORT if offered.chosen and short else _SURE),
        ((*context, *own), _SURE_IF_SHORT if offered.chosen else _SURE),
    ):
        try:
            found = source_directions(sample, target, offered.identifier, sure)
        except UnidentifiedLanguage:
            continue
        sources = Counter(one.source for one in found[len(sample) - len(own) :] if one)
        main = Direction(sources.most_common(1)[0][0], target) if sources else None
        return TextDirections(offered.direction(main, target), offered, sample, sure)
    if (guessed := offered.best_but(target, words)) is None:
        message = f"the language of {name} cannot be identified; name the source language"
        raise wrong(message, "unidentified_language")
    return TextDirections(Direction(guessed, target))
