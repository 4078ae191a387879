import json

from ontarget.checked.summary import Summary
from ontarget.checked.verdict import Checked, Verdict
from ontarget.languages import Direction
from ontarget.translation.hypothesis import Hypothesis

DE_FR = Direction.parse("de-fr")


def line(verdict: Verdict, too_long: int = 0) -> Checked:
    hypothesis = (
        Hypothesis("", "too-long", 0.0, 0, too_long) if too_long else Hypothesis("x", "stop", -1.0, 1)
    )
    return Checked("source", DE_FR, hypothesis, verdict)


ON = line(Verdict("on_target", "fr", 0.9))
OFF = line(Verdict("off_target", "en", 0.9, "failed"))
FLAGGED = line(Verdict("on_target", "fr", 0.9, "pivoted", {"numbers_lost": ("1998", "17", "19", "21")}))
LONG = line(Verdict("off_target", "", 0.0, details={"too_long": ()}), too_long=99)


def summary(*chunks: list[Checked]) -> Summary:
    found = Summary()
    for chunk in chunks:
        found.add(chunk)
    return found


def test_the_sentences() -> None:
    found = summary([ON, OFF], [FLAGGED, OFF, LONG])
    assert (found.n, found.off, found.count_too_long, found.too_long) == (5, 3, 1, {5: 99})
    assert found.sentences() == [
        "5 lines checked: 2 on target, 3 off-target (2 English, 1 empty; lines 2, 4, 5)",
        "tried again: 1 on target through a pivot, 2 still off-target after all retries",
        "1 line with numbers that the translation lacks (line 3: 1998 17 19 …)",
    ]
    three = line(Verdict("on_target", "fr", 0.9, details={"numbers_lost": ("17", "19", "21")}))
    assert summary([three]).sentences()[1].endswith("(line 1: 17 19 21)")
    assert summary([ON]).sentences() == ["1 line checked: 1 on target"]
    assert summary([]).sentences() == []


def test_chunks_do_not_matter_and_a_summary_survives_json() -> None:
    lines = [ON, OFF, FLAGGED, LONG, ON, OFF]
    whole = summary(lines)
    assert summary(lines[:1], lines[1:4], [], lines[4:]) == whole
    half = Summary.of_dict(json.loads(json.dumps(summary(lines[:3]).to_dict())))
    half.add(lines[3:])
    assert half == whole


def test_its_size_does_not_grow_with_the_lines() -> None:
    few, many = summary([OFF, FLAGGED, LONG] * 10), summary([OFF, FLAGGED, LONG] * 1000)
    assert len(json.dumps(many.to_dict())) < len(json.dumps(few.to_dict())) + 40
    assert many.sentences()[0].endswith("(1000 English, 1000 empty; lines 1, 3, 4, 6, 7, …)")


def test_labels_that_are_no_languages_are_shown_as_they_are() -> None:
    own = line(Verdict("off_target", "x_mine", 0.9))
    unknown = line(Verdict("off_target", "und", 0.0))
    assert "(1 x_mine, 1 unknown; lines 1, 2)" in summary([own, unknown]).sentences()[0]
