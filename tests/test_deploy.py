"""The files in `deploy` fit the server and one another; no container is started."""

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.serving.fake import service_of

from ontarget.cli.app import _load
from ontarget.cli.serve_settings import variable_of
from ontarget.serving import server
from ontarget.serving.app import make_app

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
FILES = sorted(file for file in DEPLOY.iterdir() if file.is_file())
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")


def options() -> set[str]:
    """The options of `ontarget serve` without dashes."""
    return {name.removeprefix("--") for one in _load("serve").params for name in one.opts}


def variables() -> set[str]:
    return {variable_of(option) for option in options()} | {"ONTARGET_API_KEYS"}


def compose(*names: str) -> list[dict[str, Any]]:
    return [yaml.safe_load((DEPLOY / name).read_text("utf-8"))["services"]["ontarget"] for name in names]


def of_kubernetes(kind: str) -> Any:
    documents = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8"))
    (found,) = [one for one in documents if one["kind"] == kind]
    return found


def unit() -> dict[str, list[str]]:
    """The settings of the systemd unit; one may occur several times."""
    found = dict[str, list[str]]()
    for line in (DEPLOY / "ontarget.service").read_text("utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_option_and_variable_exists(file: Path) -> None:
    text = file.read_text("utf-8")
    assert set(re.findall(r"ONTARGET_[A-Z_]+[A-Z]", text)) <= variables()
    for line in re.findall(r"ontarget serve (--.*)", text):
        assert {word.removeprefix("--") for word in line.split() if word.startswith("--")} <= options()


def test_settings_in_files_are_options() -> None:
    for text in (
        (DEPLOY / "ontarget.yaml").read_text("utf-8"),
        of_kubernetes("ConfigMap")["data"]["ontarget.yaml"],
    ):
        assert set(yaml.safe_load(text)) <= options()
    container = of_kubernetes("Deployment")["spec"]["template"]["spec"]["containers"][0]
    assert {word.removeprefix("--") for word in container["args"] if word.startswith("--")} <= options()


def test_the_image_copies_files_that_exist_and_are_sent_to_the_build() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    assert ignored[0] == "*"
    copied = [
        name
        for line in re.findall(r"^COPY (?!--)(.*) \S+$", DOCKERFILE, re.MULTILINE)
        for name in line.split()
    ]
    assert {"src", "pyproject.toml", "constraints.txt"} <= set(copied)
    for name in copied:
        assert (ROOT / name).exists()
        assert f"!{name}" in ignored
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    for extra in re.search(r"'\.\[(.*)\]'", DOCKERFILE)[1].split(","):  # type: ignore[index]
        assert re.search(rf"^{extra} = \[", project, re.MULTILINE)
    readme, licence = re.findall(r'^(?:readme = |license-files = \[)"(.*?)"', project, re.MULTILINE)
    assert {readme, licence} <= set(copied)  # the build of the package reads them


def test_the_image_runs_as_a_user_without_rights_and_is_asked_for_its_health() -> None:
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert DOCKERFILE.index("USER ") < DOCKERFILE.index("ENTRYPOINT ")
    check = re.search(r'"-c", "(.*)"\]', DOCKERFILE)
    assert check
    compile(check[1], "health", "exec")
    assert "/health" in check[1]


def test_the_probes_are_paths_of_the_server_and_ports_agree() -> None:
    paths = make_app(service_of())._app.openapi()["paths"]  # type: ignore[attr-defined]
    pod = of_kubernetes("Deployment")["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == "/health"
    assert {"/ready", "/health"} <= set(paths)
    (port,) = re.findall(r"ONTARGET_PORT=(\d+)", DOCKERFILE)
    assert re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE) == [port]
    assert [str(one["containerPort"]) for one in container["ports"]] == [port]
    (base,) = compose("compose.yaml")
    assert base["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_a_stop_leaves_time_for_the_requests_in_progress() -> None:
    pod = of_kubernetes("Deployment")["spec"]["template"]["spec"]
    (pause,) = [int(word) for word in pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1:]]
    assert pod["terminationGracePeriodSeconds"] - pause > server._DRAIN
    (base,) = compose("compose.yaml")
    assert int(base["stop_grace_period"].removesuffix("s")) > server._DRAIN
    (seconds,) = unit()["TimeoutStopSec"]
    assert int(seconds) > server._DRAIN
    assert unit()["SuccessExitStatus"] == ["143"]
    assert unit()["KillMode"] == ["mixed"]  # SIGTERM to the processes of the model would end them at once


def test_kubernetes_does_not_set_the_port_to_an_address() -> None:
    pod = of_kubernetes("Deployment")["spec"]["template"]["spec"]
    assert of_kubernetes("Service")["metadata"]["name"] == "ontarget"
    assert pod["enableServiceLinks"] is False


def test_what_is_mounted_is_what_is_named() -> None:
    pod = of_kubernetes("Deployment")["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}
    places = [one["mountPath"] for one in container["volumeMounts"]]
    settings = yaml.safe_load(of_kubernetes("ConfigMap")["data"]["ontarget.yaml"])
    assert str(Path(settings["api-keys"]).parent) in places
    assert container["args"][1] in places
    (model,) = re.findall(r"ONTARGET_MODEL=(\S+)", DOCKERFILE)
    assert model in places
    (base,) = compose("compose.yaml")
    assert base["volumes"][0].endswith(f":{model}:ro")
    state = base["environment"]["ONTARGET_STATE"]
    assert base["volumes"][1].endswith(f":{state}")
    assert re.search(rf"^RUN install -d -o 10001 -g 10001 {state}$", DOCKERFILE, re.MULTILINE)
    home = re.search(r"HOME=(\S+)", DOCKERFILE)
    assert home
    assert home[1] in places
    assert base["tmpfs"] == [home[1]]


def test_the_build_for_a_gpu_differs_in_an_argument_of_the_image() -> None:
    base, cuda = compose("compose.yaml", "compose.cuda.yaml")
    assert (
        DEPLOY / base["build"]["context"] / base["build"]["dockerfile"]
    ).resolve() == DEPLOY / "Dockerfile"
    assert set(cuda["build"]["args"]) <= set(re.findall(r"^ARG (\w+)=", DOCKERFILE, re.MULTILINE))


def test_the_unit_is_a_file_of_sections_that_systemd_knows() -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None, allow_no_value=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / "ontarget.service", "utf-8")
    assert parser.sections() == ["Unit", "Service", "Install"]
    assert unit()["ExecStart"] == ["/opt/ontarget/bin/ontarget serve --config /etc/ontarget/ontarget.yaml"]
