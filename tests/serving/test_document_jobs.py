"""Documents that wait, are translated or are downloaded while the server is about to end."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from tests.checked.fake import FRENCH, GERMAN
from tests.serving.fake import Table, client_of, service_of

from ontarget.serving.api_keys import ApiKeys
from ontarget.serving.client_limits import Client
from ontarget.serving.document_jobs import DocumentJobs
from ontarget.serving.service import TranslationService

KEY = "correct-horse"
Job = tuple[str, dict[str, str]]


@contextmanager
def started(fetched: float = 60.0) -> Iterator[tuple[TranslationService, Table, Client, httpx2.Client]]:
    """A service whose model waits, with its only client."""
    table, anna = Table({GERMAN: [FRENCH]}), Client("anna")
    table.go.clear()
    service = service_of(table, keys=ApiKeys({KEY: anna}))
    service.documents = DocumentJobs(service.files, 10, fetched=fetched)
    with client_of(service) as client:
        client.headers["X-API-Key"] = KEY
        try:
            yield service, table, anna, client
        finally:
            table.go.set()


def uploaded(client: httpx2.Client, text: str = GERMAN) -> Job:
    fields = {"target_lang": "FR", "source_lang": "DE"}
    one = client.post("/v2/document", files={"file": ("a.txt", text.encode())}, data=fields).json()
    return f"/v2/document/{one['document_id']}", {"document_key": one["document_key"]}


def status(client: httpx2.Client, job: Job) -> str:
    while (found := client.post(job[0], json=job[1]).json()["status"]) in ("queued", "translating"):
        pass
    return str(found)


def test_accepted_documents_are_translated_and_downloaded_before_the_server_ends() -> None:
    with started() as (service, table, anna, client):
        jobs = [uploaded(client) for _ in range(5)]  # two are translated, three wait
        service.draining = True
        refused = client.post("/v2/document", files={"file": ("a.txt", b"x")}, data={"target_lang": "FR"})
        assert refused.status_code == 503
        table.go.set()
        for job in jobs:
            assert not service.idle
            assert status(client, job) == "done"
            assert client.post(f"{job[0]}/result", json=job[1]).text == FRENCH
        while not service.idle:  # until the last thread is back
            client.get("/health")
        assert anna.characters == 5 * len(GERMAN)
    assert anna.characters == 5 * len(GERMAN)


def test_a_document_that_nobody_asks_for_keeps_no_server_from_its_end() -> None:
    with started(fetched=0.0) as (service, table, _, client):
        job = uploaded(client)
        table.go.set()
        assert status(client, job) == "done"
        while not service.idle:
            client.get("/health")


def test_what_is_lost_with_the_server_costs_nothing() -> None:
    with started() as (_, table, anna, client):
        table.go.set()
        sent, kept = uploaded(client), uploaded(client)
        for job in (sent, kept):
            assert status(client, job) == "done"
        assert client.post(f"{sent[0]}/result", json=sent[1]).text == FRENCH
        table.go.clear()
        for _ in range(4):
            uploaded(client)
        assert anna.characters == 6 * len(GERMAN)
    assert anna.characters == len(GERMAN)


def test_a_document_that_fails_is_given_back_once() -> None:
    with started() as (_, table, anna, client):
        table.go.set()
        assert status(client, uploaded(client, "boom")) == "error"
        assert anna.characters == 0
    assert anna.characters == 0
