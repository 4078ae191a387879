from ontarget.errors import UserError, counted, excerpt, nearest


def test_nearest_names_what_is_close() -> None:
    assert nearest("alpacca", ["plain", "alpaca"]) == "; did you mean 'alpaca'?"
    assert nearest("trian", ["train", "test"]) == "; did you mean 'train'?"


def test_nearest_takes_no_heed_of_case_but_keeps_it() -> None:
    assert nearest("README.MD", ["Readme.md"]) == "; did you mean 'Readme.md'?"


def test_nearest_joins_several_with_or_the_closest_first() -> None:
    assert nearest("train1", ["train3x", "train1x", "other"]) == "; did you mean 'train1x' or 'train3x'?"


def test_nearest_says_nothing_where_nothing_is_close() -> None:
    assert nearest("zzz", ["plain", "alpaca"]) == ""
    assert nearest("zzz", []) == ""


def test_a_user_error_reads_as_its_sentence() -> None:
    assert str(UserError("the file is empty")) == "the file is empty"


def test_a_number_and_its_noun() -> None:
    assert [counted(n, "line") for n in (0, 1, 2)] == ["0 lines", "1 line", "2 lines"]
    assert [counted(n, "hypothesis", "hypotheses") for n in (1, 2)] == ["1 hypothesis", "2 hypotheses"]


def test_a_text_in_a_message_is_never_long_and_can_be_written() -> None:
    assert excerpt("a" * 40) == "a" * 40
    assert excerpt("b" * 30 + "c" * 2000 + "d" * 10) == f"{'b' * 30}…{'d' * 10}"
    assert excerpt("\ud83d!") == "?!"
    assert excerpt("abcdefghij", 4) == "abc…j"
