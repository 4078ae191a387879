"""Work in steps, so that one thread can take turns between several tasks."""

from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")

Steps = Generator[None, None, Result]
"""Yields after each step, and returns the result."""


def to_end(steps: Steps[Result]) -> Result:
    """Does all steps, and returns the result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result
