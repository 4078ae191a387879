"""Finds the word at which a hypothesis leaves the target language, as a hint for readers."""

import re
from collections.abc import Sequence

from ontarget import given
from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import known_labels
from ontarget.scoring.language_id.own_identifier import IdentifierLike, as_identifier

WINDOW = 4
"""Number of words that are identified together: a single word is too short for a fastText model."""
SURE = 0.7
"""Minimum probability of a guess for so short a text."""
_WORD = re.compile(r"\S+")


def first_off_words(
    texts: Sequence[str], language: Language | str, identifier: IdentifierLike | None = None
) -> list[tuple[int, int] | None]:
    """The first word of each text that is not in `language`: its start and end in characters, or None.

    A text leaves the language where every window of four words around a word is surely in another language.
    Most of the first such window is in the other language, so the result is its second word. This is a hint
    for readers, not a measure: a name may look like another language, and text without spaces is one word.

    Args:
        texts: the hypotheses.
        language: the target language.
        identifier: default: lid.176.ftz.

    Raises:
        UserError: an argument is not a list of strings, or the identifier does not know the language.
    """
    texts = given.texts(texts, "texts", "text")
    language = language if isinstance(language, Language) else Language(language)
    words = [list(_WORD.finditer(text)) for text in texts]
    windows = [_windows(text, found) for text, found in zip(texts, words, strict=True)]
    distinct = list(dict.fromkeys(window for of_text in windows for window in of_text))
    identifier = as_identifier(identifier)
    on_target = known_labels(language, identifier)
    guesses = identifier.identify(distinct)
    off = {
        window: guess.label not in on_target and guess.probability >= SURE
        for window, guess in zip(distinct, guesses, strict=True)
    }
    places: list[tuple[int, int] | None] = []
    for found, of_text in zip(words, windows, strict=True):
        verdicts = [off[window] for window in of_text]
        first = next((i for i in range(len(found)) if all(verdicts[max(0, i - WINDOW + 1) : i + 1])), None)
        places.append(None if first is None else found[max(first - WINDOW + 2, 0)].span())
    return places


def _windows(text: str, words: Sequence[re.Match[str]]) -> list[str]:
    """All windows of four words; a shorter text is one window."""
    last = max(len(words) - WINDOW, 0)
    return [
        text[words[i].start() : words[min(i + WINDOW, len(words)) - 1].end()]
        for i in range(last + 1 if words else 0)
    ]
