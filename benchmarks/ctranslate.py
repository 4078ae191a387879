"""Greedy translation by our engine and by CTranslate2: processor seconds, and which translations are equal.

    pip install ctranslate2
    python benchmarks/ctranslate.py MODEL text.en --from en --to de [--lines 32] [--singles 8] [--rounds 2]

MODEL is a directory of a model that CTranslate2 can convert, such as a LLaMA. Lines are given all at once,
which each engine batches as it likes (at most 64 lines), and then one by one. All engines and precisions take
turns. The figures are relative to the first of our engines, which is in fp32 unless `--precisions`
leaves that out.
"""

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import ctranslate2
from tested import in_turns, options_of_lines, prompts_of, ratio, save

from ontarget import Translator
from ontarget.prompts.segment import Prompt
from ontarget.settings.decoding import Decoding

KINDS = {"fp32": "float32", "bf16": "bfloat16", "int8": "int8_float32"}  # ours -> those of CTranslate2
FORMS = ["together", "one by one"]


def ours(translator: Translator, tokens: int, prompts: Sequence[Prompt]) -> list[str]:
    """The texts by our engine."""
    found = translator.engine.generate(prompts, Decoding(num_beams=1, max_new_tokens=tokens))
    return [hypotheses[0].text for hypotheses in found]


def theirs(
    generator: ctranslate2.Generator, translator: Translator, tokens: int, prompts: Sequence[Prompt]
) -> list[str]:
    """The texts by CTranslate2, from the same token ids."""
    tokenizer = translator.engine.tokenizer
    encoded = [tokenizer.convert_ids_to_tokens(translator.engine.encode(prompt)) for prompt in prompts]
    found = generator.generate_batch(
        encoded,
        max_batch_size=64,
        max_length=tokens,
        sampling_topk=1,
        include_prompt_in_result=False,
        end_token=tokenizer.eos_token,
    )
    texts = tokenizer.batch_decode([one.sequences_ids[0] for one in found], skip_special_tokens=True)
    return [text.strip() for text in texts]


def one_by_one(translate: Callable[[Sequence[Prompt]], list[str]], prompts: Sequence[Prompt]) -> list[str]:
    """As many calls as there are prompts."""
    return [translate([prompt])[0] for prompt in prompts]


def main() -> None:
    parser = options_of_lines(__doc__, 32)
    parser.add_argument("--singles", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--max-new-tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precisions", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=FORMS, help="how lines are given")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "ctranslate.json")
    options = parser.parse_args()
    engines: dict[str, Callable[[Sequence[Prompt]], list[str]]] = {}
    for precision in [one for one in ("fp32", "bf16") if one in options.precisions]:
        translator = Translator(options.model, precision=precision)
        engines[f"ours, {precision}"] = partial(ours, translator, options.max_new_tokens)
    with tempfile.TemporaryDirectory() as directory:
        converter = ctranslate2.converters.TransformersConverter(str(options.model))
        converted = converter.convert(f"{directory}/model")
        known = ctranslate2.get_supported_compute_types("cpu")
        for kind in [KINDS[one] for one in options.precisions if KINDS[one] in known]:
            generator = ctranslate2.Generator(
                converted, compute_type=kind, intra_threads=options.threads, inter_threads=1
            )
            engines[f"CTranslate2, {kind}"] = partial(theirs, generator, translator, options.max_new_tokens)
    prompts = prompts_of(options, translator.template)
    rows, first = [], next(iter(engines))
    for form in options.forms:
        some = prompts[: options.singles] if form == "one by one" else prompts
        work = {
            name: partial(one_by_one, engine, some) if form == "one by one" else partial(engine, some)
            for name, engine in engines.items()
        }
        found = {name: translate() for name, translate in work.items()}  # also warms up
        seconds = in_turns(work, options.rounds)
        for name, taken in seconds.items():
            same = sum(a == b for a, b in zip(found[name], found[first], strict=True))
            of_ours = ratio(taken, seconds[first])
            rows.append(
                {"lines": form, "engine": name, "seconds": min(taken), "ratio": of_ours, "same": same}
            )
            print(f"{form:12} {name:26} {min(taken):7.2f} s {of_ours:6.2f}  {same} of {len(some)} the same")
    settings = {key: str(value) for key, value in vars(options).items() if key != "output"}
    save(options.output, settings, rows)


if __name__ == "__main__":
    main()
