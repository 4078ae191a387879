"""Adds the results of a sweep's points to those that ship with ontarget, with averages instead of all scores.

    python benchmarks/points.py runs/multi30k-study
    python benchmarks/points.py runs/smollm2-final model=FILE.gguf

They are in src/ontarget/recipes/points/<recipe>.jsonl.xz, and the next run of the recipe takes them from
there. Points that the recipe no longer has are left out, and so are statistics of paired tests if it asks for
no tests.
"""

import argparse
from pathlib import Path

from ontarget.pipeline.execution import shipped_points
from ontarget.pipeline.execution.sweep import make_sweep
from ontarget.reporting.run_files import AVERAGE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sweep", type=Path)
    parser.add_argument(
        "overrides", nargs="*", metavar="KEY=VALUE", help="those of the run, such as model=FILE"
    )
    given = parser.parse_args()
    planned = make_sweep(given.sweep.name, given.overrides, given.sweep).planned
    tested = any(one.point.reference for one in planned)
    found = {}
    for one in planned:
        if result := one.result or one.shipped:
            result = result if tested else {**result, "segments": {}}
            averages = [row for row in result["scores"] if row["direction"] == AVERAGE]
            found[one.file.stem] = result | {"scores": averages}
    shipped_points.write(given.sweep.name, found)
    print(f"{len(found)} of {len(planned)} points")


if __name__ == "__main__":
    main()
