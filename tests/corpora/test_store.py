import resource
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ontarget import files
from ontarget.corpora import store
from ontarget.corpora.corpus import Segment
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.text import in_one_line

DE, FR, EN = Language("de"), Language("fr"), Language("en")


def stored(
    folder: Path, segments: Sequence[Segment | None], direction: Direction | None = None
) -> store.Stored:
    store.write(folder, [DE, FR, EN], ((segment, direction) for segment in segments))
    return store.read(folder)


TEXT = st.text(st.characters(codec="utf-8"), max_size=5).map(in_one_line)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(lines=st.lists(TEXT, min_size=1, max_size=30), data=st.data())
def test_lines_are_those_of_a_list(tmp_path: Path, lines: list[str], data: st.DataObject) -> None:
    [part] = stored(tmp_path / "x", [{DE: line, FR: ""} for line in lines]).parts
    found = part.lines[DE]
    assert (list(found), len(found)) == (lines, len(lines))
    index = data.draw(st.integers(-len(lines), len(lines) - 1))
    assert found[index] == lines[index]
    part_of = data.draw(st.slices(len(lines)))
    assert found[part_of] == lines[part_of]
    assert list(part.lines[FR]) == [""] * len(lines)
    with pytest.raises(IndexError):
        _ = found[len(lines)]


def test_more_lines_than_are_written_at_a_time(tmp_path: Path) -> None:
    lines = [str(number) for number in range(25_000)]
    [part] = stored(tmp_path / "x", [{DE: line, EN: line} for line in lines]).parts
    assert list(part.lines[EN]) == lines
    assert part.lines[EN][19_999:20_002] == ["19999", "20000", "20001"]


def test_many_parts_need_no_more_open_files_than_one(tmp_path: Path) -> None:
    several = [Language(code) for code in ("de", "fr", "en", "it", "nl", "ro", "cs", "pl")]
    groups = [group for size in range(2, 9) for group in combinations(several, size)]
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
    try:
        store.write(
            tmp_path / "x", several, (({code: str(code) for code in group}, None) for group in groups)
        )
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    parts = store.read(tmp_path / "x").parts
    assert [tuple(part.lines) for part in parts] == groups
    assert all(list(lines) == [str(code)] for part in parts for code, lines in part.lines.items())


def test_segments_of_the_same_languages_become_a_part(tmp_path: Path) -> None:
    found = stored(
        tmp_path / "x", [{DE: "a", EN: "b"}, {FR: "c", DE: "d"}, None, {DE: "e", EN: "f"}, {DE: "g"}]
    )
    assert [list(part.segments()) for part in found.parts] == [
        [{DE: "a", EN: "b"}, {DE: "e", EN: "f"}],
        [{DE: "d", FR: "c"}],
    ]
    assert (found.left_out, found.blank, found.line_breaks) == (1, 1, 0)


def test_a_segment_is_one_line_and_counted_once(tmp_path: Path) -> None:
    segments = [{DE: "a\nb", EN: "\n c\x85\n "}, {DE: "d", EN: " e "}, {FR: "f\n", DE: "g"}, {DE: "h\n"}]
    found = stored(tmp_path / "x", segments)
    assert [list(part.segments()) for part in found.parts] == [
        [{DE: "a b", EN: "c"}, {DE: "d", EN: " e "}],
        [{DE: "g", FR: "f"}],
    ]
    assert found.line_breaks == 2


def test_the_only_direction_of_a_part_is_kept(tmp_path: Path) -> None:
    [part] = stored(tmp_path / "x", [{DE: "a", EN: "b"}], Direction(EN, DE)).parts
    assert part.direction == Direction(EN, DE)


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"half of a surrogate pair at its character 2 .*correct or remove it"
    ):
        stored(tmp_path / "x", [{DE: "a", FR: "b"}, {DE: "a\ud800", FR: "b"}])
    assert not list(tmp_path.iterdir())


def test_the_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONTARGET_CACHE", "/there")
    assert files.cache_folder() == Path("/there")
    monkeypatch.delenv("ONTARGET_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert files.cache_folder() == Path("/xdg/ontarget")
