"""Options that several commands share, and checks of the files that a command may write.

`score` and `compare` share the input files, their languages and the language identifier; `translate` and
`answer` share the prompt template.
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
        help="Key of the hypothesis in JSON, or name of the system in WMT XML. Needed only if ambiguous; "
        "repeat it for files with different keys.",
    ),
]
ReferenceKey = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Key of the reference in JSON, or name of the translator in WMT XML."),
]
SourceKey = Annotated[str | None, typer.Option(metavar="NAME", help="Key of the source in JSON.")]
To = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="LANGUAGE",
        help="Requested target language, such as fr. If file names contain the language, score only these "
        "languages: de,fr.",
    ),
]
Source = Annotated[
    str | None,
    typer.Option(
        metavar="SRC",
        help="Source text, aligned line by line: a file, folder or pattern. Needs --from, unless file names "
        "contain the source language.",
    ),
]
TestSet = Annotated[
    str | None,
    typer.Option(
        "--test-set",
        "-t",
        metavar="NAME",
        help="Source and reference of a sacreBLEU test set, such as wmt22. Needs --direction, unless file "
        "names contain it.",
    ),
]
OfTestSet = Annotated[
    str | None,
    typer.Option("--direction", "-l", metavar="FROM-TO", help="Direction of the test set, such as de-fr."),
]
CometEnv = Annotated[
    Path | None,
    typer.Option(
        "--comet-env",
        metavar="DIR",
        help="Virtual environment for --comet.",
        show_default="~/.cache/ontarget/comet",
    ),
]
Lid = Annotated[
    str,
    typer.Option(
        metavar="NAME|PATH",
        help="Language identifier: lid.176.ftz, lingua, script, a fastText model, or your own command "
        "('cmd: ./my-lid', lines in, language codes out). With several (lid.176,lingua), adds OTR by each, "
        "and OTR agreed: the lines that all find off-target.",
    ),
]
Otr = Annotated[
    str,
    typer.Option(
        metavar="RULES",
        help="Rules of the off-target ratio: robust (ignores URLs, numbers and case; doubtful lines are "
        "unsure, not off-target), or paper (the identifier's best guess on each unmodified line).",
    ),
]
ByUnit = Annotated[
    str,
    typer.Option(
        "--unit",
        metavar="UNIT",
        help="Unit of identification: line or sentence. With sentence, a line is off-target if at least half "
        "of its sentences are, and mixed if fewer are; adds OTR sentences.",
    ),
]
Languages = Annotated[
    str | None,
    typer.Option(
        "--languages", metavar="CODES", help="Restrict identification to these languages: de,fr,en."
    ),
]
Lcb = Annotated[
    bool,
    typer.Option(
        "--lcb",
        help="Compute lpr, wpr and lcpr exactly as the Language Confusion Benchmark script does.",
    ),
]
EnglishWords = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="English words for wpr, one per line, such as /usr/share/dict/words; required by --lcb. Without "
        "it, any word of four or more lower-case Latin letters counts as English.",
    ),
]
Template = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE",
        help="Prompt template, a name or a file (default: auto, the one that fits the model).",
    ),
]
Model = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="Directory of a model, its name on the Hugging Face Hub, or the URL of a server with OpenAI's "
        "API, such as http://localhost:8000/v1.",
    ),
]
Beams = Annotated[
    int, typer.Option("--num-beams", min=1, metavar="N", help="Beam size; 1 is greedy decoding.")
]
MaxNewTokens = Annotated[
    int, typer.Option("--max-new-tokens", min=1, metavar="N", help="Maximum number of tokens to generate.")
]
TrustRemoteCode = Annotated[
    bool, typer.Option("--trust-remote-code", help="Allow custom code shipped with the model to run.")
]


_COMPRESSED = (".gz", ".xz", ".bz2", ".zst")


def require_new_place(option: str, path: Path, inputs: Iterable[str | None]) -> None:
    """Rejects an output path that is a folder, has no parent folder, or is an input of the command.

    Raises:
        UserError: the path is rejected; the message names the option.
    """
    if str(path) == "-":
        raise UserError(f"{option} '-' is not a file; give its path, or /dev/stdout")
    if path.is_dir():
        raise UserError(f"{option} '{path}' is a folder; give the path of a file")
    require_folder(option, path)
    require_no_input(option, path, inputs)
    if path.suffix in _COMPRESSED:
        raise UserError(f"{option} '{path}' would not be compressed; leave out {path.suffix}")


def require_no_input(option: str, path: Path, inputs: Iterable[str | None]) -> None:
    """Rejects an output path that is a file which the command reads.

    Raises:
        UserError: the path is rejected; the message names the option.
    """
    if path.exists() and any(name and Path(name).exists() and path.samefile(name) for name in inputs):
        raise UserError(f"{option} '{path}' is an input file and would be overwritten; choose another path")


def require_two(option: str, path: Path, other_option: str, other: Path) -> None:
    """Rejects an output path that is another output of the command too, whether it exists or not.

    Args:
        option: the option of the path.
        path: the path.
        other_option: the option of the other output.
        other: the other output.
    Raises:
        UserError: both are one file.
    """
    if path.resolve() == other.resolve() or (path.is_file() and other.is_file() and path.samefile(other)):
        raise UserError(
            f"{option} '{path}' and {other_option} would overwrite each other; choose another path"
        )


def require_outside(option: str, path: Path, inputs: Iterable[str | None]) -> None:
    """Rejects overwriting a file in an input folder, given by name or as a pattern (`ref/{language}`).

    Raises:
        UserError: the path is in such a folder; the message names the option.
    """
    for name in filter(None, inputs):
        folder = Path(f"{name.partition('{')[0]}_").parent if "{" in name else Path(name)
        if path.exists() and folder.is_dir() and folder.resolve() in path.resolve().parents:
            raise UserError(f"{option} '{path}' is in the input folder '{folder}'; choose another path")


def require_folder(option: str, path: Path) -> None:
    """Rejects an output path whose folder does not exist: it may be a typing error.

    Raises:
        UserError: the folder does not exist; the message names the option.
    """
    folder = path.parent
    if folder.is_dir():
        return
    if folder.exists():
        raise UserError(f"{option} '{path}' cannot be written: '{folder}' is not a folder")
    near = [one.name for one in folder.parent.iterdir() if one.is_dir()] if folder.parent.is_dir() else []
    hint = nearest(folder.name, near)
    raise UserError(
        f"{option} '{path}' cannot be written: there is no folder '{folder}'{hint or '; create it first'}"
    )


def require_comet(comet_env: Path | None, comet: str | None) -> None:
    """Rejects `--comet-env` without `--comet`.

    Raises:
        UserError: only the environment is given.
    """
    if comet_env is not None and comet is None:
        raise UserError("--comet-env needs --comet; add --comet MODEL or omit --comet-env")
