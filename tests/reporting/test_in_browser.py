"""The page in a real browser, where there is one: its script runs, and nothing is wrong on the console."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest
from tests.reporting.conftest import output_rows, score_rows, write_jsonl, write_run

from ontarget.reporting import report

ATTACK = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run of two systems, one of which wrote HTML."""
    run = write_run(tmp_path_factory.mktemp("run") / "phrasebook-fake")
    (run / "log.jsonl").unlink()
    rows = [row for row in score_rows(["mt", "ontarget"]) if row["metric"] != "chrf"]
    (run / "scores.json").write_text(json.dumps(rows), encoding="utf-8")
    for system, text, label in (("mt", ATTACK, "en"), ("ontarget", "De oude bakker.", "nl")):
        outputs = output_rows(system, "it-nl")
        outputs[0].update(text=text, language=label)
        write_jsonl(run / "outputs" / system / "it-nl.jsonl", outputs)
    details = json.loads((run / "details.json").read_text(encoding="utf-8"))
    details["lines"]["ontarget"] = {
        "nl-it": {"outcomes": {"unsure": [0]}, "words": {}, "states": {"unsure": [0], "neutral": [1]}}
    }
    details["produced"]["ontarget"]["nl-it"] = {"it": 1, "und": 1, "zxx": 1}
    (run / "details.json").write_text(json.dumps(details), encoding="utf-8")
    return report.write(run)


def _open(page: Path, profile: Path, fragment: str = "") -> tuple[str, str]:
    """The document after its script has run, and what stands on the console."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("needs a browser: Debian's chromium, or google-chrome")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    options += [f"--user-data-dir={profile}", "--enable-logging=stderr", "--virtual-time-budget=5000"]
    command = [browser, *options, "--dump-dom", f"{page.as_uri()}{fragment}"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, check=True)
    console = [line for line in done.stderr.split("\n") if ":CONSOLE" in line]
    return done.stdout, "\n".join(console)


def _answers(document: str) -> list[str]:
    """`system | verdict | text` of each answer shown."""
    shown = re.findall(
        r'<div class="answer(?: \w+)?"><div class="system">(.*?)</div><div class="language">(.*?)</div>'
        r'<div class="text" dir="auto">(.*?)</div></div>',
        document,
        flags=re.DOTALL,
    )
    return [" | ".join(unescape(re.sub("<.*?>", "", part)).strip() for part in parts) for parts in shown]


def test_all_outputs_are_shown_without_an_error(page: Path, tmp_path: Path) -> None:
    document, console = _open(page, tmp_path)
    assert console == ""
    assert "72 outputs of 36 segments" in document
    assert len(_answers(document)) == 2 * 20  # twenty segments at once
    assert "Show more (16 segments left)" in document


def test_what_a_model_wrote_stays_text(page: Path, tmp_path: Path) -> None:
    document, _ = _open(page, tmp_path, "#system=mt&direction=it-nl&q=TAKEN")
    assert "<title>phrasebook-fake · ontarget</title>" in document
    assert [answer.split(" | ")[2] for answer in _answers(document)] == [ATTACK]
    assert "<img" not in document
    assert document.count("<script") == 2


def test_filters_stand_in_the_address(page: Path, tmp_path: Path) -> None:
    document, console = _open(page, tmp_path, "#system=mt&direction=it-nl&state=off")
    assert console == ""
    answers = _answers(document)
    assert answers
    assert all(answer.startswith("MT | ✗ off-target: ") for answer in answers)
    assert f"{len(answers)} outputs of {len(answers)} segments" in document
    assert "<mark>" in document  # the details know of one


def test_what_is_in_doubt_can_be_chosen_and_is_not_off_target(page: Path, tmp_path: Path) -> None:
    (unsure,) = _answers(_open(page, tmp_path, "#state=unsure")[0])
    assert unsure.startswith("ontarget | ? unsure: Italian 0.")
    (neutral,) = _answers(_open(page, tmp_path, "#state=neutral")[0])
    assert neutral.startswith("ontarget | ○ neutral |")


def test_a_search_that_finds_nothing_says_so(page: Path, tmp_path: Path) -> None:
    document, _ = _open(page, tmp_path, "#q=nowhere%20to%20be%20found")
    assert "No output matches these filters." in document
    assert _answers(document) == []


def test_a_browser_that_cannot_decompress_says_so(page: Path, tmp_path: Path) -> None:
    """An older browser has no `DecompressionStream`; here the script asks for one that no browser has."""
    text = page.read_text(encoding="utf-8").replace("DecompressionStream", "NoSuchStream")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)  # the script's hash changed
    old = tmp_path / "old.html"
    old.write_text(text, encoding="utf-8")
    document, _ = _open(old, tmp_path / "profile")
    assert "This browser cannot show the outputs; please use a browser from 2023 or later." in document
