"""How many greedy translations change with the batch size in bf16, and between bf16 and fp32.

python benchmarks/precision.py MODEL text.en --from en --to de --lines 160
"""

import argparse

from tested import options_of_lines

from ontarget import Translator
from ontarget.corpora.plain import read_lines
from ontarget.translation.engines import transformers


def translated(translator: Translator, rows: int, args: argparse.Namespace) -> list[str]:
    """Greedy translations in batches of at most `rows` lines."""
    transformers._CPU_ROWS = rows
    lines = read_lines(args.file)[: args.lines]
    return translator.translate(lines, args.source, args.target, num_beams=1, max_new_tokens=48)


def main() -> None:
    args = options_of_lines(__doc__, 160).parse_args()
    found = {}
    for precision in ("bf16", "fp32"):
        translator = Translator(args.model, precision=precision)
        for rows in (64, 16):
            found[precision, rows] = translated(translator, rows, args)
    for one, other in (
        (("fp32", 64), ("fp32", 16)),
        (("bf16", 64), ("bf16", 16)),
        (("bf16", 64), ("fp32", 64)),
    ):
        changed = sum(a != b for a, b in zip(found[one], found[other], strict=True))
        print(f"{one[0]} in batches of {one[1]}, {other[0]} of {other[1]}: {changed} of {args.lines} differ")


if __name__ == "__main__":
    main()
