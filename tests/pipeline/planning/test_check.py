"""What `ontarget recipes check` finds."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ontarget.pipeline.planning import check as module
from ontarget.pipeline.planning.check import Findings, check
from ontarget.recipes.loading import check as validated
from ontarget.recipes.schema.recipe import Recipe

pytest.importorskip("torch", reason="needs the extra `train`")

from tests.checkpoints.conftest import LINES, make

TUNING = {"max_steps": 1, "global_batch_size": 2, "max_length": 256}
CODES = ("en", "it", "nl")
TEXT = dict(zip(CODES, LINES, strict=False))


@pytest.fixture(autouse=True, scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = make(tmp_path_factory.mktemp("check"))
        patch.chdir(folder)
        patch.setenv("ONTARGET_CACHE", str(folder / "cache"))
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.delenv("ONTARGET_DATA", raising=False)
        for code in CODES:
            for split in ("train", "test"):
                (folder / f"{split}.{code}").write_text(f"{TEXT[code]}\n" * 12, encoding="utf-8")
        yield folder


def recipe(**changes: Any) -> Recipe:
    stage = {"kind": "sft", "from": "model", "tuning": TUNING}
    data = {
        "name": "checked",
        "languages": list(CODES),
        "pivot": "en",
        "corpus": {"plain": {"train": "train.{language}", "test": "test.{language}"}},
        "model": "./llama",
        "stages": {"mt": stage | changes.pop("stage", {})},
        "systems": ["mt"],
    }
    return validated(data | changes, "checked")


def found(deep: bool = False, **changes: Any) -> Findings:
    return check([recipe(**changes)], deep=deep)


def plain(**splits: str) -> dict[str, Any]:
    return {"plain": {"train": "train.{language}", "test": "test.{language}", **splits}}


def files(folder: Path, text: str, **more: Any) -> dict[str, Any]:
    (folder / "text").write_text(text, encoding="utf-8")
    return {"corpus": {"files": {"train": str(folder / "text"), "test": "test.{language}", **more}}}


def test_what_is_right_is_right() -> None:
    assert check([recipe()]) == check([recipe()], deep=True) == Findings()


def test_of_several_sources_the_first_that_can_be_used_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONTARGET_DATA", str(tmp_path / "empty"))
    sources = [{"catalogue": {"name": "flores200"}}, plain()]
    notes = ["corpus: the text is 'checked', the first available"]
    assert found(corpus={"first_available": sources}, overlap="allow") == Findings([], notes)
    sources[1] = plain(test="tst.{language}")
    [wrong] = found(corpus={"first_available": sources}).wrong
    assert wrong.startswith("corpus: none of the sources in `first_available` can be used: ")


def test_all_mistakes_are_listed_each_with_its_key(tmp_path: Path) -> None:
    (tmp_path / "cut").mkdir()
    for file in Path("llama").iterdir():
        (tmp_path / "cut" / file.name).write_bytes(file.read_bytes())
    weights = tmp_path / "cut" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    wrong = found(
        corpus=plain(test="tst.{language}"),
        template="./mine.yaml",
        model=str(tmp_path / "cut"),
        stage={"general": {"path": "alpaca.json", "ratio": 0.5}},
        systems={"mt": {}, "1-shot": {}, "x": {"model": "./nowhere"}},
    ).wrong
    beginnings = [
        "corpus: there is no 'validation', which systems.1-shot takes its demonstrations from",
        "corpus.plain.test: there is no file 'tst.en'; did you mean 'test.en'",
        "stages.mt.from: ",
        "systems.x.model: there is no model directory 'nowhere'",
        "template: cannot read the prompt template 'mine.yaml': ",
    ]
    for beginning in beginnings:
        assert any(sentence.startswith(beginning) for sentence in wrong), (beginning, wrong)
    assert len(wrong) == len(set(wrong))
    assert found(stage={"general": {"path": "alpaca.json", "ratio": 0.5}}).wrong == [
        "stages.mt: there is no file 'alpaca.json'"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source\ttarget\na\tb\n", "line 1: fewer than two columns are named after a language"),
        ("en\tit\ten-GB\n", None),
        ("en-US\tit\ten-GB\na\tb\tc\n", "line 1: 'en-US' and 'en-GB' are both English (en)"),
        ('{"source": "a", "target": "b"}\n', "line 1: no key is a language"),
        ("no table at all\n", "in an unknown format"),
        ("", "is empty"),
    ],
)
def test_headers_that_no_language_can_be_read_from(tmp_path: Path, text: str, message: str | None) -> None:
    wrong = found(**files(tmp_path, text)).wrong
    if message is None:
        return
    assert len(wrong) == 1
    assert wrong[0].startswith("corpus.files.train: ")
    assert message in wrong[0]


def test_a_language_that_no_file_has_is_seen_in_headers_and_names(tmp_path: Path) -> None:
    told = (
        "corpus 'checked' has no Dutch (nl) in its split 'train'; it has train: en it, test: en it nl; check"
    )
    table = files(tmp_path, "English\tItalian\tFrench\n" + "a\tb\tc\n" * 1100)
    for deep in (False, True):
        checked = found(deep=deep, **table)
        assert checked == Findings([f"{told} `languages`, and the files of 'train'"])
    pairs = tmp_path / "pairs"
    pairs.write_text("en\tnl\na\tb\n", encoding="utf-8")
    table["corpus"]["files"]["train"] = [str(tmp_path / "text"), str(pairs)]
    assert found(**table) == Findings()  # Dutch-Italian is zero-shot
    del table["corpus"]["files"]["test"]
    [wrong] = found(**table, hold_out={"test": 2}, overlap="remove").wrong[:1]
    assert wrong.startswith(
        "corpus 'checked' has no text from Italian to Dutch (it-nl) in its split 'train'; "
    )


def test_records_and_unread_files_may_have_further_languages(tmp_path: Path) -> None:
    records = '{"en": "a", "it": "b"}\n' * 1100 + '{"en": "a", "nl": "b"}\n'
    assert found(**files(tmp_path, records)) == Findings()
    assert found(**files(tmp_path, '{"en": "a", "it": "b"}\n')).wrong
    table = files(tmp_path, "en\tit\na\tb\n")
    table["corpus"]["files"]["train"] = [str(tmp_path / "text"), "hub:owner/text"]
    assert found(**table).wrong == []


def test_a_file_is_opened_as_far_as_its_header(tmp_path: Path) -> None:
    broken = "en\tit\tnl\n" + "a\tb\tc\n" * 10 + "only one\n"
    assert found(**files(tmp_path, broken)).wrong == []
    [wrong] = found(deep=True, **files(tmp_path, broken)).wrong
    assert "line 12 has 1 column" in wrong


def test_a_variable_that_is_not_set() -> None:
    [wrong] = found(corpus=plain(train="$ONTARGET_DATA/train.{language}")).wrong
    assert wrong.startswith("corpus.plain.train: the path '$ONTARGET_DATA/train.en' needs the environment")


def test_what_can_be_fetched_is_a_note() -> None:
    changes: dict[str, Any] = {"languages": ["en", "de", "fr"], "corpus": {"catalogue": {"name": "multi30k"}}}
    of_it = found(**changes)
    assert of_it.wrong == []
    assert any("download it with 'ontarget data get multi30k" in note for note in of_it.notes)
    hub = found(model="owner/name")
    assert hub.wrong == []
    assert hub.notes == ["stages.mt.from: 'owner/name' is loaded from the Hugging Face Hub; not checked"]
    changes = {"train": "hub:owner/text", "validation": "sacrebleu:wmt16/en-de", "test": "test.{language}"}
    assert [note.partition(":")[0] for note in found(corpus={"files": changes}).notes] == [
        "train",
        "validation",
    ]


def test_a_test_set_that_sacrebleu_does_not_know() -> None:
    corpus = {"plain": None, "sacrebleu": {"test": "wmt99"}}
    wrong = check([recipe(corpus=corpus, stages={}, systems={"base": {}})]).wrong
    assert wrong[0].startswith("corpus.sacrebleu.test: sacreBLEU has no test set 'wmt99'; did you mean")


def test_a_split_that_is_named_nowhere() -> None:
    assert found(split="validation").wrong == [
        "corpus: there is no 'validation', which is translated (`split`); add its files or test set"
    ]
    assert found(corpus={"plain": {"test": "test.{language}"}}).wrong == [
        "corpus: there is no 'train', which the stages learn from; add its files or test set"
    ]
    assert found(corpus={"plain": {"train": "train.{language}"}}, hold_out={"test": 2}).wrong == []


def test_a_model_that_nobody_named() -> None:
    [wrong] = check([recipe(model=None, stages={}, systems=["base"])]).wrong
    assert wrong == "model: 'checked' needs a model to diagnose; add model=DIRECTORY or model=OWNER/NAME"


def test_text_is_looked_at_once_for_all_points_of_a_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    look = module._look_at_text
    monkeypatch.setattr(module, "_look_at_text", lambda *given: calls.append(0) or look(*given))
    assert check([recipe(seed=1), recipe(seed=2), recipe(seed=3)]) == Findings()
    assert len(calls) == 1
    wrong = check([recipe(model="./nowhere"), recipe(model="./nowhere", seed=2)]).wrong
    assert len(wrong) == 1


class TestDeep:
    def test_line_counts_that_differ(self, tmp_path: Path) -> None:
        for code in CODES:
            lines = f"{TEXT[code]}\n" * (2000 + (code == "nl"))
            (tmp_path / f"long.{code}").write_text(lines, encoding="utf-8")
        corpus = plain(train=f"{tmp_path}/long.{{language}}")
        assert found(corpus=corpus).wrong == []
        [wrong] = found(deep=True, corpus=corpus).wrong
        assert "2001 lines" in wrong

    def test_a_direction_without_text(self, tmp_path: Path) -> None:
        records = '{"en": "a cat", "it": "un gatto"}\n'
        given = files(tmp_path, records * 5)
        assert found(**given).wrong == []
        [wrong] = found(deep=True, **given).wrong
        assert wrong.startswith("corpus 'checked' has no Dutch (nl) in its split 'train'")
        long = found(deep=True, **files(tmp_path, records * 1500))
        assert long.wrong == []
        assert "train: no text from English to Dutch (en-nl) in the first 1,000 segments" in long.notes

    def test_a_language_with_nothing_to_read(self, tmp_path: Path) -> None:
        given = files(tmp_path, "en\tit\tnl\n" + "a cat\tun gatto\t\u200b\n" * 3)
        assert found(deep=True, **given).wrong == [
            "corpus: 'train' has only empty segments from English to Dutch (en-nl)",
            "corpus: 'train' has only empty segments from Dutch to English (nl-en)",
        ]

    def test_a_language_that_the_tokenizer_has_no_tokens_for(self, tmp_path: Path) -> None:
        for code in ("en", "it", "el"):
            line = TEXT.get(code, "Η γάτα κοιμάται στον καναπέ.")
            (tmp_path / f"t.{code}").write_text(f"{line}\n" * 3, encoding="utf-8")
        path = f"{tmp_path}/t.{{language}}"
        of_it = found(
            deep=True, languages=["en", "it", "el"], corpus=plain(train=path, test=path), overlap="allow"
        )
        assert of_it.wrong == []
        assert of_it.notes == [
            "stages.mt.from: './llama': the tokenizer has no tokens for Greek (el) and spells it byte by "
            "byte, so the model has hardly seen it"
        ]

    def test_a_language_that_the_model_was_not_tuned_on(self, models: Path, tmp_path: Path) -> None:
        (tmp_path / "tuned").mkdir()
        for file in (models / "llama").iterdir():
            (tmp_path / "tuned" / file.name).write_bytes(file.read_bytes())
        record = {"template": "plain", "languages": ["en", "it"], "directions": ["en-it"]}
        (tmp_path / "tuned" / "ontarget.json").write_text(json.dumps(record), encoding="utf-8")
        [note] = found(deep=True, model=str(tmp_path / "tuned")).notes
        assert note.endswith("it was tuned on en, it, but not on Dutch (nl)")

    def test_prompts_that_leave_no_room(self) -> None:
        short = {"stage": {"tuning": {**TUNING, "max_length": 8}}}
        assert found(**short).wrong == []
        [wrong] = found(deep=True, **short).wrong
        assert wrong.startswith("stages.mt.tuning.max_length is 8, and none of the first 48 prompts")
