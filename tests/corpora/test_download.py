import hashlib
import json
from http.client import HTTPResponse
from pathlib import Path

import pytest
from tests.corpora.web_server import Server, web_server

from ontarget.corpora import download as module
from ontarget.corpora.download import download
from ontarget.errors import UserError

CONTENT = bytes(range(256)) * 40  # 10,240 bytes, no two blocks of which a shift could confuse unseen
SHA = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    with web_server() as running:
        running.files["/a.txt"] = CONTENT
        yield running


def parts(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_comes_whole_with_its_checksum(server: Server, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    path = tmp_path / "new" / "a.txt"
    found = download(f"{server.address}/a.txt", path, None, lambda done, total: told.append((done, total)))
    assert (found, path.read_bytes()) == (SHA, CONTENT)
    assert told[-1] == (10_240, 10_240)
    assert parts(path.parent) == ["a.txt"]


def test_it_goes_on_where_the_connection_dropped(server: Server, tmp_path: Path) -> None:
    server.cuts = [4_000, 3_000]
    assert download(f"{server.address}/a.txt", tmp_path / "a.txt", SHA) == SHA
    assert [wanted for _, wanted in server.requests] == [None, "bytes=4000-", "bytes=7000-"]
    assert (tmp_path / "a.txt").read_bytes() == CONTENT


def test_what_came_before_a_reset_is_there_once(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, calls = module._read, []

    def reset_once(answer: HTTPResponse) -> bytes:
        calls.append(answer)
        if len(calls) == 3:
            raise module._Again("Connection reset by peer")
        return read(answer)

    monkeypatch.setattr(module, "_BLOCK", 1000)
    monkeypatch.setattr(module, "_read", reset_once)
    download(f"{server.address}/a.txt", tmp_path / "a.txt", None)
    assert (tmp_path / "a.txt").read_bytes() == CONTENT
    assert [bool(wanted) for _, wanted in server.requests] == [False, True]


def test_a_second_call_goes_on_after_one_that_gave_up(server: Server, tmp_path: Path) -> None:
    server.cuts = [4_000, 0, 0, 0, 0]
    with pytest.raises(UserError, match=r"ended after 4,000 of 10,240 bytes; the first 4,000 bytes are kept"):
        download(f"{server.address}/a.txt", tmp_path / "a.txt", SHA)
    assert parts(tmp_path) == ["a.txt.part", "a.txt.part.tag"]
    download(f"{server.address}/a.txt", tmp_path / "a.txt", SHA)
    assert server.requests[-1] == ("/a.txt", "bytes=4000-")
    assert (tmp_path / "a.txt").read_bytes() == CONTENT
    assert parts(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("what", ["ranges", "tags"])
def test_it_begins_anew_where_the_server_cannot_go_on(server: Server, tmp_path: Path, what: str) -> None:
    setattr(server, what, False)
    server.cuts = [4_000]
    assert download(f"{server.address}/a.txt", tmp_path / "a.txt", SHA) == SHA
    assert server.requests[-1][1] == (None if what == "tags" else "bytes=4000-")


def test_the_rest_of_another_file_is_never_added(server: Server, tmp_path: Path) -> None:
    """The publisher puts a new file in the place of the old, whose beginning has come."""
    server.cuts = [4_000, 0, 0, 0, 0]
    with pytest.raises(UserError):
        download(f"{server.address}/a.txt", tmp_path / "a.txt", None)
    server.files["/a.txt"] = CONTENT[::-1]
    download(f"{server.address}/a.txt", tmp_path / "a.txt", None)
    assert (tmp_path / "a.txt").read_bytes() == CONTENT[::-1]


def test_what_came_whole_before_a_kill_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.txt.part").write_bytes(CONTENT)
    tag = {"address": f"{server.address}/a.txt", "tag": f'"{SHA}"'}
    (tmp_path / "a.txt.part.tag").write_text(json.dumps(tag))
    assert download(f"{server.address}/a.txt", tmp_path / "a.txt", SHA) == SHA
    assert server.requests == [("/a.txt", "bytes=10240-")]


def test_a_part_that_is_too_long_is_dropped(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.txt.part").write_bytes(CONTENT + b"more")
    tag = {"address": f"{server.address}/a.txt", "tag": f'"{SHA}"'}
    (tmp_path / "a.txt.part.tag").write_text(json.dumps(tag))
    assert download(f"{server.address}/a.txt", tmp_path / "a.txt", None) == SHA


def test_other_bytes_than_expected_are_removed(server: Server, tmp_path: Path) -> None:
    server.files["/a.txt"] = b"x" + CONTENT[1:]
    with pytest.raises(UserError, match=f"an unexpected checksum .* not {SHA}.*removed"):
        download(f"{server.address}/a.txt", tmp_path / "a.txt", SHA)
    assert not list(tmp_path.glob("a.txt*[!g]"))


@pytest.mark.parametrize(("codes", "tries"), [([503, 429], 3), ([500] * 4, 5)])
def test_an_overloaded_server_is_asked_again(
    server: Server, tmp_path: Path, codes: list[int], tries: int
) -> None:
    server.answers = codes
    assert download(f"{server.address}/a.txt", tmp_path / "a.txt", SHA) == SHA
    assert len(server.requests) == tries


def test_a_server_that_stays_overloaded_is_let_be(server: Server, tmp_path: Path) -> None:
    server.answers = [503] * 9
    with pytest.raises(UserError, match="the server responds 503 Service Unavailable; try again later"):
        download(f"{server.address}/a.txt", tmp_path / "a.txt", SHA)
    assert len(server.requests) == 5
    assert not (tmp_path / "a.txt").exists()


def test_a_file_that_is_not_there_is_asked_for_once(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"/b\.txt: the server responds 404 Not Found"):
        download(f"{server.address}/b.txt", tmp_path / "b.txt", None)
    assert len(server.requests) == 1
    assert not list(tmp_path.iterdir())


def test_a_web_page_is_no_file(server: Server, tmp_path: Path) -> None:
    server.content_type = "text/html; charset=utf-8"
    with pytest.raises(UserError, match="is a web page, not a file"):
        download(f"{server.address}/a.txt", tmp_path / "a.txt", None)
    assert not (tmp_path / "a.txt").exists()


def test_a_server_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    with web_server() as gone:
        pass
    with pytest.raises(UserError, match=r"could not download .*: Connection refused; try again later"):
        download(f"{gone.address}/a.txt", tmp_path / "a.txt", None)


@pytest.mark.parametrize("address", ["file:///etc/hostname", "ftp://host/a", "a.txt"])
def test_only_the_web_is_asked(tmp_path: Path, address: str) -> None:
    with pytest.raises(UserError, match="is not a URL; it must begin with https"):
        download(address, tmp_path / "a.txt", None)


def test_a_folder_that_cannot_be_written_to(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write .*another folder for data, set ONTARGET_DATA"):
        download(f"{server.address}/a.txt", tmp_path / "file" / "a.txt", None)


def test_two_processes_do_not_write_the_same_file(server: Server, tmp_path: Path) -> None:
    with (
        module._held(tmp_path / "a.txt.part"),
        pytest.raises(UserError, match="another process is downloading"),
    ):
        download(f"{server.address}/a.txt", tmp_path / "a.txt", None)
