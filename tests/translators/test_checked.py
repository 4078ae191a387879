import pytest
from tests.checked.fake import ENGLISH, FRENCH, GERMAN, Answers, Scripted

pytest.importorskip("torch", reason="needs the extra `train`")

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.template import PromptTemplate
from ontarget.translation.system import Request
from ontarget.translation.translator import Translator
from ontarget.translators.checked import CheckedTranslator


class Model(Translator):
    """A translator around an engine without a model."""

    def __init__(self, answers: Answers) -> None:
        self.template = PromptTemplate.load("plain")
        self.engine = Scripted(answers)  # type: ignore[assignment]


def test_results_have_text_and_verdict() -> None:
    translator = CheckedTranslator(Model({"a": [FRENCH], "b": [ENGLISH]}))
    first, empty, second = translator.translate(["a", "", "b"], "de", Language("fr"))
    assert (first.text, first.verdict.outcome, str(first.direction)) == (FRENCH, "on_target", "de-fr")
    assert (empty.text, empty.verdict.outcome) == ("", "neutral")
    assert (second.text, second.verdict.outcome, second.verdict.action) == (ENGLISH, "off_target", "none")


def test_retries_by_name_and_by_another_model() -> None:
    model = Model({"a": [ENGLISH, FRENCH], "b": [ENGLISH, ENGLISH]})
    translator = CheckedTranslator(model, retry=["rerank", Model({"b": [FRENCH]})])
    found = translator.translate(["a", "b"], "de", "fr")
    assert [one.text for one in found] == [FRENCH, FRENCH]
    assert [one.verdict.action for one in found] == ["reranked", "escalated"]


def test_without_the_check_nothing_is_known() -> None:
    translator = CheckedTranslator(Model({"a": [ENGLISH]}), check=False)
    (found,) = translator.translate(["a"], "de", "fr")
    assert (found.text, found.verdict.outcome, found.verdict.language) == (ENGLISH, "unsure", "und")
    with pytest.raises(UserError, match="a retry needs the check"):
        CheckedTranslator(Model({}), retry=["pivot"], check=False)


def test_the_source_language_may_be_identified() -> None:
    translator = CheckedTranslator(Model({GERMAN: [FRENCH], ENGLISH: [FRENCH]}))
    assert translator.translate(["12:30"], "auto", "fr")[0].verdict.flags == ()
    found = translator.translate([GERMAN, FRENCH, ENGLISH], "auto", "fr")
    assert [str(one.direction) for one in found] == ["de-fr", "fr-fr", "en-fr"]
    assert [one.verdict.flags for one in found] == [(), ("kept",), ()]
    assert [one.text for one in found] == [FRENCH] * 3
    assert found[1].verdict.outcome == "on_target"


def test_a_short_line_that_is_kept_though_it_reads_as_another_language_is_unsure() -> None:
    translator = CheckedTranslator(Model({}))
    kept = translator.translate([FRENCH, "Hotel", "Non"], "auto", "fr")
    assert [one.text for one in kept] == [FRENCH, "Hotel", "Non"]
    assert [one.verdict.flags for one in kept] == [("kept",)] * 3
    assert [one.verdict.outcome for one in kept] == ["on_target", "unsure", "unsure"]
    assert kept[2].verdict.language == "it"


def test_a_stream_is_read_as_it_is_used() -> None:
    read: list[str] = []

    def texts():
        for text in ("a", "b", "c", "d", "e"):
            read.append(text)
            yield text

    translator = CheckedTranslator(Model(lambda source, _: [FRENCH]))
    stream = translator.stream(texts(), "de", "fr", size=2)
    assert next(stream).source == "a"
    assert read == ["a", "b"]
    assert [one.source for one in stream] == ["b", "c", "d", "e"]


def test_progress_as_a_function_and_as_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[tuple[int, int]] = []
    translator = CheckedTranslator(Model(lambda source, _: [FRENCH]))
    translator.translate(["a", "b"], "de", "fr", progress=lambda *now: told.append(now))
    assert told == [(2, 2)]
    assert capsys.readouterr().err == ""
    translator.translate(["a", "b"], "de", "fr", progress=True)
    assert "to fr" in capsys.readouterr().err


def test_alternatives_of_texts_that_are_translated_and_of_those_that_are_kept() -> None:
    other = "Un chat dort toujours dans la cuisine de ma mère."
    translator = CheckedTranslator(Model({GERMAN: [FRENCH, other, ENGLISH]}))
    found = translator.alternatives([FRENCH, GERMAN, ""], "auto", "fr", 2)
    assert [[one.text for one in of_one] for of_one in found] == [[FRENCH], [FRENCH, other], [""]]
    assert found[0][0].verdict.flags == ("kept",)
    unchecked = CheckedTranslator(Model({"a": [ENGLISH, FRENCH]}), check=False)
    (both,) = unchecked.alternatives(["a"], "de", "fr")
    assert [(one.text, one.verdict.outcome) for one in both] == [(ENGLISH, "unsure"), (FRENCH, "unsure")]
    with pytest.raises(UserError, match="count must be a whole number of at least 1, not 0"):
        translator.alternatives([GERMAN], "de", "fr", 0)


def test_requests_in_any_mix_of_directions() -> None:
    translator = CheckedTranslator(Model({"a": [FRENCH], "b": [ENGLISH, GERMAN]}))
    asked = [("a", "de-fr"), (GERMAN, "de-de"), ("b", "fr-en"), (FRENCH, "fr-fr"), ("", "de-fr")]
    requests = [Request(text, Direction(*map(Language, code.split("-")))) for text, code in asked]
    found = translator.translate_requests(requests)
    assert [one.text for (one,) in found] == [FRENCH, GERMAN, ENGLISH, FRENCH, ""]
    assert [one.verdict.flags for (one,) in found] == [(), ("kept",), (), ("kept",), ()]
    assert [str(one.direction) for (one,) in found] == [code for _, code in asked]
    assert [len(of_one) for of_one in translator.translate_requests(requests, count=2)] == [1, 1, 2, 1, 1]


def test_mistakes() -> None:
    translator = CheckedTranslator(Model({}))
    with pytest.raises(UserError, match="the texts are one string"):
        translator.translate("Hund", "de", "fr")
    with pytest.raises(UserError, match="source and target are both de"):
        translator.translate(["Hund"], "de", "de")
    with pytest.raises(UserError, match="unknown language 'xx'"):
        translator.translate(["Hund"], "auto", "xx")
    with pytest.raises(UserError, match="a retry is 3; give a name such as 'pivot', or a Translator"):
        CheckedTranslator(Model({}), retry=[3])  # type: ignore[list-item]
    with pytest.raises(UserError, match="the retries are one string"):
        CheckedTranslator(Model({}), retry="pivot")
