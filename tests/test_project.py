"""What surrounds the code agrees with it: versions, extras, workflows, citation."""

import ast
import re
import shlex
import subprocess
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

import ontarget

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "ontarget"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))

FOR_DEVELOPERS = {"dev", "docs"}
IMPORTED_AS = {"lingua-language-detector": "lingua"}
# fugashi finds its dictionary by itself; sacreBLEU imports SentencePiece and what its own extras bring, and
# Starlette what reads forms with files.
NOT_IMPORTED = {"unidic-lite", "sentencepiece", "sacrebleu", "python-multipart"}


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def releases() -> list[tuple[str, date]]:
    """Versions and dates of the changelog, as they stand."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.findall(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d\d-\d\d)$", text, re.MULTILINE)
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert [line for line in headings if line != "## Unreleased"] == [f"## {v} - {d}" for v, d in found]
    return [(version, date.fromisoformat(day)) for version, day in found]


def test_the_version_is_the_same_everywhere() -> None:
    citation = load(ROOT / "CITATION.cff")
    version, day = releases()[0]
    assert PROJECT["version"] == ontarget.__version__ == citation["version"] == version
    assert citation["date-released"] == day


def test_releases_are_listed_newest_first() -> None:
    order = [(tuple(map(int, version.split("."))), day) for version, day in releases()]
    assert order == sorted(order, reverse=True)
    assert len({version for version, _ in order}) == len(order)


def test_the_citation_has_what_the_format_requires() -> None:
    """Required keys and types of the Citation File Format 1.2.0."""
    citation = load(ROOT / "CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert citation["license"] == PROJECT["license"]
    assert [author["name"] for author in citation["authors"]] == [one["name"] for one in PROJECT["authors"]]
    (paper,) = citation["references"]
    assert {"type", "title", "authors"} <= set(paper)
    assert all(set(author) == {"family-names", "given-names"} for author in paper["authors"])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    said = " ".join(readme.split()).lower()
    assert paper["title"].lower() in said
    for key, value in (
        ("volume", paper["volume"]),
        ("number", paper["issue"]),
        ("pages", f"{paper['start']}--{paper['end']}"),
        ("year", paper["year"]),
        ("doi", paper["doi"].lower()),
    ):
        assert f"{key} = {{{value}}}" in said  # BibTeX


@pytest.mark.parametrize(
    ("extra", "package"),
    [
        (extra, Requirement(line).name)
        for extra in sorted(EXTRAS.keys() - FOR_DEVELOPERS)
        for line in EXTRAS[extra]
        if Requirement(line).name not in NOT_IMPORTED
    ],
)
def test_an_extra_has_code_behind_it(extra: str, package: str) -> None:
    """It is imported, or a tracker or library that is looked for by its name."""
    name = IMPORTED_AS.get(package, package.replace("-", "_"))
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Import(names=names) if any(one.name.split(".")[0] == name for one in names):
                    return
                case ast.ImportFrom(module=str(module)) if module.split(".")[0] == name:
                    return
                case ast.Constant(value=str(value)) if value == name:
                    return
    pytest.fail(f"no code uses {package} of the extra {extra}")


def test_messages_name_extras_that_there_are() -> None:
    for file in SOURCE.rglob("*.py"):
        for extra in re.findall(r"ontarget\[(\w+)\]", file.read_text(encoding="utf-8")):
            assert extra in EXTRAS, file


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))])
def test_no_page_installs_from_an_index_that_does_not_have_it(page: str | Path) -> None:
    """An extra is added to what is installed; the package itself comes from a checkout or a wheel."""
    text = (ROOT / page).read_text(encoding="utf-8")
    assert not re.search(r"pip install (-U |--upgrade )?['\"]?ontarget(?!\[|-)", text)


@pytest.mark.parametrize(
    "file",
    [ROOT / ".pre-commit-config.yaml", *sorted((ROOT / ".github").rglob("*.yml"))],
    ids=lambda file: file.name,
)
def test_every_configuration_parses(file: Path) -> None:
    assert isinstance(load(file), dict)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_workflows_run_what_a_contributor_runs(file: Path) -> None:
    for job in load(file)["jobs"].values():
        for step in job["steps"]:
            match shlex.split(step.get("run", "")):
                case [] | ["test", *_]:
                    continue
                case ["make", *targets]:
                    assert set(targets) <= TARGETS
                case [program]:
                    assert program == ".ci/run"
                    assert (ROOT / program).stat().st_mode & 0o100
                case other:
                    pytest.fail(f"{other} is not a command of the Makefile")


def test_workflows_test_the_versions_that_are_promised() -> None:
    prefix = "Programming Language :: Python :: 3."
    promised = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if line.startswith(prefix)]
    matrix = load(ROOT / ".github" / "workflows" / "test.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == promised
    assert PROJECT["requires-python"] == f">={promised[0]}"
    assert matrix["os"] == ["ubuntu-latest", "macos-latest"]


def test_a_release_asks_for_no_more_than_it_needs() -> None:
    """Trusted publishing: only the job that uploads may ask for an identity, and no secret is used."""
    file = ROOT / ".github" / "workflows" / "release.yml"
    workflow = load(file)
    assert workflow["permissions"] == {"contents": "read"}
    assert [name for name, job in workflow["jobs"].items() if "permissions" in job] == ["publish"]
    assert workflow["jobs"]["publish"]["permissions"] == {"id-token": "write"}
    assert "secrets." not in file.read_text(encoding="utf-8")


def test_the_newest_versions_are_tried_without_constraints() -> None:
    job = load(ROOT / ".github" / "workflows" / "newest.yml")["jobs"]["test"]
    assert job["env"]["CONSTRAINTS"] == ""
    for given, constrained in (("", False), ("constraints.txt", True)):
        printed = subprocess.run(
            ["make", "--dry-run", "--always-make", "docs", f"CONSTRAINTS={given}"],
            cwd=ROOT,
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout
        assert ("--constraint constraints.txt" in printed) == constrained


def test_the_hooks_run_tools_that_are_installed_with_the_project() -> None:
    tools = {Requirement(line).name for line in EXTRAS["dev"]}
    for repository in load(ROOT / ".pre-commit-config.yaml")["repos"]:
        assert repository["repo"] == "local"  # nothing is fetched
        for hook in repository["hooks"]:
            assert Path(shlex.split(hook["entry"])[0]).name in tools


def test_issue_forms_have_what_github_requires() -> None:
    for file in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        if file.name == "config.yml":
            continue
        form = load(file)
        assert {"name", "description", "body"} <= set(form)
        ids = [field["id"] for field in form["body"]]
        assert len(set(ids)) == len(ids)
        assert all(field["attributes"]["label"] for field in form["body"])
