"""Language identification by script alone."""

from collections.abc import Iterable, Sequence

from ontarget.languages import Language, apart
from ontarget.scoring.language_id.identifier import Guess
from ontarget.scoring.language_id.labels import UNDETERMINED
from ontarget.scoring.language_id.scripts import in_script, letters_of, script_counts
from ontarget.text import is_empty

_OWN = {"Jpan": "Kana", "Kore": "Hang"}


class ScriptRules:
    """Identifies a text if only one of the possible languages uses its script: en, ru, zh, ja.

    It needs no model. It gives `und` if several of the languages use the script.

    Args:
        among: the languages that may occur.
    """

    def __init__(self, among: Iterable[Language]) -> None:
        self._scripts = {language.code: language.scripts for language in apart([*among])}
        self.labels = frozenset(self._scripts)
        self.signature = f"script/{'+'.join(sorted(self.labels))}"

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        """The only language that uses a text's script, with the share of its letters in that script."""
        return [self._guess(text) for text in texts]

    def _guess(self, text: str) -> Guess:
        if is_empty(text):
            return Guess("", 0.0)
        counts = script_counts(text)
        fits = [code for code, scripts in self._scripts.items() if counts and in_script(text, scripts)]
        # Kana are Japanese and Hangul is Korean; text in Han characters alone counts as Chinese.
        if len(fits) > 1:
            own = {
                code: letter
                for code in fits
                for script, letter in _OWN.items()
                if script in self._scripts[code]
            }
            fits = [code for code in own if counts[own[code]]] or [code for code in fits if code not in own]
        if len(fits) != 1:
            return Guess(UNDETERMINED, 0.0)
        right = sum(counts[script] for script in letters_of(self._scripts[fits[0]]))
        return Guess(fits[0], right / counts.total())
