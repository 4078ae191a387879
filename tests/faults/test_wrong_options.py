"""Each option of `score` and `compare`, wrong alone and beside another: one sentence, nothing written."""

import random
import shlex
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ontarget.cli import app as module
from ontarget.cli.app import app

# What is wrong with the right commands `score h --to fr` and `compare h s --to fr`, and what is said of it.
OF_BOTH: dict[str, str] = {
    "--to xx": "unknown language 'xx'",
    "--to ''": "--to is empty",
    "--to fr --from fr": "--from and --to are both fr",
    "--from Germn": "unknown language 'Germn'; did you mean de (German)?",
    "--reference none": "there is no file 'none'",
    "--reference short": "'h' has 2 lines but 'short' has 1",
    "--reference nothing": "'nothing' is empty",
    "--reference latin": "'latin' is not UTF-8: line 2, byte 17",
    "--reference broken.gz": "'broken.gz' is a broken gzip file",
    "--source s": "--source needs --from",
    "--source none --from de": "there is no file 'none'",
    "--key ''": "--key is empty",
    "--reference-key a": "--reference-key needs --reference",
    "--reference rows.jsonl --reference-key c": "no key 'c'; its keys are a, b",
    "--source-key a": "--source-key needs --source",
    "--num-refs 0": "'--num-refs' / '-nr': it should be greater than or equal to 1",
    "-nr two --reference r": "'--num-refs' / '-nr': it should be a valid integer",
    "--num-refs 2": "--num-refs 2 splits each line of a single --reference",
    "--num-refs 2 --reference r": "'r', line 1 has 1 reference but --num-refs is 2",
    "--num-refs 2 --reference r --reference r": "give exactly one",
    "--test-set wmt22": "--test-set wmt22 has its own source and references",
    "--direction de-fr": "--direction needs --test-set",
    "--metrics blue --reference r": "'blue'",
    "--metrics ,": "a list of names is empty",
    "--tokenize 13a": "no references, which --tokenize needs",
    "--tokenize 13b --reference r": "there is no tokenizer '13b'; did you mean '13a'?",
    "-tok 13a --reference r --metrics chrf,TER": "--tokenize affects only bleu, but --metrics is chrf, ter",
    "--tokenize 13a --reference r --metrics spbleu": "--tokenize affects only bleu",
    "--lowercase": "no references, which --lowercase needs",
    "-lc --reference r --metrics chrf": "--lowercase affects only bleu and spbleu, but --metrics is chrf",
    "--comet x": "needs the sources of the hypotheses: --source SRC",
    "--comet-env e": "--comet-env needs --comet",
    "--lid none": "no language identification model at none",
    "--lid s": "s is not a fastText model",
    "--lid script": "the identifier script needs the languages that may occur",
    "--lid cmd:": "there is no command after cmd:",
    "--lid 'cmd: ./none'": "the identifier's command './none' was not found",
    "--unit ''": "--unit is empty",
    "--unit sentense": "--unit 'sentense' is neither line nor sentence; did you mean 'sentence'?",
    "--languages de,xx": "unknown language 'xx'",
    "--languages de,en": "cannot recognise French",
    "--languages ,": "a list of names is empty",
    "--lid lid.176.ftz,lid.176": "is given twice",
    "--otr papr": "--otr 'papr' is neither robust nor paper; did you mean 'paper'?",
    "--width -1": "'--width' / '-w': it should be greater than or equal to 0",
    "-w 16": "'--width' / '-w': it should be less than or equal to 15",
    "-w 2.5": "'--width' / '-w': it should be a valid integer",
    "--width 3 --json": "--width needs a table, but --json prints all digits",
    "--width 3 --csv": "--width needs a table, but --csv prints all digits",
    "--json --csv": "--json and --csv",
    "--latex --markdown": "--latex and --markdown",
    "--strict=yes": "'--strict' does not take a value",
    "--nope": "No such option: --nope",
    "--from": "'--from' requires an argument",
}
OF_SCORE = OF_BOTH | {
    "--metrics bleu": "no references, which bleu needs",
    "--metrics TER,lpr": "no references, which ter needs",
    "--confidence=0.9": "'--confidence' does not take a value",
    "--lines folder": "--lines 'folder' is a folder; give the path of a file",
    "--lines foldr/x.csv": "there is no folder 'foldr'; did you mean 'folder'?",
    "--lines h": "--lines 'h' is an input file and would be overwritten",
    "--lines s/x.csv": "'s' is not a folder",
    "--lines x.csv --reference short": "'short' has 1",
    "--lines x.csv --metrics bleu": "no references, which bleu needs",
    "--english-words none": "--english-words is used only for wpr and lcpr",
    "--lcb --english-words none": "there is no file 'none'",
    "--monolingual fr=h": "--monolingual affects only leftover, but --metrics is bleu, chrf",
    "--monolingual h --metrics leftover": "LANGUAGE=FILE",
    "--monolingual xx=h --metrics leftover": "unknown language 'xx'",
    "--monolingual fr=none --metrics leftover": "there is no file 'none'",
    "--monolingual de=s --metrics leftover": "--monolingual",
}
OF_COMPARE = OF_BOTH | {
    "--baseline x": "there is no system 'x' to be the baseline",
    "--seeds": "--seeds needs the directories of several runs, but 'h' is not a run",
    "--seed -1": "'--seed': it should be greater than or equal to 0",
    "--seed x": "'--seed': it should be a valid integer",
    "--metrics lpr": "'lpr' cannot be compared",
    "--by-direction=no": "'--by-direction' does not take a value",
    "h": "'h' is given twice",
}
COMMANDS = {"score h --to fr": OF_SCORE, "compare h s --to fr": OF_COMPARE}
ALONE = [(command, wrong, said) for command, of in COMMANDS.items() for wrong, said in of.items()]


def options(text: str) -> set[str]:
    return {word.partition("=")[0] for word in text.split() if word.startswith("-")}


# Of one option that is given twice the last counts, which may well be right.
PAIRS = [
    (command, one, other)
    for command, of in COMMANDS.items()
    for one, other in combinations(of, 2)
    if not options(one) & options(other)
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    french = "Le chat dort sur le canapé.\nNous allons à la mer demain.\n"
    for name in ("h", "r"):
        Path(name).write_text(french, encoding="utf-8")
    Path("s").write_text("Die Katze schläft.\nWir fahren ans Meer.\n", encoding="utf-8")
    Path("short").write_text("Un chat.\n", encoding="utf-8")
    Path("nothing").touch()
    Path("latin").write_bytes("Un chat.\nUn canapé.\n".encode("latin-1"))
    Path("broken.gz").write_bytes(b"\x1f\x8b\x08\x00broken")
    Path("rows.jsonl").write_text('{"a": "x", "b": "y"}\n' * 2, encoding="utf-8")
    Path("folder").mkdir()
    return tmp_path


def mistake(folder: Path, arguments: str) -> str:
    """What is said of a command, after the checks that hold for every mistake."""
    before = sorted(folder.rglob("*"))
    result = CliRunner().invoke(app, shlex.split(arguments))
    assert (result.exit_code, result.stdout) == (2, ""), (arguments, result.output, result.exception)
    assert result.stderr.startswith("error: "), result.stderr
    assert result.stderr.count("\n") == 1, result.stderr
    assert sorted(folder.rglob("*")) == before
    return result.stderr


@pytest.mark.parametrize(("command", "wrong", "said"), ALONE, ids=[f"{c} {w}" for c, w, _ in ALONE])
def test_each_option_alone(folder: Path, command: str, wrong: str, said: str) -> None:
    assert said in mistake(folder, f"{command} {wrong}")


def test_two_at_once(folder: Path) -> None:
    for command, one, other in random.Random(0).sample(PAIRS, 400):
        mistake(folder, f"{command} {one} {other}")


@pytest.mark.parametrize(("command", "wrong"), COMMANDS.items())
def test_no_option_is_left_out(command: str, wrong: dict[str, str]) -> None:
    """But flags that are never wrong by themselves."""
    real: Any = module._load(command.split()[0])
    there_are = {option for p in real.params for option in p.opts if option.startswith("--")}
    tried = {option for text in wrong for option in options(text)}
    assert there_are - tried - {"--help"} == set(), "write down how it can be wrong"
