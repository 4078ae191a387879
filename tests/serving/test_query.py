"""What would make no difference in the query of the server's own API."""

import httpx2
import pytest
from tests.checked.fake import FRENCH, GERMAN
from tests.serving.fake import client_of

BODIES = {
    "/translate": {"text": GERMAN, "source": "de", "target": "fr"},
    "/score": {"lines": [FRENCH], "target": "fr"},
}


@pytest.mark.parametrize("path", BODIES)
def test_unknown_parameters_are_refused(path: str) -> None:
    with client_of() as client:

        def posted(query: str) -> httpx2.Response:
            return client.post(f"{path}?{query}", json=BODIES[path])

        assert posted("api_key=any").status_code == 200
        for query in ("model=large", "strict=1", "x" * 100):
            reply = posted(query)
            assert reply.status_code == 400
            assert "put fields into the body" in reply.json()["message"]
            assert len(reply.text) < 500


def test_other_apis_ignore_them_as_their_services_do() -> None:
    with client_of() as client:
        body = {"q": GERMAN, "source": "de", "target": "fr"}
        reply = client.post("/translate?x=y", json=body | {"z": "y"}).json()
        assert (reply["translatedText"], reply["ignored"]) == (FRENCH, ["z"])
