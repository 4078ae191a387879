from ontarget.documents.parts import Slot, Tag, Unit, lines_apart, parts_of, spliced, written, written_whole


def slot(text: str, start: int, end: int, *parts: str | Tag, filled: bool = False) -> Slot:
    return Slot(start, end, Unit(parts or (text[start:end],), ""), written(str.upper), filled)


def test_strings_in_a_row_are_one() -> None:
    tag = Tag("<b>")
    assert parts_of(["a", "", "b", tag, "", "c"]) == ("ab", tag, "c")
    assert parts_of([]) == ()


def test_only_what_changes_is_written() -> None:
    text = "a one b two c"
    slots = [slot(text, 2, 5), slot(text, 8, 11)]
    assert spliced(text, slots, [("one",), ("zwei",)]) == "a one b ZWEI c"
    assert spliced(text, [], []) == text
    assert spliced(text, [slot(text, 5, 5, "x", filled=True)], [("x",)]) == "a oneX b two c"


def test_a_slot_within_a_tag_of_another_one() -> None:
    text = "look <img alt='cat'> here"
    tag = Tag("<img alt='cat'>", 5)
    outer, inner = slot(text, 0, 25, "look ", tag, " here"), slot(text, 15, 18)
    both = [outer, inner]
    assert spliced(text, both, [("hier ", tag, "!"), ("katze",)]) == "HIER <img alt='KATZE'>!"
    assert spliced(text, both, [outer.unit.parts, ("katze",)]) == "look <img alt='KATZE'> here"
    assert spliced(text, both, [("hier ", tag, "!"), ("cat",)]) == "HIER <img alt='cat'>!"


def test_lines_apart() -> None:
    text = "one\r\n\ntwo\u2028 three\r"
    parts = parts_of(lines_apart(text))
    assert parts == (
        "one",
        Tag("\r\n", breaks=True),
        Tag("\n", breaks=True),
        "two",
        Tag("\u2028", breaks=True),
        " three",
        Tag("\r", breaks=True),
    )
    assert written_whole(str.upper)(parts, lambda tag: tag.raw) == text.upper()
