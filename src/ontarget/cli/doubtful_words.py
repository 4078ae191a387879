"""The note of `ontarget translate` on words that seem to be left in another language."""

from collections.abc import Iterator, Sequence

from ontarget.errors import counted
from ontarget.languages import Direction

_NAMED = 3  # lines, with their words


def doubtful_words(sources: Sequence[str], texts: Sequence[str], direction: Direction) -> Iterator[str]:
    """A note if some lines seem to contain such words, with examples.

    There is no note for a target language that lid.176.ftz does not know.
    """
    from ontarget.scoring.language_id.identifier import default_identifier
    from ontarget.scoring.language_id.labels import labels_of
    from ontarget.scoring.leftover import LeftoverWords

    if not labels_of(direction.target, default_identifier().labels):
        return
    left = LeftoverWords(direction.target, direction.source).add(texts, sources)
    lines = {
        number: " ".join(text[start:end] for start, end in found.places[:_NAMED])
        for number, (text, found) in enumerate(zip(texts, left, strict=True), start=1)
        if found.places
    }
    if lines:
        first = "; ".join(f"line {number}: {words}" for number, words in [*lines.items()][:_NAMED])
        yield (
            f"{len(lines)} of {counted(len(texts), 'line')} may contain words that are not "
            f"{direction.target.name()} ({first})"
        )
