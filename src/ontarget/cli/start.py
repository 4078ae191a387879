"""Quick starts: avoids loading slow parts of libraries that a command never uses."""

import atexit
import gc
import os
import re
from collections.abc import Callable
from importlib import import_module
from typing import Any, get_type_hints

_EXAMPLES = re.compile(r"\n\n(?=    )")
_TEXTS = (str, str | None, list[str], list[str] | None)


def numpy_without_threads() -> None:
    """Imports NumPy with single-threaded matrix products.

    Starting more threads takes as long as importing NumPy itself, and the products of a scorer are too small
    to benefit. A value of `OPENBLAS_NUM_THREADS` in the environment takes precedence.
    """
    if "OPENBLAS_NUM_THREADS" in os.environ:
        return
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read only when the library is loaded
    try:
        import_module("numpy")
    finally:
        del os.environ["OPENBLAS_NUM_THREADS"]


def collect_seldom() -> None:
    """Makes Python's search for unreachable cycles about three hundred times rarer than by default.

    Scoring makes a few small objects for each line, and no cycles: the search takes a twentieth of its time.
    The last search, at the exit of Python, would take as long as a seventh of scoring one line.
    """
    gc.set_threshold(200_000)  # absolute, since a process may run several commands
    atexit.register(gc.freeze)  # hides all objects from the last search


def with_unwrapped_examples(help_text: str | None) -> str | None:
    """Marks indented paragraphs of a help text for typer, which would fill their lines."""
    return _EXAMPLES.sub("\n\n\b\n", help_text) if help_text else help_text


class Quick:
    """Mixin for typer commands: passes on unset and text options without validation.

    For validation typer would load pydantic, which takes longer than scoring a line.
    """

    def parse_args(self: Any, ctx: Any, args: list[str]) -> Any:
        """Parses the arguments, after typer has added its own options."""
        hints = get_type_hints(self.callback)
        for parameter in self.get_params(ctx):
            parameter.process_value = _processing(parameter, hints.get(parameter.name) in _TEXTS)
        return super().parse_args(ctx, args)  # type: ignore[misc]


def _processing(parameter: Any, is_text: bool) -> Callable[[Any, Any], Any]:
    convert = parameter.process_value

    def process(context: Any, value: Any) -> Any:
        if value is None and not parameter.required:
            value = () if parameter.multiple or parameter.nargs == -1 else None
        elif not (is_text and value):
            return convert(context, value)
        return value if parameter.callback is None else parameter.callback(context, parameter, value)

    return process
