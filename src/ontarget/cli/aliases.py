"""Former names of options, subcommands and systems: still accepted, with one note on standard error."""

import typer

FORMER: dict[str, dict[str, str]] = {
    "answer": {"--beam": "--num-beams"},
    "compare": {"--among": "--languages", "--environment": "--comet-env"},
    "data": {"--lines": "--samples"},
    "judge": {"--kept": "--cache", "--key": "--api-key-env", "--threads": "--concurrency"},
    "recipes": {"ls": "list"},
    "score": {"--among": "--languages", "--environment": "--comet-env"},
    "translate": {"--beam": "--num-beams", "--text": "--monolingual"},
}
"""Command -> former name -> current name, of its options and subcommands."""
_FLAGS = ("--trust-remote-code", "--help", "-h")  # the options of `answer` that take no value


def with_current_names(command: str, arguments: list[str]) -> list[str]:
    """The arguments of a command, with former names replaced; a note names each of them once."""
    former = FORMER.get(command, {})
    end = arguments.index("--") if "--" in arguments else len(arguments)
    current, used = list(arguments), dict[str, str]()
    for place, argument in enumerate(arguments[:end]):
        name, equals, value = argument.partition("=")
        if name in former and (place == 0 or name.startswith("--")):
            current[place] = f"{former[name]}{equals}{value}"
            used[name] = former[name]
    for name, now in used.items():
        group = "" if name.startswith("-") else f"{command} "
        note(f"{group}{name}", f"{group}{now}")
    return _with_model_option(current) if command == "answer" else current


def _with_model_option(arguments: list[str]) -> list[str]:
    """Replaces the former `answer MODEL` by `answer --model MODEL`."""
    if any(argument.partition("=")[0] == "--model" for argument in arguments):
        return arguments
    is_value = False
    for place, argument in enumerate(arguments):
        if is_value:
            is_value = False
        elif argument.startswith("-"):
            is_value = "=" not in argument and argument not in _FLAGS
        else:
            note("answer MODEL", "answer --model MODEL")
            return [*arguments[:place], "--model", *arguments[place:]]
    return arguments


def note(former: str, current: str) -> None:
    """Prints that something has another name now."""
    typer.echo(f"note: {former} is now called {current}", err=True)
