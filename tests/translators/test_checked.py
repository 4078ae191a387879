from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.checked.fake import ENGLISH, FRENCH, GERMAN, Answers, Scripted

pytest.importorskip("torch", reason="needs the extra `train`")

from ontarget.documents.glossary import Glossary
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.template import PromptTemplate
from ontarget.settings.decoding import Decoding
from ontarget.translation.engines.protocol import Capability
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


def test_another_model_may_be_loaded_later() -> None:
    loaded = list[str]()

    def load() -> Model:
        loaded.append("other")
        return Model({"b": [FRENCH]})

    translator = CheckedTranslator(Model({"a": [FRENCH], "b": [ENGLISH]}), retry=[load])
    assert (translator.translate("a", "de", "fr").text, loaded) == (FRENCH, [])
    assert [translator.translate("b", "de", "fr").verdict.action for _ in range(2)] == ["escalated"] * 2
    assert loaded == ["other"]


def test_another_model_may_be_named(tmp_path: Path) -> None:
    model = Model({"a": [FRENCH], "b": [ENGLISH]})
    with pytest.raises(UserError, match="there is no model directory"):
        CheckedTranslator(model, retry=[f"model:{tmp_path / 'other'}"])
    (tmp_path / "other").mkdir()
    translator = CheckedTranslator(model, retry=[f"model:{tmp_path / 'other'}"])
    assert translator.translate("a", "de", "fr").text == FRENCH
    with pytest.raises(UserError, match=r"other' has no config.json|other' has no tokenizer"):  # now it loads
        translator.translate("b", "de", "fr")


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
    for wrong in (3, 0, 1, "bar"):
        with pytest.raises(UserError, match="give True for a bar, or a function of two numbers"):
            CheckedTranslator(Model({})).translate("a", "de", "fr", progress=wrong)  # type: ignore[call-overload]
    with pytest.raises(UserError, match="progress is True; give a function of two numbers"):
        Model({}).translate("a", "de", "fr", progress=True)  # type: ignore[arg-type]


def test_a_text_without_a_letter_stays_as_it_is() -> None:
    asked = list[str]()

    def answers(source: str, _: Decoding) -> list[str]:
        asked.append(source)
        return [FRENCH]

    found = CheckedTranslator(Model(answers)).translate(["12345", "", "a", "☎ 1,000.5 …"], "de", "fr")
    assert [one.text for one in found] == ["12345", "", FRENCH, "☎ 1,000.5 …"]
    assert asked == ["a"]
    assert [(str(one.direction), one.verdict.outcome, one.verdict.flags) for one in found[::3]] == [
        ("de-fr", "neutral", ()),
        ("de-fr", "neutral", ()),
    ]


def test_one_text_has_one_result() -> None:
    translator = CheckedTranslator(Model({"a": [FRENCH]}))
    one = translator.translate("a", "de", "fr")
    assert (one.text, one.verdict.outcome) == (FRENCH, "on_target")
    assert translator.translate_batch(["a"], "de", "fr") == translator.translate(["a"], "de", "fr") == [one]


def test_the_first_texts_of_a_stream_say_what_short_ones_are_in() -> None:
    italian = "Il file non è stato trovato nella cartella dei documenti."
    alone, sixteen = ["Salva", "Annulla"], [italian] * 16
    translator = CheckedTranslator(Model(lambda source, _: [FRENCH]))
    with pytest.raises(UserError, match="the language of the text cannot be identified"):
        translator.translate(alone, "auto", "en")
    found = list(translator.stream([*sixteen, *alone], "auto", "en", size=16))
    assert {str(one.direction) for one in found} == {"it-en"}
    found = translator.translate_batch(alone, "auto", "en", context=sixteen)
    assert [str(one.direction) for one in found] == ["it-en", "it-en"]


PAGE = f"<p>{GERMAN}</p>\n<p>{{name}}</p>\n"


def test_a_document(tmp_path: Path) -> None:
    file, out = tmp_path / "a.html", tmp_path / "out.html"
    file.write_text(PAGE, encoding="utf-8")
    translator = CheckedTranslator(Model({GERMAN: [FRENCH]}))
    found = translator.translate_document(file, "fr", out)
    assert out.read_bytes() == found.data == PAGE.replace(GERMAN, FRENCH).encode()
    assert [(one.where, str(one.checked.direction)) for one in found.segments] == [("line 1", "de-fr")]
    assert found.summary.sentences() == ["1 segment checked: 1 on target"]
    assert translator.translate_document(str(file), "fr", out, source="de", overwrite=True).data == found.data


def test_how_a_document_is_translated(tmp_path: Path) -> None:
    file, terms = tmp_path / "a.txt", tmp_path / "terms.tsv"
    file.write_text("Der Hund. Die\nKatze.\n", encoding="utf-8")
    terms.write_text("Hund\tchien\n", encoding="utf-8")
    asked = list[Request]()

    class Asked(CheckedTranslator):
        def translate_requests(self, requests: Sequence[Request], **how: Any) -> Any:
            asked.extend(requests)
            return super().translate_requests(requests, **how)

    translator = Asked(Model(lambda source, _: [FRENCH]))
    found = translator.translate_document(file, "fr", source="de", glossary=terms)
    assert [(one.source, one.terms) for one in asked] == [
        ("Der Hund. Die", (("Hund", "chien"),)),
        ("Katze.", ()),
    ]
    assert [one.terms for one in found.segments] == [(), ()]
    asked.clear()
    others: list[Any] = [Glossary([("Katze", "chat")]), {"Katze": "chat"}, [["Katze ", "chat"]]]
    for other in others:
        asked.clear()
        found = translator.translate_document(
            file, "fr", source="de", level="sentence", glossary=other, keep=["Hund"]
        )
        assert [one.source for one in asked][:2] == ["Der X1.", "Die\nKatze."]
        assert [one.terms for one in found.segments] == [(), (("Katze", "chat"),)]


@pytest.mark.parametrize(
    ("arguments", "how", "sentence"),
    [
        (("no.html", "fr"), {}, "there is no file"),
        (
            ("a.html", "fr"),
            {"level": "sentense"},
            "level is 'sentense'; give one of sentence, paragraph, line",
        ),
        (("a.html", "fr", "a.html"), {"overwrite": True}, "the input itself; choose another path"),
        (
            ("a.html", "fr", "b.html"),
            {},
            "output 'b.html' exists; choose another path, or give overwrite=True",
        ),
        (("a.html", "fr", "c.md"), {}, "output 'c.md' does not end with .html; a document keeps its format"),
        (("a.html", "fr", "."), {}, "output is '.', a folder; give the path of a file"),
        (("a.html", "fr", "no/c.html"), {}, "but there is no folder 'no'"),
        (("a.html", "xx"), {}, "unknown language 'xx'"),
        (("a.html", "de"), {"source": "de"}, "source and target are both de"),
        (("a.html", "fr"), {"glossary": "no.tsv"}, "there is no file"),
        (("a.html", "fr"), {"glossary": ""}, "glossary is ''; give a path or a name"),
        (("a.html", "fr"), {"glossary": 3}, "the terms are 3; give a list of pairs, each a term and its"),
        (("a.html", "fr"), {"glossary": {"a": ""}}, "term 0 of the glossary is ('a', ''); give a term and"),
        (("a.html", "fr"), {"glossary": [("a", "b"), "ab"]}, "term 1 of the glossary is 'ab'; give a term"),
        (("a.html", "fr"), {"progress": 3}, "progress is 3; give True for a bar, or a function of two"),
        (("a.html", "fr"), {"keep": "x"}, "the patterns are one string; give a list of"),
        ((7, "fr"), {}, "the path is 7; give a path or a name"),
    ],
)
def test_mistakes_with_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: Any, how: Any, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.html").write_text(PAGE, encoding="utf-8")
    Path("b.html").write_text("there", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        CheckedTranslator(Model({})).translate_document(*arguments, **how)
    assert sentence in str(caught.value)
    assert Path("a.html").read_text(encoding="utf-8") == PAGE
    assert Path("b.html").read_text(encoding="utf-8") == "there"


def test_a_model_without_a_beam_is_asked_without_one() -> None:
    beams = list[int]()

    def answers(_: str, decoding: Decoding) -> list[str]:
        beams.append(decoding.num_beams)
        return [FRENCH, ENGLISH]

    server = Model(answers)
    server.engine = Scripted(answers, [Capability.N_BEST])  # type: ignore[assignment]
    CheckedTranslator(server).translate("a", "de", "fr")
    CheckedTranslator(server, retry=["rerank"]).translate("a", "de", "fr")
    CheckedTranslator(Model(answers)).translate("a", "de", "fr")
    assert beams == [1, 4, 4]
    server.translate("a", "de", "fr")  # without verdicts, too
    server.hypotheses(["a"], "de", "fr")
    Model(answers).translate("a", "de", "fr")
    assert beams[3:] == [1, 1, 4]
    with pytest.raises(UserError, match="a beam of 4"):
        CheckedTranslator(server, num_beams=4).translate("a", "de", "fr")


def test_a_model_may_be_given_by_its_place(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no model directory"):
        CheckedTranslator(tmp_path / "model")
    with pytest.raises(UserError, match="model is 7; give a path or a name"):
        CheckedTranslator(7)  # type: ignore[arg-type]


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
        translator.translate_batch("Hund", "de", "fr")
    with pytest.raises(UserError, match="source and target are both de"):
        translator.translate(["Hund"], "de", "de")
    with pytest.raises(UserError, match="unknown language 'xx'"):
        translator.translate(["Hund"], "auto", "xx")
    with pytest.raises(UserError, match="a retry is 3; give a name such as 'pivot', or a Translator"):
        CheckedTranslator(Model({}), retry=[3])  # type: ignore[list-item]
    with pytest.raises(UserError, match="the retries are one string"):
        CheckedTranslator(Model({}), retry="pivot")
