import threading

import openai
import pytest
from tests.checked.fake import FRENCH, GERMAN
from tests.serving.fake import Table, client_of, served, service_of

from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.serving.failure import Failure
from ontarget.serving.model_owner import ModelOwner
from ontarget.serving.model_process import Launch, in_thread
from ontarget.serving.models import ServedModels
from ontarget.serving.service import TranslationService

OTHER = "Le train part bientôt de la gare."


def launch(table: Table) -> Launch:
    return in_thread(lambda: table)


def two_models() -> tuple[TranslationService, Table, Table]:
    small, large = Table(), Table({GERMAN: [OTHER]})
    launches = {"small": launch(small), "large": launch(large)}
    return TranslationService(launches, default_identifier()), small, large


def test_a_request_names_its_model_or_gets_the_first_one() -> None:
    service, small, large = two_models()
    body = {"text": GERMAN, "source": "de", "target": "fr"}
    with client_of(service) as client:
        for name, text, used in (
            (None, FRENCH, "small"),
            ("small", FRENCH, "small"),
            ("large", OTHER, "large"),
            ("ontarget", FRENCH, "small"),
        ):
            reply = client.post("/translate", json=body | ({"model": name} if name else {})).json()
            assert [one["text"] for one in reply["translations"]] == [text]
            assert reply["model"] == used
        refused = client.post("/translate", json=body | {"model": "lagre"})
        assert refused.status_code == 400
        assert refused.json()["error"]["code"] == "unknown_model"
        assert "did you mean 'large'" in refused.json()["message"]
        assert client.get("/ready").json() == {
            "status": "ready",
            "model": "small",
            "models": ["small", "large"],
        }
    assert (len(small.batches), len(large.batches)) == (3, 1)


def test_every_api_with_a_field_for_it_takes_the_model() -> None:
    service, _, _ = two_models()
    fields = {"source": "de", "target": "fr"}
    with client_of(service) as client:
        for name, text in (("", FRENCH), ("small", FRENCH), ("large", OTHER)):
            more = fields | {"model": name}
            reply = client.post("/translate", json=more | {"q": GERMAN}).json()
            assert reply["translatedText"] == text
            files = {"file": ("a.txt", GERMAN.encode())}
            for path in ("/document", "/page/document"):
                assert client.post(path, files=files, data=more).text == text
            address = client.post("/translate_file", files=files, data=more).json()["translatedFileUrl"]
            assert client.get(address).text == text
        for path in ("/document", "/page/document", "/translate_file"):
            assert client.post(path, files=files, data=fields | {"model": "x"}).status_code == 400


def test_clients_of_openai_list_the_models_and_name_one() -> None:
    service, _, _ = two_models()
    with served(service) as url:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0)
        assert [one.id for one in client.models.list()] == ["small", "large"]
        for model, text in (("large:de-fr", OTHER), ("small:de-fr", FRENCH), ("ontarget:de-fr", FRENCH)):
            reply = client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": GERMAN}]
            )
            assert reply.choices[0].message.content == text
        with pytest.raises(openai.BadRequestError, match="there is no model of this name"):
            client.chat.completions.create(model="gpt:fr", messages=[{"role": "user", "content": GERMAN}])


def test_the_log_names_a_model_if_there_are_others(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "ontarget")
    with served(two_models()[0]), served(service_of()):
        pass
    said = {record.getMessage() for record in caplog.records}
    assert {"the model 'small' is loaded", "the model 'large' is loaded", "the model is loaded"} <= said


def test_a_server_is_ready_when_all_models_are_and_tells_why_one_is_not() -> None:
    def fails() -> Table:
        raise ValueError("no weights")

    owners = {"good": ModelOwner(launch(Table())), "bad": ModelOwner(in_thread(fails))}
    models = ServedModels(owners)
    assert (models.state, models.error, models.default) == ("loading", None, "good")
    models.start()
    while models.state == "loading" or not owners["good"].ready:
        threading.Event().wait(0.01)
    assert models.state == "lost"
    assert models.error is not None
    assert not models.ready
    assert models.named().ready
    with pytest.raises(Failure):
        models.named("best")
    models.close()
    assert {one.state for one in owners.values()} == {"closed"}
