"""What the directory of a tuned model says of its languages."""

import json
from pathlib import Path
from typing import Any

import pytest

from ontarget.checkpoints.record import RECORD, Tuned, tuned
from ontarget.languages import Direction, Language

LANGUAGES = tuple(map(Language, ("en", "de", "zh-Hant")))
MODEL = Tuned(LANGUAGES, tuple(map(Direction.parse, ("en-de", "de-en"))))


def written(folder: Path, record: Any) -> Path:
    (folder / RECORD).write_text(record if isinstance(record, str) else json.dumps(record), encoding="utf-8")
    return folder


def test_a_record_is_read(tmp_path: Path) -> None:
    record = {"template": "plain", "languages": ["en", "deu", "zho_Hant"], "directions": ["en-de", "de-en"]}
    assert tuned(written(tmp_path, record)) == MODEL
    single = tuned(written(tmp_path, record | {"single_sentences": True}))
    assert single == Tuned(MODEL.languages, MODEL.directions, single_sentences=True)


@pytest.mark.parametrize(
    "record",
    [
        {"template": "plain"},  # of an older version
        "{",
        "[]",
        "3",
        {"languages": "en", "directions": None},
        {"languages": ["xx-yy-zz"], "directions": []},
        {"languages": [None], "directions": []},
        {"languages": ["en"], "directions": [3]},
    ],
)
def test_a_record_of_another_form_says_nothing(tmp_path: Path, record: Any) -> None:
    assert tuned(written(tmp_path, record)) is None


def test_no_record_says_nothing(tmp_path: Path) -> None:
    assert tuned(tmp_path) is None
    assert tuned("owner/name") is None


@pytest.mark.parametrize("asked", ["en-de", "de-en", "en-GB-de", "en-de-AT"])
def test_nothing_is_doubted_of_what_it_was_tuned_on(asked: str) -> None:
    assert MODEL.doubts(Direction.parse(asked)) is None


def test_a_direction_between_its_languages_is_zero_shot() -> None:
    assert MODEL.doubts(Direction.parse("de-zh")) == (
        "de-zh is zero-shot for this model, which was tuned on en-de, de-en"
    )


def test_a_language_that_it_never_saw() -> None:
    said = MODEL.doubts(Direction.parse("en-sv"))
    assert said is not None
    assert said.startswith("the model was tuned on en, de, zh-Hant and never saw Swedish (sv): look at its")
    both = MODEL.doubts(Direction.parse("da-sv"))
    assert both is not None
    assert "never saw Danish (da) and Swedish (sv)" in both


def test_a_base_that_was_not_tuned_to_translate() -> None:
    said = Tuned(LANGUAGES, ()).doubts(Direction.parse("en-de"))
    assert said == "the model was not tuned to translate; name one that was made from it"
