"""A command that is refused leaves the folders as they were: no lock, no empty directory, no half results."""

import json
import shlex
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from ontarget.cli.app import app

LINES = {"en": "The cat sleeps.", "it": "Il gatto dorme.", "nl": "De kat slaapt."}
TUNING = {"max_steps": 1, "global_batch_size": 2}
SHAPE = {"vocabulary": 300, "hidden": 16, "layers": 1, "heads": 2, "intermediate": 32}
RECIPE = {
    "name": "mine",
    "languages": list(LINES),
    "pivot": "en",
    "corpus": {"plain": {"train": "train.{language}", "test": "test.{language}"}},
    "stages": {
        "base": {"kind": "pretraining", "model": SHAPE, "tuning": TUNING},
        "mt": {"kind": "sft", "from": "base", "tuning": TUNING},
    },
    "systems": ["mt"],
}
needs_models = pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra `train`")

WORDS = {
    "TUNED": "stages.base=null stages.mt.from=./llama",
    "JUDGE": "--url http://127.0.0.1:9/v1 --model x --cache k.jsonl",
}
# Commands, each refused once everything that can be found early was found to be right; and a sentence of why.
REFUSED: dict[str, str] = {
    "run nowhere.yaml": "there is no recipe file",
    "run mine.yaml sed=1": "unknown key 'sed'",
    "run mine.yaml --directory train.en": "cannot be a run directory",
    "run mine.yaml --directory train.en/x": "cannot be a run directory",
    "run mine.yaml corpus.plain.train=no.{language}": "there is no file 'no.en'",
    "run mine.yaml corpus.plain=null corpus.files.train=cut.tsv": "columns but must have",
    "run mine.yaml corpus.plain=null corpus.files.train=cut.jsonl": "cut.jsonl', line 2",
    "run mine.yaml corpus.plain=null corpus.files.train=cut.tmx": "cut.tmx', line 2",
    "run mine.yaml corpus.plain=null corpus.catalogue.name=multi30k languages=[en,de,fr]": "is incomplete",
    "run mine.yaml template=./no.yaml": "cannot read the prompt template",
    "run mine.yaml stages.mt.from=./no-model": "no-model",
    "run mine.yaml stages.mt.from=./empty": "has no config.json",
    "run mine.yaml stages.mt.general.path=no.json stages.mt.general.ratio=0.5": "there is no file 'no.json'",
    "run mine.yaml systems={1-shot:{}}": "validation",
    "run mine.yaml TUNED stages.mt.tuning.max_length=4": "too long for tuning.max_length",
    "run mine.yaml TUNED stages.mt.tuning.max_length=4 --directory empty": "too long for tuning.max_length",
    "run mine.yaml 'sweep={seed: [1, 2]}' corpus.plain.train=no.{language}": "there is no file",
    "run mine.yaml 'sweep={stages.mt.from: [./no-model, ./empty]}'": "no-model",
    "run mine.yaml TUNED 'sweep={stages.mt.tuning.max_length: [3, 4]}'": "too long for tuning.max_length",
    "run mine.yaml --plan stages.mt.from=./no-model": "no-model",
    "train mine.yaml nostage": "has no stage 'nostage'",
    "train mine.yaml stages.mt.from=./no-model": "no-model",
    "train mine.yaml mt TUNED stages.mt.tuning.max_length=4": "too long for tuning.max_length",
    "train mine.yaml --directory train.en": "cannot be a run directory",
    "translate --model no-model --from en --to it train.en": "no model directory",
    "translate --model empty --from en --to it train.en": "has no config.json",
    "translate --model empty --from en --to en train.en": "source and target are both en",
    "translate --model empty --from en --to it no.en": "there is no file",
    "answer no-model --instructions asked.json --output a.jsonl": "no model directory",
    "answer empty --instructions asked.json --output a.jsonl": "has no config.json",
    "answer empty --instructions no.json --output a.jsonl": "there is no file",
    "score no.it --to it --lines lines.csv": "there is no file",
    "score train.it --to xx --lines lines.csv": "unknown language",
    "score train.it --to it --reference short.it --lines lines.csv": "line n of one",
    "score train.it broken.it --to it --lines lines.csv": "not UTF-8",
    "score train.it --to it --lines out/lines.csv": "there is no folder 'out'",
    "score train.it --to it --metrics bleu --lines lines.csv": "has no references",
    "answer empty --instructions asked.json --output out/a.jsonl": "there is no folder 'out'",
    "compare train.it short.it --to it --reference train.en": "line n of",
    "judge train.en short.it --instructions train.en JUDGE": "",
    "judge train.en train.it --instructions no.txt JUDGE": "no file",
    "judge train.en train.it --instructions train.en --url nowhere --model x --cache k.jsonl": "",
    "judge train.en train.it --instructions train.en --url nowhere --model x --cache o/k.jsonl": "no folder",
    "report nowhere": "there is no run",
    "report empty": "",
    "report empty --figures figures": "",
    "report empty --figures out/figures": "there is no folder 'out'",
    "report empty damaged --page page.html": "",
    "report empty damaged --page out/page.html": "there is no folder 'out'",
    "report damaged": "",
    "report damaged --figures figures": "",
    "data get multi31k": "there is no corpus",
    "data get multi30k --languages xx": "unknown language",
    "data get opus/Europarl/v8": "such as --languages en,de",
    "data check": "no corpus of the catalogue",
    "data check multi31k": "there is no corpus",
    "data show mine.yaml corpus.plain.train=no.{language}": "there is no file",
    "recipes copy nowhere x.yaml": "unknown recipe",
    "recipes copy mine.yaml train.en": "already exists",
    "recipes copy mine.yaml out/x.yaml": "there is no folder out",
    "recipes copy broken.yaml x.yaml": "broken.yaml",
    "recipes check mine.yaml stages.mt.from=./no-model": "no-model",
    "recipes check mine.yaml --deep stages.mt.from=./empty": "has no config.json",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ONTARGET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("ONTARGET_DATA", raising=False)
    for code, line in LINES.items():
        for split in ("train", "test"):
            Path(f"{split}.{code}").write_text(f"{line} {split}\n" * 3, encoding="utf-8")
    Path("short.it").write_text("Il gatto\n", encoding="utf-8")
    Path("broken.it").write_bytes(b"Il gatto \xe8\n")
    Path("cut.tsv").write_text("en\tit\tnl\na\tb\tc\na\tb\n", encoding="utf-8")
    Path("cut.jsonl").write_text('{"en": "a", "it": "b", "nl": "c"}\n{"en": \n', encoding="utf-8")
    Path("cut.tmx").write_text('<tmx version="1.4"><body>\n<tu><tuv xml:lang="en">', encoding="utf-8")
    Path("asked.json").write_text(json.dumps([{"instruction": "Say hello."}]), encoding="utf-8")
    Path("mine.yaml").write_text(yaml.safe_dump(RECIPE), encoding="utf-8")
    Path("broken.yaml").write_text("name: broken\nlanguages: [en]\n", encoding="utf-8")
    Path("empty").mkdir()
    Path("damaged").mkdir()
    Path("damaged/scores.json").write_text("[{", encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.checkpoints.conftest import make

    return make(tmp_path_factory.mktemp("models")) / "llama"


def tree(folder: Path) -> dict[str, bytes | None]:
    """Each path below a folder, and what files hold."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@needs_models
@pytest.mark.parametrize("command", REFUSED)
def test_a_refused_command_leaves_the_folders_as_they_were(folder: Path, llama: Path, command: str) -> None:
    given = command
    for word, meaning in WORDS.items():
        given = given.replace(word, meaning)
    if "./llama" in given:
        shutil.copytree(llama, "llama")
    before = tree(folder)
    done = CliRunner().invoke(app, shlex.split(given))
    assert done.exit_code == 2, (done.output, done.exception)
    assert REFUSED[command] in " ".join(done.output.split())
    assert "Traceback" not in done.output
    assert tree(folder) == before
