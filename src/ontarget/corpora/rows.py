"""From the columns of a table, or the keys of a record, to the languages of a segment."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ontarget.corpora.corpus import Segment
from ontarget.errors import UserError, nearest
from ontarget.languages import Language

Columns = Mapping[str, Language]  # column or key -> its language; `translation.de` is a key within a key


def language_of(tag: str, languages: Sequence[Language]) -> Language | None:
    """The language that a file calls by `tag`: `EN` and `en_US` are English where no other is nearer."""
    tag = f"{tag.strip().replace('_', '-').lower()}-"
    fitting = [language for language in languages if tag.startswith(f"{language}-".lower())]
    return max(fitting, key=lambda language: len(str(language)), default=None)


def columns_of(
    names: Sequence[str], languages: Sequence[Language], given: Columns | None, where: str
) -> Columns:
    """Which columns of a table to read: those that the recipe gives, or those that are called by a language.

    Args:
        names: of the table's columns.
        where: begins the message, e.g. `'x.csv', line 1`.
    Raises:
        UserError: a column that is given is not there, or no two are called by a language of the recipe.
    """
    if given is not None:
        for column in given:
            if column not in names:
                raise UserError(f"{where}: no column '{column}'{_there(column, names)}")
        return given
    found = {name: language for name in names if (language := language_of(name, languages))}
    if len(set(found.values())) < 2:
        raise UserError(
            f"{where}: no two columns are called by a language of the recipe "
            f"({', '.join(map(str, languages))}); there are {_listed(names)}: say which is which, e.g. "
            f"columns: {{{names[0]}: {languages[0]}, {names[-1]}: {languages[1]}}}"
        )
    return found


def reader_of_records(languages: Sequence[Language], given: Columns | None) -> Callable[[Any, str], Segment]:
    """A function from a record (plain data) and where it stands to its segment.

    Without columns that are given, the record's keys are languages, or those of its `translation` are. A
    language that is not there, or null, is not in the segment.

    Its UserErrors: a key that is given is missing, or what it holds is no text.
    """

    def read(record: Any, where: str) -> Segment:
        if not isinstance(record, Mapping):
            raise UserError(f"{where} is no record of keys and texts but {_short(record)}")
        if given is not None:
            texts = {language: _inside(record, key, where) for key, language in given.items()}
        else:
            inner = record.get("translation")
            keys = inner if isinstance(inner, Mapping) else record
            texts = {language: keys[k] for k in keys if (language := language_of(str(k), languages))}
            if not texts and {"source", "target"} <= set(record):
                raise UserError(
                    f"{where} has 'source' and 'target': say which languages they are, e.g. columns: "
                    f"{{source: {languages[0]}, target: {languages[1]}}}"
                )
        for language, text in texts.items():
            if not isinstance(text, str | None):
                raise UserError(f"{where}: the {language.name()} is no text but {_short(text)}")
        return {language: text for language, text in texts.items() if text is not None}

    return read


def _inside(record: Mapping[str, Any], key: str, where: str) -> Any:
    if key in record:
        return record[key]
    here: Any = record
    for part in key.split("."):
        if not isinstance(here, Mapping) or part not in here:
            names = list(here) if isinstance(here, Mapping) else list(record)
            raise UserError(f"{where}: no key '{key}'{_there(part, names)}")
        here = here[part]
    return here


def _there(name: str, names: Sequence[str]) -> str:
    return nearest(name, names) or f"; there are {_listed(names)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{_short(name, 30)}'" for name in names) or "none"


def _short(value: object, length: int = 60) -> str:
    text = str(value)
    return text if len(text) <= length else f"{text[:length]}…"
