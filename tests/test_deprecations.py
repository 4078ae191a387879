"""Deprecation notices of libraries do not reach a user; other warnings do."""

import subprocess
import sys
import warnings

import pytest

from ontarget.deprecations import deprecations_unsaid

NOTICES = [FutureWarning, DeprecationWarning, PendingDeprecationWarning]


def test_notices_are_left_out_while_it_lasts_and_other_warnings_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "warnoptions", [])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with deprecations_unsaid():
            for category in (*NOTICES, RuntimeWarning):
                warnings.warn("inside", category, stacklevel=1)
        warnings.warn("outside", FutureWarning, stacklevel=1)
    assert [(str(one.message), one.category) for one in caught] == [
        ("inside", RuntimeWarning),
        ("outside", FutureWarning),
    ]


@pytest.mark.parametrize(("options", "shown"), [([], False), (["-W", "default"], True)])
def test_commands_do_not_pass_them_on_unless_python_is_asked(options: list[str], shown: bool) -> None:
    code = """import sys, types, warnings
app = types.ModuleType("ontarget.cli.app")
app.app = lambda: warnings.warn("old way", FutureWarning)
sys.modules["ontarget.cli.app"] = app
from ontarget.__main__ import main
main()"""
    done = subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert ("old way" in done.stderr) == shown
