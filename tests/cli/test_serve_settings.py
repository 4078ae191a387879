from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ontarget.cli.app import app
from ontarget.cli.serve_settings import variable_of

EXAMPLE = Path(__file__).parents[2] / "deploy" / "ontarget.yaml"


class Started:
    """What the command would serve."""

    def __init__(self) -> None:
        self.host, self.port, self.service, self.hosts = "", 0, None, list[str]()

    def __call__(self, service: Any, host: str, port: int, *, hosts: list[str], **_: Any) -> None:
        self.service, self.host, self.port, self.hosts = service, host, port, hosts


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    from ontarget.cli import serve

    one = Started()
    monkeypatch.setattr(serve, "serve_until_stopped", one)
    return one


@pytest.fixture
def model(tmp_path: Path) -> str:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}', encoding="utf-8")
    return str(tmp_path)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "ontarget.yaml"


def serve(*options: object, **variables: str) -> Any:
    return CliRunner().invoke(app, ["serve", *map(str, options)], env=variables)


def test_the_command_line_wins_over_a_variable_and_a_variable_over_the_file(
    started: Started, model: str, config: Path
) -> None:
    config.write_text(f"model: {model}\nport: 1\nhost: of.the.file\nmax-texts: 7\ntimeout: 2.5\n", "utf-8")
    of_variables = {"ONTARGET_PORT": "2", "ONTARGET_HOST": "of.the.variable"}
    assert serve("--config", config, "--port", 3, **of_variables).exit_code == 0
    assert (started.host, started.port) == ("of.the.variable", 3)
    assert started.service.limits.texts == 7
    assert started.service.limits.seconds == 2.5

    assert serve("--config", config, **of_variables).exit_code == 0
    assert (started.host, started.port) == ("of.the.variable", 2)

    assert serve(ONTARGET_CONFIG=str(config), ONTARGET_PORT="").exit_code == 0  # an empty variable is unset
    assert (started.host, started.port) == ("of.the.file", 1)


def test_the_public_address(started: Started, model: str, config: Path) -> None:
    assert serve("--model", model).exit_code == 0
    assert (started.service.public_url, started.hosts) == ("", [])
    config.write_text("public-url: https://mt.example.org/\n", "utf-8")
    for options, variables in (
        (["--public-url", "https://mt.example.org"], {}),
        (["--config", config], {}),
        ([], {"ONTARGET_PUBLIC_URL": "https://mt.example.org"}),
    ):
        assert serve("--model", model, *options, **variables).exit_code == 0
        assert (started.service.public_url, started.hosts) == ("https://mt.example.org", ["mt.example.org"])
    result = serve("--model", model, "--public-url", "mt.example.org")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1


def test_a_server_is_strict_by_any_way_of_settings(started: Started, model: str, config: Path) -> None:
    assert serve("--model", model).exit_code == 0
    assert started.service.strict is False
    config.write_text("strict: true\n", "utf-8")
    for options, variables in (
        (["--strict"], {}),
        (["--config", config], {}),
        ([], {"ONTARGET_STRICT": "1"}),
    ):
        assert serve("--model", model, *options, **variables).exit_code == 0
        assert started.service.strict is True


def test_a_file_may_list_languages_and_switch_options_on(started: Started, model: str, config: Path) -> None:
    # `no` is Norwegian
    config.write_text(f"model: {model}\nlanguages: [de, no, fr]\ntrust-remote-code: true\n", "utf-8")
    assert serve("--config", config).exit_code == 0
    assert {one.name() for one in started.service.offered.languages} == {"German", "French", "Norwegian"}


def test_models_of_a_file_or_a_variable_have_names(started: Started, model: str, config: Path) -> None:
    config.write_text(f"model:\n  small: {model}\n  large: {model}\n", "utf-8")
    assert serve("--config", config).exit_code == 0
    assert started.service.models.names == ["small", "large"]
    assert serve(ONTARGET_MODEL=f"one={model},two={model}").exit_code == 0
    assert started.service.models.names == ["one", "two"]
    assert serve("--config", config, "--model", model).exit_code == 0
    assert started.service.models.names == ["ontarget"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot: 1", "unknown key 'prot' in 'FILE'; did you mean 'port'"),
        ("max_texts: 3", "did you mean 'max-texts'"),
        ("config: other.yaml", "unknown key 'config'"),
        ("port: 99999", "the value of 'port' in 'FILE' is wrong: input should be less"),
        ("port: true", "'port' in 'FILE' is not a value of --port"),
        ("port: {a: b}", "is not a value of --port"),
        ("port:", "'port' in 'FILE' has no value"),
        ("languages: []", "has no value"),
        ("host: [a, b]", "is a list; give one value"),
        ("trust-remote-code: 3", "is wrong: input should be a valid boolean"),
        ("precision: fp8", "'fp8' is not one of"),
        ("port: 1\nport: 2", "the key 'port' occurs twice (line 2)"),
        ("api-keys: the-secret: x", "is not YAML"),
        ("x: !!python/object/apply:os.getcwd []", "is not YAML"),
        ("- port", "has no keys"),
        ("", "has no keys"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(model: str, config: Path, text: str, said: str) -> None:
    config.write_text(text, "utf-8")
    result = serve("--config", config, "--model", model)
    assert result.exit_code == 2
    assert said.replace("FILE", str(config)) in result.stderr
    assert result.stderr.count("\n") == 1
    assert "secret" not in result.stderr


def test_a_file_that_cannot_be_read_is_named(model: str, tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("host: m\xe4rz".encode("latin-1"))
    (tmp_path / "large.yaml").write_bytes(b"#" * ((1 << 20) + 1))
    for name, said in (
        ("missing.yaml", "No such file"),
        ("latin.yaml", "not in UTF-8"),
        ("large.yaml", "larger than 1 MiB"),
        (".", "cannot be read"),
    ):
        result = serve("--config", tmp_path / name, "--model", model)
        assert result.exit_code == 2
        assert said in result.stderr
        assert result.stderr.count("\n") == 1


def test_a_wrong_variable_is_named(model: str) -> None:
    # Kubernetes gives this value for a service called `ontarget`, unless enableServiceLinks is false
    result = serve("--model", model, ONTARGET_PORT="tcp://10.0.0.1:5000")
    assert result.exit_code == 2
    assert "the value of ONTARGET_PORT is wrong" in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_variable_of_the_keys_is_not_that_of_their_file(
    started: Started, model: str, tmp_path: Path
) -> None:
    file = tmp_path / "keys.txt"
    file.write_text("key-of-the-file\n", "utf-8")
    assert variable_of("api-keys") == "ONTARGET_API_KEYS_FILE"
    result = serve("--model", model, ONTARGET_API_KEYS_FILE=str(file), ONTARGET_API_KEYS="key-of-variable")
    assert result.exit_code == 0
    assert all(started.service.keys.accept(key) for key in ("key-of-the-file", "key-of-variable"))


def test_the_example_is_accepted(started: Started, model: str) -> None:
    result = serve("--config", EXAMPLE, "--model", model)
    assert result.exit_code == 0, result.stderr
    assert started.host == "0.0.0.0"
    assert [str(one) for one in started.service.offered.languages] == ["en", "fr", "de"]  # by name
