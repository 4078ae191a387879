"""Reads and checks the file of a prompt template, ours or a user's: layout and source of words."""

from collections.abc import Collection, Mapping
from functools import cache
from importlib import resources
from string import Formatter

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from ontarget.errors import UserError, nearest
from ontarget.files import expanded
from ontarget.languages import Language
from ontarget.mistakes import Mistake, mistakes_in
from ontarget.prompts.wording import prompt_languages, wording
from ontarget.yaml_text import read_yaml

_FOLDER = resources.files("ontarget.prompts") / "templates"
# Names that stand for languages.
_NAMES = ("from", "to", "source", "target", "source_code", "target_code")
_OF_TERM = ("term", "translation")

AUTO = "auto"
"""The name that stands for the template that fits a model best; see `choice.py`."""

TEMPLATE_FILE = "prompt.yaml"
"""The name of a user's template in the directory of a model that was tuned with it."""

Words = str | Mapping[str, Mapping[str, str]]
"""The source of words: their name in `texts/`, or code of a prompt language -> part -> words."""


class TermsBlock(BaseModel):
    """The block of a prompt that gives translations of terms, before its instruction.

    Attributes:
        before: text before the terms.
        each: text of one term, with {term} and {translation}, which are the user's.
        after: text after the terms.
        instruction: the instruction in prompts with terms.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: str = ""
    each: str
    after: str = ""
    instruction: str


class Layout(BaseModel):
    """The keys of a template's file; see `PromptTemplate`, which is made from it.

    Attributes:
        words: see `Words`.
        chat: whether the checkpoint's own chat template joins the turns.
        checkpoints: regular expressions for the names of models that were trained with this prompt; `auto`
            chooses it for these.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    preamble: str = ""
    preamble_without_input: str = ""
    instruction: str
    input: str
    response: str = ""
    separator: str = ""
    demonstration_end: str = "\n\n"
    stop: tuple[str, ...] = ()
    words: Words = {"en": {}}
    chat: bool = False
    names: Mapping[str, Mapping[str, str]] = {}
    prompted_in: Mapping[str, str] = {}
    bos: bool = True
    trim: bool = True
    thinking_off: bool = True
    empty_system: bool = False
    content: Mapping[str, str] = {}
    terms: TermsBlock | None = None
    checkpoints: tuple[str, ...] = ()


def layout_of(template: str) -> Layout:
    """The layout in `templates/<template>.yaml`, or in the file at a path.

    Raises:
        UserError: the file does not exist, or is not a valid template.
    """
    if is_file_name(template):
        path = expanded(template)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"cannot read the prompt template '{path}': {_reason(error)}") from None
        return _checked(text, f"prompt template '{path}'")
    if template not in shipped():
        known = [AUTO, *shipped()]
        choices = f"; choose from {', '.join(known)}, or give the path of a file such as ./mine.yaml"
        raise UserError(f"unknown prompt template '{template}'{nearest(template, known) or choices}")
    return _checked((_FOLDER / f"{template}.yaml").read_text(encoding="utf-8"), template)


@cache
def shipped() -> tuple[str, ...]:
    """The names of the templates that ship with ontarget, in alphabetical order."""
    return tuple(sorted(f.name.removesuffix(".yaml") for f in _FOLDER.iterdir() if f.name.endswith(".yaml")))


def needs_model(template: str) -> bool:
    """Whether the prompt depends on the model: a chat template is in its files, and `auto` looks at them.

    Raises:
        UserError: the template does not exist, or its file is invalid.
    """
    return template == AUTO or layout_of(template).chat


def is_file_name(template: str) -> bool:
    """Whether a template is given by a path; our own templates have plain names."""
    return template.endswith((".yaml", ".yml"))


def names_in(text: str) -> list[str]:
    """The names in braces.

    Raises:
        ValueError: the braces are not paired, or contain more than a name.
    """
    names = []
    for _, name, spec, conversion in Formatter().parse(text):
        if name is not None:
            if spec or conversion or not name.isidentifier():
                raise ValueError(f"write a name in braces, not {{{name}}} (a brace itself is written twice)")
            names.append(name)
    return names


def words_in(words: Words, code: str) -> Mapping[str, str]:
    """Part -> words in one language, which is one of `languages_of(words)`."""
    return _shipped_words(words, code) if isinstance(words, str) else words[code]


@cache  # languages and words of ours; a prompt of each sample asks for them
def _shipped_words(words: str, code: str) -> Mapping[str, str]:
    return wording(Language(code)).templates[words]


def languages_of(words: Words) -> Collection[str]:
    """The codes of the prompt languages that have the words."""
    return prompt_languages() if isinstance(words, str) else words


def _checked(text: str, where: str) -> Layout:
    try:
        content = read_yaml(text)
        if not isinstance(content, dict):
            raise UserError(
                f"{where} must be a mapping of keys to values; see the templates of ontarget for the keys"
            )
        layout = Layout.model_validate(content)
    except yaml.YAMLError as error:
        raise UserError(f"{where} is not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise UserError(f"{where}: {_explained(mistakes_in(error.errors(), content)[0])}") from None
    _check_words(layout, where)
    _check_names(layout, where)
    _check_languages(layout, where)
    return layout


def _explained(mistake: Mistake) -> str:
    key = ".".join(mistake.path)
    if mistake.kind == "missing":
        return f"'{key}' is missing"
    if mistake.kind == "extra_forbidden":
        known = Layout.model_fields if len(mistake.path) == 1 else TermsBlock.model_fields
        hint = nearest(mistake.path[-1], known) or f"; known here: {', '.join(known)}"
        return f"unknown key '{key}'{hint}"
    return f"'{key}' {mistake.requirement}"


def _check_words(layout: Layout, where: str) -> None:
    known = wording(Language("en")).templates
    if isinstance(layout.words, str):
        if layout.words not in known:
            raise UserError(
                f"{where}: 'words' is '{layout.words}'; expected one of {', '.join(known)}, or a mapping of "
                "prompt languages to parts"
            )
        return
    for code, parts in layout.words.items():
        Language(code)
        if code not in prompt_languages():
            raise UserError(
                f"{where}: 'words.{code}': there are names of languages only in "
                f"{', '.join(prompt_languages())}; choose one of these"
            )
        for part, text in parts.items():
            _allow(text, _NAMES, f"{where}: 'words.{code}.{part}'")
    if "en" not in layout.words:
        raise UserError(f"{where}: 'words' needs `en`, the language of prompts in training")
    shapes = {frozenset(parts) for parts in layout.words.values()}
    if len(shapes) > 1:
        raise UserError(f"{where}: every language of 'words' needs the same parts")


def _check_names(layout: Layout, where: str) -> None:
    parts = words_in(layout.words, "en")
    blocks = {key: getattr(layout, key) for key in ("preamble", "instruction", "response")}
    for key, text in blocks.items():
        _allow(text, [*parts, *_NAMES], f"{where}: '{key}'")
    _allow(layout.preamble_without_input, parts, f"{where}: 'preamble_without_input'")
    _allow(layout.input, [*parts, *_NAMES, "text"], f"{where}: 'input'")
    for text in layout.stop:
        _allow(text, parts, f"{where}: 'stop'")
    for key, text in layout.content.items():
        _allow(text, _NAMES, f"{where}: 'content.{key}'")
    if layout.terms is not None:
        _check_terms(layout.terms, [*parts, *_NAMES], where)
    if layout.content and not layout.chat:
        raise UserError(f"{where}: 'content' is for chat templates; add `chat: true`, or remove it")
    if names_in(layout.input).count("text") != 1 or layout.input.count("{text}") != 1:
        raise UserError(f"{where}: 'input' must contain {{text}}, the text to translate, exactly once")
    texts = [*blocks.values(), layout.input, *layout.content.values()]
    used = {name for text in texts for name in names_in(text)}
    used |= {name for part in used & set(parts) for name in names_in(parts[part])}
    if not used & {"to", "target", "target_code"}:
        raise UserError(f"{where} does not name the target language; write {{target}} in 'instruction'")


def _check_terms(terms: TermsBlock, names: Collection[str], where: str) -> None:
    for key in ("before", "after", "instruction"):
        _allow(getattr(terms, key), names, f"{where}: 'terms.{key}'")
    _allow(terms.each, [*names, *_OF_TERM], f"{where}: 'terms.each'")
    places = [terms.each.count(f"{{{name}}}") for name in _OF_TERM]
    if [name for name in names_in(terms.each) if name in _OF_TERM] != list(_OF_TERM) or places != [1, 1]:
        raise UserError(f"{where}: 'terms.each' must contain {{term}}, then {{translation}}, each once")


def _check_languages(layout: Layout, where: str) -> None:
    spoken = languages_of(layout.words)
    for key, codes in {"names": layout.names, "prompted_in": layout.prompted_in.values()}.items():
        if unknown := [code for code in codes if code not in spoken]:
            raise UserError(f"{where}: '{key}' has '{unknown[0]}', but 'words' has only {', '.join(spoken)}")
    for code in (*layout.prompted_in, *(code for names in layout.names.values() for code in names)):
        Language(code)


def _allow(text: str, names: Collection[str], where: str) -> None:
    try:
        unknown = [name for name in names_in(text) if name not in names]
    except ValueError as error:
        raise UserError(f"{where}: {error}") from None
    if unknown:
        hint = nearest(unknown[0], names) or f"; choose from {', '.join(names)}"
        raise UserError(f"{where}: unknown name {{{unknown[0]}}}{hint}")


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return str(error.strerror) if isinstance(error, OSError) else f"byte {error.start} is not UTF-8"
