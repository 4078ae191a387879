"""The lexicon: words with their forms in each language, and their agreement."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from ontarget.errors import UserError

LANGUAGES = ("en", "it", "nl", "ro")
MISSING = "-"  # a form that the word does not have: the plural of milk, the singular of scissors

Kind = Literal["noun", "adjective", "verb", "phrase", "pronoun"]
_FILES: Mapping[str, Kind] = {
    "nouns.tsv": "noun",
    "adjectives.tsv": "adjective",
    "verbs.tsv": "verb",
    "phrases.tsv": "phrase",
    "places.tsv": "phrase",
    "pronouns.tsv": "pronoun",
}
_PERSON = {"I": (1, False), "you": (2, False), "we": (1, True)}


@dataclass(frozen=True, eq=False)
class Lexeme:
    """One row of the lexicon: the same meaning in all languages. `forms["ro"]["plural"]` is one form."""

    lemma: str
    kind: Kind
    classes: tuple[str, ...]
    forms: Mapping[str, Mapping[str, str]]

    def form(self, language: str, name: str) -> str:
        """The form that the column's header calls `name`.

        Raises:
            UserError: the lexicon does not have this form.
        """
        try:
            form = self.forms[language][name]
        except KeyError:
            raise UserError(
                f"phrasebook: '{self.lemma}' has no form '{name}' in {language}; "
                f"it has {', '.join(self.forms[language])}"
            ) from None
        if form == MISSING:
            raise UserError(f"phrasebook: the form '{name}' of '{self.lemma}' is missing ('-') in {language}")
        return form


@dataclass(frozen=True, eq=False)
class Word:
    """A lexeme in a slot of a pattern, with the number that the slot requires."""

    lexeme: Lexeme
    asked_plural: bool = False

    def plural(self, language: str) -> bool:
        """Its number in one language: the number of the slot, unless the word has only the other one."""
        forms = self.lexeme.forms[language]
        if self.lexeme.kind == "pronoun":
            return _PERSON[self.lexeme.lemma][1]
        wanted, other = ("plural", "singular") if self.asked_plural else ("singular", "plural")
        return (wanted if forms[wanted] != MISSING else other) == "plural"


@dataclass(frozen=True, slots=True)
class Agreement:
    """The features of a word with which a verb, an adjective or a possessive agrees."""

    person: int
    plural: bool
    feminine: bool

    @property
    def slot(self) -> str:
        """`1s`, `2s`, `3s`, `1p` or `3p`."""
        return f"{self.person}{'p' if self.plural else 's'}"

    @property
    def form(self) -> str:
        """`masculine`, `feminine`, `masculine-plural` or `feminine-plural`."""
        return f"{'feminine' if self.feminine else 'masculine'}{'-plural' if self.plural else ''}"


def agreement(word: Word, language: str) -> Agreement:
    """Person, number and gender of `word`; a speaker ("I") counts as masculine, a Romanian neuter as both."""
    plural = word.plural(language)
    if word.lexeme.kind == "pronoun":
        return Agreement(_PERSON[word.lexeme.lemma][0], plural, feminine=False)
    gender = word.lexeme.forms[language].get("gender")
    if gender in ("m", "f", "n"):
        return Agreement(3, plural, feminine=gender == "f" or (gender == "n" and plural))
    return Agreement(3, plural, feminine="woman" in word.lexeme.classes)


def read_lexicon() -> dict[str, Lexeme]:
    """All lexemes by lemma, in the order of the files.

    Raises:
        UserError: a row has the wrong number of columns or forms, or a lemma occurs twice.
    """
    lexicon: dict[str, Lexeme] = {}
    for name, kind in _FILES.items():
        text = (files(__package__) / "data" / name).read_text(encoding="utf-8")
        head, *rows = text.rstrip("\n").split("\n")
        columns = [column.partition("=")[2].split("/") for column in head.split("\t")[2:]]
        for number, row in enumerate(rows, start=2):
            if row and not row.startswith("#"):
                lexeme = _lexeme(row, kind, columns, f"phrasebook: {name}, line {number}")
                if lexeme.lemma in lexicon:
                    raise UserError(
                        f"phrasebook: {name}, line {number}: the lemma '{lexeme.lemma}' occurs twice"
                    )
                lexicon[lexeme.lemma] = lexeme
    return lexicon


def _lexeme(row: str, kind: Kind, columns: list[list[str]], where: str) -> Lexeme:
    lemma, classes, *cells = row.split("\t")
    if len(cells) != len(LANGUAGES):
        raise UserError(f"{where}: '{lemma}' has {len(cells)} language columns instead of {len(LANGUAGES)}")
    forms = {}
    for language, names, cell in zip(LANGUAGES, columns, cells, strict=True):
        values = cell.split("/")
        if len(values) != len(names):
            raise UserError(
                f"{where}: '{lemma}' has {len(values)} forms in {language}, not {len(names)}: "
                + ", ".join(names)
            )
        forms[language] = dict(zip(names, values, strict=True))
    return Lexeme(lemma, kind, tuple(classes.split()), forms)
