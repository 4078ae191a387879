"""Maps the columns of a table, or the keys of a record, to the languages of a segment.

A column is named after a language if it is one of its codes (`de`, `deu`, `deu_Latn`), also with a region,
script or variant that CLDR knows (`de-AT`). `de_len` and `de_url` are not languages, since `len` and `url`
are not subtags.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from babel.localedata import locale_identifiers

from ontarget.corpora.corpus import Segment
from ontarget.errors import UserError, nearest
from ontarget.languages import Language
from ontarget.text import in_one_line

Columns = Mapping[str, Language]  # column or key -> its language; `translation.de` is a key within a key

# Suffixes of columns with numbers, which are also codes of regions: Indonesia, Norway, Nauru.
_NUMBER = re.compile("_(id|no|nr)$")

_ANY = ("source", "target")  # columns for an example, if those of the file do not fit
_LONG = 60  # characters; a longer name is probably text


def columns_by_language(
    names: Sequence[str], languages: Sequence[Language], where: str, settled: Columns | None = None
) -> Columns:
    """The names that are named after the languages, at most one for each language.

    A name that equals the language (`en`, `eng_Latn` for `en`) takes precedence over names with more subtags
    (`en-GB`).

    Args:
        names: the names of columns or keys, or the languages of a TMX unit.
        languages: the languages.
        where: the beginning of error messages, such as `'x.csv', line 1`.
        settled: names that are chosen already, which the message shows, too.
    Raises:
        UserError: two names are for one language; the message shows the `columns` that choose between them.
    """
    exact: dict[Language, list[str]] = {language: [] for language in languages}
    longer: dict[Language, list[str]] = {language: [] for language in languages}
    for name in names:
        called = language_called(name)
        if called is None:
            continue
        fitting = [language for language in languages if language.covers(called)]
        if called in exact:
            exact[called].append(name)
        elif fitting:  # `zh-TW` is for zh-Hant rather than for zh
            longer[max(fitting, key=lambda language: len(language.code))].append(name)
    chosen = {language: exact[language] or longer[language] for language in languages}
    for language, candidates in chosen.items():
        if len(candidates) > 1:
            already = {language: [name] for name, language in (settled or {}).items()}
            raise UserError(_ambiguous(language, candidates, already | chosen, names, where))
    return {candidates[0]: language for language, candidates in chosen.items() if candidates}


def chooser(
    languages: Sequence[Language], given: Columns | None = None
) -> Callable[[Iterable[str], str], Columns]:
    """`columns_by_language` with a cache, for names that recur, as in records and TMX units.

    `given` decides the name for its languages; names are compared without case and kind of separator.
    """
    by_tag = {_plain(tag): language for tag, language in (given or {}).items()}

    @lru_cache(maxsize=64)
    def find(names: tuple[str, ...]) -> Columns | str:
        settled = {name: by_tag[_plain(name)] for name in names if _plain(name) in by_tag}
        left = [language for language in languages if language not in settled.values()]
        try:
            rest = columns_by_language([name for name in names if name not in settled], left, "", settled)
        except UserError as error:
            return str(error)
        return {**settled, **rest}

    def choose(names: Iterable[str], where: str) -> Columns:
        found = find(tuple(names))
        if isinstance(found, str):
            raise UserError(f"{where}{found}")
        return found

    return choose


def columns_of(
    names: Sequence[str],
    languages: Sequence[Language],
    given: Columns | None,
    where: str,
    *,
    countable: bool = False,
) -> Columns:
    """The columns of a table to read: those that the recipe gives, or those named after a language.

    Args:
        names: the names of the table's columns.
        languages: the languages to read.
        given: the columns that the recipe gives.
        where: the beginning of error messages, such as `'x.csv', line 1`.
        countable: whether columns may also be given by number, if the first line is text.
    Raises:
        UserError: a given column is missing or occurs twice, fewer than two columns are named after languages
            of the recipe, or two columns are named after the same language.
    """
    if given is not None:
        for column in given:
            if column not in names:
                raise UserError(f"{where}: no column '{column}'{_there(column, names)}")
            if names.count(column) > 1:
                raise UserError(
                    f"{where}: {names.count(column)} columns are called '{column}'; rename one of them"
                )
        return given
    found = columns_by_language(names, languages, where)
    if len(found) < 2:
        first, *_, last = names if len(names) > 1 and max(map(len, names)) < _LONG else _ANY
        counted = f"columns: {{1: {languages[0]}, 2: {languages[1]}}}"
        raise UserError(
            f"{where}: fewer than two columns are named after a language of the recipe "
            f"({', '.join(map(str, languages))}); the columns are {_listed(names)}. Give the language of "
            f"each column, e.g. {_settling({first: languages[0], last: languages[1]})}"
            f"{f'; or, if this line is text already, number the columns: {counted}' if countable else ''}"
        )
    return found


def reader_of_records(languages: Sequence[Language], given: Columns | None) -> Callable[[Any, str], Segment]:
    """A function from a record (plain data) and its place to its segment.

    Without given columns, the record's keys or those of its `translation` are languages. A language that is
    missing or null is not in the segment.

    The function raises UserError if a given key is missing, two keys are for one language, no key is a
    language, or a value is not text.
    """

    by_language = chooser(languages)

    def read(record: Any, where: str) -> Segment:
        if not isinstance(record, Mapping):
            raise UserError(f"{where} must be a record of keys and texts, but is {_short(record)}")
        if given is not None:
            texts = {language: _inside(record, key, where) for key, language in given.items()}
        else:
            inner = record.get("translation")
            keys = inner if isinstance(inner, Mapping) else record
            texts = {language: keys[key] for key, language in by_language(map(str, keys), where).items()}
            if not texts and not any(language_called(str(k)) and isinstance(v, str) for k, v in keys.items()):
                raise UserError(_without_language(keys, languages, where))
        for language, text in texts.items():
            if not isinstance(text, str | None):
                raise UserError(
                    f"{where}: the {language.name()} must be text, but is {_short(text)}; if another key has "
                    f"the text, name it in `columns`; the keys are {_listed(list(map(str, record)))}"
                )
        return {language: text for language, text in texts.items() if text is not None}

    return read


def names_in(record: Any) -> list[str]:
    """The keys of a record that may be languages: its own, or those of its `translation`."""
    inner = record.get("translation") if isinstance(record, Mapping) else None
    keys = inner if isinstance(inner, Mapping) else record
    return list(map(str, keys)) if isinstance(keys, Mapping) else []


def _plain(tag: str) -> str:
    return tag.strip().lower().replace("_", "-")


@lru_cache(maxsize=1024)
def language_called(tag: str) -> Language | None:
    """The language after which a column or key is named, if any.

    `de_id` is taken for a column of numbers, not for German in Indonesia; `nb_no`, which CLDR has, is
    Norwegian.
    """
    try:
        language = Language(tag.strip())
    except UserError:
        return None
    unlikely = f"{language.primary}_{language.region}" not in locale_identifiers()
    return None if _NUMBER.search(tag.strip()) and unlikely else language


def _ambiguous(
    language: Language,
    candidates: Sequence[str],
    chosen: Mapping[Language, Sequence[str]],
    names: Sequence[str],
    where: str,
) -> str:
    mistake = f"{where}: {' and '.join(map(repr, candidates))} are both {language.name()} ({language}); "
    if len(set(candidates)) < len(candidates):  # their names are equal
        numbers = {names.index(found[0]) + 1: of for of, found in chosen.items() if found}
        return f"{mistake}rename one, or remove the first line and number them, e.g. {_settling(numbers)}"
    settled = {found[0]: of for of, found in chosen.items() if found}
    return f"{mistake}choose the one to read, e.g. {_settling(settled)}"


def _without_language(keys: Mapping[str, Any], languages: Sequence[Language], where: str) -> str:
    names = [
        f"{name}.{inner}" if isinstance(value, Mapping) else str(name)
        for name, value in keys.items()
        for inner in (value if isinstance(value, Mapping) and value else [""])
    ]
    texts = [name for name in names if isinstance(keys.get(name), str)]
    if len(texts) < 2 or max(map(len, texts)) >= _LONG or set(_ANY) <= set(names):
        texts = list(_ANY)
    example = _settling({texts[0]: languages[0], texts[-1]: languages[1]})
    return (
        f"{where}: no key is a language; the keys are {_listed(names)}. Give the language of each key, e.g. "
        f"{example}"
    )


def _settling(columns: Mapping[Any, Language]) -> str:
    """`columns` as in a recipe; names that YAML would read as another type are quoted."""
    codes = {name: str(language) for name, language in columns.items()}
    readable = all(str(name).isprintable() for name in codes)
    import yaml

    written = yaml.safe_dump(
        codes, default_flow_style=True, sort_keys=False, allow_unicode=readable, width=1e9
    )
    return f"columns: {written.strip()}"


def _inside(record: Mapping[str, Any], key: str, where: str) -> Any:
    if key in record:
        return record[key]
    pair = record.get("translation")
    if isinstance(pair, Mapping) and key in pair:
        return pair[key]
    here: Any = record
    for part in key.split("."):
        if not isinstance(here, Mapping) or part not in here:
            names = list(here) if isinstance(here, Mapping) else list(record)
            raise UserError(f"{where}: no key '{key}'{_there(part, names)}")
        here = here[part]
    return here


def _there(name: str, names: Sequence[str]) -> str:
    return nearest(name, names) or f"; choose from {_listed(names)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{_short(name, 30)}'" for name in names) or "none"


def _short(value: object, length: int = 60) -> str:
    """A value for a message: one line, without control characters."""
    text = in_one_line(str(value)[: 2 * length])
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= length else f"{text[:length]}…"
