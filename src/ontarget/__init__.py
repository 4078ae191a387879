"""ontarget: LLMs that translate into the language you asked for, and a measure of when they do not.

    >>> import ontarget
    >>> score = ontarget.off_target_ratio(["Ein Haus am Meer.", "Une maison au bord de la mer."], "fr")
    >>> score.value
    50.0

The names below are imported when they are first used, so `import ontarget` loads no model library.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ontarget.errors import UserError
    from ontarget.languages import Direction, Language
    from ontarget.pipeline.run import run
    from ontarget.scoring.off_target import off_target_ratio
    from ontarget.scoring.score import Score
    from ontarget.translation.translator import Translator

    __version__: str

_HOME = {
    "Direction": "ontarget.languages",
    "Language": "ontarget.languages",
    "Score": "ontarget.scoring.score",
    "Translator": "ontarget.translation.translator",
    "UserError": "ontarget.errors",
    "off_target_ratio": "ontarget.scoring.off_target",
    "run": "ontarget.pipeline.run",
}

__all__ = [
    "Direction",
    "Language",
    "Score",
    "Translator",
    "UserError",
    "__version__",
    "off_target_ratio",
    "run",
]


def __getattr__(name: str) -> object:
    """Imports a public name, and keeps it so that the next use costs nothing."""
    value: object
    if name == "__version__":
        value = import_module("importlib.metadata").version("ontarget")
    elif name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    else:
        raise AttributeError(f"module 'ontarget' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
