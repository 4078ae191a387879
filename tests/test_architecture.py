"""The import contracts of docs/architecture.md, checked by reading all imports."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import ontarget

SOURCE = Path(ontarget.__file__).parent
MODEL_STACK = {"torch", "transformers", "accelerate", "peft", "datasets"}
# Reads a format of data and loads no model; corpora imports it where such data is read.
OF_DATA = {"datasets"}
LIGHT_PACKAGES = ("corpora", "samples", "prompts", "scoring", "reporting")
# What a recipe is made of does not know that there are recipes.
BELOW_RECIPES = ("corpora", "samples", "prompts", "training", "translation", "scoring", "checkpoints")


@dataclass(frozen=True)
class Import:
    """A name that a module imports, anywhere in the file."""

    name: str
    for_types_only: bool


def imports_of(file: Path) -> list[Import]:
    return list(_imports(ast.parse(file.read_text(encoding="utf-8")), for_types_only=False))


def _imports(node: ast.AST, for_types_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, for_types_only) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "relative imports hide the package that they lead to"
            yield from (Import(f"{child.module}.{alias.name}", for_types_only) for alias in child.names)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from _imports(ast.Module(child.body, []), for_types_only=True)
            yield from _imports(ast.Module(child.orelse, []), for_types_only)
        else:
            yield from _imports(child, for_types_only)


def modules_of(source: Path) -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    names = {}
    for file in sorted(source.rglob("*.py")):
        parts = [source.name, *file.relative_to(source).with_suffix("").parts]
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return names


def imports_between(source: Path, *, types_too: bool = True) -> set[tuple[str, str]]:
    """Pairs (module, what it imports); a name imported from one of our modules counts as that module."""
    modules = modules_of(source)
    pairs = set()
    for module, file in modules.items():
        for imported in imports_of(file):
            if types_too or not imported.for_types_only:
                name = imported.name
                while name.startswith(source.name) and name not in modules and "." in name:
                    name = name.rpartition(".")[0]
                pairs.add((module, name))
    return pairs


def reachable(pairs: set[tuple[str, str]], start: str) -> set[str]:
    """All that importing `start` and calling its functions may import, the packages around it included."""
    graph: dict[str, set[str]] = {}
    for module, imported in pairs:
        graph.setdefault(module, set()).add(imported)
    seen: set[str] = set()
    todo = {start}
    while todo:
        module = todo.pop()
        seen.add(module)
        around = module.rpartition(".")[0]
        todo |= (graph.get(module, set()) | ({around} if around else set())) - seen
    return seen


def forbidden(source: Path) -> list[str]:
    """Every import that breaks a contract."""

    def inside(module: str, *packages: str) -> bool:
        return any(f"{module}.".startswith(f"{source.name}.{package}.") for package in packages)

    found = []
    executed = imports_between(source, types_too=False)
    for module in modules_of(source):
        if inside(module, *LIGHT_PACKAGES):
            heavy = {name.split(".")[0] for name in reachable(executed, module)} & (MODEL_STACK - OF_DATA)
            found += [f"{module} reaches {library}" for library in sorted(heavy)]
    for module, name in sorted(imports_between(source)):
        public = module in {source.name, f"{source.name}.__main__"}
        broken = [
            inside(module, "training") and inside(name, "translation"),
            inside(module, "translation") and inside(name, "training"),
            inside(module, "scoring") and inside(name, "training", "translation"),
            inside(module, *BELOW_RECIPES, "settings", "reporting")
            and inside(name, "checked", "bulk", "documents"),
            inside(module, "checked") and inside(name, "bulk", "documents"),
            inside(module, "checked", "bulk", "documents", "translators")
            and (inside(name, "training", "recipes") or name.split(".")[0] in MODEL_STACK),
            inside(name, "translators") and not (inside(module, "translators", "serving", "cli") or public),
            inside(module, "serving")
            and (
                inside(name, "bulk", "cli", "pipeline", "recipes", "training")
                or name.split(".")[0] in MODEL_STACK
            ),
            inside(module, "recipes") and inside(name, "training", "translation"),
            inside(module, *BELOW_RECIPES) and inside(name, "recipes"),
            inside(module, "settings")
            and inside(name, "recipes", "pipeline", "reporting", "cli", *BELOW_RECIPES),
            inside(module, "recipes.schema")
            and inside(name, "recipes")
            and not inside(name, "recipes.schema"),
            inside(module, "reporting")
            and inside(name, "scoring")
            and name != f"{source.name}.scoring.score",
            inside(module, "reporting") and inside(name, "recipes", "training", "translation"),
            inside(name, "cli", "serving")
            and not (inside(module, "cli") or public)
            and not (inside(name, "serving") and inside(module, "serving")),
            inside(name, "pipeline") and not (inside(module, "pipeline", "cli") or public),
            name == source.name
            and not public,  # its names come from every package, which the contracts above cannot see
        ]
        if any(broken):
            found.append(f"{module} imports {name}")
    return found


def test_all_imports_keep_the_contracts() -> None:
    assert forbidden(SOURCE) == []


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("scoring/a.py", "import torch.nn", "scoring.a reaches torch"),
        (
            "prompts/a.py",
            "def f():\n    from transformers import AutoTokenizer",
            "prompts.a reaches transformers",
        ),
        ("samples/a.py", "from house.files import f", "samples.a reaches peft"),
        ("corpora/a.py", "import house.training.stage", "corpora.a reaches torch"),
        ("training/a.py", "from house.translation import engine", "training.a imports house.translation"),
        ("translation/a.py", "import house.training.stage", "translation.a imports house.training.stage"),
        ("scoring/a.py", "import house.translation", "scoring.a imports house.translation"),
        ("translation/a.py", "import house.checked", "translation.a imports house.checked"),
        ("checked/a.py", "import torch", "checked.a imports torch"),
        ("checked/a.py", "import house.bulk", "checked.a imports house.bulk"),
        ("bulk/a.py", "import torch", "bulk.a imports torch"),
        ("documents/a.py", "import torch", "documents.a imports torch"),
        ("translators/a.py", "import torch", "translators.a imports torch"),
        ("checked/a.py", "import house.translators", "checked.a imports house.translators"),
        ("serving/a.py", "import torch", "serving.a imports torch"),
        ("serving/a.py", "import house.cli.app", "serving.a imports house.cli"),
        ("documents/a.py", "import house.serving", "documents.a imports house.serving"),
        (
            "reporting/a.py",
            "from house.scoring.metrics.bleu import x",
            "reporting.a imports house.scoring.metrics.bleu",
        ),
        ("reporting/a.py", "import house.recipes.loading", "reporting.a imports house.recipes.loading"),
        ("reporting/a.py", "import house.pipeline", "reporting.a imports house.pipeline"),
        ("recipes/a.py", "import house.training.stage", "recipes.a imports house.training.stage"),
        ("translation/a.py", "import house.recipes.loading", "translation.a imports house.recipes.loading"),
        ("settings/a.py", "import house.training.stage", "settings.a imports house.training.stage"),
        (
            "recipes/schema/a.py",
            "import house.recipes.loading",
            "recipes.schema.a imports house.recipes.loading",
        ),
        ("training/a.py", "from house.pipeline import run", "training.a imports house.pipeline"),
        ("pipeline/a.py", "from house.cli import app", "pipeline.a imports house.cli"),
        ("scoring/a.py", "from house import Translator", "scoring.a imports house"),
        ("a.py", "if TYPE_CHECKING:\n    from house.cli import app", "a imports house.cli"),
    ],
)
def test_an_import_that_breaks_a_contract_is_found(
    tmp_path: Path, file: str, text: str, complaint: str
) -> None:
    house = build(tmp_path, {file: text})
    assert f"house.{complaint}" in forbidden(house)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("prompts/a.py", "if TYPE_CHECKING:\n    from transformers import PreTrainedTokenizerBase"),
        ("reporting/a.py", "from house.scoring.score import Score"),
        ("cli/a.py", "from house.pipeline import run"),
        ("pipeline/a.py", "from house.training.stage import f\nfrom house.translation import g"),
        ("__main__.py", "from house.cli import app"),
    ],
)
def test_an_import_that_keeps_the_contracts_is_allowed(tmp_path: Path, file: str, text: str) -> None:
    assert forbidden(build(tmp_path, {file: text})) == []


def build(folder: Path, files: dict[str, str]) -> Path:
    packages = ["bulk", "checked", "cli", "documents", "pipeline", "scoring", "serving", "training"]
    packages += ["translation", "translators"]
    plan = {f"{package}/__init__.py": "" for package in packages} | {
        "__init__.py": "if TYPE_CHECKING:\n    from house.training import stage",
        "files.py": "import peft",
        "recipes/__init__.py": "",
        "recipes/loading.py": "",
        "scoring/score.py": "",
        "scoring/metrics/bleu.py": "",
        "training/stage.py": "import torch",
    }
    for name, text in (plan | files).items():
        path = folder / "house" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "house"


def test_no_public_class_name_stands_twice() -> None:
    homes: dict[str, list[str]] = {}
    for module, file in modules_of(SOURCE).items():
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(module)
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {str(file.relative_to(SOURCE)): file.read_bytes().count(b"\n") for file in SOURCE.rglob("*.py")}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


@pytest.mark.parametrize(
    "statement",
    [
        "import ontarget",
        "import ontarget; ontarget.off_target_ratio(['Bonjour tout le monde'], 'fr')",
        "import ontarget.scoring.off_target",
        "import ontarget.scoring.metrics.bleu",
        "import ontarget.cli.score",
        "import ontarget.reporting",
        "from ontarget import Direction, Language, Score, UserError, __version__",
    ],
)
def test_scoring_loads_no_model_library(statement: str) -> None:
    code = f"import sys; {statement}; print(*({MODEL_STACK} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)
    assert (result.returncode, result.stdout) == (0, "\n"), result.stderr


@pytest.mark.parametrize(
    ("arguments", "unloaded"),
    [
        (["--help"], {"numpy", "sacrebleu", "babel", "pydantic", "yaml", "rich"}),
        (["score", "--help"], {"numpy", "sacrebleu", "babel", "pydantic", "yaml", "rich"}),
        (
            ["score", "{file}", "--to", "fr"],
            {"sacrebleu", "pydantic", "yaml", "rich.console", "xml.etree.ElementTree"},
        ),
        (["score", "{file}", "--to", "fr", "--reference", "{other}"], {"pydantic", "yaml", "rich.console"}),
    ],
)
def test_a_command_loads_what_it_needs(tmp_path: Path, arguments: list[str], unloaded: set[str]) -> None:
    file, other = tmp_path / "hypotheses.fr", tmp_path / "references.fr"
    for path in (file, other):
        path.write_text("Une maison au bord de la mer.\n", encoding="utf-8")
    code = f"""import atexit, sys
atexit.register(lambda: print(*({unloaded} & set(sys.modules)), file=sys.stderr))
from ontarget.__main__ import main
main()"""
    command = [sys.executable, "-c", code, *(word.format(file=file, other=other) for word in arguments)]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (result.returncode, result.stderr) == (0, "\n")


@pytest.mark.parametrize("packages", [["recipes"], ["checkpoints", "prompts"]])
def test_no_modules_import_each_other(packages: list[str]) -> None:
    within = tuple(f"ontarget.{package}." for package in packages)
    inside = {
        pair for pair in imports_between(SOURCE) if all(f"{module}.".startswith(within) for module in pair)
    }
    below: dict[str, set[str]] = {}
    for module, imported in inside:
        below.setdefault(module, set()).add(imported)
    TopologicalSorter(below).prepare()  # raises CycleError
