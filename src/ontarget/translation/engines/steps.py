"""Work in steps, so that one thread can take turns between several tasks."""

from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")

Steps = Generator[None, None, Result]
"""Yields after each step, and returns the result."""
