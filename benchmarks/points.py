"""Adds the results of a sweep's points to those that ship with ontarget, with averages instead of all scores.

    python benchmarks/points.py runs/multi30k-study

They are in src/ontarget/recipes/points/<recipe>.jsonl.xz, and the next run of the recipe takes them from
there. Points that the recipe no longer has are left out, and so are statistics of paired tests if it asks for
no tests.
"""

import argparse
import json
from pathlib import Path

from ontarget.pipeline.execution import shipped_points
from ontarget.recipes.sweep import points
from ontarget.reporting.run_files import AVERAGE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sweep", type=Path)
    folder = parser.parse_args().sweep
    found = shipped_points.read(folder.name)
    for path in (folder / "points").glob("*.json"):
        point = json.loads(path.read_text(encoding="utf-8"))
        averages = [row for row in point["scores"] if row["direction"] == AVERAGE]
        found[path.stem] = point | {"scores": averages}
    if not any(point.reference for point in points(folder.name)):
        found = {name: {**point, "segments": {}} for name, point in found.items()}
    order = json.loads((folder / "points.json").read_text(encoding="utf-8"))
    shipped_points.write(folder.name, {name: found[name] for name in order if name in found})
    print(f"{sum(name in found for name in order)} of {len(order)} points")


if __name__ == "__main__":
    main()
