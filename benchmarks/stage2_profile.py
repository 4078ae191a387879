"""Where the time of a language-aware step goes: `train_stage` under torch.profiler, as kinds of work.

    OMP_NUM_THREADS=1 python benchmarks/stage2_profile.py [--size 58m] [--steps 4] [--preset ontarget]

The first step, which warms up, is left out. Shares are of the time in which operations run, by the clock: on
a busy machine they hold roughly.
"""

import argparse
import tempfile
from pathlib import Path

import torch
from stage2_step import drawn_as, train_as
from steps import SHAPES, Job, make_model
from torch.profiler import ProfilerActivity, profile

from ontarget.recipes.schema.presets import PRESETS

KINDS = {
    "matrix products": ("::mm", "::addmm", "::bmm", "linear"),
    "attention": ("scaled_dot_product",),
    "AdamW": ("adamw",),
    "norm of the gradient, and clipping": ("norm", "foreach", "clamp", "stack"),
    "casts and copies": ("::copy_", "::cat", "::to", "::clone", "contiguous", "repeat"),
    "zeros": ("::zero", "::fill"),
    "rows of embeddings": ("::embedding", "index", "gather", "scatter", "sparse", "coalesce"),
    "log-sum-exp of logits": ("logsumexp", "logaddexp", "::exp"),
}
REST = "numbers, one by one (norms, SwiGLU, positions)"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SHAPES, default="58m")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--micro-batch-tokens", type=int, default=1024)
    parser.add_argument("--preset", choices=PRESETS, default="ontarget")
    parser.add_argument("--operations", type=int, default=0, help="prints so many of the slowest, too")
    options = parser.parse_args()
    profiler = profile(activities=[ProfilerActivity.CPU])
    steps = 0

    def lap(_: int | None) -> None:
        nonlocal steps
        steps += 1
        if steps == 1:
            profiler.start()
        elif steps == options.steps:
            profiler.stop()

    with tempfile.TemporaryDirectory() as folder:
        make_model(Path(folder), options.size)
        job = Job(Path(folder), options.steps, options.samples, options.micro_batch_tokens, sentences=2)
        train_as(options.preset)(job, drawn_as(options.preset)(job.translations()), lap)
    of_kind: dict[str, float] = {}
    operations = [event for event in profiler.key_averages() if "::" in event.key]
    for event in operations:
        kind = next((kind for kind, parts in KINDS.items() if any(p in event.key for p in parts)), REST)
        of_kind[kind] = of_kind.get(kind, 0.0) + event.self_cpu_time_total
    whole = sum(of_kind.values())
    for kind, time in sorted(of_kind.items(), key=lambda item: -item[1]):
        print(f"{time / whole:6.1%}  {kind}")
    print(f"{whole / 1e6 / (options.steps - 1):.2f} s a step, {torch.get_num_threads()} thread")
    for event in sorted(operations, key=lambda event: -event.self_cpu_time_total)[: options.operations]:
        print(f"{event.self_cpu_time_total / whole:6.1%}  {event.count:6d}  {event.key}")


if __name__ == "__main__":
    main()
