"""`ontarget data`: lists, describes, downloads and checks the corpora of the catalogue."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from ontarget.cli.data_show import show
from ontarget.errors import UserError, counted
from ontarget.languages import Language
from ontarget.tables import terminal_frame

if TYPE_CHECKING:
    from ontarget.corpora.catalogue.entry import Entry
    from ontarget.corpora.download import Advance

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="List, describe, show, download and check corpora. They are stored in $ONTARGET_DATA, or "
    "~/.cache/ontarget/data.",
)

_NAME = Annotated[str, typer.Argument(help="Name of a corpus.", show_default=False)]
_LANGUAGES = Annotated[
    str | None,
    typer.Option(
        metavar="CODES", help="Only these languages: en,de,fr.", show_default="all listed languages"
    ),
]


@app.command("list")
def list_() -> None:
    """List the corpora of the catalogue, and whether they are downloaded.

    A recipe can also use the test sets of sacreBLEU: `corpus.sacrebleu.test=wmt22`.
    """
    from ontarget.corpora.catalogue.entry import entry, names, template
    from ontarget.corpora.catalogue.folder import data_folder

    folder = data_folder()
    headers = ["Name", "What", "Languages", "Size", "Here", "Licence"]
    table = terminal_frame(headers, left=len(headers), unwrapped=[0, 3])
    for name in names():
        corpus = template() if name == "opus" else entry(name)
        here = "" if name == "opus" else _here(corpus)
        listed = [str(language) for language in corpus.known_languages()]
        languages = " ".join(listed) if len(listed) <= 8 else f"{len(listed)}"
        table.add_row(name, corpus.about, languages, corpus.size or "", here, corpus.terms)
    console = Console(highlight=False)
    if console.measure(table, options=console.options.update(max_width=1000)).maximum > console.width:
        for number in (headers.index(one) for one in ("Languages", "Here", "Licence")):
            column = table.columns[number]  # as narrow as its words, so that those of "What" have room
            words = " ".join([headers[number], *map(str, column.cells)]).split()
            column.width = max(map(len, words))
    console.print(table)
    console.print(f"data folder: {folder}", style="dim", markup=False, soft_wrap=True)


@app.command()
def card(name: _NAME) -> None:
    """Describe a corpus: addresses, checksums, licence, citation, use and known problems.

    Name a corpus of the catalogue, or any corpus of OPUS:

        ontarget data card wmt22
        ontarget data card opus/Europarl/v8

    `ontarget data list` prints the names.
    """
    from ontarget.corpora.catalogue.entry import entry, served, template

    corpus = template() if name == "opus" else entry(name)
    languages = corpus.known_languages()
    typer.echo(f"{corpus.name}: {corpus.about}\n")
    for title, text in (
        ("home", corpus.home),
        ("languages", " ".join(map(str, languages)) or "those of --languages"),
        ("size", corpus.size),
        ("licence", corpus.licence),
        ("cite", corpus.citation),
        ("made", corpus.made),
        ("good for", corpus.good_for),
        ("sets", ", ".join(corpus.sets)),
        ("splits", ", ".join(f"{split}: {name}" for split, name in corpus.splits.items())),
    ):
        if text:
            typer.echo(f"{title}: {text}")
    for trap in corpus.traps:
        typer.echo(f"trap: {trap}")
    if languages:
        typer.echo("\nSHA-256, file, address (-: no known checksum; that of the first download is recorded)")
    for item in corpus.items(languages):
        member = f" ({item.member})" if item.member else ""
        typer.echo(f"{served().get(item.file, '-')}  {item.file}  {item.address or '-'}{member}")


app.command()(show)


@app.command()
def get(
    name: _NAME,
    languages: _LANGUAGES = None,
    mirror: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Mirror: download https://HOST/PATH from URL/HOST/PATH."),
    ] = None,
) -> None:
    """Download the missing files of a corpus; after an interruption the same command resumes.

    Name a corpus of the catalogue, or any corpus of OPUS:

        ontarget data get multi30k
        ontarget data get opus/Europarl/v8 --languages en,it,nl

    Files with a known checksum are verified. For other files, the checksum of the first download is printed
    and recorded in SHA256SUMS in the data folder, and later downloads must match it.
    """
    from ontarget.corpora.catalogue.folder import data_folder
    from ontarget.corpora.catalogue.get import get, missing

    corpus, chosen = _chosen(name, languages)
    folder = data_folder()
    wanted = missing(corpus, chosen, folder)
    if not wanted:
        typer.echo(f"{corpus.name} is complete in {folder}")
        return
    typer.echo(f"{corpus.name}: {corpus.licence}", err=True)
    for fetched in get(wanted, folder, _task, mirror):
        typer.echo(
            f"{fetched.sha256}  {fetched.file}{'' if fetched.known else '  (first download, recorded)'}"
        )


@app.command()
def check(
    name: Annotated[
        str | None, typer.Argument(help="Name of a corpus (default: all that are downloaded).")
    ] = None,
    languages: _LANGUAGES = None,
) -> None:
    """Check downloaded files: their checksums, and that aligned files have the same number of lines.

    Check all downloaded corpora, or one:

        ontarget data check
        ontarget data check multi30k

    If a file is wrong, the exit code is 2.
    """
    from ontarget.corpora.catalogue.check import check
    from ontarget.corpora.catalogue.entry import entry, names
    from ontarget.corpora.catalogue.folder import data_folder

    folder = data_folder()
    if name:
        todo = [_chosen(name, languages)]
    else:
        todo = [_chosen(name, languages) for name in names() if name != "opus" and _here(entry(name)) != "no"]
    if not todo:
        raise UserError(
            f"no corpus of the catalogue is in '{folder}'; download one with 'ontarget data get NAME'"
        )
    wrong: list[str] = []
    headers = ["Name", "As they were", "Unknown", "Missing", "Wrong"]
    table = terminal_frame(headers, left=len(headers))
    for corpus, chosen in todo:
        found = check(corpus, chosen, folder)
        table.add_row(corpus.name, *map(str, (found.right, found.unknown, found.missing, len(found.wrong))))
        wrong += found.wrong
    console = Console(highlight=False)
    console.print(table)
    for sentence in dict.fromkeys(wrong):
        console.print(sentence, markup=False, soft_wrap=True)
    if wrong:
        raise UserError(f"'{folder}' has {counted(len(set(wrong)), 'fault')}; they are listed above")


def _here(corpus: "Entry") -> str:
    from ontarget.corpora.catalogue.folder import data_folder
    from ontarget.corpora.catalogue.get import missing

    languages = corpus.known_languages()
    every, lacking = len(corpus.items(languages)), len(missing(corpus, languages, data_folder()))
    return "yes" if not lacking else "no" if lacking == every else f"{every - lacking} of {every}"


def _chosen(name: str, languages: str | None) -> "tuple[Entry, list[Language]]":
    from ontarget.corpora.catalogue.entry import entry

    corpus = entry(name)
    known = corpus.known_languages()
    chosen = [Language(code.strip()) for code in languages.split(",")] if languages else known
    if not chosen:
        raise UserError(f"'{name}' has text in many languages; choose some, such as --languages en,de")
    if not known and len(set(chosen)) < 2:
        raise UserError(
            f"'{name}' has text in pairs of languages; name two or more, such as --languages en,de"
        )
    unknown = [language for language in chosen if known and language not in known]
    if unknown:
        raise UserError(
            f"corpus '{name}' is not known to have {unknown[0].name()} ({unknown[0]}); "
            f"it has {' '.join(map(str, known))}"
        )
    return corpus, chosen


@contextmanager
def _task(what: str) -> Iterator["Advance"]:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        typer.echo(f"{what} ...", err=True)
        yield lambda done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        number = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(number, completed=done, total=total)
