import json
from collections.abc import Sequence

import httpx2
import pytest
from tests.checked.fake import ENGLISH, FRENCH, GERMAN
from tests.serving.fake import Table, client_of, service_of

from ontarget.languages import Direction, Language
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.serving.failure import Failure
from ontarget.serving.offered import OfferedLanguages
from ontarget.serving.sources import directions_of
from ontarget.serving.texts import document_of

DUTCH = "Mijn collega heeft gisteren zijn gele boek op school verloren. Wij eten brood."
ALARM = "Alert: the server is down. Call the office now."
EVERY = OfferedLanguages((), default_identifier())
FOUR = OfferedLanguages([Language(code) for code in ("en", "it", "nl", "ro")], default_identifier())


def main(texts: Sequence[str], target: str, offered: OfferedLanguages = EVERY) -> list[str]:
    found = directions_of([document_of(text) for text in texts], None, Language(target), offered)
    return [str(one.main) for one in found]


def test_each_text_has_a_language_of_its_own() -> None:
    french = "Le chien dort aujourd'hui sur le canapé."
    assert main([GERMAN, ENGLISH, french, "12", ""], "fr") == ["de-fr", "en-fr", "fr-fr", "fr-fr", "fr-fr"]


def test_a_named_language_is_that_of_all_sentences() -> None:
    (one,) = directions_of([document_of(FRENCH)], Language("de"), Language("fr"), FOUR)
    assert one.of([GERMAN, FRENCH]) == [Direction.parse("de-fr")] * 2


@pytest.mark.parametrize("between", ["\n\n", "\n", " "])
@pytest.mark.parametrize("format", ["text", "html"])
@pytest.mark.parametrize("stream", [False, True])
def test_only_sentences_in_the_target_language_are_kept(between: str, format: str, stream: bool) -> None:
    text = between.join([DUTCH, ALARM] if format == "text" else [f"<p>{DUTCH}</p>", f"<p>{ALARM}</p>"])
    table = Table({"Call the office now.": ["Bel nu het kantoor op."]})
    with client_of(service_of(table)) as client:
        fields = {"text": text, "target": "nl", "format": format}
        reply = client.post("/translate", json={**fields, "stream": stream})
        deepl = client.post(
            "/v2/translate",
            json={"text": [text], "target_lang": "NL"}
            | ({"tag_handling": "html"} if format == "html" else {}),
        )
        strict = client.post("/translate", json={**fields, "strict": True})
    found = json.loads(reply.text.strip().rpartition("data: ")[2]) if stream else reply.json()
    (one,) = found["translations"]
    assert "Bel nu het kantoor op." in one["text"]
    assert DUTCH in one["text"]
    assert (one["source"], one["outcome"]) == ("en", "off_target")  # the other sentence came back as it was
    assert [(part["direction"], "kept" in part["flags"]) for part in one["segments"]] == [
        ("nl-nl", True),
        ("nl-nl", True),
        ("en-nl", False),
        ("en-nl", False),
    ]
    assert "Bel nu het kantoor op." in deepl.json()["translations"][0]["text"]
    assert deepl.json()["translations"][0]["detected_source_language"] == "EN"
    assert (strict.status_code, strict.json()["error"]["code"]) == (422, "off_target")


def test_short_texts_are_in_an_offered_language() -> None:
    assert main(["Mulțumesc"], "en", FOUR) == ["ro-en"]
    assert main(["Dank je"], "nl", FOUR) == ["nl-nl"]
    assert main(["Hello"], "nl", FOUR) == ["en-nl"]
    assert main(["Ciao"], "en", FOUR) == ["it-en"]  # not kept as English, which is only the most frequent
    assert main(["Ciao bello"], "nl", FOUR) == ["it-nl"]
    assert main(["Ciao", "Il gatto dorme oggi sul divano."], "en", FOUR) == ["it-en"] * 2
    assert main([*["Ciao"] * 64, "La mia casa è bella e grande."], "nl", FOUR) == ["it-nl"] * 65
    assert main(["xq", "Il gatto dorme oggi sul divano."], "en") == ["it-en"] * 2


@pytest.mark.parametrize("text", ["Ciao bello", "zzzz", "Il gatto dorme oggi sul divano."])
def test_a_text_is_detected_and_translated_in_the_same_language(text: str) -> None:
    with client_of(service_of(Table(), languages=FOUR.languages)) as client:
        (found,) = client.post("/detect", json={"q": text}).json()
        reply = client.post("/translate", json={"q": text, "source": "auto", "target": "nl"}).json()
    assert reply["detectedLanguage"] == found
    assert found["language"] in ("en", "it", "ro")


@pytest.mark.parametrize("text", ["12345", "%s", "\n"])
def test_a_text_without_words_is_in_no_offered_language(text: str) -> None:
    with client_of(service_of(Table(), languages=FOUR.languages)) as client:
        reply = client.post("/translate", json={"q": text, "source": "auto", "target": "nl"}).json()
        assert reply["detectedLanguage"] == {"language": "", "confidence": 0.0}
        assert client.post("/detect", json={"q": "12345"}).json() == []


def test_a_language_that_is_not_offered_is_named() -> None:
    with pytest.raises(Failure, match=r"text 2 is in German \(de\).* offered are nl, en, it, ro") as refused:
        main(["Il gatto dorme", GERMAN], "nl", FOUR)
    assert refused.value.status == 400
    with pytest.raises(Failure, match="the text cannot be identified"):
        main(["xq"], "en")


def test_a_document_in_another_language_is_refused() -> None:
    service = service_of(Table(), languages=FOUR.languages)
    with client_of(service) as client:

        def post(text: str) -> httpx2.Response:
            return client.post("/document", data={"target": "nl"}, files={"file": ("a.txt", text.encode())})

        german, italian = post(GERMAN), post("Il gatto dorme oggi sul divano.")
    assert (german.status_code, "German (de)" in german.text) == (400, True)
    assert italian.status_code == 200


def test_languages_have_their_offered_names() -> None:
    offered = OfferedLanguages([Language("nb"), Language("zh-Hant"), Language("en")], default_identifier())
    assert main(["Katten sover på sofaen i dag, og hunden spiser brød."], "en", offered) == ["nb-en"]
    assert main(["这是一个中文句子，没有问题。"], "en", offered) == ["zh-Hant-en"]


@pytest.mark.parametrize("text", ["12345", "%s", "\N{GRINNING FACE}", "\n"])
def test_the_language_of_a_text_without_words_is_not_known(text: str) -> None:
    """The target is not passed off as the language of the source."""
    with client_of() as client:
        for stream in (False, True):
            body = {"text": text, "target": "fr", "stream": stream}
            reply = client.post("/translate", json=body).text
            data = reply.rpartition("event: done\ndata: ")[2].splitlines()[0] if stream else reply
            (found,) = json.loads(data)["translations"]
            assert (found["source"], found["target"], found["outcome"]) == (None, "fr", "neutral")
        (found,) = client.post("/translate", json={"text": text, "source": "de", "target": "fr"}).json()[
            "translations"
        ]
        assert found["source"] == "de"
        q = client.post("/translate", json={"q": text, "source": "auto", "target": "fr"}).json()
        assert q["detectedLanguage"]["language"] == ""
        (found,) = client.post("/v2/translate", json={"text": [text], "target_lang": "FR"}).json()[
            "translations"
        ]
        assert found["detected_source_language"] == ""
        page = client.post("/", json={"text": text, "target": "fr"}).text
        assert json.loads(page.splitlines()[-1]) == {"done": {}}
