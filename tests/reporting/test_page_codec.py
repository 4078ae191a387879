from hypothesis import given
from hypothesis import strategies as st
from tests.reporting.unpack import column, parts, texts

from ontarget.reporting.page_codec import compact, leb128

ANY = st.text() | st.text("ab 的ไ\n🐈")


def test_numbers_of_seven_bits() -> None:
    assert leb128([0, 1, 127]) == bytes([0, 1, 127])
    assert leb128([128, 300, 1 << 21]) == bytes([0x80, 1, 0xAC, 2, 0x80, 0x80, 0x80, 1])


@given(st.lists(st.lists(st.integers(0, 1 << 28))), st.lists(ANY))
def test_all_of_it_comes_back(columns: list[list[int]], given_texts: list[str]) -> None:
    header, numbers = parts(compact({"key": "é"}, columns, given_texts))
    assert header["key"] == "é"
    assert [column(numbers) for _ in columns] == columns
    expected = [text.encode("utf-8", "replace").decode() for text in given_texts]
    assert texts(header["words"], numbers) == expected
    assert list(numbers) == []


def test_a_common_word_takes_one_byte() -> None:
    rare = [f"w{n}" for n in range(200)]
    header, _ = parts(compact({}, [], [" ".join(rare), *["cat cat cat"] * 300]))
    assert header["words"][:2] == [" cat", "cat"]
    assert len(header["words"]) == 202


def test_writing_without_blanks_is_split_by_letters() -> None:
    header, _ = parts(compact({}, [], ["我爱猫", "แมว 1", "고양이", "Việt Nam"]))
    assert set(header["words"]) == {*"我爱猫แมว고양이", " 1", "Việt", " Nam"}
