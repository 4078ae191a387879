"""How long commands take as whole processes, beside what they are compared with; measured in turns.

    ONTARGET_DATA=... python benchmarks/start.py [--rounds 15] [--lines 40000]

one_line   `ontarget score` of one line with a reference, against sacreBLEU's own command (BLEU and chrF)
help       `ontarget --help` and `ontarget score --help`, against the same command
lines      `ontarget score --to fr` of NTREX lines in 33 languages, mixed, against a script that asks the
           fastText library line by line

Seconds of the processor (user and system) and ratios of each pair of runs: the least, the median, the most.
Each command runs once before, so that its bytecode is there, as it is after an installation by pip.
"""

import argparse
import gzip
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from machine import describe

from ontarget.scoring.language_id.identifier import bundled

BIN = Path(sys.executable).parent
HYPOTHESIS, REFERENCE = "Une maison est au bord de la mer.\n", "Il y a une maison au bord de la mer.\n"
LIBRARY = """
import sys
import fasttext

model = fasttext.load_model(sys.argv[1])
off = 0
with open(sys.argv[2], encoding="utf-8") as file:
    for line in file:
        labels, _ = model.predict(line.rstrip("\\n"))
        off += labels[0] != "__label__fr"
print(off)
"""


def mixed(data: Path, n: int) -> str:
    """`n` lines of NTREX in all its languages, in an order that the seed 0 gives."""
    files = sorted((data / "ntrex").glob("newstest2019.*.gz"))
    lines = [
        line for file in files for line in gzip.decompress(file.read_bytes()).decode("utf-8").split("\n")
    ]
    return "\n".join(random.Random(0).sample([line for line in lines if line], n)) + "\n"


def seconds(command: Sequence[str]) -> float:
    """Processor time of a command, its threads included."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compared(ours: Sequence[str], theirs: Sequence[str], rounds: int) -> dict[str, Any]:
    """Both commands in turns."""
    seconds(ours), seconds(theirs)
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    columns = {
        "ontarget_cpu_seconds": [a for a, _ in pairs],
        "other_cpu_seconds": [b for _, b in pairs],
        "ratio": [a / b for a, b in pairs],
    }
    return {
        name: {"least": round(min(v), 3), "median": round(median(v), 3), "most": round(max(v), 3)}
        for name, v in columns.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("ONTARGET_DATA"))
    parser.add_argument("--rounds", type=int, default=15, help="pairs of runs; a third of them of many lines")
    parser.add_argument("--lines", type=int, default=40_000)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "start.json")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data, or ONTARGET_DATA: a folder with ntrex/")
    ontarget, sacrebleu = str(BIN / "ontarget"), str(BIN / "sacrebleu")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        texts = {
            "hypothesis": HYPOTHESIS,
            "reference": REFERENCE,
            "mixed": mixed(Path(options.data), options.lines),
            "library.py": LIBRARY,
        }
        for name, text in texts.items():
            (place / name).write_text(text, encoding="utf-8")
        one, reference, many, script = (str(place / name) for name in texts)
        bleu = [sacrebleu, reference, "-i", one, "-m", "bleu", "chrf"]
        pairs = {
            "one_line": ([ontarget, "score", one, "--reference", reference, "--to", "fr"], bleu),
            "help": ([ontarget, "--help"], bleu),
            "score_help": ([ontarget, "score", "--help"], bleu),
            "lines": (
                [ontarget, "score", many, "--to", "fr"],
                [sys.executable, script, str(bundled()), many],
            ),
        }
        result: dict[str, Any] = {
            "machine": describe(),
            "load": [round(number, 1) for number in os.getloadavg()],
            "settings": {"rounds": options.rounds, "lines": options.lines},
        }
        for name, (ours, theirs) in pairs.items():
            rounds = max(1, options.rounds // 3) if name == "lines" else options.rounds
            result[name] = compared(ours, theirs, rounds)
            ratio, used = result[name]["ratio"], result[name]["ontarget_cpu_seconds"]
            print(f"{name:12} {used['median']:6.3f} s of CPU, {ratio['median']:.2f} x the other", flush=True)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
