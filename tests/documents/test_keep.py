import pytest

from ontarget.documents.keep import Keep
from ontarget.errors import UserError


def test_spans_of_all_patterns() -> None:
    assert Keep(["b+", r"\s+", "x*"]).spans("abba x") == [(1, 3), (5, 6)]
    assert Keep([]).spans("abba") == []


@pytest.mark.parametrize("pattern", ["(", "[a", "a{3,1}", "(?P<x>"])
def test_a_pattern_that_is_not_valid(pattern: str) -> None:
    with pytest.raises(UserError, match="is not a valid regular expression"):
        Keep([pattern])


def test_a_pattern_that_would_take_years(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ontarget.documents.keep._SECONDS", 0.05)
    with pytest.raises(UserError, match="takes too long"):
        Keep([r"(a|a|b?)*(a|aa)+$"]).spans("a" * 40 + "!")


def test_texts_are_kept_as_whole_words() -> None:
    keep = Keep.of_texts(["Go", "Go+", ".NET", "東京", "a|b"])
    text = "Go, Go+ and Gopher on .NET; a|b is not a. 東京都"
    found = [text[start:end] for start, end in keep.spans(text)]
    assert found == ["Go", "Go+", ".NET", "a|b", "東京"]
    assert Keep.of_texts([]).spans("abba") == []
