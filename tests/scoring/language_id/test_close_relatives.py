from collections.abc import Sequence

import pytest

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.interval import wilson
from ontarget.scoring.language_id.close_relatives import close_off_target, close_relatives
from ontarget.scoring.language_id.identifier import Guess, default_identifier
from ontarget.scoring.language_id.labels import labels_of
from ontarget.scoring.off_target import OffTarget


class Labels:
    """An identifier that reads its answer off the text."""

    signature = "labels"
    labels = default_identifier().labels

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        return [Guess(text, 1.0) for text in texts]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(("cs", "sk"), ("pl", "sk"), ("ru", "uk"), ("bg", "ru"), ("bg", "mk")),
        *(("sl", "hr"), ("sl", "sr"), ("sl", "bs"), ("sl", "sh"), ("sr", "hr")),
        *(("it", "es"), ("ca", "es"), ("gl", "pt"), ("pt-BR", "es")),
        *(("nl", "af"), ("nb", "da"), ("nb", "sv"), ("nn", "sv"), ("id", "ms"), ("hi", "mr")),
    ],
)
def test_relatives_are_relatives_both_ways(one: str, other: str) -> None:
    assert Language(other).fasttext_label in close_relatives(Language(one))
    assert Language(one).fasttext_label in close_relatives(Language(other))


def test_nobody_is_a_relative_of_oneself_under_any_name() -> None:
    assert not close_relatives(Language("nb")) & {"nb", "no"}
    assert "nn" in close_relatives(Language("nb"))
    assert close_relatives(Language("ja")) == frozenset()


@pytest.mark.parametrize(
    ("one", "other"), [("fr", "en"), ("zh", "ja"), ("id", "it"), ("uk", "kk"), ("hi", "ur"), ("ru", "pl")]
)
def test_where_systems_go_astray_and_what_the_script_settles_is_no_relative(one: str, other: str) -> None:
    assert other not in close_relatives(Language(one))
    assert one not in close_relatives(Language(other))


def test_a_relative_is_one_of_its_relatives() -> None:
    known = (
        "be bg bn bs ca cs da de es fil fr gl hi hr id it mk mr ms nb nl nn pl pt ru sh sk sl sr sv tl uk zh"
    )
    for language in map(Language, known.split()):
        for relative in map(Language, close_relatives(language) & set(known.split())):
            assert labels_of(language, close_relatives(relative)), f"{relative} has no {language}"


def test_the_share_of_all_that_went_to_a_relative() -> None:
    count = OffTarget("cs", Labels())
    count.add(["cs"] * 5 + ["sk"] * 2 + ["en", "", "pl"])
    score = close_off_target(count)
    assert (score.metric, score.value, score.n) == ("otr_close", 20.0, 10)
    assert score.interval == wilson(2, 10)
    assert score.signature == f"close:sk|{count.score.signature}"
    assert count.score.value == 50.0


def test_nothing_counted_is_an_error() -> None:
    with pytest.raises(UserError, match="no hypotheses"):
        close_off_target(OffTarget("cs", Labels()))
