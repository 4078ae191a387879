import urllib.error
import urllib.request
from pathlib import Path

import pytest
from sacrebleu import dataset, utils

from ontarget.errors import UserError
from ontarget.languages import Direction
from ontarget.scoring.test_sets import read_test_set

DE_FR = Direction.parse("de-fr")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of sacreBLEU, and no network."""

    def refused(url: str) -> None:
        raise urllib.error.URLError("Network is unreachable")

    wmt22 = dataset.DATASETS["wmt22"]
    monkeypatch.setattr(utils, "SACREBLEU_DIR", str(tmp_path))
    monkeypatch.setattr(wmt22, "_outdir", str(tmp_path / "wmt22"))
    monkeypatch.setattr(wmt22, "_rawdir", str(tmp_path / "wmt22" / "raw"))
    monkeypatch.setattr(urllib.request, "urlopen", refused)
    return tmp_path / "wmt22"


def test_what_is_in_the_cache_is_read(cache: Path) -> None:
    cache.mkdir()
    for field in dataset.DATASETS["wmt22"].fieldnames("de-fr"):
        name = f"wmt22.de-fr.{field.replace(':', '-')}"
        (cache / name).write_text(f"{field} 1\n{field} 2\n", encoding="utf-8")
    source, references = read_test_set("wmt22", DE_FR)
    assert source == ["src 1", "src 2"]
    assert references
    assert all(lines[1].startswith("ref") for lines in references)


def test_offline_it_says_where_the_test_set_would_be(cache: Path) -> None:
    with pytest.raises(UserError, match=f"wmt22 .de-fr.: .*unreachable.*; it is kept in '{cache}'"):
        read_test_set("wmt22", DE_FR)


def test_an_unknown_test_set_or_direction_names_those_there_are() -> None:
    with pytest.raises(UserError, match=r"no test set 'wmt222'; did you mean .*'wmt22'"):
        read_test_set("wmt222", DE_FR)
    with pytest.raises(UserError, match=r"wmt22 has no direction it-nl; it has cs-en .*de-fr"):
        read_test_set("wmt22", Direction.parse("it-nl"))
