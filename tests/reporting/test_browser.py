import json
import random
from pathlib import Path
from typing import Any

import pytest
from tests.reporting.conftest import output_rows, write_jsonl
from tests.reporting.unpack import segments

from ontarget.errors import UserError
from ontarget.reporting import browser, run_files


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
    segment = next(
        segment
        for segment in segments(packed.data, len(packed.systems))
        if packed.directions[segment["place"]][0] == "it-nl" and segment["line"] == line + 1
    )
    place = [name for name, _ in packed.systems].index(system)
    answer: dict[str, Any] = segment["answers"][place]
    return answer


def test_every_line_of_every_system_is_there(run_dir: Path) -> None:
    packed = _pack(run_dir)
    assert packed.every == 1
    assert len(packed.systems) == 11
    assert packed.systems[6] == ("contrastive", "C_src+lang")
    assert packed.directions[0] == ("it-nl", "it→nl", "zero-shot")
    found = segments(packed.data, 11)
    assert len(found) == 12 * 3
    for i, segment in enumerate(found):  # line by line through all directions
        assert (segment["place"], segment["line"]) == (i % 12, i // 12 + 1)
        direction = packed.directions[i % 12][0]
        rows = [output_rows(system, direction)[i // 12] for system, _ in packed.systems]
        assert (segment["source"], segment["reference"]) == (rows[0]["source"], rows[0]["reference"])
        assert [answer["text"] for answer in segment["answers"]] == [row["text"] for row in rows]


def test_a_system_without_answers_in_a_direction(run_dir: Path) -> None:
    scores = json.loads((run_dir / "scores.json").read_text(encoding="utf-8"))
    rows = [row for row in scores if (row["system"], row["direction"]) != ("mt", "it-nl")]
    (run_dir / "scores.json").write_text(json.dumps(rows), encoding="utf-8")
    found = segments(_pack(run_dir).data, 11)
    assert [answer is None for answer in found[0]["answers"]] == [name == 1 for name in range(11)]
    assert all(found[1]["answers"])


def test_no_reference_is_none(run_dir: Path) -> None:
    for system in (run_dir / "outputs").iterdir():
        _change(run_dir, system.name, 0, reference=None)
    packed = _pack(run_dir)
    place = [name for name, _, _ in packed.directions].index("it-nl")
    assert segments(packed.data, 11)[place]["reference"] is None


def test_what_is_known_of_an_answer(run_dir: Path) -> None:
    _change(run_dir, "mt", 0, text="The old baker.", language="en", language_probability=0.734)
    assert _answer(run_dir, "mt") == {
        "text": "The old baker.", "language": "English", "percent": 73, "state": "off", "outcome": "english",
        "cut": 0, "marked": (0, 3),
    }  # fmt: skip
    _change(run_dir, "pivot", 0, text="Een tekst.", language="nl", language_probability=0.9)
    assert _answer(run_dir, "pivot")["state"] == "on"
    assert _answer(run_dir, "pivot")["outcome"] == ""  # the details do not speak of it


def test_empty_cut_and_endless_answers(run_dir: Path) -> None:
    _change(run_dir, "base", 0, text=" ", language="nl")
    answer = _answer(run_dir, "base")
    assert (answer["language"], answer["state"]) == ("empty", "off")
    _change(run_dir, "mt", 0, text="la " * 5000, finish_reason="length")
    answer = _answer(run_dir, "mt")
    assert answer["cut"] == 1
    assert len(answer["text"]) <= 500


def test_a_label_that_means_the_language_is_on_target(run_dir: Path) -> None:
    _change(run_dir, "mt", 0, text="En tekst.", language="nn")
    assert _answer(run_dir, "mt")["state"] == "off"
    details = json.loads((run_dir / "details.json").read_text(encoding="utf-8"))
    details["labels"]["nl"] = ["nl", "nn"]
    (run_dir / "details.json").write_text(json.dumps(details), encoding="utf-8")
    assert _answer(run_dir, "mt")["state"] == "on"


def test_by_the_rules_of_otr_a_line_may_be_unsure_or_without_words_whatever_its_label_says(
    run_dir: Path,
) -> None:
    details = json.loads((run_dir / "details.json").read_text(encoding="utf-8"))
    details["lines"]["mt"]["it-nl"] |= {
        "outcomes": {"copy": [0], "neutral": [1]},
        "states": {"unsure": [0], "neutral": [1]},
        "read": {"1": ["zxx", 1.0], "2": ["nl", 0.97]},
    }
    (run_dir / "details.json").write_text(json.dumps(details), encoding="utf-8")
    lines = [("Ja", "it", 0.3), ("123", "en", 0.2), ("HET REGENT", "en", 0.4)]
    rows = [
        row | {"text": text, "language": label, "language_probability": probability}
        for row, (text, label, probability) in zip(output_rows("mt", "it-nl"), lines, strict=True)
    ]
    write_jsonl(run_dir / "outputs" / "mt" / "it-nl.jsonl", rows)
    assert [
        (answer["state"], answer["language"], answer["percent"])
        for answer in (_answer(run_dir, "mt", line) for line in range(3))
    ] == [("unsure", "Italian", 30), ("neutral", "no language", 100), ("on", "Dutch", 97)]
    assert _pack(run_dir).states == ("off", "unsure", "neutral")


def test_marks_are_counted_as_javascript_counts(run_dir: Path) -> None:
    details = json.loads((run_dir / "details.json").read_text(encoding="utf-8"))
    details["lines"]["mt"]["it-nl"]["words"] = {"0": [2, 5], "1": [600, 603]}
    (run_dir / "details.json").write_text(json.dumps(details), encoding="utf-8")
    _change(run_dir, "mt", 0, text="🐈 the cat")
    assert _answer(run_dir, "mt")["marked"] == (3, 3)  # a cat is two units of UTF-16
    _change(run_dir, "mt", 1, text="la " * 200 + "the")
    assert _answer(run_dir, "mt", 1)["marked"] == (0, 0)  # it is not shown


def test_a_run_without_details_is_packed_too(run_dir: Path) -> None:
    (run_dir / "details.json").unlink()
    _change(run_dir, "mt", 0, text="The old baker.", language="en")
    answer = _answer(run_dir, "mt")
    assert (answer["state"], answer["outcome"], answer["marked"]) == ("off", "", (0, 0))


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
    lines = sorted({segment["line"] for segment in segments(packed.data, 11)})
    assert lines == list(range(1, 61, packed.every))


def test_outputs_of_other_sources_are_not_set_side_by_side(run_dir: Path) -> None:
    _change(run_dir, "lat", 1, source="Altro.")
    with pytest.raises(
        UserError, match=r"lat/it-nl\.jsonl, line 2: its source differs from that of .*base/it-nl\.jsonl"
    ):
        _pack(run_dir)
