"""Public names of packages: complete, the right objects, and imported on first use only."""

import doctest
import subprocess
import sys
from importlib import import_module

import pytest

PACKAGES = ("ontarget", "ontarget.scoring", "ontarget.training")
NAMES = [(package, name) for package in PACKAGES for name in import_module(package).__all__]


@pytest.mark.parametrize("package", PACKAGES)
def test_dir_shows_the_public_names(package: str) -> None:
    module = import_module(package)
    assert dir(module) == sorted(module.__all__) == sorted(module._MODULES)


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_every_public_name_is_the_object_of_its_module(package: str, name: str) -> None:
    module = import_module(package)
    assert getattr(module, name) is getattr(import_module(module._MODULES[name]), name)


@pytest.mark.parametrize("package", PACKAGES)
def test_an_unknown_name_is_an_attribute_error(package: str) -> None:
    with pytest.raises(AttributeError, match=f"^module '{package}' has no attribute 'nothing'$"):
        _ = import_module(package).nothing


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_alone_loads_almost_nothing(package: str) -> None:
    code = (
        f"import sys; before = set(sys.modules); import {package}; print(*sorted(set(sys.modules) - before))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert {name.split(".")[0] for name in result.stdout.split()} <= {"ontarget", *sys.stdlib_module_names}


def test_a_module_of_a_package_can_still_be_imported_from_it() -> None:
    from ontarget.scoring import off_target

    assert off_target.off_target_ratio is import_module("ontarget.scoring").off_target_ratio


@pytest.mark.parametrize("package", PACKAGES)
def test_the_examples_of_a_package_are_right(package: str) -> None:
    assert doctest.testmod(import_module(package)).failed == 0
