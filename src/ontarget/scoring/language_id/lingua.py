"""Language identification by lingua: slower than fastText, but better on a few words. An optional extra.

https://github.com/pemistahl/lingua-py, 75 languages; its labels are ISO 639-1 codes, with `nb` and `nn`.
"""

from collections.abc import Collection, Iterable, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import EvenOdds, Guess
from ontarget.scoring.language_id.labels import UNDETERMINED, labels_of
from ontarget.text import is_empty

if TYPE_CHECKING:
    from lingua import LanguageDetector


class Lingua:
    """Guesses the most probable of lingua's languages, or `und` if lingua finds none.

    Args:
        among: the languages that may occur. Default: all 75, which take about a gigabyte of memory. Fewer
            languages are also faster.

    Raises:
        UserError: lingua is not installed, or does not know one of `among`.
    """

    even_odds = EvenOdds(((5, 0.02), (12, 0.03), (40, 0.05)), 0.03)  # measured in the same way as for lid.176

    def __init__(self, among: Iterable[Language] | None = None) -> None:
        try:
            import lingua
        except ImportError:
            raise UserError(
                "the identifier lingua is not installed: pip install 'ontarget[lingua]'"
            ) from None
        codes = {language.iso_code_639_1.name.lower(): language for language in lingua.Language.all()}
        self.signature = f"lingua-{version('lingua-language-detector')}"
        if among is not None:
            languages = sorted(set(among))
            for language in languages:
                if not labels_of(language, codes):
                    raise UserError(f"{self.signature} cannot recognise {language.name()} ({language})")
            wanted = frozenset().union(*(labels_of(language, codes) for language in languages))
            codes = {code: language for code, language in codes.items() if code in wanted}
            self.signature += f"/{'+'.join(language.code for language in languages)}"
        self.labels = frozenset(codes)
        self._detector: LanguageDetector = lingua.LanguageDetectorBuilder.from_languages(
            *codes.values()
        ).build()

    def among(self, languages: Iterable[Language]) -> "Lingua":
        """The same identifier with a choice among languages.

        Raises:
            UserError: lingua does not know one of them.
        """
        return Lingua(languages)

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        """One guess for each text, in order; its probability is relative to the languages in use."""
        return [guess for guess, _ in self.weigh(texts, ())]

    def weigh(self, texts: Sequence[str], labels: Collection[str]) -> list[tuple[Guess, float]]:
        """The same, and the total probability of `labels`."""
        return [self._weighed(text, labels) for text in texts]

    def _weighed(self, text: str, labels: Collection[str]) -> tuple[Guess, float]:
        if is_empty(text):
            return Guess("", 0.0), 0.0
        well_formed = text.encode("utf-8", "replace").decode("utf-8")
        found = {
            one.language.iso_code_639_1.name.lower(): one.value
            for one in self._detector.compute_language_confidence_values(well_formed)
        }
        best = max(found, key=found.__getitem__)
        if not found[best]:
            return Guess(UNDETERMINED, 0.0), 0.0
        return Guess(best, found[best]), sum(value for code, value in found.items() if code in labels)
