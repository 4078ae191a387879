"""Deprecation notices of libraries: they are for us, who call what is deprecated, and not for users."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def deprecations_unsaid() -> Iterator[None]:
    """Leaves out deprecation notices while it lasts, unless Python was told about warnings (`python -W`)."""
    with warnings.catch_warnings():
        if not sys.warnoptions:
            for category in (FutureWarning, DeprecationWarning, PendingDeprecationWarning):
                warnings.simplefilter("ignore", category)
        yield
