"""Stand-ins for modules that a library imports but that our part of the library never calls."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


@contextmanager
def deferred(*modules: str) -> Iterator[None]:
    """Within the block, importing one of these modules gives a stand-in, unless it is loaded already.

    A stand-in has any function, which imports the real module when it is called. It has no constants, classes
    to derive from, or submodules. After the block, other imports find the real module.
    """
    stand_ins = {name: _StandIn(name) for name in modules if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, stand_in in stand_ins.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]


class _StandIn(ModuleType):
    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):  # asked for by the import system
            raise AttributeError(name)

        def call(*arguments: Any, **named: Any) -> Any:
            return getattr(import_module(self.__name__), name)(*arguments, **named)

        return call
