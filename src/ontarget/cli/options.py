"""Options that commands share.

Of `score` and `compare`: what is scored, and what says which language it is in. Of `translate` and `answer`:
how a model is asked. And what files a command may write.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from ontarget.errors import UserError, nearest

Key = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        metavar="NAME",
        help="Key of the hypothesis in JSON, or the system in WMT's XML. Needed only if it is not clear; "
        "repeat it for files that have different ones.",
    ),
]
ReferenceKey = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Key of the reference in JSON, or the translator in WMT's XML."),
]
SourceKey = Annotated[str | None, typer.Option(metavar="NAME", help="Key of the source in JSON.")]
To = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="LANGUAGE",
        help="The language that was asked for: fr. Where names of files tell it, restricts scoring to these "
        "languages: de,fr.",
    ),
]
Source = Annotated[
    str | None,
    typer.Option(
        metavar="SRC",
        help="What was translated, line by line: a file, a folder or a pattern. Needs --from, unless names "
        "tell the source's language.",
    ),
]
TestSet = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Source and reference by sacreBLEU: wmt22. Needs --direction, unless names of files tell it.",
    ),
]
OfTestSet = Annotated[str | None, typer.Option(metavar="FROM-TO", help="Of the test set: de-fr.")]
Environment = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="The virtual environment of --comet.", show_default="~/.cache/ontarget/comet"
    ),
]
Lid = Annotated[
    str,
    typer.Option(
        metavar="NAME|PATH",
        help="Language identifier: lid.176.ftz, lingua, script, a fastText model, or your own command "
        "('cmd: ./my-lid', lines in, language codes out). With several (lid.176,lingua) you also see on how "
        "many off-target lines they agree.",
    ),
]
Otr = Annotated[
    str,
    typer.Option(
        metavar="RULES",
        help="How lines are read: robust (without URLs, numbers and capitals; in doubt a line is unsure, not "
        "off-target), or paper (the identifier's best guess of each line as it is).",
    ),
]
ByUnit = Annotated[
    str,
    typer.Option(
        "--unit",
        metavar="UNIT",
        help="What is identified: line (as a whole), or sentence. By sentence a line is off-target if at "
        "least half of its sentences are, and mixed if fewer are; adds OTR sentences.",
    ),
]
Among = Annotated[
    str | None,
    typer.Option(metavar="LANGUAGES", help="The only ones that the identifier may name: de,fr,en."),
]
Lcb = Annotated[
    bool,
    typer.Option(
        "--lcb",
        help="Compute lpr, wpr and lcpr as the script of the Language Confusion Benchmark does.",
    ),
]
EnglishWords = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="English words for wpr, one a line: /usr/share/dict/words. Without it, any word of four or more "
        "small Latin letters is English; --lcb needs it.",
    ),
]
Template = Annotated[
    str | None,
    typer.Option(
        help="Prompt template, a name or a file; by default what the model was tuned with, or alpaca."
    ),
]
TrustRemoteCode = Annotated[
    bool, typer.Option("--trust-remote-code", help="Let code that comes with the model run.")
]


def require_new_place(option: str, path: Path, inputs: Iterable[str | None]) -> None:
    """Refuses a place for results that is a folder, is in none, or is a file that the command reads.

    Raises:
        UserError: it is; the message names the option.
    """
    if path.is_dir():
        raise UserError(f"{option} '{path}' is a folder; name a file")
    require_folder(option, path)
    if path.exists() and any(name and Path(name).exists() and path.samefile(name) for name in inputs):
        raise UserError(f"{option} '{path}' is a file that is read and would be overwritten; name another")


def require_outside(option: str, path: Path, inputs: Iterable[str | None]) -> None:
    """Refuses to overwrite a file in a folder that is read, by name or by a pattern (`ref/{language}`).

    Raises:
        UserError: the place is in such a folder; the message names the option.
    """
    for name in filter(None, inputs):
        folder = Path(f"{name.partition('{')[0]}_").parent if "{" in name else Path(name)
        if path.exists() and folder.is_dir() and folder.resolve() in path.resolve().parents:
            raise UserError(f"{option} '{path}' is in '{folder}', which is read; name another place")


def require_folder(option: str, path: Path) -> None:
    """Refuses a place for results in a folder that is not there: its name may be a slip.

    Raises:
        UserError: it is not there; the message names the option.
    """
    folder = path.parent
    if folder.is_dir():
        return
    if folder.exists():
        raise UserError(f"{option} '{path}' cannot be written: '{folder}' is not a folder")
    near = [one.name for one in folder.parent.iterdir() if one.is_dir()] if folder.parent.is_dir() else []
    hint = nearest(folder.name, near)
    raise UserError(
        f"{option} '{path}' cannot be written: there is no folder '{folder}'{hint or '; make it first'}"
    )


def require_comet(environment: Path | None, comet: str | None) -> None:
    """Refuses an environment for a model that is not asked for.

    Raises:
        UserError: there is one.
    """
    if environment is not None and comet is None:
        raise UserError("--environment is of --comet; give --comet MODEL, too, or leave it out")
