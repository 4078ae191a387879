"""Former names of options, subcommands and systems."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ontarget.cli.aliases import FORMER, with_current_names
from ontarget.cli.app import _load, app

WORDS = st.lists(st.sampled_from(["x", "ls", "--to", "--kept", "--key=K", "--key", "--", "-"]), max_size=8)


def said(*arguments: str) -> tuple[int, list[str], str]:
    """Exit code, lines of standard error, standard output."""
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.stderr.splitlines(), done.stdout


def options_of(command: str) -> tuple[set[str], set[str]]:
    """The names that a command and its subcommands have, and those that it shows."""
    loaded = _load(command)
    subcommands = getattr(loaded, "commands", {})
    parameters = [p for one in (loaded, *subcommands.values()) for p in one.params]
    return {name for p in parameters for name in p.opts}, set(subcommands)


@pytest.mark.parametrize("command", FORMER)
def test_current_names_exist_and_former_ones_are_gone(command: str) -> None:
    options, subcommands = options_of(command)
    assert set(FORMER[command].values()) <= options | subcommands
    assert not set(FORMER[command]) & (options | subcommands)


@given(WORDS)
def test_only_names_change(words: list[str]) -> None:
    now = with_current_names("judge", words)
    end = words.index("--") if "--" in words else len(words)
    assert now[end:] == words[end:]
    assert [dict(FORMER["judge"]).get(w, w.replace("--key=", "--api-key-env=")) for w in words[:end]] == now[
        :end
    ]
    assert with_current_names("compare", words) == words


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("--instructions f m -o g", "--instructions f --model m -o g"),
        ("--trust-remote-code --num-beams=2 m n", "--trust-remote-code --num-beams=2 --model m n"),
        ("--model m n", "--model m n"),
        ("n --model=m", "n --model=m"),
        ("--instructions f --help", "--instructions f --help"),
    ],
)
def test_the_first_argument_of_answer_was_the_model(before: str, after: str) -> None:
    assert with_current_names("answer", before.split()) == after.split()


@pytest.mark.parametrize(
    ("arguments", "notes"),
    [
        (
            ["judge", "a", "b", "--kept", "k", "--kept", "k", "--key=K", "--url", "u", "--model", "m"],
            ["note: --kept is now called --cache", "note: --key is now called --api-key-env"],
        ),
        (
            ["answer", "--beam=2", "--instructions", "x", "m", "--output", "y"],
            [
                "note: --beam is now called --num-beams",
                "note: answer MODEL is now called answer --model MODEL",
            ],
        ),
        (
            ["score", "x", "--to", "fr", "--environment", "e"],
            ["note: --environment is now called --comet-env"],
        ),
        (["data", "show", "x", "--lines", "2"], ["note: --lines is now called --samples"]),
    ],
)
def test_a_former_name_is_noted_once(arguments: list[str], notes: list[str]) -> None:
    code, lines, _ = said(*arguments)
    assert code == 2
    assert lines[:-1] == notes
    assert lines[-1].startswith("error: ")


def test_former_names_do_what_the_current_ones_do(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("Das ist ein Haus.\nC'est une maison.\n", encoding="utf-8")
    now = said("score", str(tmp_path / "a"), "--to", "fr", "--languages", "de,fr", "--json")
    assert now[:2] == (0, [])
    former = said("score", str(tmp_path / "a"), "--to", "fr", "--among", "de,fr", "--json")
    assert former == (0, ["note: --among is now called --languages"], now[2])
    assert json.loads(now[2])["otr"]["value"] == 50
    code, lines, listed = said("recipes", "ls")
    assert (code, lines) == (0, ["note: recipes ls is now called recipes list"])
    assert listed == said("recipes", "list")[2]


def test_help_shows_current_names_alone() -> None:
    shown = said("judge", "--help")[2]
    assert "--cache" in shown
    assert "--kept" not in shown
