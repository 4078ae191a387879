"""Checks a built wheel: what it carries, and that it scores a file where nothing but it is installed.

    python .ci/wheel.py dist constraints.txt

The constraints are optional. Everything happens in a temporary directory.
"""

import json
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMIT = 3_000_000  # bytes
EXTRAS = ("torch", "transformers", "datasets", "pytest")  # must not come with the core
HYPOTHESES = ["Le chat dort sur le canapé.", "We are going to the sea tomorrow."]
REFERENCES = ["Le chat dort sur le canapé.", "Nous allons à la mer demain."]


def check_content(wheel: Path) -> None:
    """The wheel holds every file of the package, nothing else, and is not too large."""
    source = ROOT / "src"
    expected = {
        file.relative_to(source).as_posix()
        for file in (source / "ontarget").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    if found != expected:
        sys.exit(f"{wheel.name} lacks {sorted(expected - found)} and has {sorted(found - expected)}")
    if wheel.stat().st_size > LIMIT:
        sys.exit(f"{wheel.name} has {wheel.stat().st_size:,} bytes; the limit is {LIMIT:,}")


def check_use(wheel: Path, constraints: list[str], folder: Path) -> None:
    """The wheel alone, in a fresh environment, scores a file; no extra came along."""
    programs = folder / "venv" / "bin"
    venv.create(folder / "venv", with_pip=True)
    options = [option for file in constraints for option in ("--constraint", str(ROOT / file))]
    _run(
        str(programs / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-compile",
        *options,
        str(wheel),
        folder=folder,
    )
    names = " ".join(EXTRAS)
    code = f"from importlib.util import find_spec; print(*filter(find_spec, '{names}'.split()))"
    if came := _run(str(programs / "python"), "-c", code, folder=folder).strip():
        sys.exit(f"{wheel.name} brings {came}, which belongs to an extra")
    for name, lines in (("hyp.fr", HYPOTHESES), ("ref.fr", REFERENCES)):
        (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    ontarget = str(programs / "ontarget")
    version = _run(ontarget, "--version", folder=folder).split()[1]
    if not wheel.name.startswith(f"ontarget-{version}-"):
        sys.exit(f"{wheel.name} says that it is version {version}")
    scores = json.loads(
        _run(ontarget, "score", "hyp.fr", "--to", "fr", "--reference", "ref.fr", "--json", folder=folder)
    )
    otr, bleu = scores["otr"]["value"], scores["bleu"]["value"]
    if otr != 50 or not 0 < bleu < 100:
        sys.exit(f"{wheel.name} scores OTR {otr} and BLEU {bleu}, where one line of two is off-target")
    _run(ontarget, "recipes", "show", "phrasebook-tiny", folder=folder)


def _run(*command: str, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def main(place: str, *constraints: str) -> None:
    """Checks the one wheel in a directory."""
    wheels = list((ROOT / place).glob("*.whl"))
    if len(wheels) != 1:
        sys.exit(f"{place} has {len(wheels)} wheels; one is expected")
    check_content(wheels[0])
    with tempfile.TemporaryDirectory() as folder:
        check_use(wheels[0], list(constraints), Path(folder))
    print(f"{wheels[0].name}: {wheels[0].stat().st_size:,} bytes, installed alone, scores a file")


if __name__ == "__main__":
    main(*sys.argv[1:])
