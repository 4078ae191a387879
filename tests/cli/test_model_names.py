from pathlib import Path

import pytest

from ontarget.cli.model_names import models_by_name
from ontarget.errors import UserError


def test_a_single_model_needs_no_name() -> None:
    assert models_by_name(["my/model"]) == {"ontarget": "my/model"}
    assert models_by_name(["fast=my/model"]) == {"fast": "my/model"}


def test_several_models_are_in_order_and_a_url_is_a_model() -> None:
    values = ["small=my/model", "large-7b.v2=http://localhost:8000/v1?a=b"]
    named = {"small": "my/model", "large-7b.v2": "http://localhost:8000/v1?a=b"}
    assert list(models_by_name(values).items()) == list(named.items())
    assert models_by_name(["http://localhost:8000/v1?a=b"]) == {"ontarget": "http://localhost:8000/v1?a=b"}


def test_a_path_with_the_sign_of_a_name_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seed=1" / "models").mkdir(parents=True)
    assert models_by_name(["seed=1/models"]) == {"ontarget": "seed=1/models"}
    assert models_by_name(["a=seed=1/models", "b=x,seed=1"]) == {"a": "seed=1/models", "b": "x,seed=1"}
    assert models_by_name(["runs/x,seed=1/models/tuned"]) == {"ontarget": "runs/x,seed=1/models/tuned"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["a=x", "my/model"], "'my/model' has no name"),
        (["my/model", "my/other"], "'my/model' has no name"),
        (["a=x", "a=y"], "'a=...' occurs twice"),
        (["a=x", "not:a:name=y"], "has no name"),
    ],
)
def test_names_that_are_missing_or_double_are_refused(values: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        models_by_name(values)
