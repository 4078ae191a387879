"""Public names of packages that are imported on first use, so that importing a package stays fast."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def lazy_names(
    package: str, modules: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Makes `__getattr__` and `__dir__` for a package whose public names live in other modules (PEP 562).

    Args:
        package: its `__name__`.
        modules: for each public name, the full name of the module that defines it.
    """

    def __getattr__(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(modules[name]), name)
        setattr(sys.modules[package], name, value)  # later uses find it without calling this function
        return value

    def __dir__() -> list[str]:
        return sorted(modules)

    return __getattr__, __dir__
