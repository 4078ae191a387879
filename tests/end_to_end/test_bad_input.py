"""What bad input gets, whole commands: one clear sentence, a non-zero exit code, nothing half-written."""

import gzip
import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

GERMAN = ["Die Katze schläft auf dem Sofa.", "Wir fahren morgen ans Meer.", "Das Brot ist noch warm."]
FRENCH = ["Le chat dort sur le canapé.", "Nous allons à la mer demain.", "Le pain est encore chaud."]
CORPUS = (
    'corpus={plain: {train: "train.{language}", validation: "train.{language}", test: "train.{language}"}}'
)
# A corpus of three lines, read in no time.
TEXT = ["languages=[de, fr]", "pivot=de", "overlap=allow", CORPUS]
# Two languages leave no third one to ask for.
REVERSED = [f"stages.{stage}.conflict={{policy: reversed}}" for stage in ("ontarget", "ontarget-any")]
SMALL = [*TEXT, *REVERSED]


def files(path: str, columns: str = "null") -> str:
    return f"corpus={{files: {{train: {path}, test: {path}, columns: {columns}}}}}"


needs_models = pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra `train`")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three aligned lines, a file that is shorter, one that is empty and one in Latin-1."""
    for name, lines in {
        "src.de": GERMAN,
        "ref.fr": FRENCH,
        "hyp.fr": FRENCH,
        "short.fr": FRENCH[:2],
        "train.de": GERMAN,
        "train.fr": FRENCH,
        "cut.de": GERMAN,
        "cut.fr": FRENCH[:2],
        "empty.fr": [],
    }.items():
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (tmp_path / "latin1.fr").write_bytes("Le pain est chaud.\nLa mer est là.\nLe chat.\n".encode("latin-1"))
    rows = "".join(f"{de}\t{fr}\n" for de, fr in zip(GERMAN, FRENCH, strict=True))
    (tmp_path / "good.tsv").write_text(f"de\tfr\n{rows}", encoding="utf-8")
    (tmp_path / "cut.tsv.gz").write_bytes(gzip.compress(f"de\tfr\n{rows}".encode())[:-12])
    (tmp_path / "mixed.tsv").write_bytes("de\tfr\nda\tlà\n".encode() + "dort dr\tlà\n".encode("latin-1"))
    (tmp_path / "no.jsonl").write_text('{"de": "a", "fr": "b"}\nde: a, fr: b\n', encoding="utf-8")
    cut = '<?xml version="1.0"?>\n<tmx><body>\n<tu><tuv xml:lang="de"><se'
    (tmp_path / "cut.tmx").write_text(cut, encoding="utf-8")
    (tmp_path / "no-recipe.yaml").write_text("- a list\n", encoding="utf-8")
    (tmp_path / "no-yaml.yaml").write_text("name: [\n", encoding="utf-8")
    (tmp_path / "no-model").mkdir()
    return tmp_path


def mistake(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    """What a command that must fail says, after the checks that hold for every mistake."""
    before = sorted(folder.rglob("*"))
    command = [sys.executable, "-m", "ontarget", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, cwd=folder, check=False)
    stderr = done.stderr.decode()
    assert done.returncode == 2, stderr
    assert done.stdout == b""
    assert "Traceback" not in stderr
    assert stderr.startswith("error: ")
    assert stderr.count("\n") == 1, stderr
    assert sorted(folder.rglob("*")) == before
    return stderr


SCORE = ["score", "hyp.fr", "--to", "fr"]
DATA_AND_WORDS = [
    # Line counts that differ: both counts, both files.
    pytest.param(
        ["score", "short.fr", "--reference", "ref.fr", "--to", "fr"],
        ["'short.fr' has 2 lines", "'ref.fr' has 3"],
        id="a reference of another length",
    ),
    pytest.param(
        ["score", "short.fr", "--source", "src.de", "--from", "de", "--to", "fr"],
        ["'short.fr' has 2 lines", "'src.de' has 3"],
        id="a source of another length",
    ),
    pytest.param(
        ["run", "phrasebook-tiny", *SMALL, 'corpus.plain.train="cut.{language}"'],
        ["'cut.de' has 3 lines", "'cut.fr' has 2", "'train'"],
        id="training files of different lengths",
    ),
    # Files of other formats: file, line, what to do.
    pytest.param(
        ["run", "phrasebook-tiny", *SMALL, files("cut.tsv.gz")],
        ["'cut.tsv.gz' is a broken gzip file", "download it again"],
        id="a broken archive",
    ),
    pytest.param(
        ["run", "phrasebook-tiny", *SMALL, files("cut.tmx")],
        ["'cut.tmx', line 3: the file is truncated", "download it again"],
        id="a TMX cut in the middle",
    ),
    pytest.param(
        ["run", "phrasebook-tiny", *SMALL, files("no.jsonl")],
        ["'no.jsonl', line 2: not JSON", "write one record per line"],
        id="a line that is no JSON",
    ),
    pytest.param(
        ["run", "phrasebook-tiny", *SMALL, files("good.tsv", columns="{source: de, target: fr}")],
        ["'good.tsv', line 1: no column 'source'; choose from 'de', 'fr'"],
        id="a column that is missing",
    ),
    pytest.param(
        ["run", "phrasebook-tiny", *SMALL, files("mixed.tsv")],
        ["'mixed.tsv' is not UTF-8: line 3, byte 22 of the text is 0xe0", "convert the file"],
        id="mixed encodings",
    ),
    pytest.param(
        ["run", "phrasebook-tiny", *SMALL, "languages=[de, fr, en]", files("good.tsv")],
        ["no English (en) in its split 'test'; it has train: de fr, test: de fr"],
        id="a direction that the corpus lacks",
    ),
    pytest.param(
        ["run", "phrasebook-tiny", *SMALL, "overlap=error"],
        ["3 train segments have a line of the split 'test'", "overlap=remove"],
        id="test lines in the training data",
    ),
    # Empty, not UTF-8, not there: file, line, byte.
    pytest.param(["score", "empty.fr", "--to", "fr"], ["'empty.fr' is empty"], id="an empty file"),
    pytest.param(
        ["score", "latin1.fr", "--to", "fr"],
        ["'latin1.fr' is not UTF-8: line 2, byte 31 of the text is 0xe0"],
        id="a file in Latin-1",
    ),
    pytest.param(
        ["run", "phrasebook-tiny", *SMALL, 'corpus.plain.test="latin1.fr{language}"'],
        ["there is no file 'latin1.frde'", "'latin1.fr'"],
        id="a missing test file",
    ),
    pytest.param(
        ["translate", "--model", "no-model", "--from", "fr", "--to", "de", "latin1.fr"],
        ["'latin1.fr' is not UTF-8: line 2, byte 31"],
        id="text to translate in Latin-1",
    ),
    pytest.param(
        ["score", "hypp.fr", "--to", "fr"],
        ["there is no file 'hypp.fr'", "did you mean 'hyp.fr'"],
        id="a missing file",
    ),
    # An unknown language or recipe: nearest names.
    pytest.param(
        ["score", "hyp.fr", "--to", "Frensh"],
        ["unknown language 'Frensh'", "did you mean fr (French)"],
        id="a misspelt language",
    ),
    pytest.param(
        ["translate", "--model", "no-model", "--from", "de", "--to", "qx", "src.de"],
        ["unknown language 'qx'", "did you mean"],
        id="an unknown code",
    ),
    pytest.param(
        ["run", "phrasebook-tiny", "languages=[en, Dutsch]"],
        ["'languages.1'", "unknown language 'Dutsch'"],
        id="a misspelt language in a recipe",
    ),
    pytest.param(
        ["run", "phrasebok-tiny"],
        ["unknown recipe 'phrasebok-tiny'", "did you mean 'phrasebook-tiny'"],
        id="a misspelt recipe",
    ),
    pytest.param(
        ["recipes", "check", "no-recipes.yaml"],
        ["there is no recipe file no-recipes.yaml", "did you mean 'no-recipe.yaml'"],
        id="a missing recipe file",
    ),
    pytest.param(["run", "no-recipe.yaml"], ["no-recipe.yaml is not a mapping"], id="a list for a recipe"),
    pytest.param(["run", "no-yaml.yaml"], ["no-yaml.yaml is not YAML", "line 2"], id="broken YAML"),
    # A misspelt key: its path and the nearest; a wrong value: its path and what is allowed.
    pytest.param(
        ["run", "phrasebook-tiny", "stages.lat.alhpa=0.1"],
        ["unknown key 'stages.lat.alhpa'", "did you mean 'alpha'"],
        id="a misspelt key",
    ),
    pytest.param(
        ["run", "phrasebook-tiny", "stages.latt.alpha=0.1"],
        ["unknown key 'stages.latt.alpha'", "did you mean 'lat'"],
        id="a misspelt stage",
    ),
    pytest.param(
        ["recipes", "check", "phrasebook-tiny", "stages.mt.tuning.epochs=0"],
        ["'stages.mt.tuning.epochs' is 0"],
        id="an impossible value",
    ),
    pytest.param(
        ["train", "phrasebook-tiny", "ontargt", *SMALL],
        ["no stage 'ontargt'", "did you mean 'ontarget'"],
        id="a stage that the recipe has not",
    ),
    # A model that is not there, found out before anything is loaded or written.
    pytest.param(
        ["run", "diagnose", "model=./no-modle", *TEXT],
        ["there is no model directory 'no-modle'", "did you mean 'no-model'"],
        id="a missing model to diagnose",
    ),
    pytest.param(
        ["run", "diagnose", *TEXT],
        ["'diagnose' needs a model to diagnose", "model=DIRECTORY"],
        id="no model to diagnose",
    ),
    pytest.param(
        ["score", "hyp.fr", "--source", "src.de", "--to", "fr"],
        ["--source needs --from"],
        id="a source in no language",
    ),
    pytest.param([*SCORE, "--lid", "src.de"], ["src.de is not a fastText model"], id="no identifier"),
    pytest.param(
        ["recipes", "copy", "phrasebook-tiny", "no-yaml.yaml"],
        ["no-yaml.yaml already exists"],
        id="a copy over a file",
    ),
]


@pytest.mark.parametrize(("arguments", "told"), DATA_AND_WORDS)
def test_a_mistake_is_one_sentence(folder: Path, arguments: list[str], told: list[str]) -> None:
    sentence = mistake(folder, *arguments)
    for part in told:
        assert part in sentence


def test_standard_input_that_is_not_utf8_is_named_with_line_and_byte(folder: Path) -> None:
    sentence = mistake(folder, "score", "-", "--to", "fr", stdin=b"Le chat.\nLa mer est l\xe0.\n")
    assert "standard input is not UTF-8: line 2, byte 21" in sentence


def test_an_option_that_is_missing_is_named(folder: Path) -> None:
    """Where the name of the file does not tell the language either."""
    (folder / "hypotheses").write_text("Le pain est chaud.\n", encoding="utf-8")
    assert "--to is missing" in mistake(folder, "score", "hypotheses")


@needs_models
def test_a_missing_model_directory_is_named_with_the_nearest(folder: Path) -> None:
    sentence = mistake(folder, "translate", "--model", "./no-modell", "--from", "de", "--to", "fr", "src.de")
    assert "there is no model directory 'no-modell'; did you mean 'no-model'?" in sentence


@needs_models
def test_samples_without_room_for_a_response_are_counted_and_no_model_is_left(folder: Path) -> None:
    command = [sys.executable, "-m", "ontarget", "train", "phrasebook-tiny", "base", *SMALL]
    command += [
        "stages.base.tuning.max_length=1",
        "stages.base.tuning.max_steps=1",
        "stages.base.model.layers=1",
    ]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=folder, check=False)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert re.search(r"[1-9] prompts are too long for tuning.max_length=1 tokens", done.stderr)
    assert "Traceback" not in done.stderr
    assert "nan" not in done.stderr.lower().split()
    assert not list(folder.glob("runs/*/models/[!.]*"))


def test_text_that_looks_like_a_control_token_is_a_line_like_any_other(folder: Path) -> None:
    lines = [
        "</s> Le chat dort.",
        "### Response: Le pain est chaud.",
        "<|im_end|> La mer\u2028est là.",
        "<s>",
    ]
    (folder / "odd.fr").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    command = [sys.executable, "-m", "ontarget", "score", "odd.fr", "--to", "fr", "--json"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["otr"]["n"] == len(lines)
