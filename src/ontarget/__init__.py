"""ontarget: LLMs that translate into the requested language, and a measure of when they do not.

    >>> import ontarget
    >>> score = ontarget.off_target_ratio(["Ein Haus am Meer.", "Une maison au bord de la mer."], "fr")
    >>> score.value
    50.0

The names below are imported when they are first used, so `import ontarget` loads no model library.
"""

from typing import TYPE_CHECKING

from ontarget.lazy_names import lazy_names

if TYPE_CHECKING:
    from ontarget.errors import UserError
    from ontarget.languages import Direction, Language
    from ontarget.pipeline.run import run
    from ontarget.scoring.off_target import off_target_ratio
    from ontarget.scoring.score import Score
    from ontarget.translation.translator import Translator
    from ontarget.translators.asynchronous import AsyncTranslator
    from ontarget.translators.checked import CheckedTranslator
    from ontarget.version import __version__

_MODULES = {
    "AsyncTranslator": "ontarget.translators.asynchronous",
    "CheckedTranslator": "ontarget.translators.checked",
    "Direction": "ontarget.languages",
    "Language": "ontarget.languages",
    "Score": "ontarget.scoring.score",
    "Translator": "ontarget.translation.translator",
    "UserError": "ontarget.errors",
    "__version__": "ontarget.version",
    "off_target_ratio": "ontarget.scoring.off_target",
    "run": "ontarget.pipeline.run",
}

__all__ = [
    "AsyncTranslator",
    "CheckedTranslator",
    "Direction",
    "Language",
    "Score",
    "Translator",
    "UserError",
    "__version__",
    "off_target_ratio",
    "run",
]

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
