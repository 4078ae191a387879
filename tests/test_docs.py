"""The documentation speaks of what there is: pages, links, tests, keys, files and commands."""

import ast
import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import ontarget
import ontarget.checked
import ontarget.scoring
import ontarget.training
from ontarget.cli.app import _COMMANDS
from ontarget.cli.run import recipe_and_overrides
from ontarget.recipes.loading import load, shipped
from ontarget.recipes.schema.systems import SYSTEMS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
WRITTEN = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + PAGES
MADE = {DOCS / "reference" / page for page in ("api.md", "cli.md", "recipe-keys.md")}  # by a program


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as mkdocs and GitHub both make them."""
    text = re.sub(r"^```.*?^```$", "", read(page), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_the_pages_of_the_navigation_are_the_pages_there_are() -> None:
    site = yaml.safe_load(read(ROOT / "mkdocs.yml"))
    assert sorted([*pages_of(site["nav"]), *site["not_in_nav"].split()]) == sorted(
        page.relative_to(DOCS).as_posix() for page in PAGES
    )


def pages_of(nav: list[dict[str, Any]]) -> Iterator[str]:
    """The pages of a navigation, sections and all."""
    for entry in nav:
        for target in entry.values():
            yield from pages_of(target) if isinstance(target, list) else [target]


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", read(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        if DOCS in page.parents:
            assert DOCS in file.parents, f"{target} leaves the site"
        if anchor:
            assert anchor in anchors(file), target


def test_every_fault_names_tests_and_all_of_them_exist() -> None:
    sections = re.split(r"^## ", read(DOCS / "explanation" / "faults.md"), flags=re.MULTILINE)[1:]
    assert [section.partition(".")[0] for section in sections] == [str(number) for number in range(1, 11)]
    named = set()
    for section in sections:
        tests = re.findall(r"^- `(tests/\S+\.py)::(\S+)`$", section, re.MULTILINE)
        assert tests, section.split("\n")[0]
        for file, test in tests:
            assert test in set(names_of_tests(ROOT / file)), f"{file}::{test}"
        named |= set(tests)
    for file in (ROOT / "tests").rglob("test_*.py"):  # none of those called after a fault is left out
        for test in names_of_tests(file):
            if "test_fault_" in test:
                assert (name(file), test) in named


def names_of_tests(file: Path) -> Iterator[str]:
    for node in ast.parse(read(file)).body:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.ClassDef):
            yield from (
                f"{node.name}::{part.name}" for part in node.body if isinstance(part, ast.FunctionDef)
            )


def test_the_page_of_the_python_api_has_every_public_name() -> None:
    packages = (ontarget, ontarget.checked, ontarget.scoring, ontarget.training)
    public = {exported for package in packages for exported in package.__all__} - {"__version__"}
    shown = re.findall(r"^::: ontarget\.(?:\w+\.)*(\w+)$", read(DOCS / "reference" / "api.md"), re.MULTILINE)
    assert sorted(shown) == sorted(public | {"Run"})  # what `ontarget.run` returns


def test_the_page_of_the_command_line_is_what_the_commands_make() -> None:
    """If not, run `python .ci/cli_reference.py`."""
    made = runpy.run_path(str(ROOT / ".ci" / "cli_reference.py"))["page"]()
    assert read(DOCS / "reference" / "cli.md") == made


def test_the_page_of_recipe_keys_is_what_the_schema_makes() -> None:
    """If not, run `python .ci/recipe_keys.py`."""
    made = runpy.run_path(str(ROOT / ".ci" / "recipe_keys.py"))["page"]()
    assert made == read(DOCS / "reference" / "recipe-keys.md")


def test_every_system_and_every_recipe_is_explained() -> None:
    systems, recipes = read(DOCS / "explanation" / "systems.md"), read(DOCS / "how-to" / "recipes.md")
    assert all(f"`{system}`" in systems for system in SYSTEMS)
    assert all(f"| `{recipe}` |" in recipes for recipe in shipped())


def test_the_architecture_names_every_package_and_each_package_where_to_begin() -> None:
    text = read(DOCS / "architecture.md").partition("## Planned")[0]
    source = ROOT / "src" / "ontarget"
    for file in re.findall(r"`((?:\w+/)*\w+\.py)`", text) + re.findall(
        r"^      (\w+\.py) ", text, re.MULTILINE
    ):
        assert list(source.rglob(file)) or (ROOT / file).exists(), file
    modules = {file.name for file in source.glob("*.py")}
    packages = {f"{file.parent.name}/" for file in source.glob("*/__init__.py")}
    assert modules | packages == set(re.findall(r"^      (\w+(?:\.py|/)) ", text, re.MULTILINE))
    for package in source.glob("*/**/__init__.py"):
        begin = re.search(r"Begin with `([\w/.-]+)`", ast.get_docstring(ast.parse(read(package))) or "")
        assert begin, package
        assert (package.parent / begin[1]).exists(), begin[1]


@pytest.mark.parametrize("page", [page for page in WRITTEN[1:] if page not in MADE], ids=name)
def test_commands_in_the_documentation_are_commands(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recipes and overrides are checked; test_readme.py and test_tutorials.py run commands."""
    for text in map(read, (*WRITTEN, page)):  # the recipes of this page win
        for block in re.findall(r"^```yaml\n(# \S+\.yaml\n.*?)^```$", text, re.DOTALL | re.MULTILINE):
            (tmp_path / block.partition("\n")[0].removeprefix("# ")).write_text(block, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    targets = set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE))
    for block in re.findall(r"^```sh\n(.*?)^```$", read(page), re.DOTALL | re.MULTILINE):
        for line in block.strip().splitlines():
            program, command, *words = shlex.split(line, comments=True)
            if program in ("make", "pip"):
                assert command in targets | {"install"}
                continue
            if program == "python":
                assert (ROOT / command).is_file()
                continue
            assert (program, command in _COMMANDS) == ("ontarget", True), command
            arguments = [word for word in words if not word.startswith("--")]
            if command == "run":
                load(*recipe_and_overrides(arguments))
            elif command == "train":
                recipe = load(arguments[0], [word for word in arguments[1:] if "=" in word])
                assert all(word in recipe.stages for word in arguments[1:] if "=" not in word)


EXAMPLES = [
    pytest.param(code, id=f"{name(page)}-{number}")
    for page in PAGES
    for number, code in enumerate(re.findall(r"^```python\n(.*?)^```$", read(page), re.DOTALL | re.MULTILINE))
    if re.search(r"^print\(.*\)  # ", code, re.MULTILINE) and "ontarget.run" not in code
]


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_in_python_prints_what_it_says(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, "example", "exec"), {})
    promised = re.findall(r"^print\(.*\)  # (.*)$", code, re.MULTILINE)
    assert capsys.readouterr().out.splitlines() == promised


@pytest.mark.parametrize("page", [page for page in PAGES if page not in MADE], ids=name)
def test_a_page_has_at_most_250_lines(page: Path) -> None:
    """Those that a program makes are as long as what they list."""
    assert read(page).count("\n") <= 250


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_nothing_of_the_machine_that_wrote_it_is_in_a_page(page: Path) -> None:
    assert not re.search(r"(?<![\w.~$/-])/(?:home|work|root|tmp|Users)/", read(page))
