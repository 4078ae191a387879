import pytest

from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import Guess
from ontarget.scoring.language_id.script_rules import ScriptRules
from ontarget.scoring.off_target import off_target_ratio


def rules(*codes: str) -> ScriptRules:
    return ScriptRules([Language(code) for code in codes])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The train is late.", "en"),
        ("Поезд опаздывает.", "ru"),
        ("火车晚点了。", "zh"),
        ("電車が遅れています。", "ja"),
        ("기차가 늦었어요.", "ko"),
        ("12:30", "und"),
        ("ไม่มี", "und"),
    ],
)
def test_a_language_that_has_its_script_to_itself(text: str, code: str) -> None:
    [guess] = rules("en", "ru", "zh", "ja", "ko").identify([text])
    assert guess.label == code
    assert (guess.probability == 1.0) == (code != "und")


def test_two_languages_of_one_script_are_not_told_apart() -> None:
    assert rules("en", "de", "ru").identify(["The train is late.", ""]) == [Guess("und", 0.0), Guess("", 0.0)]


def test_scripts_of_one_language_are() -> None:
    identifier = rules("sr-Latn", "sr-Cyrl")
    assert [g.label for g in identifier.identify(["Voz kasni.", "Воз касни."])] == ["sr-Latn", "sr"]
    plain = rules("sr", "sr-Latn")
    assert [g.label for g in plain.identify(["Voz kasni.", "Воз касни."])] == ["sr-Latn", "sr"]


def test_the_off_target_ratio_goes_by_them() -> None:
    score = off_target_ratio(["The train is late.", "Поезд опаздывает."], "ru", rules("ru", "en"))
    assert score.value == 50.0
    assert score.signature.startswith("lid:script/en+ru|")
