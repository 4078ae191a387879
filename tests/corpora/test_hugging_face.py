import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ontarget.corpora import hugging_face
from ontarget.corpora.hugging_face import read_dataset, revision
from ontarget.errors import UserError
from ontarget.languages import Language

DE, FR = Language("de"), Language("fr")
ROWS = [{"translation": {"de": "a", "fr": "b"}}, {"translation": {"de": "c", "fr": "d"}}]


def test_a_folder_of_one_split_or_of_several(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="needs the extra `data`")
    rows = datasets.Dataset.from_list(ROWS)
    rows.save_to_disk(str(tmp_path / "one"))
    datasets.DatasetDict({"train": rows}).save_to_disk(str(tmp_path / "several"))
    for name in ("one", "several"):
        found = list(read_dataset(str(tmp_path / name), "train", [DE, FR], None))
        assert found == [{DE: "a", FR: "b"}, {DE: "c", FR: "d"}]
    with pytest.raises(UserError, match="several' has no split 'test'; it has train"):
        list(read_dataset(str(tmp_path / "several"), "test", [DE, FR], None))
    with pytest.raises(UserError, match="cannot read the data set"):
        list(read_dataset(str(tmp_path), "train", [DE, FR], None))


def test_a_name_on_the_hub_is_read_as_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def load_dataset(*names: str, **settings: Any) -> list[Any]:
        asked.append((names, settings))
        return ROWS

    monkeypatch.setattr(hugging_face, "_library", lambda: SimpleNamespace(load_dataset=load_dataset))
    found = read_dataset("hub:owner/name:de-fr@v2", "validation", [DE, FR], None)
    assert next(found) == {DE: "a", FR: "b"}
    assert asked == [(("owner/name", "de-fr"), {"split": "validation", "revision": "v2", "streaming": True})]


@pytest.mark.parametrize("place", ["hub:name", "hub:owner/name/more", "hub:", "hub:owner/name:"])
def test_a_name_of_another_form_is_told(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hugging_face, "_library", SimpleNamespace)
    with pytest.raises(UserError, match="does not name a data set; expected hub:owner/name"):
        list(read_dataset(place, "train", [DE, FR], None))


def test_what_the_library_raises_becomes_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def load_dataset(*_: str, **__: Any) -> None:
        raise ConnectionError("no network\nand a long story")

    monkeypatch.setattr(hugging_face, "_library", lambda: SimpleNamespace(load_dataset=load_dataset))
    with pytest.raises(UserError, match=r"^cannot read the data set 'hub:owner/name': no network$"):
        list(read_dataset("hub:owner/name", "train", [DE, FR], None))


def test_a_commit_needs_no_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert revision(f"hub:owner/name@{'0a' * 20}") == "0a" * 20
