"""Quick starts: a command does without parts of libraries that take long to load and that it never uses."""

import gc
import os
from collections.abc import Callable
from importlib import import_module
from typing import Any, get_type_hints

_TEXTS = (str, str | None, list[str], list[str] | None)


def numpy_without_threads() -> None:
    """Imports NumPy so that its products of matrices are computed by one thread.

    Starting more of them takes as long as importing NumPy itself, and no product of a scorer is large enough
    to win that back. Where `OPENBLAS_NUM_THREADS` is set it decides.
    """
    if "OPENBLAS_NUM_THREADS" in os.environ:
        return
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # is read when the library is loaded, and by no one later
    try:
        import_module("numpy")
    finally:
        del os.environ["OPENBLAS_NUM_THREADS"]


def collect_seldom() -> None:
    """Lets Python look for unreachable cycles a hundred times more seldom than it does by default.

    Scoring makes a few small objects for each line, and no cycles: the search takes a twentieth of its time.
    """
    gc.set_threshold(70_000)  # not a multiple of what it is: a process may run several commands


class Quick:
    """Mixed into a command of typer: takes options that have no value, or that are text, as they are.

    To check them typer would load pydantic, which takes longer than scoring a line does.
    """

    def parse_args(self: Any, ctx: Any, args: list[str]) -> Any:
        """Reads the arguments, once all options are there: typer adds its own late."""
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
