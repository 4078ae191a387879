"""What is found in a folder that is not what was written."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from ontarget.training.sealing import SEAL, damage, seal, weights_whole  # noqa: E402

SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
NEEDED = ("config.json", "*.safetensors")


def folder(path: Path) -> Path:
    """A model in shards, an optimiser, and a folder in it."""
    (path / "inner").mkdir(parents=True)
    (path / "config.json").write_text('{"a": 1}')
    (path / "inner" / "more.json").write_text("{}")
    for shard in SHARDS:
        save_file({shard: torch.arange(30.0)}, path / shard)
    index = {"weight_map": {shard: shard for shard in SHARDS}}
    (path / "model.safetensors.index.json").write_text(json.dumps(index))
    torch.save({"a": torch.arange(30.0)}, path / "optimizer.pt")
    return path


FILES = ("config.json", "inner/more.json", *SHARDS, "model.safetensors.index.json", "optimizer.pt")


@pytest.mark.parametrize("file", FILES)
def test_any_change_of_a_sealed_folder_is_seen(tmp_path: Path, file: str) -> None:
    path = folder(tmp_path / "x")
    seal(path)
    assert damage(path, NEEDED) is None
    whole = (path / file).read_bytes()
    for content in (whole[:-1], whole + b"\n", b"", whole[:9] + b"?" + whole[10:], whole[::-1]):
        if content != whole:
            (path / file).write_bytes(content)
            assert damage(path, NEEDED) == f"{file} is not as it was written"
    (path / file).unlink()
    assert damage(path, NEEDED) == f"{file} is missing"
    (path / file).write_bytes(whole)
    assert damage(path, NEEDED) is None


@pytest.mark.parametrize("file", [*FILES, "optimizer.pt"])
def test_without_a_seal_a_file_that_is_cut_or_gone_is_seen(tmp_path: Path, file: str) -> None:
    path = folder(tmp_path / "x")
    assert damage(path, NEEDED) is None
    whole = (path / file).read_bytes()
    for length in (0, len(whole) // 2, len(whole) - 1):
        os.truncate(path / file, length)
        assert damage(path, NEEDED) == f"{Path(file).name} cannot be read"
        (path / file).write_bytes(whole)
    (path / file).unlink()
    seen = file in ("config.json", *SHARDS)
    assert damage(path, NEEDED) == (f"{file} is missing" if seen else None)


def test_a_seal_that_is_damaged_is_damage(tmp_path: Path) -> None:
    path = folder(tmp_path / "x")
    for content in ("", "[]", '{"config.json": 3}', '{"config.json"', "\x00"):
        (path / SEAL).write_text(content)
        assert damage(path, NEEDED)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(file=st.sampled_from([*FILES, SEAL]), content=st.binary(max_size=200))
def test_any_bytes_in_a_file_are_damage_or_none(tmp_path: Path, file: str, content: bytes) -> None:
    path = tmp_path / "x"
    if not path.exists():
        folder(path)
    for sealed in (True, False):
        (path / SEAL).unlink(missing_ok=True)
        if sealed:
            seal(path)
        whole = (path / file).read_bytes() if (path / file).exists() else None
        (path / file).write_bytes(content)
        found = damage(path, NEEDED)
        assert not sealed or content == whole or found
        (path / file).unlink() if whole is None else (path / file).write_bytes(whole)


def test_a_file_that_may_not_be_read_is_not_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder(tmp_path / "x")
    seal(path)
    before: Callable[..., object] = Path.open

    def locked(self: Path, *how: str, **more: object) -> object:
        if self.name == "optimizer.pt":
            raise PermissionError(13, "Permission denied", str(self))
        return before(self, *how, **more)

    monkeypatch.setattr(Path, "open", locked)
    with pytest.raises(PermissionError):
        damage(path, NEEDED)


def test_weights_are_whole_or_not(tmp_path: Path) -> None:
    path = folder(tmp_path / "x") / SHARDS[0]
    assert weights_whole(path)
    os.truncate(path, path.stat().st_size - 1)
    assert not weights_whole(path)
    assert not weights_whole(tmp_path / "none")
