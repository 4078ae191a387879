"""Fingerprints, records and the lock."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.errors import UserError
from ontarget.pipeline.planning import artifacts
from ontarget.pipeline.planning.artifacts import (
    Made,
    Store,
    fingerprint,
    folder_fingerprint,
    text_fingerprint,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def write(store: Store, made: Made, rows: Sequence[dict[str, object]] = (), direction: str = "it-nl") -> None:
    with store.writing("mt") as write_direction:
        write_direction(direction, list(rows), made)


class TestFingerprint:
    @given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True).filter(lambda k: k != "kind"), JSON))
    def test_does_not_depend_on_the_order_of_keys(self, parts: dict[str, object]) -> None:
        turned = dict(reversed(parts.items()))
        assert fingerprint("model", **parts) == fingerprint("model", **turned)

    def test_depends_on_every_part_the_kind_and_the_format(self, monkeypatch: pytest.MonkeyPatch) -> None:
        first = fingerprint("model", alpha=0.05)
        assert first == fingerprint("model", alpha=0.05)
        assert first != fingerprint("model", alpha=0.06)
        assert first != fingerprint("outputs", alpha=0.05)
        monkeypatch.setitem(artifacts.FORMAT, "model", 999)
        assert first != fingerprint("model", alpha=0.05)

    def test_of_text_knows_where_lines_end(self) -> None:
        assert text_fingerprint(["a\n", "b"]) != text_fingerprint(["a", "\nb"])
        assert text_fingerprint(["a", "b"]) != text_fingerprint(["ab"])

    def test_of_a_folder_knows_names_sizes_and_ends_of_files(self, tmp_path: Path) -> None:
        weights = tmp_path / "model.safetensors"
        weights.write_bytes(b"a" * 200_000)
        first = folder_fingerprint(tmp_path)
        assert first == folder_fingerprint(tmp_path)
        seen = {first}
        for content in (b"b" + b"a" * 199_999, b"a" * 199_999 + b"b", b"a" * 200_001):
            weights.write_bytes(content)
            seen.add(folder_fingerprint(tmp_path))
        weights.rename(tmp_path / "other.safetensors")
        seen.add(folder_fingerprint(tmp_path))
        assert len(seen) == 5

    def test_of_a_model_of_ours_is_the_one_that_it_was_made_with(self, tmp_path: Path) -> None:
        (tmp_path / "ontarget.json").write_text('{"fingerprint": "f00"}')
        assert folder_fingerprint(tmp_path) == "f00"


class TestStore:
    def test_a_record_never_speaks_of_another_file(self, tmp_path: Path) -> None:
        """A kill between a file and its record leaves the file without one."""
        store = Store(tmp_path)
        write(store, Made("old", 1.0), [{"text": "old"}])
        with pytest.raises(TypeError):
            write(store, Made("new", 1.0), [{"text": object()}])
        assert not store.outputs_made("mt", ["it-nl"])

    def test_records_of_other_directions_stay(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        write(store, Made("one", 1.0))
        write(store, Made("two", 2.0), direction="nl-it")
        made = store.outputs_made("mt", ["it-nl", "nl-it", "nl-ro"])
        assert made == {"it-nl": Made("one", 1.0), "nl-it": Made("two", 2.0)}

    def test_the_record_of_all_directions_is_read_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It has an entry for each direction: reading it for each would cost the square of their number."""
        store, directions = Store(tmp_path), [f"it-{number}" for number in range(20)]
        for direction in directions:
            write(store, Made(direction, 1.0), direction=direction)
        reads, read = list[Path](), artifacts.read_record
        monkeypatch.setattr(artifacts, "read_record", lambda path: reads.append(path) or read(path))
        assert list(store.outputs_made("mt", directions)) == directions
        assert len(reads) == 1

    def test_a_kill_leaves_the_finished_directions_also_for_other_runs(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        with store.writing("mt") as write_direction:
            write_direction("it-nl", [], Made("one", 1.0))
            assert not (tmp_path / "outputs/mt/ontarget.json").exists()  # its entry is in the journal
            assert list(Store(tmp_path).outputs_made("mt", ["it-nl", "nl-it"])) == ["it-nl"]
            assert list(Store(tmp_path).found()) == ["one"]

    def test_a_record_without_its_file_counts_for_nothing(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        write(store, Made("one", 1.0))
        store.outputs("mt", "it-nl").unlink()
        assert not store.outputs_made("mt", ["it-nl"])

    @pytest.mark.parametrize("content", ["", "[]", "{", '{"fingerprint": 3}', '{"seconds": 1}'])
    def test_a_damaged_record_counts_for_nothing(self, tmp_path: Path, content: str) -> None:
        store = Store(tmp_path)
        store.model("mt").mkdir(parents=True)
        (store.model("mt") / "ontarget.json").write_text(content)
        assert store.model_made("mt") is None

    def test_a_model_is_kept_whole_or_not_at_all(self, tmp_path: Path) -> None:
        store = Store(tmp_path)

        def fail() -> None:
            with store.making_model("mt", "f" * 64, {}) as (folder, work):
                work.mkdir()
                (folder / "half").write_text("half")
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert [path.name for path in (tmp_path / "models").iterdir()] == [".mt.progress-ffffffff"]
        with store.making_model("mt", "f" * 64, {"seconds": 2.0}) as (folder, work):
            assert work.is_dir()
            (folder / "model").write_text("whole")
        assert [path.name for path in (tmp_path / "models").iterdir()] == ["mt"]
        assert store.model_made("mt") == Made("f" * 64, 2.0)

    def test_the_lock_keeps_other_processes_out_until_its_holder_is_gone(self, tmp_path: Path) -> None:
        code = (
            "import pathlib, sys, time; from ontarget.pipeline.planning.artifacts import Store\n"
            "with Store(pathlib.Path(sys.argv[1])).lock(): print('held', flush=True); time.sleep(60)"
        )
        command = [sys.executable, "-c", code, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            with pytest.raises(UserError, match="another process uses"), Store(tmp_path).lock():
                pass
            holder.kill()
            holder.wait()
        with Store(tmp_path).lock():
            pass
