import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from tests.checked.fake import GERMAN
from tests.serving.fake import client_of, service_of

from ontarget.errors import UserError
from ontarget.serving import kept_usage
from ontarget.serving.api_keys import ApiKeys
from ontarget.serving.client_limits import Client, ClientLimits
from ontarget.serving.kept_usage import KeptUsage


def until(done: Callable[[], bool]) -> None:
    for _ in range(6000):
        if done():
            return
        Event().wait(0.01)
    raise AssertionError("it does not happen")


def spend(client: Client, characters: int) -> None:
    with client.spending(characters):
        pass


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "usage.json"


def test_a_change_is_written_soon_and_read_at_the_next_start(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_usage, "_PAUSE", 0.01)
    one, other = Client("one"), Client("other")
    usage = KeptUsage(file, [one, other])
    for _ in range(20):
        spend(one, 5)
    until(lambda: file.exists() and json.loads(file.read_text("utf-8"))["one"] == 100)
    spend(other, 7)
    until(lambda: json.loads(file.read_text("utf-8")) == {"one": 100, "other": 7})
    usage.close()
    again = Client("one", ClientLimits.model_validate({"character-limit": 101}))
    KeptUsage(file, [again])
    assert again.characters == 100


def test_the_end_does_not_wait_and_loses_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_usage, "_PAUSE", 3600.0)
    one = Client("one")
    usage = KeptUsage(file, [one])
    usage.close()
    assert not file.exists()  # nothing has changed
    spend(one, 5)
    usage.close()
    assert json.loads(file.read_text("utf-8")) == {"one": 5}


@pytest.mark.skipif(os.name != "posix", reason="needs permissions as of POSIX")
def test_nobody_else_may_read_the_names_of_keys(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("{}", "utf-8")
    file.chmod(0o644)  # as former versions wrote it
    one = Client("one")
    usage = KeptUsage(file, [one])
    spend(one, 1)
    usage.close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_name_that_is_not_used_now_is_kept(file: Path) -> None:
    file.parent.mkdir()
    file.write_text('{"former": 3}', "utf-8")
    one = Client("one")
    usage = KeptUsage(file, [one])
    spend(one, 1)
    usage.close()
    assert json.loads(file.read_text("utf-8")) == {"former": 3, "one": 1}


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"one": -1}', '{"one": true}', '{"one": "2"}', "\x00"])
def test_a_damaged_file_is_refused(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text, "utf-8")
    with pytest.raises(UserError, match="is damaged; mend it, or delete it"):
        KeptUsage(file, [Client("one")])
    assert file.read_text("utf-8") == text


def test_a_folder_that_cannot_be_written_is_logged_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("a file", "utf-8")
    one = Client("one")
    with pytest.raises(UserError, match="cannot be read"):
        KeptUsage(tmp_path / "state" / "usage.json", [one])
    (tmp_path / "usage.json").mkdir()
    with pytest.raises(UserError, match="cannot be read"):
        KeptUsage(tmp_path / "usage.json", [one])
    usage = KeptUsage(tmp_path / "later" / "usage.json", [one])
    (tmp_path / "later").write_text("a file", "utf-8")
    spend(one, 1)
    usage.close()
    assert "cannot be written" in caplog.text


def test_a_server_that_starts_again_goes_on_counting(file: Path) -> None:
    body = {"text": GERMAN, "source": "de", "target": "fr"}
    headers = {"X-API-Key": "the-right-key"}
    counts = list[int]()
    for _ in range(2):
        keys = ApiKeys(["the-right-key"])
        keys.keep_usage(file)
        with client_of(service_of(keys=keys)) as client:
            assert client.post("/translate", json=body, headers=headers).status_code == 200
            counts.append(client.get("/v2/usage", headers=headers).json()["character_count"])
    assert counts == [len(GERMAN), 2 * len(GERMAN)]
