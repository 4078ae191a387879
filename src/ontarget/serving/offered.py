"""The languages that a server offers."""

from collections.abc import Sequence

from ontarget.checked.source import AUTO
from ontarget.errors import UserError, excerpt, nearest
from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import Identifier
from ontarget.scoring.language_id.labels import labels_of
from ontarget.serving.failure import wrong


class OfferedLanguages:
    """The languages that requests may name.

    Args:
        chosen: these languages; default: all that the identifier recognises, with their variants.
        identifier: checks the translations.
    """

    def __init__(self, chosen: Sequence[Language], identifier: Identifier) -> None:
        self._identifier = identifier
        self._any = not chosen
        found = list(chosen) or [one for label in identifier.labels if (one := _language(label))]
        self.languages: Sequence[Language] = sorted(dict.fromkeys(found), key=lambda one: one.name())

    def named(self, code: str) -> Language:
        """The offered language that a code stands for: itself, or `en` for `EN-US` if only `en` is offered.

        Raises:
            Failure: it is unknown or not offered.
        """
        try:
            language = Language(code)
        except UserError as error:
            raise wrong(str(error), "unknown_language") from None
        if self._any:
            if labels_of(language, self._identifier.labels):
                return language
        elif language in self.languages:
            return language
        else:
            # Another region of an offered language is that language; another script is not.
            for one in self.languages:
                if one.covers(language) and one.script == language.script:
                    return one
        known = [str(one) for one in self.languages]
        listed = f"; offered are {', '.join(known)}" if len(known) <= 30 else nearest(str(language), known)
        shown = f"{language.name()} ({excerpt(str(language))})"
        raise wrong(f"this server does not offer {shown}{listed}", "unknown_language")

    def source(self, code: str | None) -> Language | None:
        """The offered language that the code of a source stands for; None: it is to be identified.

        Raises:
            Failure: it is unknown or not offered.
        """
        return self.named(code) if code not in (None, "", AUTO) else None


def _language(label: str) -> Language | None:
    try:
        return Language(label)
    except UserError:  # a label of the identifier's own
        return None
