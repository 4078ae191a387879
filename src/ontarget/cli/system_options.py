"""Options that choose a system of recipes, which `translate` and `serve` share."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from ontarget.cli.aliases import note
from ontarget.cli.monolingual import files_by_language
from ontarget.corpora.plain import read_lines
from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.pipeline.execution.systems import settings_called
from ontarget.system_ids import current_id

SystemId = Annotated[
    str | None,
    typer.Option(
        "--system",
        metavar="ID",
        help="ID of a recipe system (prompting and decoding), such as language-prior.",
        show_default=False,
    ),
]
Monolingual = Annotated[
    list[str] | None,
    typer.Option(
        metavar="LANGUAGE=FILE",
        help="Monolingual text for systems that need it. Repeat it for each language.",
        show_default=False,
    ),
]


def known_system(name: str | None, num_beams: int) -> str | None:
    """The current id of a system, which works for any model.

    Raises:
        UserError: there is no such system, or it needs demonstrations or more beams.
    """
    if name is None:
        return None
    if (current := current_id(name)) != name:
        note(f"the system {name}", current)
    settings_called(current).check_beam(num_beams)
    return current


def text_of(
    system: str | None, named: Sequence[str], targets: Sequence[Language] = ()
) -> Mapping[Language, list[str]]:
    """The lines of the files of `--monolingual`.

    Args:
        system: the id of a system.
        named: `LANGUAGE=FILE` for each language.
        targets: the languages to translate into, as far as they are known.
    Raises:
        UserError: a value is malformed, the system needs no text, or it lacks the text of a target.
    """
    needed = system is not None and settings_called(system).learns_from_text
    if named and not needed:
        raise UserError(
            "--monolingual needs a system that uses monolingual text, such as --system language-prior"
        )
    text = {language: read_lines(path) for language, path in files_by_language(named).items()}
    lacking = [target for target in targets if target not in text]
    if needed and (lacking or len(text) < 2):
        files = (
            " ".join(f"--monolingual {target}=FILE" for target in lacking) or "--monolingual LANGUAGE=FILE"
        )
        raise UserError(
            f"the system '{system}' needs monolingual text; give {files}, and one more for each language "
            "that the model wrongly produces"
        )
    return text
