"""What came of a sweep's points, made small enough to ship: a line for each point, of scores averages alone.

    python benchmarks/points.py runs/multi30k-study

Adds them to src/ontarget/recipes/points/<recipe>.jsonl, from where the next run of the recipe goes on. Points
that the recipe no longer has are left out, and so is what paired tests need, where the recipe asks for none.
"""

import argparse
import json
from pathlib import Path

from ontarget.files import write_jsonl
from ontarget.pipeline.execution.sweep import SHIPPED, shipped
from ontarget.recipes.sweep import points
from ontarget.reporting.run_files import AVERAGE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sweep", type=Path)
    folder = parser.parse_args().sweep
    found = shipped(folder.name)
    for path in (folder / "points").glob("*.json"):
        point = json.loads(path.read_text(encoding="utf-8"))
        averages = [row for row in point["scores"] if row["direction"] == AVERAGE]
        found[path.stem] = point | {"scores": averages}
    if not any(point.reference for point in points(folder.name)):
        found = {name: {**point, "segments": {}} for name, point in found.items()}
    order = json.loads((folder / "points.json").read_text(encoding="utf-8"))
    write_jsonl(
        SHIPPED / f"{folder.name}.jsonl",
        [{"fingerprint": name, **found[name]} for name in order if name in found],
    )
    print(f"{sum(name in found for name in order)} of {len(order)} points")


if __name__ == "__main__":
    main()
