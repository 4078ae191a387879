"""What a bulk translation that goes on compares: the options, and the content of the files that they name."""

from pathlib import Path
from typing import Any

import pytest

from ontarget.cli.loading import TranslatorOptions
from ontarget.languages import Direction
from ontarget.served_model import ServedModel


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "mine.yaml").write_text(
        "instruction: Say it in {target}.\ninput: '{text}'\n", encoding="utf-8"
    )
    (tmp_path / "own.ftz").write_bytes(b"labels")
    for name in ("model", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}", encoding="utf-8")
    return {
        "model": str(tmp_path / "model"),
        "direction": Direction.parse("de-fr"),
        "template": str(tmp_path / "mine.yaml"),
        "system": None,
        "num_beams": 4,
        "max_new_tokens": 256,
        "no_repeat_ngram_size": None,
        "retries": [("pivot", None), ("model:", tmp_path / "other")],
        "lid": str(tmp_path / "own.ftz"),
        "check": True,
        "trust_remote_code": False,
    }


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("mine.yaml", "the template's file"),
        ("own.ftz", "the identifier's file"),
        ("model/config.json", "the model's files"),
        ("other/config.json", "the other model's files"),
    ],
)
def test_a_file_with_other_content_is_another_setting(
    given: dict[str, Any], tmp_path: Path, file: str, name: str
) -> None:
    options = TranslatorOptions(**given)
    before = options.settings()
    assert options.settings() == before
    with (tmp_path / file).open("a", encoding="utf-8") as changed:
        changed.write(" ")
    after = options.settings()
    assert [key for key in after if after[key] != before[key]] == [name]


def test_a_template_of_ours_has_no_file(given: dict[str, Any]) -> None:
    given |= {"template": "plain", "lid": "lingua", "retries": []}
    assert not [key for key in TranslatorOptions(**given).settings() if key.endswith("file")]


def test_the_tokenizer_of_a_model_on_a_server_is_a_setting(given: dict[str, Any], tmp_path: Path) -> None:
    def files(name: str, tokenizer: str | None) -> Any:
        given["model"] = ServedModel("http://localhost:1/v1", name, tokenizer)
        return TranslatorOptions(**given).settings()["the model's files"]

    tokenizers = (None, given["model"], str(tmp_path / "other"))
    (tmp_path / "other" / "config.json").write_text("{ }", encoding="utf-8")
    found = {
        files(name, tokenizer)
        for name in ("a long name, tower", "a long name, bridge")
        for tokenizer in tokenizers
    }
    assert len(found) == 6
