"""Every command of the README and of some pages does what it says, cut down to seconds."""

import contextlib
import gzip
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ontarget.cli.app import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = (
    "README.md",
    "docs/index.md",
    "docs/tutorials/see-it.md",
    "docs/how-to/recipes.md",
    "docs/how-to/python.md",
)
BLOCKS = [
    block
    for page in PAGES
    for block in re.findall(
        r"^```(\w+)\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
]
COMMANDS = list(
    dict.fromkeys(
        line.partition("  #")[0].strip()
        for kind, text in BLOCKS
        if kind == "sh"
        for line in text.splitlines()
        if line.strip()
    )
)

# Whatever is made is made with a model of no use at all, in next to no time.
_TUNING = {"max_steps": 1, "global_batch_size": 4, "learning_rate": 1e-3}
QUICK = {"test_lines": 1, "decoding": {"num_beams": 2, "max_new_tokens": 4}}
TINY = QUICK | {
    "corpus.phrasebook.tuples": 60,
    "stages.base.model": {"vocabulary": 400, "hidden": 16, "layers": 1, "heads": 2, "intermediate": 32},
    "stages.base.tuning": _TUNING,
    **{f"stages.{stage}.tuning": _TUNING for stage in ("mt", "post-ins", "lat", "ontarget-any", "ontarget")},
    **{f"stages.{stage}.samples": 12 for stage in ("mt", "post-ins", "lat", "ontarget-any", "ontarget")},
    "systems": ["base", "mt", "lat", "ontarget"],
}
# Five demonstrations do not fit into the context of a model with so few tokens.
DIAGNOSE = QUICK | {"systems": ["base", "ptl", "contrastive", "pivot"]}
MINE = QUICK | {
    "systems": ["mt", "ontarget", "pivot"],
    "model": "runs/phrasebook-tiny/models/base",
    "stages.mt.tuning": _TUNING,
    "stages.ontarget.tuning": _TUNING,
}


def keys(changes: dict[str, object]) -> list[str]:
    return [f"{key}={json.dumps(value)}" for key, value in changes.items()]


# What is put behind a command to cut its size. A command that is not here is run as it is.
OVERRIDES = {
    "ontarget run diagnose model=runs/phrasebook-tiny/models/mt name=my-model": keys(DIAGNOSE),
    "ontarget run phrasebook-tiny --plan": keys(TINY),
    "ontarget run phrasebook-tiny": keys(TINY),
    "ontarget run phrasebook-tiny stages.lat.alpha=0.1": keys(TINY),
    "ontarget train phrasebook-tiny lat": keys(TINY),
    "ontarget recipes check mine.yaml": keys(MINE),
    "ontarget run mine.yaml": keys(MINE),
}
TRANSLATE = "ontarget translate --model runs/phrasebook-tiny/models/ontarget --from it --to nl "
OVERRIDES |= {
    TRANSLATE + files: ["--max-new-tokens", "4"]
    for files in ("phrases.it > phrases.nl", "phrases.it", "everyday.it > everyday.nl")
}
PYTHON_OVERRIDES = {'{"test_lines": 50}': repr(TINY)}

# Commands that set up a machine or need the Hub are not run: what they rely on is checked.
SET_UP = {"make demo", "pip install -e .", "pip install -e '.[train]'"}
NEED_THE_HUB = {command for command in COMMANDS if "lora-iwslt17" in command or "path/to/model" in command}
PROGRAMS = {"ontarget"}

LINES = {
    "src.de": ["Die Katze schläft auf dem Sofa.", "Wir fahren morgen ans Meer."],
    "ref.fr": ["Le chat dort sur le canapé.", "Nous allons à la mer demain."],
    "hyp.fr": ["Le chat dort sur le sofa.", "We are going to the sea tomorrow."],
    "phrases.it": [
        "Da dieci anni mio marito lavora come poliziotto a Parigi.",
        "",
        "Quanto costa questo zaino?",
    ],
    "everyday.it": ["Che ore sono adesso?", "Il computer non si accende più."],
}
DATA = {
    "en": ["The cat sleeps on the sofa.", "The bread is still warm."] * 3,
    "de": ["Die Katze schläft auf dem Sofa.", "Das Brot ist noch warm."] * 3,
    "fr": ["Le chat dort sur le canapé.", "Le pain est encore chaud."] * 3,
}
HELD_OUT = {
    "en": ["The dog drinks water.", "We sing every evening."] * 3,
    "de": ["Der Hund trinkt Wasser.", "Wir singen jeden Abend."] * 3,
    "fr": ["Le chien boit de l'eau.", "Nous chantons chaque soir."] * 3,
}


def shell(command: str, folder: Path) -> str:
    environment = os.environ | {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "160"}
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=environment | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout


def text_of(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small files under the names of the README, and what `make demo` makes."""
    pytest.importorskip("torch", reason="needs the extra `train`")
    folder = tmp_path_factory.mktemp("readme")
    (folder / "bin").mkdir()
    program = folder / "bin" / "ontarget"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ontarget "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    for name, lines in LINES.items():
        (folder / name).write_text(text_of(lines), encoding="utf-8")
    (folder / "data").mkdir()
    for code, lines in DATA.items():
        (folder / "data" / f"train.{code}.gz").write_bytes(gzip.compress(text_of(lines).encode()))
        for split in ("dev", "test"):
            (folder / "data" / f"{split}.{code}").write_text(text_of(HELD_OUT[code]), encoding="utf-8")
    for kind, text in BLOCKS:
        if kind == "yaml":  # its first line says what the file is called
            (folder / text.splitlines()[0].removeprefix("# ")).write_text(text, encoding="utf-8")
    shell(shlex.join(["ontarget", "run", "phrasebook-tiny", *keys(TINY)]), folder)
    return folder


def test_every_command_is_one_that_this_test_knows_how_to_prepare() -> None:
    programs = {word for command in COMMANDS for word in re.findall(r"(?:^|\| )(\S+)", command)}
    assert {command for command in COMMANDS if command.split()[0] not in PROGRAMS} == SET_UP
    assert programs == PROGRAMS | {command.split()[0] for command in SET_UP}
    assert set(OVERRIDES) <= set(COMMANDS)
    assert len(NEED_THE_HUB) == 5


def test_the_two_commands_of_make_do_what_the_readme_says() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = dict(re.findall(r"^(demo|test): (.*?)  ##.*\n\t.*$", makefile, re.MULTILINE))
    assert targets == {"demo": "$(INSTALLED)", "test": "$(INSTALLED)"}  # they set up what they need
    assert "\t$(BIN)/ontarget run phrasebook-tiny --workers 2\n" in makefile
    assert " $(BIN)/python -m pytest --numprocesses $(WORKERS) " in makefile
    assert "--editable '.[train,dev]'" in makefile


def test_what_is_installed_is_there_to_be_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == "ontarget"
    assert any(package.startswith("torch") for package in project["optional-dependencies"]["train"])
    assert not any(package.startswith("torch") for package in project["dependencies"])
    assert project["requires-python"] == ">=3.11"


@pytest.mark.slow
@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in SET_UP | NEED_THE_HUB])
def test_a_command_of_the_readme(workspace: Path, command: str) -> None:
    copied = re.fullmatch(r"ontarget recipes copy (\S+) (\S+)", command)
    if copied:
        (workspace / copied[2]).unlink(missing_ok=True)
    elif "my-phrasebook.yaml" in command:
        shell(
            "test -e my-phrasebook.yaml || ontarget recipes copy phrasebook-tiny my-phrasebook.yaml",
            workspace,
        )
    printed = shell(f"{command} {shlex.join(OVERRIDES.get(command, []))}", workspace)
    made = re.search(r"> (\S+)$", command)
    if made:  # one line in, one line out
        translations = (workspace / made[1]).read_text(encoding="utf-8").split("\n")
        originals = [*LINES[command.split()[-3]], ""]
        assert len(translations) == len(originals)
        assert not any(line for line, original in zip(translations, originals, strict=True) if not original)
    else:
        assert printed or copied


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        text
        for kind, text in BLOCKS
        if kind == "python" and 'f"outputs/' not in text  # with the tutorial's files: see test_tutorials.py
    ],
)
def test_python_prints_what_it_says(workspace: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.chdir(workspace)
    promised = re.findall(r"^print\(.*\)  # ([\d.]+)$", code, re.MULTILINE)
    for text, replacement in PYTHON_OVERRIDES.items():
        code = code.replace(text, replacement)
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "README.md", "exec"), names)
    lines = printed.getvalue().splitlines()
    assert lines[: len(promised)] == promised
    if "run" in names:
        assert re.fullmatch(r"runs/phrasebook-tiny: \d+ systems, \d+ directions", lines[0])
        assert any(line.startswith("ontarget zero-shot ") for line in lines)
    elif not promised:
        assert lines


def test_the_output_in_the_readme_is_what_the_command_above_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hyp.fr").write_text(text_of(LINES["hyp.fr"]), encoding="utf-8")
    [(command, output)] = re.findall(
        r"^```sh\n([^\n]*)\n```\n\n```text\n(.*?)^```$", README, re.MULTILINE | re.DOTALL
    )
    result = CliRunner().invoke(app, shlex.split(command)[1:], env={"COLUMNS": "160", "TERM": "dumb"})
    printed = "\n".join(line.rstrip() for line in result.stdout.split("\n"))
    assert printed.strip() == output.strip()


def test_the_readme_is_read_in_20_seconds_and_shows_the_report_in_light_and_dark() -> None:
    assert README.count("\n") <= 120
    for scheme in ("light", "dark"):
        picture = f"docs/images/report-{scheme}.png"
        assert f'"{picture}"' in README
        assert (ROOT / picture).stat().st_size < 100_000
