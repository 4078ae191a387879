"""How much a run's systems say twice, beside its references: loops and stutter that BLEU hardly sees.

    python benchmarks/repetition.py runs/multi30k-final/seed=1

The mean share of a text's runs of ten characters that it has said before, in percent, of all systems and of
the references: over zero-shot directions, and over those with the pivot.
"""

import argparse
from collections import defaultdict
from pathlib import Path
from statistics import fmean

from ontarget.scoring.reading.hypotheses import read_outputs
from ontarget.scoring.repetition import repetition


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--pivot", default="en")
    options = parser.parse_args()
    shares: defaultdict[tuple[str, bool], list[float]] = defaultdict(list)
    every = read_outputs(options.run)
    for answers in every:
        supervised = options.pivot in str(answers.direction).split("-")
        for line in answers.lines:
            shares[answers.system, supervised].append(repetition(line.text))
            if answers.system == every[0].system:  # all systems have the same
                shares["reference", supervised] += map(repetition, line.references)
    for name in dict.fromkeys(name for name, _ in shares):
        means = (f"{fmean(shares[name, supervised]):7.2%}" for supervised in (False, True))
        print(f"{name:12}", *means)


if __name__ == "__main__":
    main()
