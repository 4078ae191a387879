"""The command `ontarget`: its subcommands, and how an error is reported.

Each subcommand is a module `ontarget.cli.<name>` with a function `<name>` or, for a group of commands, a
`typer.Typer` called `app`. It is imported when its command is called, so scoring never waits for torch.
"""

import errno
from importlib import import_module
from traceback import walk_tb
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command, get_group

from ontarget.cli.aliases import with_current_names
from ontarget.cli.start import Quick, with_unwrapped_examples
from ontarget.errors import UserError
from ontarget.signals import Terminated, terminable

# name -> the line of `ontarget --help`, in the order in which they are listed there
_COMMANDS = {
    "run": "Run a recipe end to end, from parallel text to a report; re-running redoes only missing steps.",
    "train": "Fine-tune the models of a recipe: supervised first, then language-aware.",
    "translate": "Translate a file or standard input with a fine-tuned model.",
    "serve": "Serve translations over HTTP, by the APIs of DeepL, LibreTranslate and OpenAI, too.",
    "answer": "Generate responses to general instructions, such as those of AlpacaEval.",
    "score": "Score translations: off-target ratio, and BLEU and chrF if there is a reference.",
    "compare": "Compare systems on the same segments and test whether they differ significantly.",
    "judge": "Compare two systems' responses with an LLM as judge: win rate, interval and cost.",
    "report": "Write the report of a run, export its tables and figures, or compare several runs.",
    "data": "List, describe, download and check corpora; preview the training samples of a recipe.",
    "recipes": "List, show, copy and check the recipes shipped with ontarget.",
}

# What the extras bring. A missing one is met when a command that needs it imports it.
_EXTRA = dict.fromkeys(["torch", "transformers", "accelerate", "peft", "datasets", "psutil"], "train")
_EXTRA |= dict.fromkeys(["fastapi", "starlette", "uvicorn", "prometheus_client"], "serve")


_CLOSED_PIPE = 128 + 13  # as of 130 and 143: 128 and the number of the signal


class _Subcommand(TyperCommand):
    """Placeholder for a command, so that listing commands imports none of them."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Passes the arguments, with former names replaced, to the real command and returns its context.

        Raises:
            UserError: a value is an empty string, or an option comes after `--`.
        """
        name = str(self.name)
        command = _load(name)
        _refuse_options_behind_dashes(command, args)
        context = command.make_context(info_name, with_current_names(name, args), parent, **extra)
        for parameter in context.command.params:
            value = context.params.get(parameter.name)
            if value == "" or (isinstance(value, list | tuple) and "" in value):
                is_option = parameter.opts[0].startswith("-")
                name = max(parameter.opts, key=len) if is_option else parameter.human_readable_name.strip(".")
                raise UserError(f"{name} is empty; give a value or omit it (is a shell variable unset?)")
        return context


class _QuickCommand(Quick, TyperCommand):
    pass


class _Commands(Quick, TyperGroup):
    """The subcommands, and the only place that turns errors into messages and exit codes."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.help = with_unwrapped_examples(self.help)
        self.commands = {name: _Subcommand(name, short_help=line) for name, line in _COMMANDS.items()}

    def main(self, *args: Any, **extra: Any) -> Any:
        """Runs a command. If its output is no longer read, it ends like a command that SIGPIPE stops."""
        try:
            return super().main(*args, **extra)
        except SystemExit as end:
            if isinstance(end.__context__, BrokenPipeError):  # typer and rich end with exit code 1
                raise SystemExit(_CLOSED_PIPE) from None
            raise

    def invoke(self, ctx: Any) -> Any:
        try:
            with terminable():
                return super().invoke(ctx)
        except UserError as error:
            _fail(str(error))
        except TyperException as error:  # an unknown option, or a value of the wrong type
            sentence = error.format_message().replace(": Value error, ", ": ").replace(": Input ", ": it ")
            if not sentence or "\n" in sentence:
                raise  # the help of a group of commands
            at = getattr(error, "ctx", None)
            command = at.command_path if at else f"{ctx.command_path} {ctx.invoked_subcommand}"
            _fail(f"{sentence.rstrip('.')}; see {command} --help")
        except KeyboardInterrupt as request:
            typer.echo(str(request) or "stopped before the end", err=True)
            raise typer.Exit(143 if isinstance(request, Terminated) else 130) from None
        except BrokenPipeError:
            raise  # the reader has closed the pipe
        except OSError as error:
            _fail_for(error)
        except RuntimeError as error:
            loop = error.__context__  # of pathlib before Python 3.13, for links that lead to each other
            if not (isinstance(loop, OSError) and loop.errno == errno.ELOOP):
                raise
            _fail_for(loop)
        except ModuleNotFoundError as error:
            extra = _EXTRA.get((error.name or "").split(".")[0])
            if extra is None:
                raise
            _fail(f"this command needs {error.name}, which is not installed: pip install 'ontarget[{extra}]'")


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode=None,  # rich would take longer to load than all the rest of --help
    pretty_exceptions_enable=False,  # a bug shows Python's own traceback, complete and easy to report
    # inherited by the subcommands
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        typer.echo(f"ontarget {metadata.version('ontarget')}")
        raise typer.Exit


@app.callback()
def ontarget(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Fine-tune LLMs to translate into the requested language, and measure how often they do not.

    Reproduce the off-target problem and its fix on generated text (minutes on a laptop):

        ontarget run phrasebook-tiny

    Measure how many lines are not in French, and how good the translations are:

        ontarget score hyp.fr --to fr
        ontarget score hyp.fr --reference test.fr --to fr

    Translate with your fine-tuned model, one line in, one line out:

        ontarget translate --model runs/phrasebook-tiny/models/ontarget --from it --to nl < in.it

    Run `ontarget COMMAND --help` for the options of a command.
    """


def _load(name: str) -> Any:
    module = import_module(f"ontarget.cli.{name}")
    if hasattr(module, "app"):
        loaded: Any = get_group(module.app)
    else:
        command = typer.Typer(add_completion=False, rich_markup_mode=None)
        command.command(name, cls=_QuickCommand)(getattr(module, name))
        loaded = get_command(command)
    for one in (loaded, *getattr(loaded, "commands", {}).values()):
        one.help = with_unwrapped_examples(one.help)
        one.short_help = one.get_short_help_str(limit=200)  # in full: typer cuts off after a line
    return loaded


def _refuse_options_behind_dashes(command: Any, arguments: list[str]) -> None:
    commands = [command, *getattr(command, "commands", {}).values()]
    options = {
        name for one in commands for parameter in one.params for name in parameter.opts if name[0] == "-"
    }
    behind = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    for argument in behind:
        name = argument.partition("=")[0]
        if name in options:
            raise UserError(f"{name} comes after '--', where nothing is an option; put options before '--'")


def _fail_for(error: OSError) -> NoReturn:
    """Says what the system refused, and what helps."""
    if error.strerror is None:
        raise error  # of a library, without a reason that a user could act on
    if not error.filename and not _written_by_us(error):
        _fail(f"a file could not be read or written: {error.strerror}; check the disk and retry")
    where = f"'{error.filename}'" if error.filename else "standard output"
    remedy = "raise the limit (ulimit -f)" if error.errno == errno.EFBIG else "free disk space"
    _fail(f"{where} cannot be used: {error.strerror}; choose another path or {remedy}")


def _written_by_us(error: OSError) -> bool:
    """Whether an error without a file name comes from writing to standard output."""
    frame = list(walk_tb(error.__traceback__))[-1][0]
    printing = ("ontarget.cli.", "rich.", "typer.")
    return str(frame.f_globals.get("__name__")).startswith(printing)


def _fail(sentence: str) -> NoReturn:
    from rich.console import Console

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("error:", style="bold red", end=" ")
    console.print(sentence, markup=False)
    raise typer.Exit(2)
