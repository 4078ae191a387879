import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from ontarget.corpora.unpack import unpack
from ontarget.errors import UserError


def tar(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


MEMBERS = {"set/dev/deu_Latn.dev": b"eins\n", "set/dev/xdeu_Latn.dev": b"x\n", "set/README": b"r\n"}


@pytest.mark.parametrize("content", [tar(MEMBERS), tar(MEMBERS, "w:xz"), tar(MEMBERS, "w"), zipped(MEMBERS)])
def test_members_are_taken_by_the_end_of_their_path(tmp_path: Path, content: bytes) -> None:
    archive = written(tmp_path / "download", content)
    unpack(archive, {"dev/deu_Latn.dev": tmp_path / "out" / "dev.de", "README": tmp_path / "out" / "r"})
    assert (tmp_path / "out" / "dev.de").read_bytes() == b"eins\n"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["dev.de", "r"]


def test_an_archive_in_an_archive_is_looked_through(tmp_path: Path) -> None:
    inner = {
        f"texts/{pair}/{pair}.tgz": tar({f"{pair}/t.{pair}.xml": pair.encode()})
        for pair in ("en-it", "it-nl")
    }
    archive = written(tmp_path / "a", tar(inner))
    unpack(archive, {"t.it-nl.xml": tmp_path / "x"})
    assert (tmp_path / "x").read_bytes() == b"it-nl"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "x"]


@pytest.mark.parametrize("evil", ["../../evil", "/tmp/evil", "set/../../evil"])
@pytest.mark.parametrize("make", [tar, zipped])
def test_a_members_own_path_leads_nowhere(tmp_path: Path, evil: str, make) -> None:
    archive = written(tmp_path / "a", make({evil: b"bad", "set/good": b"good"}))
    unpack(archive, {"good": tmp_path / "in" / "good"})
    unpack(archive, {"evil": tmp_path / "in" / "evil"})
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "evil", "good", "in"]


def test_links_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            link = tarfile.TarInfo("good")
            link.type, link.linkname = kind, str(tmp_path / "secret")
            archive.addfile(link)
    with pytest.raises(UserError, match="has no file 'good'"):
        unpack(written(tmp_path / "a", buffer.getvalue()), {"good": tmp_path / "x"})
    info = zipfile.ZipInfo("good")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "b", "w") as zip_file:
        zip_file.writestr(info, str(tmp_path / "secret"))
    with pytest.raises(UserError, match="has no file 'good'"):
        unpack(tmp_path / "b", {"good": tmp_path / "x"})
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("make", [tar, zipped])
def test_a_broken_archive_leaves_nothing(tmp_path: Path, make) -> None:
    noise = bytes((n * 7919 + n * n) % 251 for n in range(20_000))
    content = make({"set/good": noise})
    for number, broken in enumerate((content[: len(content) // 2], b"<html>", b"")):
        archive = written(tmp_path / f"a{number}", broken)
        with pytest.raises(UserError, match="is a broken archive"):
            unpack(archive, {"good": tmp_path / "out"})
    spoilt = bytearray(content)
    spoilt[300:310] = bytes(10)
    with pytest.raises(UserError, match="is a broken archive"):
        unpack(written(tmp_path / "c", bytes(spoilt)), {"good": tmp_path / "out"})
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".*"))
