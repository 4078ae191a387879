"""Language identification by the user's own function."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from numbers import Real
from typing import Any, NoReturn

from babel.core import get_global
from babel.localedata import locale_identifiers

from ontarget import given
from ontarget.errors import UserError, counted
from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import Guess, Identifier, default_identifier
from ontarget.scoring.language_id.identifiers import identifier_named
from ontarget.scoring.language_id.labels import UNDETERMINED, is_undetermined
from ontarget.subtags import english_names
from ontarget.text import is_empty

Function = Callable[[list[str]], Iterable[str | tuple[str, float]]]
"""A function from texts to their languages: for each a code, or a code and its probability, 0 to 1."""

IdentifierLike = Identifier | Function | str
"""What a score takes as its identifier: an identifier, your own function, or a name such as `lingua`."""

_ROUNDED = 1e-3  # tolerance above 1: fastText itself gives 1.00001


def as_identifier(identifier: IdentifierLike | None) -> Identifier:
    """The identifier that an argument means; None means lid.176.ftz.

    Raises:
        UserError: the argument is something else, or there is no identifier with this name.
    """
    if identifier is None:
        return default_identifier()
    if isinstance(identifier, str):
        return identifier_named(identifier)
    if isinstance(identifier, Identifier):
        return identifier
    if not callable(identifier):
        raise UserError(
            f"the identifier is {given.shown(identifier)}; give a name such as 'lingua', or a function "
            "from a list of texts to their languages"
        )
    name = getattr(identifier, "__name__", type(identifier).__name__)
    return OwnIdentifier(identifier, f"call:{plain(name)}", f"the identifier {name}")


def plain(name: str) -> str:
    """A name without the characters that have a meaning in signatures, such as colons and bars."""
    return re.sub(r"[^\w.-]", "_", name)


class OwnIdentifier:
    """An identifier whose labels are not known in advance: it may give any language code.

    Args:
        function: called with the texts that are not empty; gives `und` if it cannot tell.
        signature: the identifier's name in the signature of a score.
        called: the identifier's name in messages.
    """

    def __init__(self, function: Function, signature: str, called: str) -> None:
        self._function, self._called = function, called
        self.signature = signature
        self.labels = every_label()

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        """One guess for each text, in order.

        Raises:
            UserError: the function does not give one language for each text.
        """
        places = [place for place, text in enumerate(texts) if not is_empty(text)]
        guesses = [Guess("", 0.0)] * len(texts)
        results = self._call([texts[place] for place in places]) if places else []
        for place, result in zip(places, results, strict=True):
            guesses[place] = self._guess(texts[place], result)
        return guesses

    def _call(self, texts: list[str]) -> list[Any]:
        results = self._function(texts)
        if isinstance(results, str | bytes) or not isinstance(results, Iterable):
            raise UserError(
                f"{self._called} gives {given.shown(results)}; it must give a list with one language per text"
            )
        results = list(results)
        if len(results) != len(texts):
            got, wanted = counted(len(results), "language"), counted(len(texts), "text")
            raise UserError(f"{self._called} gives {got} for {wanted}; it must give one for each, in order")
        return results

    def _guess(self, text: str, result: Any) -> Guess:
        pair = (result, 1.0) if isinstance(result, str) else result
        if not isinstance(pair, tuple | list) or len(pair) != 2 or not isinstance(pair[0], str):
            self._refuse(text, f"{given.shown(result)}, not a language code, or a code and a probability")
        code, probability = pair
        if not isinstance(probability, Real) or not 0 <= float(probability) <= 1 + _ROUNDED:
            self._refuse(text, f"the probability {given.shown(probability)}, not a number from 0 to 1")
        label = _label(code)
        if label is None:
            self._refuse(
                text, f"{given.shown(code)}, not a language code such as fr or zh-Hant (und: it cannot tell)"
            )
        if label == UNDETERMINED:
            return Guess(UNDETERMINED, 0.0)
        return Guess(label, min(float(probability), 1.0))

    def _refuse(self, text: str, what: str) -> NoReturn:
        raise UserError(f"{self._called} gives {what}, for the text {given.shown(text)}")


@cache
def every_label() -> frozenset[str]:
    """Every language that CLDR knows, with the scripts and regions that CLDR distinguishes: `zh-Hant`."""
    codes = {
        tag for table in ("likely_subtags", "language_aliases") for tag in get_global(table) if "_" not in tag
    }
    tags = {tag.replace("_", "-") for tag in locale_identifiers()} | english_names().keys() | codes
    return frozenset(tag for tag in tags if not is_undetermined(tag))


@cache
def _label(code: str) -> str | None:
    """The label for any kind of language code from the user's identifier; None if it is not a code.

    Scripts and regions are kept only if `every_label` has them, so that every possible target can be matched.
    """
    code = code.strip().removeprefix("__label__")
    if is_undetermined(code.lower()):
        return UNDETERMINED
    try:
        language = Language(code)
    except UserError:
        return None
    script = next(iter(language.scripts)) if len(language.scripts) == 1 else None
    parts = [(script, language.region), (language.region,), (script,), ()]
    tags = ("-".join(filter(None, (language.primary, *of_tag))) for of_tag in parts)
    return next((tag for tag in tags if tag in every_label()), language.primary)
