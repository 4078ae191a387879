"""`--monolingual`: text of single languages, whose word counts tell what is left over."""

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
        help="Text whose word counts refine leftover: of the target language, and of others whose words "
        "may be left in a line. Repeat it for each.",
    ),
]


def word_counts(
    named: Sequence[str], metrics: Sequence[str], targets: Sequence["Language"]
) -> Mapping["Language", "WordCounts"]:
    """The words of each `LANGUAGE=FILE`.

    Args:
        named: as written.
        metrics: that are computed.
        targets: the languages that were asked for.

    Raises:
        UserError: a value has another form, a language is there twice, a file has no words, `leftover` is
            not computed, or there is no text in any target language.
    """
    if not named:
        return {}
    from ontarget.corpora.plain import lines_of
    from ontarget.languages import Language
    from ontarget.scoring.lexicon import WordCounts

    if "leftover" not in metrics:
        raise UserError(
            f"--monolingual refines leftover, and --metrics has {', '.join(metrics)}; add leftover, or leave "
            "--monolingual out"
        )
    files: dict[Language, Path] = {}
    for one in named:
        code, equals, path = one.partition("=")
        if not equals or not code or not path:
            raise UserError(f"--monolingual is '{one}'; write it as LANGUAGE=FILE, such as fr=news.fr")
        language = Language(code)
        if language in files:
            raise UserError(f"--monolingual names {language} twice; give one file for each language")
        files[language] = Path(path)
    if not any(target in files for target in targets):
        target = targets[0]
        raise UserError(
            f"--monolingual has no text in {target.name()}, to which the words of other languages are "
            f"compared; add --monolingual {target}=FILE"
        )
    counts = {}
    for language, place in files.items():
        counts[language] = WordCounts(lines_of(place))
        if not counts[language].n:
            raise UserError(f"'{place}' holds no words to count; give text in {language.name()}")
    return counts
