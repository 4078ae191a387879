"""The languages that a server offers."""

from collections.abc import Sequence

from ontarget.checked.source import AUTO
from ontarget.errors import UserError, excerpt, nearest
from ontarget.languages import Direction, Language, UnknownLanguage, hint_at
from ontarget.scoring.language_id.identifier import Guess, Identifier
from ontarget.scoring.language_id.identifiers import among
from ontarget.scoring.language_id.labels import labels_of
from ontarget.scoring.language_id.rules import letters, read
from ontarget.serving.failure import Failure, wrong
from ontarget.text import in_one_line

_CLEAR = 0.5
_FEW = 30  # languages that a message lists
_LONG_ENOUGH = 12  # letters; shorter texts are often misread


class OfferedLanguages:
    """The languages that requests may name.

    Args:
        chosen: these languages; default: all that the identifier recognises, with their variants.
        identifier: checks the translations.

    Attributes:
        chosen: whether there is such a choice.
        identifier: identifies the languages of sources, among the chosen ones.
    """

    def __init__(self, chosen: Sequence[Language], identifier: Identifier) -> None:
        self._identifier = identifier
        self.chosen = bool(chosen)
        self.identifier = among(identifier, chosen)
        found = list(chosen) or [one for label in identifier.labels if (one := _language(label))]
        self.languages: Sequence[Language] = sorted(dict.fromkeys(found), key=lambda one: one.name())

    def named(self, code: str) -> Language:
        """The offered language that a code stands for: itself, or `en` for `EN-US` if only `en` is offered.

        Raises:
            Failure: it is unknown or not offered.
        """
        if failure := self.misnamed(code):
            raise failure
        language = Language(code)
        if not self.chosen:
            if labels_of(language, self._identifier.labels):
                return language
        elif language in self.languages:
            return language
        else:
            # Another region of an offered language is that language; another script is not.
            for one in self.languages:
                if one.covers(language) and one.script == language.script:
                    return one
        message = f"this server does not offer {_shown(language)}{self.listed(language)}"
        raise wrong(message, "unknown_language")

    def misnamed(self, code: str) -> Failure | None:
        """The failure of a request with a code that is not that of a language; None if it is one."""
        if not code.strip():
            return wrong("a language is missing; choose one, such as fr", "unknown_language")
        try:
            Language(code)
        except UnknownLanguage as error:
            names = {str(one): one.name() for one in self.languages}
            hint = f"; offered are {', '.join(names)}" if len(names) <= _FEW else hint_at(code, names)
            return wrong(f"{error.problem}{hint}", "unknown_language")
        except UserError as error:
            return wrong(str(error), "unknown_language")
        return None

    def recognised(self, code: str) -> Language:
        """The language of a code, offered or not, if the identifier of the server knows it.

        Raises:
            Failure: it is unknown, or the identifier does not know it.
        """
        try:
            language = Language(code)
        except UserError as error:
            raise wrong(str(error), "unknown_language") from None
        if not self._labels(language):
            message = f"this server cannot recognise {_shown(language)}; name another language"
            raise wrong(message, "unknown_language")
        return language

    def listed(self, language: Language) -> str:
        """The end of a message on a language that is not offered: those that are."""
        known = [str(one) for one in self.languages]
        return f"; offered are {', '.join(known)}" if len(known) <= _FEW else nearest(str(language), known)

    def source(self, code: str | None) -> Language | None:
        """The offered language that the code of a source stands for; None: it is to be identified.

        Raises:
            Failure: it is unknown or not offered.
        """
        return self.named(code) if code not in (None, "", AUTO) else None

    def unoffered(self, text: str) -> Language | None:
        """The language of a text that is clearly in none of the chosen languages; else None."""
        if not self.chosen:
            return None
        labels = frozenset[str]().union(*(self._labels(one) for one in self.languages))
        (reading,) = read([text], self._identifier, labels)
        guess = reading.guess
        clear = guess.probability >= _CLEAR and letters(text) >= _LONG_ENOUGH and not reading.doubt
        return _language(guess.label) if clear and guess.label not in labels else None

    def direction(self, found: Direction | None, target: Language) -> Direction:
        """The direction of a text, from an offered language.

        Args:
            found: what the identifier says; None: there is nothing to translate.
            target: the language to translate into.
        """
        if found is None:
            return Direction(target, target)
        return Direction(self._named_as_offered(found.source, target) or found.source, target)

    def sure_of(self, text: str, probability: float) -> Language | None:
        """The language of a text, among the offered ones, if its probability is at least this."""
        guess = self.detected(text)
        return _language(guess.label) if guess.probability >= probability else None

    def best_but(self, target: Language, text: str) -> Language | None:
        """The most probable language of a text among the chosen ones without one; None without a choice."""
        others = [one for one in self.languages if one != target and self._labels(one)]
        if not self.chosen or not others:
            return None
        found = _language(_guess(text, among(self._identifier, others)).label)
        return (found and self._named_as_offered(found, target)) or others[0]

    def detected(self, text: str) -> Guess:
        """The most probable language of a text among the offered ones, read as sources are."""
        return _guess(text, self.identifier)

    def confidence(self, text: str, source: Language | None) -> float:
        """The probability that a text is in the language it was read in; 0 if other texts decided on it."""
        guess = self.detected(text)
        return guess.probability if source and guess.label in self._labels(source) else 0.0

    def _named_as_offered(self, language: Language, target: Language) -> Language | None:
        """The offered language that a label of the identifier means: `nb` for `no`, `zh-Hant` for `zh`."""
        labels = self._labels(language)
        same = [one for one in self.languages if one == language]
        alike = [one for one in self.languages if one != target and self._labels(one) & labels]
        return next(iter([*same, *alike]), None)

    def _labels(self, language: Language) -> frozenset[str]:
        return labels_of(language, self._identifier.labels)


def _guess(text: str, identifier: Identifier) -> Guess:
    """The guess for the words in lower case; of a short text, that for the text as it is if it is surer.

    lid.176 knows `Ciao`, but not `ciao`, and takes words it does not know for its most frequent language.
    """
    ((guess, *_),) = read([text], identifier, ())
    if guess.label not in identifier.labels:  # there are no words
        return Guess("", 0.0)
    if letters(text) >= _LONG_ENOUGH:
        return guess
    return max(guess, *identifier.identify([in_one_line(text)]), key=lambda one: one.probability)


def _shown(language: Language) -> str:
    return f"{language.name()} ({excerpt(str(language))})"


def _language(label: str) -> Language | None:
    try:
        return Language(label)
    except UserError:  # a label of the identifier's own
        return None
