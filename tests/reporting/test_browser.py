import base64
import json
import random
import zlib
from pathlib import Path
from typing import Any

import pytest
from tests.reporting.conftest import output_rows, write_jsonl

from ontarget.errors import UserError
from ontarget.reporting import browser, run_files


def unpacked(data: str) -> Any:
    return json.loads(zlib.decompress(base64.b64decode(data)))


def _pack(run_dir: Path, **settings: int) -> browser.Packed:
    packed = browser.pack(run_files.read(run_dir), **settings)
    assert packed is not None
    return packed


def _change(run_dir: Path, system: str, line: int, **values: object) -> None:
    rows = output_rows(system, "it-nl")
    rows[line].update(values)
    write_jsonl(run_dir / "outputs" / system / "it-nl.jsonl", rows)


def _answer(run_dir: Path, system: str, line: int = 0) -> dict[str, Any]:
    packed = _pack(run_dir)
    data = unpacked(packed.data)
    segment = next(s for s in data["segments"] if packed.directions[s[0]][0] == "it-nl" and s[1] == line + 1)
    place = [name for name, _ in packed.systems].index(system)
    text, language, percent, off, outcome, cut, start, end = segment[4][place]
    return {
        "text": text, "language": data["languages"][language], "percent": percent, "off": off,
        "outcome": data["outcomes"][outcome], "cut": cut, "marked": (start, end),
    }  # fmt: skip


def test_every_line_of_every_system_is_there(run_dir: Path) -> None:
    packed = _pack(run_dir)
    data = unpacked(packed.data)
    assert packed.every == 1
    assert len(packed.systems) == 11
    assert packed.systems[6] == ("contrastive", "C_src+lang")
    assert packed.directions[0] == ("it-nl", "it→nl", "zero-shot")
    assert len(data["segments"]) == 12 * 3
    assert {len(segment[4]) for segment in data["segments"]} == {11}
    place, line, source, reference, answers = data["segments"][12]  # line by line through all directions
    assert (place, line) == (0, 2)
    rows = [output_rows(system, "it-nl")[1] for system, _ in packed.systems]
    assert (source, reference) == (rows[0]["source"], rows[0]["reference"])
    assert [answer[0] for answer in answers] == [row["text"] for row in rows]


def test_what_is_known_of_an_answer(run_dir: Path) -> None:
    _change(run_dir, "mt", 0, text="The old baker.", language="en", language_probability=0.734)
    assert _answer(run_dir, "mt") == {
        "text": "The old baker.", "language": "English", "percent": 73, "off": 1, "outcome": "english",
        "cut": 0, "marked": (0, 3),
    }  # fmt: skip
    _change(run_dir, "pivot", 0, text="Een tekst.", language="nl", language_probability=0.9)
    assert _answer(run_dir, "pivot")["off"] == 0
    assert _answer(run_dir, "pivot")["outcome"] == ""  # the details do not speak of it


def test_empty_cut_and_endless_answers(run_dir: Path) -> None:
    _change(run_dir, "llama", 0, text=" ", language="nl")
    assert (_answer(run_dir, "llama")["language"], _answer(run_dir, "llama")["off"]) == ("empty", 1)
    _change(run_dir, "mt", 0, text="la " * 5000, finish_reason="length")
    answer = _answer(run_dir, "mt")
    assert answer["cut"] == 1
    assert len(answer["text"]) <= 500


def test_a_label_that_means_the_language_is_on_target(run_dir: Path) -> None:
    _change(run_dir, "mt", 0, text="En tekst.", language="nn")
    assert _answer(run_dir, "mt")["off"] == 1
    details = json.loads((run_dir / "details.json").read_text(encoding="utf-8"))
    details["labels"]["nl"] = ["nl", "nn"]
    (run_dir / "details.json").write_text(json.dumps(details), encoding="utf-8")
    assert _answer(run_dir, "mt")["off"] == 0


def test_marks_are_counted_as_javascript_counts(run_dir: Path) -> None:
    details = json.loads((run_dir / "details.json").read_text(encoding="utf-8"))
    details["lines"]["mt"]["it-nl"]["words"] = {"0": [2, 5], "1": [600, 603]}
    (run_dir / "details.json").write_text(json.dumps(details), encoding="utf-8")
    _change(run_dir, "mt", 0, text="🐈 the cat")
    assert _answer(run_dir, "mt")["marked"] == (3, 6)  # a cat is two units of UTF-16
    _change(run_dir, "mt", 1, text="la " * 200 + "the")
    assert _answer(run_dir, "mt", 1)["marked"] == (-1, -1)  # it is not shown


def test_a_run_without_details_is_packed_too(run_dir: Path) -> None:
    (run_dir / "details.json").unlink()
    _change(run_dir, "mt", 0, text="The old baker.", language="en")
    answer = _answer(run_dir, "mt")
    assert (answer["off"], answer["outcome"], answer["marked"]) == (1, "", (-1, -1))


def test_half_a_surrogate_pair_does_no_harm(run_dir: Path) -> None:
    path = run_dir / "outputs" / "mt" / "it-nl.jsonl"
    lines = [json.dumps(row) for row in output_rows("mt", "it-nl")]
    lines[0] = json.dumps(json.loads(lines[0]) | {"text": "x"}).replace('"x"', '"\\ud83d"')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert _answer(run_dir, "mt")["text"] == "?"


def test_what_is_too_large_is_thinned_out_evenly(run_dir: Path) -> None:
    draw = random.Random(1)
    for system in (run_dir / "outputs").iterdir():
        for file in system.glob("*.jsonl"):
            row = json.loads(file.read_text(encoding="utf-8").split("\n")[0])
            texts = ("".join(draw.choices("abcdefghij ", k=40)) for _ in range(60))
            rows = [row | {"source": f"{i}", "text": text} for i, text in enumerate(texts)]
            write_jsonl(file, rows)
    whole = _pack(run_dir)
    limit = len(whole.data) // 3
    packed = _pack(run_dir, largest=limit)
    assert len(packed.data) <= limit
    assert packed.every >= 3
    lines = sorted({segment[1] for segment in unpacked(packed.data)["segments"]})
    assert lines == list(range(1, 61, packed.every))


def test_outputs_of_other_sources_are_not_set_side_by_side(run_dir: Path) -> None:
    _change(run_dir, "lat", 1, source="Altro.")
    with pytest.raises(
        UserError, match=r"lat/it-nl\.jsonl, line 2: another source than in .*llama/it-nl\.jsonl"
    ):
        _pack(run_dir)
