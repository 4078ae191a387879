"""The estimates of `--plan` against the times in the records of a finished run, on the machine that made it.

OMP_NUM_THREADS=1 python benchmarks/estimates.py runs/NAME
"""

import argparse
from pathlib import Path

from ontarget.pipeline.planning.model_size import size_in
from ontarget.pipeline.planning.probe import probe
from ontarget.pipeline.planning.work import Counter
from ontarget.pipeline.run import make_plan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    run = parser.parse_args().run
    plan = make_plan(run / "recipe.yaml", (), run)
    counter = Counter(plan)
    print("| Step | estimate, s | true, s | ratio |\n|---|---:|---:|---:|")
    for step in plan.everything():
        if step.kind not in ("model", "outputs", "synthetic") or not step.made:
            continue
        size = size_in(plan, counter.model(step))
        trains = step.kind == "model"
        speeds = size and probe(size, counter.num_beams(step), counter.precision(step), trains=trains)
        if not speeds:
            print(f"| {step.id} | ? | | |")
            continue
        estimate = counter.work(step, step.made).seconds(speeds)
        true = sum(float((made.work or {}).get("seconds", made.seconds)) for made in step.made.values())
        print(f"| {step.id} | {estimate:.1f} | {true:.1f} | {estimate / true:.2f} |", flush=True)


if __name__ == "__main__":
    main()
