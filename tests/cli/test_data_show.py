"""`ontarget data show`."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ontarget.cli.data_show import _pieces, show
from ontarget.corpora import phrasebook
from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.pipeline.execution.sample_preview import Piece
from ontarget.recipes.loading import load

app = typer.Typer()
app.command()(show)
SMALL = ["phrasebook-tiny", "corpus={phrasebook: {tuples: 40}}"]


def shown(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_numbers_cleaning_and_samples_with_their_twins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = shown(*SMALL, "clean=[{too-long: 90}]", "--stage", "lat", "--samples", "2")
    assert "segments in en it nl ro" in output
    lines = [phrasebook.load(40, 1).lines("train", Language(code)) for code in ("en", "it", "nl", "ro")]
    long = sum(max(map(len, segment)) > 90 for segment in zip(*lines, strict=True))
    assert 0 < long < 40
    assert f"train: {40 - long} segments; left out: {long} too-long" in output
    assert "clean: 0" not in output
    assert "model lat not found; showing words instead of tokens" in output
    assert output.count("lat, learnt: ") == output.count("lat, unlearnt: ") == 2
    assert "[+" in output
    assert "[-" in output
    assert not list(tmp_path.iterdir())


def test_cleaning_that_removes_nothing_and_the_samples_of_the_last_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = shown(*SMALL, "clean=[empty, {too-long: 900}]", "--samples", "1")
    assert "clean: 0 train segments left out by empty, too-long\n" in output
    last = list(load("phrasebook-tiny").stage_order())[-1]
    assert f"\n{last}, learnt: " in output
    assert "clean:" not in shown(*SMALL, "--samples", "1")


def test_mistakes_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="no stage 'lta'; did you mean 'lat'"):
        shown(*SMALL, "--stage", "lta")
    with pytest.raises(UserError, match="'iwslt17' is a corpus; 'ontarget data card iwslt17' describes it"):
        shown("iwslt17")


def test_marks_where_there_are_no_colours_and_colours_by_weight_where_there_are() -> None:
    pieces = [
        Piece("a\n"),
        Piece("b", 0.5),
        Piece("c", 0.25),
        Piece("d", -0.1),
        Piece("</s>", 0.5, control=True),
    ]
    assert _pieces(pieces, coloured=False).plain == "a↵\n[+b][+c][-d][+<<</s>>>]"
    text = _pieces(pieces, coloured=True)
    assert text.plain == "a↵\nbcd</s>"
    styles = [str(span.style) for span in text.spans]
    assert styles[0] == "dim"
    assert styles[1:4] == ["white on rgb(0,160,0)", "white on rgb(0,115,0)", "white on rgb(160,0,0)"]
    assert styles[4].startswith("reverse")
