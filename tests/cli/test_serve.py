import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx2
import pytest
import typer
from tests.checked.fake import FRENCH, GERMAN
from typer.testing import CliRunner

from ontarget.cli import serve
from ontarget.cli.app import app
from ontarget.corpora import phrasebook
from ontarget.languages import Language
from ontarget.serving.service import TranslationService

KEY = "the-right-key"
HEADERS = {"X-API-Key": KEY}
FIELDS = {"text": GERMAN, "source": "de", "target": "fr"}
ROOT = Path(__file__).parents[2]
# The command, with a table in the place of a model.
PROGRAM = """
from tests.serving import table
from ontarget.cli import serve
from ontarget.__main__ import main

serve._load = table.load_slow
main()
"""


@pytest.fixture
def model(tmp_path: Path) -> str:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}', encoding="utf-8")
    return str(tmp_path)


def started(model: str, go_on: Path, program: str = PROGRAM) -> tuple["subprocess.Popen[str]", str]:
    """A server that is ready, and its address."""
    server = subprocess.Popen(
        [sys.executable, "-c", program, "serve", "--model", model, "--port", "0", "--languages", "de,fr"],
        cwd=ROOT,
        env={**os.environ, "ONTARGET_API_KEYS": KEY, "GO_ON": str(go_on)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert server.stderr is not None
    first = server.stderr.readline()
    assert first.startswith("serving at http://127.0.0.1:"), first + server.stderr.read()
    url = first.removeprefix("serving at ").strip()
    while "loaded" not in server.stderr.readline():
        assert server.poll() is None
    return server, url


def translating(url: str, fields: Mapping[str, object] = FIELDS) -> "subprocess.Popen[str]":
    """A client that prints the status and the reply."""
    translate = (
        "import httpx2\n"
        f"reply = httpx2.post({url!r} + '/translate', timeout=60, headers={HEADERS}, json={fields})\n"
        "print(reply.status_code, reply.text)"
    )
    return subprocess.Popen([sys.executable, "-c", translate], stdout=subprocess.PIPE, encoding="utf-8")


def test_a_server_says_its_address_and_answers_what_it_has_begun_before_it_ends(
    model: str, tmp_path: Path
) -> None:
    go_on = tmp_path / "go-on"
    server, url = started(model, go_on)
    assert server.stdout is not None
    with translating(url) as client:
        assert server.stdout.readline() == "begun\n"
        assert httpx2.get(f"{url}/ready", timeout=60).status_code == 200
        server.send_signal(signal.SIGTERM)
        while httpx2.get(f"{url}/ready", timeout=60).status_code == 200:
            time.sleep(0.01)
        refused = httpx2.post(f"{url}/translate", timeout=60, headers=HEADERS, json=FIELDS)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "draining")
        assert (refused.headers["Retry-After"], refused.headers["Connection"]) == ("5", "close")
        assert httpx2.get(f"{url}/health", timeout=60).status_code == 200
        go_on.touch()
        status, reply = client.communicate(timeout=60)[0].split(" ", 1)
        assert (status, json.loads(reply)["translations"][0]["text"]) == ("200", FRENCH)
    _, errors = server.communicate(timeout=60)
    assert server.returncode == 143
    assert "POST /translate 200" in errors
    assert "Traceback" not in errors
    assert GERMAN not in errors


@pytest.mark.parametrize(
    ("changes", "signals", "code", "stream"),
    [
        # Without the last Ctrl-C, the server would wait for longer than the test.
        ("server._DRAIN = server._LAST = 3600", [signal.SIGTERM, signal.SIGTERM, signal.SIGINT], 143, True),
        ("server._DRAIN, server._LAST = 0, 3600", [signal.SIGINT, signal.SIGINT], 130, False),
        ("server._DRAIN = server._LAST = 0", [signal.SIGTERM], 143, True),
    ],
)
def test_a_server_that_ends_before_it_answers_says_so_without_a_traceback(
    model: str, tmp_path: Path, changes: str, signals: list[signal.Signals], code: int, stream: bool
) -> None:
    server, url = started(
        model, tmp_path / "never", f"from ontarget.serving import server\n{changes}\n{PROGRAM}"
    )
    assert server.stdout is not None
    with translating(url, {**FIELDS, "stream": stream}) as client:
        assert server.stdout.readline() == "begun\n"
        for number in signals:
            server.send_signal(number)
            time.sleep(0.1)
        status, reply = client.communicate(timeout=60)[0].split(" ", 1)
        assert (status, json.loads(reply)["error"]["code"]) == ("503", "draining")
    _, errors = server.communicate(timeout=60)
    assert server.returncode == code
    assert "POST /translate 503" in errors
    assert "Traceback" not in errors


def test_documents_that_are_lost_with_the_server_leave_no_traceback(model: str, tmp_path: Path) -> None:
    server, url = started(model, tmp_path / "never")
    assert server.stdout is not None
    for _ in range(3):  # two at a time are translated
        files, fields = {"file": ("a.txt", GERMAN.encode())}, {"source_lang": "DE", "target_lang": "FR"}
        reply = httpx2.post(f"{url}/v2/document", files=files, data=fields, headers=HEADERS, timeout=60)
        assert reply.status_code == 200
    assert server.stdout.readline() == "begun\n"
    for _ in range(2):
        server.send_signal(signal.SIGINT)
        time.sleep(0.1)
    _, errors = server.communicate(timeout=60)
    assert server.returncode == 130
    assert "Traceback" not in errors
    assert "never retrieved" not in errors


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--languages", "de,xx-yy"], "xx-yy"),
        (["--languages", "en"], "name two or more"),
        (["--api-keys", "missing.txt"], "missing.txt"),
        (["--host", "not.an.address.invalid"], "not.an.address.invalid"),
        (["--served", "name"], "--served"),
        (["--retry", "magic"], "magic"),
        (["--model", "other=my/model"], "has no name; write --model NAME=MODEL"),
        (["--state", "/dev/null"], "'/dev/null/glossaries' cannot be used for glossaries"),
        (["--system", "magic"], "there is no system 'magic'"),
        (["--system", "5-shot"], "needs demonstrations, which only a recipe has"),
        (["--system", "retried"], "a server has --retry rerank,pivot in place of the system 'retried'"),
        (["--system", "language-prior"], "needs monolingual text; give --monolingual LANGUAGE=FILE"),
        (
            ["--system", "language-prior", "--languages", "de,fr"],
            "--monolingual de=FILE --monolingual fr=FILE",
        ),
        (["--monolingual", "de=missing.de"], "needs a system that uses monolingual text"),
        (["--system", "language-prior", "--monolingual", "de=missing.de"], "there is no file 'missing.de'"),
    ],
)
def test_a_mistake_is_one_sentence(model: str, options: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["serve", "--model", model, "--port", "0", *options])
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_model_that_does_not_exist_is_named(model: str) -> None:
    for options in (["no/such/model/here"], [f"one={model}", "--model", "two=no/such/model/here"]):
        result = CliRunner().invoke(app, ["serve", "--port", "0", "--model", *options])
        assert result.exit_code == 2
        assert "no/such/model/here" in result.stderr
        assert result.stderr.count("\n") == 1


def test_a_port_that_is_taken_is_named(model: str) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(app, ["serve", "--model", model, "--port", port])
    assert result.exit_code == 2
    assert f"127.0.0.1:{port}" in result.stderr


def record(model: Path, *languages: str) -> str:
    model.mkdir()
    (model / "config.json").write_text('{"model_type": "llama"}', encoding="utf-8")
    if languages:
        known = {"languages": languages, "directions": []}
        (model / "ontarget.json").write_text(json.dumps(known), encoding="utf-8")
    return str(model)


def test_the_first_examples_are_sentences_that_their_model_knows() -> None:
    """The model of `make demo` knows the phrasebook alone, and answers all else off-target."""
    known = phrasebook.load(tuples=1)
    lines = {code: set(known.splits["test"][Language(code)]) for code in ("en", "it", "nl")}
    page = (ROOT / "docs" / "how-to" / "serve.md").read_text("utf-8")
    source, translation = (
        "Da dieci anni mio marito lavora come poliziotto a Parigi.",
        "Mijn man werkt al tien",
    )
    assert page.count(f'"text": ["{source}", "Buongiorno"]') == page.count(f'"text": "{source} A volte') == 1
    assert page.count(f'"text": "{translation} jaar als politieagent in Parijs.') == 2
    assert source in lines["it"]
    assert f"{translation} jaar als politieagent in Parijs." in lines["nl"]
    (asked,) = re.findall(r"localhost:5000/translate -d q='(.*?)'", str(serve.serve.__doc__))
    assert asked in lines["en"]


def test_the_languages_that_the_models_were_tuned_on_are_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two, three, one = (
        record(tmp_path / "-".join(codes), *codes) for codes in (("de", "fr"), ("en", "de", "it"), ("de",))
    )
    unknown = record(tmp_path / "unknown")

    def started(
        service: TranslationService, *_: object, started: Callable[[str], None], **__: object
    ) -> None:
        started("http://there")
        typer.echo(" ".join(sorted(str(language) for language in service.offered.languages)))

    monkeypatch.setattr(serve, "serve_until_stopped", started)

    def offered(*options: str) -> tuple[str, str]:
        result = CliRunner().invoke(app, ["serve", *options])
        assert result.exit_code == 0, result.output
        return result.stdout.strip(), result.stderr

    for code in ("de", "ja"):
        (tmp_path / f"text.{code}").write_text("line", encoding="utf-8")
    text = [word for code in ("de", "ja") for word in ("--monolingual", f"{code}={tmp_path}/text.{code}")]
    assert offered("--model", unknown, "--system", "language-prior", *text)[0] == "de ja"
    languages, said = offered("--model", two)
    assert languages == "de fr"
    assert "offering de, fr, which the model was tuned on; see --languages" in said
    assert offered("--model", f"a={two}", "--model", f"b={three}")[0] == "de en fr it"
    assert offered("--model", two, "--languages", "fr,ja") == ("fr ja", "serving at http://there\n")
    for options in (["--model", f"a={two}", "--model", f"b={unknown}"], ["--model", one]):
        languages, said = offered(*options)
        assert len(languages.split()) > 100
        assert "offering" not in said
