import gzip
from pathlib import Path

import pytest

from ontarget.languages import Language
from ontarget.scoring.language_id.scripts import in_script, script_counts

SIMPLIFIED, TRADITIONAL = "这个问题还没有解决。", "這個問題還沒有解決。"
SERBIAN = {"Cyrl": "Воз за Ниш касни пола сата.", "Latn": "Voz za Niš kasni pola sata."}


def test_counts_letters_and_nothing_else() -> None:
    assert script_counts("Ab ж 12 -!") == {"Latn": 2, "Cyrl": 1}
    assert script_counts("東京タワーは、") == {"Hani": 2, "Kana": 4}
    assert script_counts("서울 Seoul") == {"Hang": 2, "Latn": 5}
    assert not script_counts("12:30 – 14:00 … 👍")


@pytest.mark.parametrize("script", SERBIAN)
def test_a_script_that_was_asked_for(script: str) -> None:
    for written, text in SERBIAN.items():
        assert in_script(text, Language(f"sr-{script}").scripts) == (written == script)
        assert in_script(text, Language("sr").scripts)


@pytest.mark.parametrize(
    ("code", "simplified", "traditional"),
    [("zh-Hans", True, False), ("zh-Hant", False, True), ("zh-TW", False, True), ("zh", True, True)],
)
def test_the_two_chinese_scripts(code: str, simplified: bool, traditional: bool) -> None:
    assert in_script(SIMPLIFIED, Language(code).scripts) == simplified
    assert in_script(TRADITIONAL, Language(code).scripts) == traditional
    assert in_script("人口不多", Language(code).scripts)  # the same in both


def test_names_in_another_script_do_not_matter_by_the_share_that_is_asked() -> None:
    text = "Tom Brady 和 Rob Gronkowski"
    assert not in_script(text, {"Hans"})
    assert not in_script(text, {"Hans"}, 0.1)
    assert in_script(text + "都没有上场比赛", {"Hans"}, 0.1)


def test_without_letters_or_without_a_request_anything_goes() -> None:
    assert in_script("42", {"Cyrl"})
    assert in_script("abc", frozenset())


@pytest.mark.parametrize("code", ["zh", "zh-TW"])
def test_human_chinese_is_in_its_own_script_and_not_in_the_other(shared_data: Path, code: str) -> None:
    text = gzip.decompress((shared_data / "flores200" / f"devtest.{code}.gz").read_bytes()).decode("utf-8")
    lines = text.removesuffix("\n").split("\n")
    own, other = ("Hans", "Hant") if code == "zh" else ("Hant", "Hans")
    assert sum(in_script(line, {own}, 0.1) for line in lines) >= 0.998 * len(lines)
    assert sum(in_script(line, {other}, 0.1) for line in lines) <= 0.002 * len(lines)
