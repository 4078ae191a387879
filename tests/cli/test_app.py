import importlib.metadata
import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from ontarget.cli import app as module
from ontarget.cli.app import app
from ontarget.errors import UserError
from ontarget.files import whole_file

COMMANDS = ["run", "train", "translate", "score", "compare", "recipes"]


def ontarget(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ontarget", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a module of our own in the place of `ontarget.cli.train`."""

    def put(**attributes: object) -> None:
        stand_in = ModuleType("ontarget.cli.train")
        vars(stand_in).update(attributes)
        monkeypatch.setitem(sys.modules, "ontarget.cli.train", stand_in)

    return put


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("score", "--help"),
        ("data", "list"),
        ("score", "hyp.fr", "--to", "fr"),
        ("score", "hyp.fr", "--to", "fr", "--json"),
    ],
)
def test_a_pipe_that_is_closed_ends_any_command_alike(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "hyp.fr").write_text("Le chat dort.\n")
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "ontarget", *arguments]
    done = subprocess.run(command, cwd=tmp_path, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_version_is_that_of_the_package() -> None:
    result = ontarget("--version")
    assert (result.returncode, result.stdout) == (0, f"ontarget {importlib.metadata.version('ontarget')}\n")


def test_help_lists_every_command_in_order_with_a_line_and_shows_examples() -> None:
    result = CliRunner().invoke(app, ["--help"], terminal_width=100)
    assert result.exit_code == 0
    places = [result.output.index(f"\n  {name} ") for name in COMMANDS]
    assert places == sorted(places)
    said = " ".join(result.output.split())
    assert all(f"{name} {line}" in said for name, line in module._COMMANDS.items())
    assert "\n      ontarget score hyp.fr --to fr\n      ontarget score hyp.fr --ref" in result.output


@pytest.mark.parametrize(
    ("group", "sentence"), [("data", "the same number of lines."), ("recipes", "models.")]
)
def test_help_of_a_group_has_the_sentences_of_its_commands_in_full(group: str, sentence: str) -> None:
    said = " ".join(CliRunner().invoke(app, [group, "--help"]).output.split())
    assert sentence in said
    assert "..." not in said.partition("Commands:")[2]


def test_help_of_a_command_of_a_group_has_its_examples_line_by_line() -> None:
    shown = CliRunner().invoke(app, ["data", "get", "--help"]).output
    assert "\n      ontarget data get multi30k\n      ontarget data get opus/Europarl/v8 --lang" in shown


def test_without_arguments_it_helps() -> None:
    assert "Usage: ontarget" in CliRunner().invoke(app, [], prog_name="ontarget").output


def test_help_imports_no_command_and_no_model_library() -> None:
    code = (
        "import sys\nfrom ontarget.__main__ import main\nsys.argv = ['ontarget', '--help']\n"
        "try: main()\nexcept SystemExit as exit: assert exit.code == 0\n"
        "loaded = {'torch', 'transformers', 'sacrebleu', 'matplotlib', 'pydantic'} & set(sys.modules)\n"
        f"loaded |= {{f'ontarget.cli.{{name}}' for name in {COMMANDS}}} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)
    assert result.returncode == 0, result.stderr


def test_a_misspelt_command_names_the_nearest() -> None:
    result = CliRunner().invoke(app, ["scroe"])
    assert result.exit_code == 2
    assert "score" in result.output


def test_a_command_is_a_function_of_its_name(stub: Callable[..., None]) -> None:
    def train(recipe: str, steps: int = 3) -> None:
        """Says it."""
        typer.echo(f"{recipe} {steps}")

    stub(train=train)
    assert CliRunner().invoke(app, ["train", "mine", "--steps", "5"]).output == "mine 5\n"
    assert "Says it." in CliRunner().invoke(app, ["train", "-h"]).output


def test_a_group_of_commands_is_an_app(stub: Callable[..., None]) -> None:
    group = typer.Typer()
    group.command("one")(lambda: typer.echo("first"))
    group.command("two")(lambda: typer.echo("second"))
    stub(app=group)
    assert CliRunner().invoke(app, ["train", "two"]).output == "second\n"


def test_a_users_mistake_is_one_sentence_on_stderr_and_exit_code_2(stub: Callable[..., None]) -> None:
    def train() -> None:
        raise UserError("no key 'lr' in stages.mt[0]; did you mean 'learning_rate'?" + 20 * " long")

    stub(train=train)
    result = CliRunner().invoke(app, ["train"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        result.stderr
        == "error: no key 'lr' in stages.mt[0]; did you mean 'learning_rate'?" + 20 * " long" + "\n"
    )


def test_a_missing_extra_says_what_to_install(stub: Callable[..., None]) -> None:
    def train() -> None:
        raise ModuleNotFoundError("No module named 'torch.nn'", name="torch.nn")

    stub(train=train)
    result = CliRunner().invoke(app, ["train"])
    assert result.exit_code == 2
    assert "pip install 'ontarget[train]'" in result.stderr


def test_a_bug_keeps_its_traceback(stub: Callable[..., None]) -> None:
    def train() -> None:
        raise ModuleNotFoundError("No module named 'ontarget.nowhere'", name="ontarget.nowhere")

    stub(train=train)
    assert isinstance(CliRunner().invoke(app, ["train"]).exception, ModuleNotFoundError)


def test_ctrl_c_exits_with_130(stub: Callable[..., None]) -> None:
    def train() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    stub(train=train)
    result = CliRunner().invoke(app, ["train"])
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "stopped before the end\n")


def test_ctrl_c_while_it_loads_is_no_traceback() -> None:
    code = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'ontarget.cli.app': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "from ontarget.__main__ import main\n"
        "main()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)
    assert (result.returncode, result.stderr) == (130, "")


def test_sigterm_exits_with_143(stub: Callable[..., None]) -> None:
    def train() -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    stub(train=train)
    assert CliRunner().invoke(app, ["train"]).exit_code == 143


def test_no_example_of_any_help_runs_into_the_next() -> None:
    groups = {"data": ["list", "card", "show", "get", "check"], "recipes": ["list", "show", "copy", "check"]}
    for name in module._COMMANDS:
        for arguments in [[name], *([name, one] for one in groups.get(name, []))]:
            result = CliRunner().invoke(app, [*arguments, "--help"], env={"COLUMNS": "120"}, prog_name="o")
            assert result.exit_code == 0, result.output
            lines = [line.strip() for line in result.output.splitlines()]
            examples = [line for line in lines if line.startswith("ontarget ")]
            commands = [re.findall(rf"ontarget (?:{'|'.join(module._COMMANDS)})", line) for line in examples]
            assert all(len(found) <= 1 for found in commands), arguments
            command = getattr(module._load(name), "commands", {}).get(arguments[-1]) or module._load(name)
            second = (command.help or "").split("\n\n")[1:2]  # typer takes its indentation away
            assert not any(paragraph.startswith("    ") for paragraph in second), arguments


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileExistsError(17, "File exists", "figures"), "'figures' cannot be used: File exists"),
        (PermissionError(13, "Permission denied", "/x"), "'/x' cannot be used: Permission denied"),
        (
            OSError(27, "File too large", "x"),
            "'x' cannot be used: File too large; choose another path or raise",
        ),
        (OSError(22, "Invalid argument"), "a file could not be read or written: Invalid argument"),
    ],
)
def test_a_place_that_cannot_be_written_is_a_sentence(
    stub: Callable[..., None], error: OSError, said: str
) -> None:
    def train() -> None:
        raise error

    stub(train=train)
    result = CliRunner().invoke(app, ["train"])
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


@pytest.mark.parametrize("prints", [typer.echo, lambda text: Console().print(text)])
def test_standard_output_that_cannot_be_written_is_a_sentence(
    stub: Callable[..., None], monkeypatch: pytest.MonkeyPatch, prints: Callable[[str], None]
) -> None:
    def train() -> None:
        full = os.open("/dev/full", os.O_WRONLY)
        monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.FileIO(full, "w"), write_through=True))
        prints("done")

    stub(train=train)
    result = CliRunner().invoke(app, ["train"])
    assert result.exit_code == 2
    said = " ".join(result.stderr.split())
    assert "standard output cannot be used: No space left on device" in said


def test_a_full_disk_names_the_file_and_not_standard_output(
    stub: Callable[..., None], tmp_path: Path
) -> None:
    def train() -> None:
        with whole_file(tmp_path / "lines.csv"):
            os.write(os.open("/dev/full", os.O_WRONLY), b"x")

    stub(train=train)
    result = CliRunner().invoke(app, ["train"])
    assert result.exit_code == 2
    assert f"'{tmp_path}/lines.csv' cannot be used: No space left" in result.stderr.replace("\n", "")


@pytest.mark.parametrize("arguments", [["score", "--to", "fr", "--lines"], ["recipes", "copy", "diagnose"]])
def test_links_that_lead_to_each_other_are_one_sentence(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "hyp").write_text("Un chat dort.\n")
    more = [str(tmp_path / "hyp")] if arguments[0] == "score" else []
    result = CliRunner().invoke(app, [*arguments, str(tmp_path / "a"), *more])
    assert result.exit_code == 2
    assert "a' cannot be used: Too many levels of symbolic links" in result.stderr.replace("\n", "")


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["score", "--", "-x.fr", "--to", "fr"], "--to"),
        (["score", "--to", "fr", "--", "-x.fr", "--width=1"], "--width"),
        (["translate", "--", "-x.fr", "-o", "y"], "-o"),
        (["run", "--", "phrasebook-tiny", "--plan"], "--plan"),
        (["data", "get", "--", "multi30k", "--languages", "en"], "--languages"),
    ],
)
def test_an_option_after_two_dashes_is_not_taken_for_a_file(arguments: list[str], option: str) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert f"{option} comes after '--', where nothing is an option" in " ".join(result.stderr.split())


def test_a_name_that_begins_with_a_dash_comes_after_two_dashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("-x.fr").write_text("Un chat dort sur le canapé.\n", encoding="utf-8")
    assert CliRunner().invoke(app, ["score", "--to", "fr", "--", "-x.fr"]).exit_code == 0


def test_an_error_of_a_library_without_a_reason_is_shown_whole(stub: Callable[..., None]) -> None:
    def train() -> None:
        raise OSError("something is wrong")

    stub(train=train)
    assert isinstance(CliRunner().invoke(app, ["train"]).exception, OSError)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["score", "a", "--wdth", "3"], "No such option: --wdth (Possible options: "),
        (["score"], "Missing argument 'HYP...'; see"),
        (["score", "a", "--width", "x"], "Invalid value for '--width'"),
        (["translate", "a", "--precision", "x"], "Invalid value for '--precision': 'x' is not one of 'auto'"),
        (
            ["translate", "a", "--num-beams", "0"],
            "Invalid value for '--num-beams': it should be greater than or equal to 1",
        ),
        (["score", "a", "--to"], "Option '--to' requires an argument; see"),
        (["scores"], "No such command 'scores'"),
        (["data", "shw"], "No such command 'shw'"),
    ],
)
def test_an_option_that_is_wrong_is_one_sentence_too(arguments: list[str], sentence: str) -> None:
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {sentence}")
    assert result.stderr.count("\n") == 1
    assert result.stderr.endswith("--help\n")


def test_a_group_of_commands_alone_shows_its_help() -> None:
    result = CliRunner().invoke(app, ["data"])
    assert result.exit_code == 2
    assert "list" in result.output
    assert "error:" not in result.output
