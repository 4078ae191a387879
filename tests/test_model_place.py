from pathlib import Path

import pytest

from ontarget.errors import UserError
from ontarget.model_place import locate


@pytest.fixture(autouse=True)
def _beside_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "mt").mkdir(parents=True)
    monkeypatch.setenv("MODELS", str(tmp_path / "runs"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize("model", ["runs/mt", "./runs/mt", Path("runs/mt"), "$MODELS/mt", "~/runs/mt"])
def test_a_directory_is_found_however_it_is_written(model: str | Path) -> None:
    place = locate(model)
    assert isinstance(place, Path)
    assert place.samefile("runs/mt")


@pytest.mark.parametrize("model", ["owner/name", "meta-llama/Llama-2-7b-hf", "Qwen/Qwen3-0.6B"])
def test_owner_and_name_are_on_the_hub(model: str) -> None:
    assert locate(model) == model


@pytest.mark.parametrize(
    "model", ["mt", "gpt2", "./a/b", "/a/b", "a/b/c", "runs/mtt", "~/mt", Path("owner/name")]
)
def test_all_else_is_a_directory_that_is_not_there(model: str | Path) -> None:
    with pytest.raises(UserError, match="there is no model directory"):
        locate(model)


def test_the_nearest_directories_are_named() -> None:
    with pytest.raises(UserError, match=r"'runs/mtt'; did you mean 'mt'\?"):
        locate("runs/mtt")
    with pytest.raises(UserError, match=r"\('a/b' does not exist either\)"):
        locate("a/b/c")


def test_another_file_is_not_a_missing_directory() -> None:
    Path("lines.fr").write_text("Bonjour.\n", encoding="utf-8")
    with pytest.raises(
        UserError, match=r"^'lines\.fr' is a file, not a model; give a directory, a \.gguf file"
    ):
        locate("lines.fr")


@pytest.mark.parametrize("address", ["localhost:8000/v1", "10.0.0.7:8000", "gpu-1.example.org:80/v1"])
def test_an_address_without_http_is_a_server(address: str) -> None:
    with pytest.raises(UserError, match="if it is a server, write its address with http://, as in http://l"):
        locate(address)
