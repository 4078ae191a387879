"""Where a hypothesis leaves the language that was asked for: the word that a reader should look at first."""

import re
from collections.abc import Sequence

from ontarget import given
from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import Identifier, default_identifier, known_labels

WINDOW = 4
"""Words that are identified together: one alone is too short for a fastText model."""
SURE = 0.7
"""The probability from which a guess about so few words counts."""
_WORD = re.compile(r"\S+")


def first_off_words(
    texts: Sequence[str], language: Language | str, identifier: Identifier | None = None
) -> list[tuple[int, int] | None]:
    """The first word of each text that is not in `language`: its start and end in characters, or None.

    A text leaves the language where every window of four words that holds a word is surely another one. The
    first of these windows turned when most of it was off: its second word is the one. That is a hint for
    readers and no measure: a name may look like another language, and writing without spaces is one word.

    Args:
        texts: one hypothesis each.
        language: the language that was asked for.
        identifier: default: lid.176.ftz.

    Raises:
        UserError: what is not a list of strings, or the identifier knows no such language.
    """
    texts = given.texts(texts, "texts", "text")
    language = language if isinstance(language, Language) else Language(language)
    words = [list(_WORD.finditer(text)) for text in texts]
    windows = [_windows(text, found) for text, found in zip(texts, words, strict=True)]
    distinct = list(dict.fromkeys(window for of_text in windows for window in of_text))
    identifier = identifier or default_identifier()
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
    """All runs of four words; a shorter text is one."""
    last = max(len(words) - WINDOW, 0)
    return [
        text[words[i].start() : words[min(i + WINDOW, len(words)) - 1].end()]
        for i in range(last + 1 if words else 0)
    ]
