"""What benchmarks of translation share: options, lines that a run was tested on, turns, and results."""

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from machine import describe

from ontarget.corpora.plain import lines_of
from ontarget.languages import Direction
from ontarget.prompts.segment import Prompt
from ontarget.prompts.template import PromptTemplate
from ontarget.translation.system import Request


def options_of_lines(description: str | None, lines: int) -> argparse.ArgumentParser:
    """The options of a benchmark that has a model translate the first lines of a file.

    Args:
        description: the docstring of the benchmark.
        lines: their number unless `--lines` is given.
    """
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=description, formatter_class=raw)
    parser.add_argument("model", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--from", dest="source", required=True)
    parser.add_argument("--to", dest="target", required=True)
    parser.add_argument("--lines", type=int, default=lines)
    return parser


def prompts_of(options: argparse.Namespace, template: PromptTemplate) -> list[Prompt]:
    """The prompts for the lines that these options name."""
    direction = Direction.parse(f"{options.source}-{options.target}")
    return [template.render(text, direction) for text in islice(lines_of(options.file), options.lines)]


def tested_lines(run: Path, system: str, lines: int) -> list[Request]:
    """The first lines of each direction of the test set that a system of a run has translated.

    Args:
        run: the directory of the run.
        system: the name of the system.
        lines: number of lines of each direction.
    """
    return [
        Request(json.loads(line)["source"], Direction.parse(file.stem))
        for file in sorted((run / "outputs" / system).glob("*.jsonl"))
        for line in islice(lines_of(file), lines)
    ]


def in_turns(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """The processor seconds of each contender in each round; all take turns in every round."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, work in contenders.items():
            began = time.process_time()
            work()
            seconds[name].append(time.process_time() - began)
    return seconds


def ratio(seconds: Sequence[float], of: Sequence[float]) -> float:
    """The median over rounds of one contender's seconds by those of another."""
    return round(median(own / other for own, other in zip(seconds, of, strict=True)), 2)


def save(path: Path, settings: Mapping[str, Any], rows: Any) -> None:
    """Writes results with the machine, its load and the settings."""
    load = [round(number, 1) for number in os.getloadavg()]
    result = {"machine": describe(), "load": load, "settings": settings, "rows": rows}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
