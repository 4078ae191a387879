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

    monkeypatch.setattr(utils, "SACREBLEU_DIR", str(tmp_path))
    for name in ("wmt17", "wmt22"):
        monkeypatch.setattr(dataset.DATASETS[name], "_outdir", str(tmp_path / name))
        monkeypatch.setattr(dataset.DATASETS[name], "_rawdir", str(tmp_path / name / "raw"))
    monkeypatch.setattr(urllib.request, "urlopen", refused)
    return tmp_path


def test_what_is_in_the_cache_is_read(cache: Path) -> None:
    (cache / "wmt17").mkdir()
    for field in dataset.DATASETS["wmt17"].fieldnames("de-en"):
        (cache / "wmt17" / f"wmt17.de-en.{field}").write_text(f"{field} 1\n{field} 2\n", encoding="utf-8")
    source, references = read_test_set("wmt17", Direction.parse("de-en"))
    assert (source, references) == (["src 1", "src 2"], [["ref 1", "ref 2"]])


def test_offline_it_says_where_the_test_set_would_be(cache: Path) -> None:
    with pytest.raises(UserError, match=f"wmt22 .de-fr.: .*unreachable.*; it is kept in '{cache / 'wmt22'}'"):
        read_test_set("wmt22", DE_FR)


def test_an_unknown_test_set_or_direction_names_those_there_are() -> None:
    with pytest.raises(UserError, match=r"no test set 'wmt222'; did you mean .*'wmt22'"):
        read_test_set("wmt222", DE_FR)
    with pytest.raises(UserError, match=r"wmt22 has no direction it-nl; it has cs-en .*de-fr"):
        read_test_set("wmt22", Direction.parse("it-nl"))
