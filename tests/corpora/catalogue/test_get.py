import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.corpora.test_unpack import tar, zipped
from tests.corpora.web_server import Server, web_server

from ontarget.corpora import download
from ontarget.corpora.catalogue import get as module
from ontarget.corpora.catalogue.entry import entry
from ontarget.corpora.catalogue.folder import recorded
from ontarget.corpora.catalogue.get import Fetched, get, missing
from ontarget.corpora.download import Advance
from ontarget.errors import UserError
from ontarget.languages import Language

EN, IT, NL = (Language(code) for code in ("en", "it", "nl"))
OPUS = "/object.pouta.csc.fi/OPUS-Tiny/v1/moses/"
TED = "/drive.google.com/uc?export=download&id=1hIryKXS4iR9Wv_yiZv9AlgLGnOnKx2_Z"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(download, "_PAUSE", 0.0)
    with web_server() as running:
        running.files[f"{OPUS}en-it.txt.zip"] = zipped(
            {"README": b"", "Tiny.en-it.en": b"a\n", "Tiny.en-it.it": b"b\n"}
        )
        running.files[f"{OPUS}it-nl.txt.zip"] = zipped({"Tiny.it-nl.it": b"b\n", "Tiny.it-nl.nl": b"c\n"})
        running.files[f"{OPUS}en-nl.txt.zip"] = zipped({"Tiny.en-nl.en": b"a\n", "Tiny.en-nl.nl": b"c\n"})
        yield running


@contextmanager
def silent(what: str) -> Iterator[Advance]:
    yield lambda done, total: None


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_archives_are_fetched_unpacked_noted_and_removed(server: Server, tmp_path: Path) -> None:
    corpus = entry("opus/Tiny/v1")
    wanted = missing(corpus, [EN, IT, NL], tmp_path)
    assert len(wanted) == 6
    found = get(wanted, tmp_path, silent, server.address)
    assert Fetched("opus/Tiny/v1/en-it.it", sha(b"b\n"), known=False) in found
    assert tree(tmp_path) == ["SHA256SUMS", *sorted(item.file for item in wanted)]
    assert recorded(tmp_path) == {item.file: item.sha256 for item in found}
    assert len(server.requests) == 3, "an archive is fetched once"
    assert missing(corpus, [EN, IT, NL], tmp_path) == []


def test_what_no_address_serves_is_said_before_anything_is_fetched(server: Server, tmp_path: Path) -> None:
    wanted = missing(entry("opus/Tiny/v1"), [EN, IT], tmp_path)
    wanted = [*wanted, *missing(entry("mozilla_www"), [EN], tmp_path)]
    message = (
        "'mozilla_www/train.en' cannot be downloaded; make it as 'ontarget data card mozilla_www' describes"
    )
    with pytest.raises(UserError, match=message):
        get(wanted, tmp_path, silent, server.address)
    assert not server.requests


def test_the_first_download_counts(server: Server, tmp_path: Path) -> None:
    corpus = entry("opus/Tiny/v1")
    get(missing(corpus, [EN, IT], tmp_path), tmp_path, silent, server.address)
    (tmp_path / "opus/Tiny/v1/en-it.it").unlink()
    [again] = get(missing(corpus, [EN, IT], tmp_path), tmp_path, silent, server.address)
    assert again.known
    (tmp_path / "opus/Tiny/v1/en-it.it").unlink()
    server.files[f"{OPUS}en-it.txt.zip"] = zipped({"Tiny.en-it.en": b"a\n", "Tiny.en-it.it": b"other\n"})
    with pytest.raises(UserError, match="differs from its first download"):
        get(missing(corpus, [EN, IT], tmp_path), tmp_path, silent, server.address)
    assert tree(tmp_path) == ["SHA256SUMS", "opus/Tiny/v1/en-it.en"]


def test_a_broken_archive_is_removed_and_what_came_before_stays(server: Server, tmp_path: Path) -> None:
    server.files[f"{OPUS}it-nl.txt.zip"] = server.files[f"{OPUS}it-nl.txt.zip"][:-30]
    wanted = missing(entry("opus/Tiny/v1"), [EN, IT, NL], tmp_path)
    with pytest.raises(UserError, match=r"it-nl\.txt\.zip' is a broken archive"):
        get(wanted, tmp_path, silent, server.address)
    assert not [name for name in tree(tmp_path) if "it-nl" in name]
    assert "opus/Tiny/v1/en-it.en" in recorded(tmp_path)


def test_a_file_must_be_what_the_catalogue_knows(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [item] = [i for i in entry("ntrex").items([IT]) if i.file == "ntrex/newstest2019.it"]
    path = f"/{item.address.removeprefix('https://')}"
    server.files[path] = b"uno\n"
    with pytest.raises(UserError, match="an unexpected checksum"):
        get([item], tmp_path, silent, server.address)
    assert [name for name in tree(tmp_path) if not name.endswith(".tag")] == []
    monkeypatch.setattr(module, "served", lambda: {item.file: sha(b"uno\n")})
    assert get([item], tmp_path, silent, server.address) == [Fetched(item.file, sha(b"uno\n"), known=True)]
    assert (tmp_path / item.file).read_bytes() == b"uno\n"


def test_iwslts_test_set_lies_in_archives_in_an_archive(server: Server, tmp_path: Path) -> None:
    def name(pair: str, side: str) -> str:
        return f"IWSLT17.TED.tst2017.mltlng.{pair}.{side}.xml"

    inner = {
        f"2017-01-mted-test/texts/{s}/{t}/{s}-{t}.tgz": tar({f"{s}-{t}/{name(f'{s}-{t}', s)}": s.encode()})
        for s, t in (("it", "nl"), ("nl", "it"))
    }
    server.files[TED] = tar(inner)
    wanted = [item for item in entry("iwslt17").items([IT, NL]) if "tst2017" in item.file]
    get(wanted, tmp_path, silent, server.address)
    assert (tmp_path / "iwslt17" / name("it-nl", "it")).read_bytes() == b"it"
    assert (tmp_path / "iwslt17" / name("nl-it", "nl")).read_bytes() == b"nl"


def test_what_is_there_compressed_is_not_missing(tmp_path: Path) -> None:
    (tmp_path / "ntrex").mkdir()
    (tmp_path / "ntrex/newstest2019.it.gz").touch()
    assert [item.file for item in missing(entry("ntrex"), [IT, NL], tmp_path)] == ["ntrex/newstest2019.nl"]
