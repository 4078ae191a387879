"""A run directory as `ontarget run` leaves it, made of invented figures and sentences."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from ontarget.reporting.run_files import Scores

LANGUAGES = ("en", "it", "nl", "ro")
SENTENCES = {
    "en": ["The old baker sells warm bread near the river.", "Three children are playing in the garden.",
           "My sister reads a long letter every evening."],
    "it": ["Il vecchio fornaio vende pane caldo vicino al fiume.", "Tre bambini giocano nel giardino.",
           "Mia sorella legge una lunga lettera ogni sera."],
    "nl": ["De oude bakker verkoopt warm brood bij de rivier.", "Drie kinderen spelen in de tuin.",
           "Mijn zus leest elke avond een lange brief."],
    "ro": ["Bătrânul brutar vinde pâine caldă lângă râu.", "Trei copii se joacă în grădină.",
           "Sora mea citește o scrisoare lungă în fiecare seară."],
}  # fmt: skip
# system: zero-shot BLEU, zero-shot OTR, supervised BLEU, supervised OTR (averages)
FIGURES = {
    "base": (8.3, 51.0, 12.1, 33.4),
    "mt": (1.2, 93.0, 30.5, 1.1),
    "post-ins": (2.9, 85.2, 30.6, 1.0),
    "ptl": (3.4, 79.9, 27.7, 2.5),
    "1-shot": (2.2, 88.1, 29.8, 1.3),
    "5-shot": (4.0, 76.4, 29.9, 1.2),
    "contrastive": (6.1, 60.3, 24.2, 3.8),
    "lat": (7.9, 55.5, 29.1, 1.4),
    "ontarget-any": (16.8, 9.7, 30.0, 1.2),
    "ontarget": (19.4, 3.0, 29.6, 1.0),
    "pivot": (21.7, 1.3, 30.5, 1.1),
}
FLOOR = (1.0, 0.9)
BLEU_SIGNATURE = "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.5.1"
OTR_SIGNATURE = "lid:lid.176.ftz|case:mixed|norm:none|n:{n}|version:0.1.0"
RECIPE = """\
# Four languages, six directions trained, six never seen.
name: phrasebook-fake
seed: 1
stages:
  base: {kind: pretraining}
  mt: {kind: sft, learning_rate: 3.0e-4}  # <b>not bold</b>
  lat: {preset: paper}
  ontarget: {preset: ontarget}
versions:
  ontarget: 0.1.0
  torch: 2.9.0
commit: 0123abc
"""


def directions(kind: str) -> list[str]:
    pairs = [(s, t) for s in LANGUAGES for t in LANGUAGES if s != t]
    return [f"{s}-{t}" for s, t in pairs if ("en" in (s, t)) == (kind == "supervised")]


def score_rows(
    systems: list[str] | None = None, kinds: tuple[str, ...] = ("zero-shot", "supervised")
) -> list[Any]:
    """Rows whose averages are FIGURES; direction i of a kind deviates from them by i - 2.5 tenths."""
    rows: list[Any] = []

    def add(system: str, kind: str, metric: str, average: float, signature: str) -> None:
        names = directions(kind)
        for i, direction in enumerate(names):
            value = min(100.0, max(0.0, average + (i - 2.5) / 10))
            rows.append(dict(system=system, direction=direction, kind=kind, metric=metric, value=value, n=3,
                             signature=signature.format(n=3)))  # fmt: skip
        rows.append(dict(system=system, direction="avg", kind=kind, metric=metric, value=average,
                         n=3 * len(names), signature=signature.format(n=3 * len(names))))  # fmt: skip

    for system in systems or list(FIGURES):
        bleu_0, otr_0, bleu_1, otr_1 = FIGURES[system]
        for kind, bleu, otr in (("zero-shot", bleu_0, otr_0), ("supervised", bleu_1, otr_1)):
            if kind in kinds:
                add(system, kind, "bleu", bleu, BLEU_SIGNATURE)
                add(
                    system,
                    kind,
                    "chrf",
                    2 * bleu,
                    "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.5.1",
                )
                add(system, kind, "otr", otr, OTR_SIGNATURE)
    for kind, floor in zip(("zero-shot", "supervised"), FLOOR, strict=True):
        if kind in kinds:
            add("reference", kind, "otr", floor, OTR_SIGNATURE)
    return rows


def log_rows() -> list[Any]:
    rows: list[Any] = []
    for step in range(0, 2001, 20):
        rows.append(
            dict(stage="base", step=step, steps=2000, loss=1.3 + 7 / (1 + step / 60), learning_rate=1e-3)
        )
    for step in range(0, 1001, 10):
        rows.append(
            dict(stage="mt", step=step, steps=1000, loss=0.9 + 3 / (1 + step / 40), learning_rate=3e-4)
        )
    for stage, floor in (("lat", 0.4), ("ontarget", 0.05)):
        for step in range(0, 101, 2):
            p = floor + (0.9 - floor) / (1 + step / 12)
            rows.append(dict(stage=stage, step=step, steps=100, loss=1 + p, likelihood=0.95 + step / 2000,
                             unlikelihood=2.2 * p * p, probability=p, learning_rate=1e-4))  # fmt: skip
    return rows


def output_rows(system: str, direction: str) -> list[Any]:
    """Three lines; a system's share of lines in English (or copied) is about its OTR."""
    source, target = direction.split("-")
    zero_shot = "en" not in (source, target)
    draw = random.Random(f"{system} {direction}")
    rows = []
    for i in range(3):
        off = draw.random() * 100 < FIGURES[system][1 if zero_shot else 3]
        language = ("en" if target != "en" else source) if off else target
        rows.append(dict(source=SENTENCES[source][i], reference=SENTENCES[target][i],
                         text=SENTENCES[language][i], finish_reason="stop", log_probability=-3.5, tokens=12,
                         language=language, language_probability=round(draw.uniform(0.7, 1), 3)))  # fmt: skip
    return rows


def details() -> dict[str, Any]:
    """What scoring says of two of the systems in one direction."""
    difference = dict(system="ontarget", direction="avg", kind="zero-shot", metric="otr", difference=-90.0,
                      p_value=0.003)  # fmt: skip
    return {
        "labels": {code: [code] for code in LANGUAGES},
        "produced": {"mt": {"it-nl": {"en": 2, "nl": 1}}, "ontarget": {"it-nl": {"nl": 3}}},
        "lines": {"mt": {"it-nl": {"outcomes": {"english": [0, 1]}, "words": {"0": [0, 3]}}}},
        "significance": {"baseline": "mt", "signature": "test:ar|trials:1000", "differences": [difference]},
    }


def write_jsonl(path: Path, rows: list[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8", newline="\n")


def write_run(directory: Path) -> Path:
    directory.mkdir(parents=True)
    (directory / "recipe.yaml").write_text(RECIPE, encoding="utf-8", newline="\n")
    (directory / "scores.json").write_text(json.dumps(score_rows()), encoding="utf-8")
    (directory / "details.json").write_text(json.dumps(details()), encoding="utf-8")
    write_jsonl(directory / "log.jsonl", log_rows())
    for system in FIGURES:
        for direction in directions("zero-shot") + directions("supervised"):
            write_jsonl(directory / "outputs" / system / f"{direction}.jsonl", output_rows(system, direction))
    return directory


def write_second_test(run: Path) -> Path:
    """Gives a run a second test: MT and ontarget on three everyday sentences in two zero-shot directions."""
    recipe = run / "recipe.yaml"
    recipe.write_text(f"{recipe.read_text(encoding='utf-8')}second_test: everyday\n", encoding="utf-8")
    folder, pair = run / "everyday", ("it-nl", "nl-it")
    folder.mkdir()
    rows = [
        row for row in score_rows(["mt", "ontarget"], ("zero-shot",)) if row["direction"] in (*pair, "avg")
    ]
    for row in rows:
        row["value"] = {"otr": {"mt": 50.0, "ontarget": 4.0, "reference": 0.0}}.get(row["metric"], {}).get(
            row["system"], row["value"] / 2
        )
    unsure = [row | {"metric": "otr_unsure", "value": 2.0} for row in rows if row["metric"] == "otr"]
    (folder / "scores.json").write_text(json.dumps(rows + unsure), encoding="utf-8")
    (folder / "details.json").write_text(json.dumps(details()), encoding="utf-8")
    for system in ("mt", "ontarget"):
        for direction in pair:
            lines = [row | {"source": f"everyday {row['source']}"} for row in output_rows(system, direction)]
            write_jsonl(folder / "outputs" / system / f"{direction}.jsonl", lines)
    return run


def write_sizes(run: Path, sizes: dict[str, int]) -> None:
    """Gives systems of a run records with the number of parameters of their model."""
    for system, number in sizes.items():
        record = {"it-nl": {"fingerprint": "f", "seconds": 1.0, "parameters": number}}
        (run / "outputs" / system / "ontarget.json").write_text(json.dumps(record), encoding="utf-8")


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return write_run(tmp_path / "phrasebook-fake")


@pytest.fixture
def scores() -> Scores:
    return Scores.of(score_rows())
