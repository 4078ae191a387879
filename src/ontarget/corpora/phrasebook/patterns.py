"""Sentence patterns: slots for words of certain classes, and one template per language."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Protocol

import yaml

from ontarget.corpora.phrasebook import en, it, nl, ro
from ontarget.corpora.phrasebook.words import LANGUAGES, Agreement, Lexeme, Word, agreement
from ontarget.errors import UserError, nearest


class Grammar(Protocol):
    """The functions of a language's module."""

    @property
    def CASES(self) -> tuple[str, ...]:
        """The features beside determiners that a noun can have."""

    def noun(self, word: Word, determiner: str, case: str, adjective: Word | None, owner: Word | None) -> str:
        """A noun phrase."""

    def pronoun(self, subject: Agreement) -> str:
        """The subject pronoun; empty if the verb form shows the subject."""

    def adjective(self, word: Word, controller: Word | None) -> str:
        """The form of a predicate or a number."""

    def verb(self, word: Word, form: str, subject: Word | None) -> str:
        """A form of a verb."""


GRAMMARS: Mapping[str, Grammar] = {"en": en, "it": it, "nl": nl, "ro": ro}
_MINE = {
    "family",
    "friends",
    "parents",
}  # classes of nouns that take "my" where a template names no determiner
DETERMINERS = ("the", "a", "some", "my", "own", "this", "bare")


@dataclass(frozen=True)
class Reference:
    """A place in a template, such as `{car the old}`: a slot or lemma, features, and related words."""

    language: str
    name: str
    features: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Pattern:
    """A sentence pattern: `slots` has the words for each slot, `templates` a sentence per language."""

    name: str
    slots: Mapping[str, tuple[Word, ...]]
    templates: Mapping[str, tuple[str | Reference, ...]]
    fixed: Mapping[str, Word]

    @property
    def key_slots(self) -> tuple[str, str]:
        """The two slots with the most words; pairs of their lemmas are divided between the splits."""
        ordered = sorted(self.slots, key=lambda name: -len(self.slots[name]))  # stable: ties keep file order
        return ordered[0], ordered[1]

    def sentence(self, language: str, filling: Mapping[str, Word], memory: dict[object, str]) -> str:
        """The sentence with these words in its slots; `memory` is a cache of phrases."""
        parts = []
        for part in self.templates[language]:
            if isinstance(part, str):
                parts.append(part)
                continue
            words = [filling.get(name) or self.fixed[name] for name in (part.name, *part.others)]
            key = (part, *words)
            if key not in memory:
                memory[key] = phrase(language, words[0], part.features, words[1:])
            parts.append(memory[key])
        text = re.sub(r"\s+([,.?!])", r"\1", re.sub(r"\s+", " ", "".join(parts))).strip()
        return text[0].upper() + text[1:]


def phrase(language: str, word: Word, features: tuple[str, ...], others: list[Word]) -> str:
    """The text for one reference in a template.

    Raises:
        UserError: the features do not fit the kind of the word.
    """
    grammar = GRAMMARS[language]
    lexeme = word.lexeme
    if lexeme.kind == "phrase":
        return lexeme.form(language, features[0] if features else "text")
    if lexeme.kind == "verb":
        return grammar.verb(word, features[0], others[0] if others else None)
    if lexeme.kind == "adjective":
        if features:
            return lexeme.form(language, features[0])
        return grammar.adjective(word, others[0] if others else None)
    if "pronoun" in features:
        return grammar.pronoun(agreement(word, language))
    if lexeme.kind == "pronoun":
        return lexeme.form(language, "subject")
    determiner = "my" if _MINE & set(lexeme.classes) else "the"
    case = ""
    for feature in features:
        if feature in DETERMINERS:
            determiner = feature
        elif feature in grammar.CASES:
            case = feature
        else:
            raise UserError(f"phrasebook: a noun has no feature '{feature}' in {language}")
    adjective = next((other for other in others if other.lexeme.kind == "adjective"), None)
    owner = next((other for other in others if other.lexeme.kind in ("noun", "pronoun")), None)
    return grammar.noun(word, determiner, case, adjective, owner)


def read_patterns(lexicon: Mapping[str, Lexeme]) -> list[Pattern]:
    """The patterns of `patterns.yaml`, in file order.

    Raises:
        UserError: a class has no words, or a template is missing or has a name that is neither slot nor
            lemma.
    """
    text = (files(__package__) / "data" / "patterns.yaml").read_text(encoding="utf-8")
    return [_pattern(name, entry, lexicon) for name, entry in yaml.safe_load(text).items()]


def _pattern(
    name: str, entry: Mapping[str, str | Mapping[str, str]], lexicon: Mapping[str, Lexeme]
) -> Pattern:
    where = f"phrasebook: pattern '{name}'"
    declared = entry["slots"]
    assert isinstance(declared, Mapping)
    slots = {slot: _words(classes, lexicon, where) for slot, classes in declared.items()}
    reserved = {*lexicon, *DETERMINERS, *(case for grammar in GRAMMARS.values() for case in grammar.CASES)}
    reserved |= {form for lexeme in lexicon.values() for forms in lexeme.forms.values() for form in forms}
    for slot in slots:
        if slot in reserved:
            raise UserError(f"{where}: the slot '{slot}' has the name of a lemma or a feature; rename it")
    lemmas = [word.lexeme.lemma for words in slots.values() for word in words]
    twice = next((lemma for lemma in lemmas if lemmas.count(lemma) > 1), None)
    if twice:
        raise UserError(
            f"{where}: '{twice}' fits two slots, so a sentence could say it twice; narrow the classes"
        )
    fixed: dict[str, Word] = {}
    templates = {}
    for language in LANGUAGES:
        template = entry.get(language)
        if not isinstance(template, str):
            raise UserError(f"{where} has no template for {language}")
        parts: list[str | Reference] = []
        for number, part in enumerate(re.split(r"\{([^{}]*)\}", template)):
            if number % 2 == 0:
                parts.append(part)
                continue
            head, *rest = part.split()
            if head not in slots and head not in lexicon:
                raise UserError(
                    f"{where}, {language}: '{head}' is neither a slot nor a lemma{nearest(head, slots)}"
                )
            others = tuple(word for word in rest if word in slots or word in ("I", "you", "we"))
            features = tuple(word for word in rest if word not in others)
            parts.append(Reference(language, head, features, others))
            fixed |= {lemma: Word(lexicon[lemma]) for lemma in (head, *others) if lemma not in slots}
        templates[language] = tuple(parts)
        used = {word for part in parts if isinstance(part, Reference) for word in (part.name, *part.others)}
        idle = [slot for slot in slots if slot not in used]
        if idle:
            raise UserError(f"{where}, {language}: the template does not use the slot '{idle[0]}'")
    return Pattern(name, slots, templates, fixed)


def _words(classes: str, lexicon: Mapping[str, Lexeme], where: str) -> tuple[Word, ...]:
    names = classes.split()
    plural = "plural" in names
    names = [name for name in names if name != "plural"]
    known = {name for lexeme in lexicon.values() for name in lexeme.classes}
    for name in names:
        if name not in known:
            raise UserError(
                f"{where}: no word of the lexicon has the class '{name}'{nearest(name, sorted(known))}"
            )
    return tuple(Word(lexeme, plural) for lexeme in lexicon.values() if set(names) & set(lexeme.classes))
