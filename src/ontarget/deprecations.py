"""Hides deprecation notices of libraries, which are for the developers of ontarget and not for its users."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def deprecations_unsaid() -> Iterator[None]:
    """Hides deprecation notices within the block, unless warnings are configured (`python -W`)."""
    with warnings.catch_warnings():
        if not sys.warnoptions:
            for category in (FutureWarning, DeprecationWarning, PendingDeprecationWarning):
                warnings.simplefilter("ignore", category)
        yield
