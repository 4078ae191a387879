"""The OpenAPI schema is true: requests that schemathesis makes from it get replies as it says, and no 5xx."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.serving.fake import client_of, served, service_of

from ontarget.serving.limits import ServerLimits

pytest.importorskip("schemathesis")

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
]


def test_the_schema_is_true(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", "run", "--seed", "1", "--max-examples", "10"]
    command += ["--phases", "examples,coverage,fuzzing", "--checks", ",".join(CHECKS), "--no-color"]
    # Small limits, so that errors of this kind are among the replies.
    with served(service_of(limits=ServerLimits(texts=3, characters=200))) as url:
        found = subprocess.run(
            [*command, f"{url}/openapi.json"], cwd=tmp_path, capture_output=True, encoding="utf-8"
        )
    assert found.returncode == 0, found.stdout[-5000:] + found.stderr
    assert " passed" in found.stdout


def test_the_schema_has_all_definitions_that_it_names() -> None:
    with client_of() as client:
        schema = client.get("/openapi.json").json()

    def references(part: object) -> set[str]:
        if isinstance(part, list):
            return set().union(*map(references, part))
        if not isinstance(part, dict):
            return set()
        own = {part["$ref"]} if "$ref" in part else set()
        return own.union(*map(references, part.values()))

    known = {f"#/components/schemas/{name}" for name in schema["components"]["schemas"]}
    assert references(schema) <= known
    message = schema["paths"]["/v1/chat/completions"]["post"]["requestBody"]
    fields = message["content"]["application/json"]["schema"]["properties"]["messages"]["items"]
    assert fields["properties"].keys() == {"role", "content"}


def test_examples_of_the_schema_are_translated(client: httpx2.Client) -> None:
    for path, method in client.get("/openapi.json").json()["paths"].items():
        if "requestBody" not in method.get("post", {}) or "{" in path:
            continue
        body = method["post"]["requestBody"]["content"].get("application/json")
        if body is None:
            continue
        for schema in body["schema"].get("anyOf", [body["schema"]]):
            fields = {
                name: field["examples"][0]
                for name, field in schema["properties"].items()
                if "examples" in field
            }
            reply = client.post(path, json=fields)
            assert reply.status_code in (200, 201), (path, fields, reply.text)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    with client_of() as client:
        yield client
