"""Detects the language of each source, for texts whose language nobody has named."""

from collections import Counter
from collections.abc import Collection, Sequence

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.language_id.identifier import Guess, Identifier
from ontarget.scoring.language_id.labels import labels_of
from ontarget.scoring.language_id.rules import Reading, letters, read
from ontarget.scoring.off_target import OffTarget

AUTO = "auto"
"""In the place of a source language: detect it, line by line."""
_SURE = 0.5
_SHORT = 12  # letters


class UnidentifiedLanguage(UserError):
    """The language of a text cannot be identified."""


def source_directions(
    texts: Sequence[str], target: Language, identifier: Identifier, sure: float = _SURE
) -> list[Direction | None]:
    """The direction of each text; None where there is nothing to translate.

    The main language is the one in which most letters are, of lines that are identified with a probability of
    0.5 (`sure`) or more. Other lines are taken for it, and so are lines that may well be in it by the rules
    of the off-target ratio, and those of less than 12 letters in its script: short lines are often misread.
    There is nothing to translate in a line that is in the target language already, nor in any line if none
    has a word.

    If most letters are in the target language already, as in a file that is partly translated, the main
    language is that of all other lines, read as one text, if that is clear. Lines that are read as the target
    language are then taken for it, short ones too.

    Args:
        texts: the sources.
        target: the language to translate into.
        identifier: identifies the languages.
        sure: the probability from which a line says what the main language is.
    Raises:
        UnidentifiedLanguage: the language of no line can be identified.
    """
    guesses = [reading.guess for reading in read(texts, identifier, ())]
    counts: Counter[str] = Counter()
    for text, guess in zip(texts, guesses, strict=True):
        if guess.probability >= sure and _language(guess.label):
            counts[guess.label] += letters(text)
    most = next((_language(label) for label, _ in counts.most_common(1)), None)
    if most is None:
        if any(guess.label not in ("", "zxx") for guess in guesses):
            raise UnidentifiedLanguage(
                "the language of the text cannot be identified; name it with --from, such as de"
            )
        return [None] * len(texts)
    into = labels_of(target, identifier.labels)
    is_target = bool(labels_of(most, identifier.labels) & into)
    main = (_main_of_rest(texts, guesses, identifier, into) if is_target else None) or most
    in_main = read(texts, identifier, labels_of(main, identifier.labels))
    languages = [
        most if is_target and guess.label in into else _own(text, reading, main) or main
        for text, reading, guess in zip(texts, in_main, guesses, strict=True)
    ]
    return _towards(target, texts, languages, identifier)


def _main_of_rest(
    texts: Sequence[str], guesses: Sequence[Guess], identifier: Identifier, into: Collection[str]
) -> Language | None:
    """The language of the lines that do not read as the target language; None if it is not clear.

    They are read as one text, of 12 letters or more, because short ones are often misread.
    """
    rest = "\n".join(text for text, guess in zip(texts, guesses, strict=True) if guess.label not in into)
    (together,) = read([rest], identifier, into)
    guess = together.guess
    is_other = not together.doubt and guess.label not in into and guess.probability >= _SURE
    return _language(guess.label) if is_other and letters(rest) >= _SHORT else None


def _own(text: str, reading: Reading, main: Language) -> Language | None:
    """The language of a line, if it is clear enough; None if the main language will do."""
    language = _language(reading.guess.label)
    if language is None or reading.doubt or reading.guess.probability < _SURE:
        return None
    return None if letters(text) < _SHORT and language.scripts & main.scripts else language


def _towards(
    target: Language, texts: Sequence[str], languages: Sequence[Language], identifier: Identifier
) -> list[Direction | None]:
    labels = labels_of(target, identifier.labels)
    same = [bool(labels_of(language, identifier.labels) & labels) for language in languages]
    # The identifier has one label for both scripts of Chinese, and of Serbian: there, the script decides.
    of_same = [text for text, is_same in zip(texts, same, strict=True) if is_same]
    outcomes = iter(OffTarget(target, identifier).add(of_same) if of_same else [])
    return [
        None if is_same and next(outcomes).outcome != "script" else Direction(language, target)
        for language, is_same in zip(languages, same, strict=True)
    ]


def _language(label: str) -> Language | None:
    if label in ("", "zxx", "und"):
        return None
    try:
        return Language(label)
    except UserError:  # a label of the identifier's own
        return None
