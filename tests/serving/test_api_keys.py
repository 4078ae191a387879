import re
from pathlib import Path

import deepl
import pytest
from tests.checked.fake import ENGLISH, FRENCH, GERMAN
from tests.serving.fake import client_of, served, service_of

from ontarget.errors import UserError
from ontarget.serving.api_keys import ApiKeys, read_api_keys
from ontarget.serving.client_limits import Client, ClientLimits

KEY = "the-right-key"


def limited(**limits: int) -> ApiKeys:
    named = {name.replace("_", "-"): value for name, value in limits.items()}
    return ApiKeys(
        {KEY: Client("tester", ClientLimits.model_validate(named)), "another-key": Client("other")}
    )


def test_keys_come_from_a_file_and_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    file.write_text("# ours\nfirst-key\n\n  second-key \n", encoding="utf-8")
    keys = read_api_keys(file, "third-key, fourth-key")
    assert keys
    assert all(keys.accept(f"{number}-key") for number in ("first", "second", "third", "fourth"))
    assert not any(keys.accept(key) for key in ("", "first-ke", "first-key ", "# ours", "FIRST-KEY"))
    assert not read_api_keys(None, "")


@pytest.mark.parametrize("key", ["\ud800", "\ud83d" * 2, "ключ от сервера", "\x00"])
def test_any_string_can_be_tried_as_a_key(key: str) -> None:
    assert not ApiKeys(["first-key"]).accept(key)
    assert ApiKeys(["first-key", key]).accept(key)


def test_a_key_without_a_name_has_the_same_one_each_time_which_does_not_show_the_key() -> None:
    first, second = (
        read_api_keys(None, f"{other},first-key").accept("first-key") for other in ("a-key-10", "")
    )
    assert first is not None
    assert second is not None
    assert first.name == second.name
    assert "first" not in first.name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no API key"),
        ("# only\n", "no API key"),
        ("# ours\nlonger-key\nshort", r"line 3 of .*keys\.txt' has fewer than 8 characters"),
    ],
)
def test_a_file_without_good_keys_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "keys.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read_api_keys(file, "")
    with pytest.raises(UserError, match="cannot be read"):
        read_api_keys(tmp_path / "missing", "")
    with pytest.raises(UserError, match="API key 2 of the environment variable has fewer than 8"):
        read_api_keys(None, "longer-key,short")


def test_keys_of_a_yaml_file_have_names_and_limits(tmp_path: Path) -> None:
    file = tmp_path / "keys.yaml"
    file.write_text(
        "weblate:\n  key: key-of-weblate\n  requests-per-minute: 60\n  character-limit: 1000\n"
        "omegat: key-of-omegat\n",
        encoding="utf-8",
    )
    keys = read_api_keys(file, "key-of-variable")
    weblate, omegat = keys.accept("key-of-weblate"), keys.accept("key-of-omegat")
    assert weblate is not None
    assert omegat is not None
    assert weblate.name == "weblate"
    limits = weblate.limits
    assert (limits.requests_per_minute, limits.characters_per_minute, limits.character_limit) == (
        60,
        None,
        1000,
    )
    assert (omegat.name, omegat.limits) == ("omegat", ClientLimits())
    assert keys.accept("key-of-variable")
    assert not keys.accept("weblate")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- hidden-secret", "has no names"),
        ("hidden-secret", "has no names"),
        ("a: {key: hidden-secret, requests: 3}", "'a' .* unknown entry; did you mean 'requests-per-minute'"),
        ("a: {key: hidden-secret, hidden-secret: 3}", "'a' .* unknown entry; known are "),
        ("a: {requests-per-minute: 3}", "'a' .* key is missing"),
        ("a: 12345678", "'a' .* key should be a string; put it in quotes"),
        ("a: {key: 12345678}", "'a' .* key should be a string; put it in quotes"),
        ("a: short", "'a' .* key should have at least 8"),
        ("a: {key: hidden-secret, character-limit: 0}", "character-limit should be greater"),
        ("a: {key: hidden-secret, character-limit: 1.5}", "character-limit should be a whole number"),
        (
            "a: {key: hidden-secret, character-limit: true}",
            "character-limit should be a whole number",
        ),
        ("a: hidden-secret\nb: hidden-secret", "'a' and 'b' .* same key"),
        ("../hidden-secret: x", "name 1 .* is not a name"),
        ("a: hidden-secret: x", r"not YAML: .* \(line 1\)"),
        ("a: hidden-secret\na: y", "occurs twice"),
        ("", "no API key"),
    ],
)
def test_a_mistake_in_a_yaml_file_of_keys_is_one_sentence_without_a_key(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "keys.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said) as caught:
        read_api_keys(file, "")
    assert "hidden" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_server_with_keys_translates_only_with_one() -> None:
    body = {"text": GERMAN, "source": "de", "target": "fr"}
    with client_of(service_of(keys=ApiKeys([KEY]))) as client:
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


def test_a_key_with_too_many_requests_waits_and_others_do_not() -> None:
    body = {"q": GERMAN, "source": "de", "target": "fr", "api_key": KEY}
    with client_of(service_of(keys=limited(requests_per_minute=2))) as client:
        assert [client.post("/translate", json=body).status_code for _ in range(3)] == [200, 200, 429]
        refused = client.get("/v2/usage", headers={"Authorization": f"DeepL-Auth-Key {KEY}"})
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 30
        assert "2 requests a minute; try again in" in refused.json()["message"]
        assert client.post("/translate", json=body | {"api_key": "another-key"}).status_code == 200
        assert client.get("/ready").status_code == 200


def test_a_key_with_too_many_characters_a_minute_waits() -> None:
    headers = {"X-API-Key": KEY}
    body = {"text": GERMAN, "source": "de", "target": "fr"}
    with client_of(service_of(keys=limited(characters_per_minute=len(GERMAN) + 1))) as client:
        statuses = [client.post("/translate", json=body, headers=headers).status_code for _ in range(2)]
        assert statuses == [200, 429]
        long = client.post("/translate", json=body | {"text": [GERMAN, GERMAN]}, headers=headers)
        assert long.status_code == 413  # no waiting would help
        assert "Retry-After" not in long.headers


def test_the_official_client_sees_the_quota_of_its_key_and_its_end() -> None:
    quota = len(GERMAN + ENGLISH)
    with served(service_of(keys=limited(character_limit=quota))) as url:
        client = deepl.Translator(KEY, server_url=url)
        assert client.translate_text(GERMAN, source_lang="DE", target_lang="FR").text == FRENCH  # type: ignore[union-attr]
        usage = client.get_usage()
        assert (usage.character.count, usage.character.limit) == (len(GERMAN), quota)
        with pytest.raises(deepl.DeepLException, match="unknown language"):
            client.translate_text(ENGLISH, source_lang="XX", target_lang="FR")  # is not counted
        client.translate_text(ENGLISH, source_lang="EN", target_lang="FR")
        assert client.get_usage().any_limit_reached
        with pytest.raises(deepl.QuotaExceededException):
            client.translate_text("Hund", source_lang="DE", target_lang="FR")
        other = deepl.Translator("another-key", server_url=url)
        assert other.get_usage().character.count == 0


def test_characters_of_a_failed_request_are_given_back() -> None:
    keys = limited(character_limit=100, characters_per_minute=100)
    with client_of(service_of(keys=keys)) as client:
        for _ in range(3):
            failed = client.post(
                "/translate",
                json={"text": "boom", "source": "de", "target": "fr"},
                headers={"X-API-Key": KEY},
            )
            assert failed.status_code >= 500
    tester = keys.accept(KEY)
    assert tester is not None
    assert tester.characters == 0


def test_the_routes_that_need_no_key_are_those_that_the_docs_name() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "serve.md").read_text("utf-8")
    sentence = page[page.index("`X-API-Key`. ") : page.index("Keys may have names and limits")]
    named = {one.removeprefix("GET ") for one in re.findall(r"`((?:GET )?/[^`]+)`", sentence)}
    with client_of(service_of(keys=ApiKeys([KEY]))) as client:
        paths = client.get("/openapi.json").json()["paths"]
        closed = {
            (method, path)
            for path, methods in paths.items()
            for method in methods
            if client.request(method, path.replace("{name}", "x"), json={}).status_code in (401, 403, 415)
        }
        assert client.get("/").status_code == 200
        assert client.post("/", json={"text": GERMAN, "target": "fr"}).status_code == 401
    posts = {("post", path) for path in ("/document", "/translate_file")}  # whose keys are in the form
    assert posts <= closed
    every = {(method, path) for path, methods in paths.items() for method in methods} - closed
    assert {path for method, path in every if method == "get"} | {"/openapi.json"} == {
        one.replace("...", "{name}") for one in named
    }
    assert not {path for method, path in every if method != "get"}
