from pathlib import Path

import pytest
from tests.checked.fake import GERMAN
from tests.serving.fake import client_of, service_of

from ontarget.errors import UserError
from ontarget.serving.api_keys import ApiKeys, read_api_keys


def test_keys_come_from_a_file_and_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    file.write_text("# ours\nfirst-key\n\n  second-key \n", encoding="utf-8")
    keys = read_api_keys(file, "third-key, fourth-key")
    assert keys
    assert all(keys.accept(f"{number}-key") for number in ("first", "second", "third", "fourth"))
    assert not any(keys.accept(key) for key in ("", "first-ke", "first-key ", "# ours", "FIRST-KEY"))
    assert not read_api_keys(None, "")


@pytest.mark.parametrize(
    ("text", "said"), [("", "no API key"), ("# only\n", "no API key"), ("short", "fewer")]
)
def test_a_file_without_good_keys_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "keys.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read_api_keys(file, "")
    with pytest.raises(UserError, match="cannot be read"):
        read_api_keys(tmp_path / "missing", "")


def test_a_server_with_keys_translates_only_with_one() -> None:
    body = {"text": GERMAN, "source": "de", "target": "fr"}
    with client_of(service_of(keys=ApiKeys(["the-right-key"]))) as client:
        for headers, status in (
            ({}, 401),
            ({"Authorization": "Bearer wrong"}, 401),
            ({"Authorization": "Bearer the-right-key"}, 200),
            ({"X-API-Key": "the-right-key"}, 200),
        ):
            assert client.post("/translate", json=body, headers=headers).status_code == status
        assert client.post("/v2/translate", json={}).status_code == 403
        assert client.get("/metrics").status_code == 401
        assert client.get("/health").status_code == client.get("/ready").status_code == 200
