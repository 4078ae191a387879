"""What each change to a model's layers gains in decoding on a CPU: lines in a processor second, in turns.

    OMP_NUM_THREADS=1 python benchmarks/engine_parts.py MODEL text.en --from en --to de [--beam 1 4]

Each contender has the changes of those above it, and the last one is our engine as it is. Lines are given all
at once, or with `--singles` one by one. (The search over best tokens is the same for all of them.)
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tested import in_turns, options_of_lines, prompts_of, ratio, save

from ontarget import Translator
from ontarget.prompts.segment import Prompt
from ontarget.settings.decoding import Decoding
from ontarget.translation.checkpoint import load_checkpoint
from ontarget.translation.engines.grouped_attention import group_queries
from ontarget.translation.engines.joined_layers import join_layers
from ontarget.translation.engines.packed_linear import pack_linear_layers
from ontarget.translation.engines.transformers import TransformersEngine

CHANGES: dict[str, list[Callable[[Any], None]]] = {
    "Transformers": [],
    "+ grouped attention": [group_queries],
    "+ packed weights": [group_queries, pack_linear_layers],
    "+ joined layers": [join_layers, group_queries, pack_linear_layers],
}


def decode(
    engine: TransformersEngine, prompts: Sequence[Prompt], decoding: Decoding, singles: bool
) -> list[str]:
    """The translations."""
    calls = [[prompt] for prompt in prompts] if singles else [prompts]
    return [one[0].text for call in calls for one in engine.generate(call, decoding)]


def main() -> None:
    parser = options_of_lines(__doc__, 32)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--singles", action="store_true", help="lines one by one")
    parser.add_argument("--beam", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=CHANGES, default=list(CHANGES))
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent / "results" / "engine_parts.json"
    )
    options = parser.parse_args()
    prompts = prompts_of(options, Translator(options.model).template)
    engines = {}
    for name in options.only:
        model, tokenizer = load_checkpoint(options.model, precision=options.precision)
        for change in CHANGES[name]:
            change(model)
        engines[name] = TransformersEngine(model, tokenizer)
        engines[name].generate(prompts[:1], Decoding(num_beams=1, max_new_tokens=2))  # warms up
    rows, texts = [], dict[str, list[str]]()

    def work(name: str, decoding: Decoding) -> None:
        texts[name] = decode(engines[name], prompts, decoding, options.singles)

    for beam in options.beam:
        decoding = Decoding(num_beams=beam, max_new_tokens=64)
        seconds = in_turns({name: partial(work, name, decoding) for name in engines}, options.rounds)
        for name, taken in seconds.items():
            speed = round(len(prompts) / min(taken), 3)
            of_first = ratio(seconds[options.only[0]], taken)
            same = sum(a == b for a, b in zip(texts[name], texts[options.only[0]], strict=True))
            rows.append(
                {"beam": beam, "layers": name, "lines_per_second": speed, "ratio": of_first, "same": same}
            )
            print(f"beam {beam}  {name:20} {speed:7.2f} lines/s {of_first:5.2f}  {same} the same", flush=True)
    settings = {key: str(value) for key, value in vars(options).items() if key != "output"}
    save(options.output, settings, rows)


if __name__ == "__main__":
    main()
