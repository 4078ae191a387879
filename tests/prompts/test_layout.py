"""Templates of a user's own: what makes a prompt, and what is said where something does not."""

from pathlib import Path

import pytest

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.segment import text_of
from ontarget.prompts.template import PromptTemplate

IT_NL = Direction.parse("it-nl")
SMALL = 'instruction: "{source} to {target}:\\n"\ninput: "{text}\\n"\n'


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


def rendered(file: Path, text: str, **options: object) -> str:
    file.write_text(text, encoding="utf-8")
    return text_of(PromptTemplate.load(str(file)).render("Ciao.", IT_NL, **options))  # type: ignore[arg-type]


def test_two_lines_are_enough(mine: Path) -> None:
    assert rendered(mine, SMALL) == "Italian to Dutch:\nCiao.\n"
    template = PromptTemplate.load(str(mine))
    assert (template.separator, template.stop, template.demonstration_end) == ("", (), "\n\n")


def test_it_owns_separator_and_stop_sequences(mine: Path) -> None:
    mine.write_text(SMALL + 'separator: "="\nstop: ["\\n", "{{end}}"]\n', encoding="utf-8")
    template = PromptTemplate.load(str(mine))
    assert (template.separator, template.stop) == ("=", ("\n", "{end}"))


def test_it_may_take_the_words_of_ours(mine: Path) -> None:
    text = 'words: plain\ninstruction: "{instruction} "\ninput: "«{text}»"\n'
    assert rendered(mine, text) == "Translate from Italian to Dutch. «Ciao.»"
    in_dutch = rendered(mine, text, prompt_language=Language("nl"))
    assert in_dutch == "Vertaal van het Italiaans naar het Nederlands. «Ciao.»"


def test_words_of_its_own_in_several_languages(mine: Path) -> None:
    text = """
words:
  en: {ask: "Give the {target} for this {source} text"}
  nl: {ask: "Vertaal {from} {to}"}
instruction: "{ask}: "
input: "{text}"
"""
    assert rendered(mine, text) == "Give the Dutch for this Italian text: Ciao."
    dutch = rendered(mine, text, prompt_language=Language("nl"))
    assert dutch == "Vertaal van het Italiaans naar het Nederlands: Ciao."
    others = rendered(mine, text, prompt_language=Language("fr"))  # it has no French
    assert others == "Give the Dutch for this Italian text: Ciao."


def test_names_of_its_own_and_directions_that_are_prompted_in_another_language(mine: Path) -> None:
    text = """
words:
  en: {ask: "From {source} into {target} ({source_code} to {target_code})"}
  de: {ask: "Aus {source} in {target}"}
names: {en: {nl: Flemish}, de: {it: Welsch}}
prompted_in: {de: de}
instruction: "{ask}: "
input: "{text}"
"""
    assert rendered(mine, text) == "From Italian into Flemish (it to nl): Ciao."
    template = PromptTemplate.load(str(mine))
    german = text_of(template.render("Ciao.", Direction.parse("it-de-AT")))
    assert german == "Aus Welsch in Österreichisches Deutsch: Ciao."
    worded = text_of(template.render("Ciao.", Direction.parse("it-de"), worded="Say it"))
    assert worded.startswith("From Italian into German")


def test_a_template_that_names_languages_anywhere_cannot_ask_general_instructions(mine: Path) -> None:
    mine.write_text(SMALL, encoding="utf-8")
    with pytest.raises(UserError, match=r"names languages outside \{instruction\}"):
        PromptTemplate.load(str(mine)).render_general("Say yes.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("instruction: [", "is not YAML"),
        ("- a", "must be a mapping"),
        ('input: "{text}"', "'instruction' is missing"),
        (SMALL + "stop: 3", "'stop' should be a list"),
        (SMALL + "words: [a]", "'words' should be a string or a mapping of keys to values"),
        (SMALL + "words: {de: 3}", "'words.de' should be a mapping of keys to values"),
        (SMALL + "terms: {each: '{term} {translation}', instrution: x}", "'terms.instruction' is missing"),
        (
            SMALL + "terms: {each: '', instruction: x, afetr: x}",
            "'terms.afetr'; did you mean 'after'",
        ),
        (SMALL + "instuction: x", "unknown key 'instuction'; did you mean 'instruction'"),
        ('instruction: "{target} "\ninput: "x"', r"'input' must contain"),
        ('instruction: "{target} "\ninput: "{text}{text}"', r"'input' must contain"),
        ('instruction: "{text} {target}"\ninput: "{text}"', r"'instruction': unknown name \{text\}"),
        ('instruction: "{taget}"\ninput: "{text}"', r"unknown name \{taget\}; did you mean 'target'"),
        ('instruction: "{target.code}"\ninput: "{text}"', r"'instruction': write a name in braces"),
        ('instruction: "{target!r}"\ninput: "{text}"', r"'instruction': write a name in braces"),
        ('instruction: "{target"\ninput: "{text}"', "'instruction': expected '}'"),
        ('instruction: "Translate."\ninput: "{text}"', "does not name the target language"),
        (SMALL + "words: alpacca", "'words' is 'alpacca'; expected one of alpaca, plain"),
        (SMALL + "words: {de: {}}", "'words' needs `en`"),
        (SMALL + "words: {en: {}, xx: {}}", "unknown language 'xx'"),
        (SMALL + "words: {en: {}, sv: {}}", "'words.sv': there are names of languages only in cs, de"),
        (SMALL + "words: {en: {a: x}, de: {b: x}}", "every language of 'words' needs the same parts"),
        (SMALL + "words: {en: {a: '{instruction}'}}", r"'words.en.a': unknown name \{instruction\}"),
        (SMALL + "stop: ['{heading}']", r"'stop': unknown name \{heading\}"),
        (SMALL + "chat: true", "is trained from scratch"),
        (SMALL + "terms: {each: '{term}', instruction: x}", r"'terms.each' must contain \{term\}, then"),
        (SMALL + "terms: {each: '{translation} {term}', instruction: x}", "each once"),
        (SMALL + "terms: {each: '{{term}} {term} {translation}', instruction: x}", "each once"),
        (
            SMALL + "terms: {each: '{term} {translation}', instruction: '{y}'}",
            r"'terms.instruction': unknown",
        ),
        (SMALL + "content: {type: text}", "'content' is for chat templates; add `chat: true`, or remove it"),
        (SMALL + "chat: true\ncontent: {code: '{text}'}", r"'content.code': unknown name \{text\}"),
        (SMALL + "names: {de: {it: Italienisch}}", "'names' has 'de', but 'words' has only en"),
        (SMALL + "names: {en: {xx: X}}", "unknown language 'xx'"),
        (SMALL + "prompted_in: {it: it}", "'prompted_in' has 'it', but 'words' has only en"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(mine: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        rendered(mine, text)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read(mine: Path) -> None:
    with pytest.raises(UserError, match=r"cannot read the prompt template '.*mine.yaml': No such file"):
        PromptTemplate.load(str(mine))
    mine.write_bytes(b"\xff")
    with pytest.raises(UserError, match="byte 0 is not UTF-8"):
        PromptTemplate.load(str(mine))
