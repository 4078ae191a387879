"""Translates with a verdict on each line: its language, what was tried for it, what else may be wrong.

Begin with `translate.py`, then `check.py` and `flags.py`. Importing the package loads no
model library.
"""

from typing import TYPE_CHECKING

from ontarget.lazy_names import lazy_names

if TYPE_CHECKING:
    from ontarget.checked.summary import Summary
    from ontarget.checked.translate import translate_checked
    from ontarget.checked.verdict import Checked, Verdict, report_row

_MODULES = {
    "Checked": "ontarget.checked.verdict",
    "Summary": "ontarget.checked.summary",
    "Verdict": "ontarget.checked.verdict",
    "report_row": "ontarget.checked.verdict",
    "translate_checked": "ontarget.checked.translate",
}

__all__ = ["Checked", "Summary", "Verdict", "report_row", "translate_checked"]

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
