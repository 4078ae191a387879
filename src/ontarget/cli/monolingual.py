"""`--monolingual`: word counts of monolingual text, which refine the leftover metric."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ontarget.errors import UserError

if TYPE_CHECKING:
    from ontarget.languages import Language
    from ontarget.scoring.lexicon import WordCounts

Monolingual = Annotated[
    list[str] | None,
    typer.Option(
        metavar="LANGUAGE=FILE",
        help="Monolingual text whose word counts refine leftover: of the target language, and of languages "
        "whose words may be left in a line. Repeat it for each.",
    ),
]


def word_counts(
    named: Sequence[str], metrics: Sequence[str], targets: Sequence["Language"]
) -> Mapping["Language", "WordCounts"]:
    """Counts the words of each `LANGUAGE=FILE`.

    Args:
        named: values as given.
        metrics: names of the metrics to compute.
        targets: the requested languages.

    Raises:
        UserError: see `files_by_language`; or a file has no words, `leftover` is not computed, or no file is
            in a target language.
    """
    if not named:
        return {}
    from ontarget.corpora.plain import lines_of
    from ontarget.scoring.lexicon import WordCounts

    if "leftover" not in metrics:
        raise UserError(
            f"--monolingual affects only leftover, but --metrics is {', '.join(metrics)}; add leftover or "
            "omit --monolingual"
        )
    files = files_by_language(named)
    if not any(target in files for target in targets):
        target = targets[0]
        raise UserError(
            f"--monolingual needs text in the target language {target.name()}; "
            f"add --monolingual {target}=FILE"
        )
    counts = {}
    for language, place in files.items():
        counts[language] = WordCounts(lines_of(place))
        if not counts[language].n:
            raise UserError(f"'{place}' contains no words; give a file with text in {language.name()}")
    return counts


def files_by_language(named: Sequence[str]) -> dict["Language", Path]:
    """The file of each language, from values `LANGUAGE=FILE`.

    Raises:
        UserError: a value is malformed, or a language is unknown or repeated.
    """
    from ontarget.languages import Language

    files: dict[Language, Path] = {}
    for one in named:
        code, equals, path = one.partition("=")
        if not equals or not code or not path:
            raise UserError(f"--monolingual '{one}' is not valid; write LANGUAGE=FILE, such as fr=news.fr")
        language = Language(code)
        if language in files:
            raise UserError(f"--monolingual names {language} twice; give one file for each language")
        files[language] = Path(path)
    return files
