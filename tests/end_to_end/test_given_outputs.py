"""Rows of the paper (C_src+lang, PTL ...) of given outputs: table, sacreBLEU and a count by hand agree."""

import json
from pathlib import Path
from statistics import mean

import pytest
import sacrebleu
from typer.testing import CliRunner

from ontarget.cli.app import app
from ontarget.languages import Direction
from ontarget.pipeline.evaluation.score import score
from ontarget.reporting.run_files import Scores
from ontarget.reporting.table import layout

TEXT = {
    "en": ["The old baker sells warm bread near the river.", "My sister reads a long letter every evening."],
    "it": [
        "Il vecchio fornaio vende pane caldo vicino al fiume.",
        "Mia sorella legge una lettera ogni sera.",
    ],
    "nl": ["De oude bakker verkoopt warm brood bij de rivier.", "Mijn zus leest elke avond een lange brief."],
}
KINDS = {
    "zero-shot": [Direction.parse(name) for name in ("it-nl", "nl-it")],
    "supervised": [Direction.parse(name) for name in ("en-nl", "it-en")],
}
# System -> the language that it answers each of the two lines in; `target` where it is the one asked for.
ANSWERS = {
    "mt": ("en", "en"),
    "ptl": ("source", "en"),
    "contrastive": ("target", "en"),
    "ontarget": ("target", "target"),
}
OTR = {  # zero-shot, supervised: of the four lines of each kind those in another language, counted by hand
    "mt": (100.0, 50.0),  # into English its English is right
    "ptl": (100.0, 75.0),
    "contrastive": (50.0, 25.0),
    "ontarget": (0.0, 0.0),
}


def said(system: str, direction: Direction) -> list[str]:
    """Without its last word, lest BLEU be 0 or 100."""
    texts = []
    for line, language in enumerate(ANSWERS[system]):
        code = {"source": str(direction.source), "target": str(direction.target)}.get(language, language)
        texts.append(" ".join(TEXT[code][line].split()[:-1]) + ".")
    return texts


@pytest.fixture
def run(tmp_path: Path) -> Path:
    outputs = {
        system: {
            direction: [
                {"source": source, "reference": reference, "text": text, "finish_reason": "stop"}
                for source, reference, text in zip(
                    TEXT[str(direction.source)],
                    TEXT[str(direction.target)],
                    said(system, direction),
                    strict=True,
                )
            ]
            for directions in KINDS.values()
            for direction in directions
        }
        for system in ANSWERS
    }
    references = {d: TEXT[str(d.target)] for directions in KINDS.values() for d in directions}
    scores = score(outputs, references, KINDS, draws=20).rows
    (tmp_path / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
    for system, of_system in outputs.items():
        for direction, rows in of_system.items():
            file = tmp_path / "outputs" / system / f"{direction}.jsonl"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return tmp_path


def test_the_rows_of_the_table(run: Path) -> None:
    rows = {
        row.name: [cell.text for cell in row.cells] for row in layout(Scores.read(run / "scores.json")).rows
    }
    assert list(rows) == ["MT", "PTL", "C_src+lang", "ontarget", "reference (floor)"]
    for system, name in zip(ANSWERS, rows, strict=False):
        expected = []
        for kind, otr in zip(KINDS, OTR[system], strict=True):
            of_directions = (
                sacrebleu.corpus_bleu(said(system, d), [TEXT[str(d.target)]]).score for d in KINDS[kind]
            )
            expected += [f"{mean(of_directions):.1f}", f"{otr:.1f}", "0.0"]  # none is unsure
        assert rows[name] == expected
    assert rows["reference (floor)"] == ["–", "0.0", "0.0", "–", "0.0", "0.0"]


def test_score_finds_the_same_in_the_outputs(run: Path) -> None:
    done = CliRunner().invoke(app, ["score", str(run), "--json"])
    assert done.exit_code == 0
    scores = Scores.read(run / "scores.json")
    found = json.loads(done.stdout)
    assert len(found) == 4 * 4
    for one in found:
        kind = "zero-shot" if one["direction"] in ("it-nl", "nl-it") else "supervised"
        for metric in ("bleu", "chrf", "otr"):
            assert one[metric]["value"] == scores.value(one["system"], metric, kind, one["direction"])
