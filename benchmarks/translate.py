"""What `ontarget translate` costs: our decoding against plain `generate`, the check, and documents.

    OMP_NUM_THREADS=1 python benchmarks/translate.py runs/phrasebook-tiny [--parts generate check documents]
        [--stage mt] [--beam 1 4] [--lines 20] [--singles 12] [--precision fp32] [--rounds 3]

The first lines of every direction of the run's test set are translated by one model of the run. All figures
are processor seconds, and all contenders take turns in every round.

generate   Our engine with all lines at once and one by one, against the `generate` of Transformers with the
           same prompts: in batches of 64 lines sorted by length, in the given order, and one by one. Ratios
           are medians over rounds.
check      The check of each line, by the seconds of translating it. Each direction is a round: words that
           were checked before take less time, so no line is checked twice.
documents  Reading, cutting and writing a Markdown and a DOCX file with these lines of one direction, by the
           seconds of translating the same lines. A paragraph has four lines, and each tenth is a heading.
"""

import argparse
import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch
from tested import in_turns, ratio, save, tested_lines
from transformers import AutoModelForCausalLM, PreTrainedModel

from ontarget.checked.attempt import Attempt
from ontarget.checked.check import Checker
from ontarget.checked.translate import translate_checked
from ontarget.checked.verdict import Checked
from ontarget.documents.document import translate_document
from ontarget.documents.docx import read_docx
from ontarget.documents.markdown import read_markdown
from ontarget.documents.parts import Document
from ontarget.sentences import sentences_of
from ontarget.settings.decoding import Decoding
from ontarget.translation.engines.transformers import TransformersEngine
from ontarget.translation.system import Request, System, prompt_of
from ontarget.translation.translate import translate
from ontarget.translation.translator import Translator

PARTS = ("generate", "check", "documents")
BATCH = 64  # lines, as many as our engine takes on a CPU


@dataclass(frozen=True, slots=True)
class Plain:
    """The `generate` of Transformers, called as its documentation does."""

    model: PreTrainedModel
    ends: list[int]
    decoding: Decoding

    def batch(self, prompts: Sequence[list[int]]) -> list[list[int]]:
        """The tokens after each prompt, padding included."""
        longest = max(map(len, prompts))
        padding = [[self.ends[0]] * (longest - len(ids)) for ids in prompts]
        found = self.model.generate(
            input_ids=torch.tensor([pad + ids for pad, ids in zip(padding, prompts, strict=True)]),
            attention_mask=torch.tensor(
                [[0] * len(pad) + [1] * len(ids) for pad, ids in zip(padding, prompts, strict=True)]
            ),
            num_beams=self.decoding.num_beams,
            max_new_tokens=self.decoding.max_new_tokens,
            do_sample=False,
            eos_token_id=self.ends,
            pad_token_id=self.ends[0],
        )
        return [row[longest:] for row in found.tolist()]

    def batches(self, prompts: Sequence[list[int]], order: Sequence[int], size: int) -> list[list[int]]:
        """The same for any number of prompts, in batches of a size; the results are in the prompts' order."""
        found: dict[int, list[int]] = {}
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            found.update(zip(batch, self.batch([prompts[i] for i in batch]), strict=True))
        return [found[i] for i in range(len(prompts))]


def against_generate(
    system: System, engine: TransformersEngine, requests: Sequence[Request], singles: int, rounds: int
) -> dict[str, Any]:
    place = engine.model.name_or_path
    model = AutoModelForCausalLM.from_pretrained(place, dtype=engine.model.dtype).eval()
    plain = Plain(model, [engine.tokenizer.eos_token_id], system.decoding)
    ids = [engine.encode(prompt_of(system, request)) for request in requests]
    given = list(range(len(ids)))
    sizes = sorted(given, key=lambda i: len(ids[i]))
    seconds = in_turns(
        {
            "ours": lambda: translate(system, engine, requests),
            "generate, sorted by length": lambda: plain.batches(ids, sizes, BATCH),
            "generate, in the given order": lambda: plain.batches(ids, given, BATCH),
            "ours, one by one": lambda: [translate(system, engine, [one]) for one in requests[:singles]],
            "generate, one by one": lambda: plain.batches(ids[:singles], given[:singles], 1),
        },
        rounds,
    )
    rows: dict[str, Any] = {}
    for name, taken in seconds.items():
        single = name.endswith("one by one")
        lines = len(requests[:singles] if single else requests)
        rows[name] = {
            "seconds_of_a_line": round(min(taken) / lines, 4),
            "ratio": ratio(taken, seconds["ours, one by one" if single else "ours"]),
        }
    texts = engine.tokenizer.batch_decode(plain.batches(ids, sizes, BATCH), skip_special_tokens=True)
    ours = translate(system, engine, requests)
    same = sum(text.strip() == one.text for text, one in zip(texts, ours, strict=True))
    return {"beam": system.decoding.num_beams, "same_text": same, "of": len(requests), **rows}


def of_check(system: System, engine: TransformersEngine, requests: Sequence[Request]) -> dict[str, Any]:
    checker, checking, translating = Checker(), list[float](), list[float]()
    checker.check(requests[:1], translate(system, engine, requests[:1]))  # loads the identifier
    for direction in dict.fromkeys(one.direction for one in requests):
        lines = [one for one in requests if one.direction == direction]
        began = time.process_time()
        found = translate(system, engine, lines)
        middle = time.process_time()
        checker.check(lines, found)
        translating.append(middle - began)
        checking.append(time.process_time() - middle)
    return {"beam": system.decoding.num_beams, **_overhead(checking, translating)}


def of_documents(
    system: System, engine: TransformersEngine, requests: Sequence[Request], rounds: int
) -> list[dict[str, Any]]:
    direction = requests[0].direction
    lines = list(dict.fromkeys(one.source for one in requests if one.direction == direction))
    lines = [line for line in lines if len(sentences_of(f"{line} {line}", direction.source)) == 2]
    checker, rows = Checker(), []
    for name, data, read in (
        ("Markdown", _markdown(lines), read_markdown),
        ("DOCX", _docx(lines), read_docx),
    ):
        own, whole = list[float](), list[float]()
        for round_ in range(rounds + 1):
            inside = list[float]()

            def timed(texts: Sequence[str], inside: list[float] = inside) -> list[Checked]:
                began = time.process_time()
                asked = [Request(text, direction) for text in texts]
                found = translate_checked(asked, [Attempt(system, engine)], checker)
                inside.append(time.process_time() - began)
                return found

            began = time.process_time()
            document: Document = read(data, Path(f"text.{name}"))
            done = translate_document(document, timed, direction.source)
            if round_:  # the first one loads parsers
                own.append(time.process_time() - began - sum(inside))
                whole.append(sum(inside))
            assert [one.checked.source for one in done.segments] == lines
        beam = system.decoding.num_beams
        rows.append({"beam": beam, "file": name, "lines": len(lines), **_overhead(own, whole)})
    return rows


def _overhead(own: Sequence[float], whole: Sequence[float]) -> dict[str, float]:
    share = median(one / other for one, other in zip(own, whole, strict=True))
    return {
        "seconds": round(min(own), 4),
        "of_seconds": round(min(whole), 3),
        "overhead_percent": round(100 * share, 2),
    }


def _paragraphs(lines: Sequence[str]) -> list[tuple[bool, str]]:
    """Headings of one line, and paragraphs of four, as (whether it is a heading, its text)."""
    found, rest = list[tuple[bool, str]](), list(lines)
    while rest:
        is_heading = len(found) % 4 == 0
        size = 1 if is_heading else 4
        found.append((is_heading, " ".join(rest[:size])))
        rest = rest[size:]
    return found


def _markdown(lines: Sequence[str]) -> bytes:
    parts = [f"## {text}" if is_heading else text for is_heading, text in _paragraphs(lines)]
    return "\n\n".join(parts).encode("utf-8")


def _docx(lines: Sequence[str]) -> bytes:
    import docx

    document, file = docx.Document(), io.BytesIO()
    for is_heading, text in _paragraphs(lines):
        if is_heading:
            document.add_heading(text)
        else:
            document.add_paragraph(text)
    document.save(file)
    return file.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="a run directory with models and outputs")
    parser.add_argument("--stage", default="mt")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--beam", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--lines", type=int, default=20, help="of each direction")
    parser.add_argument("--singles", type=int, default=12, help="lines that are also translated one by one")
    parser.add_argument("--max-new-tokens", type=int, default=64)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "translate.json")
    options = parser.parse_args()
    translator = Translator(options.run / "models" / options.stage, precision=options.precision)
    engine = translator.engine
    assert isinstance(engine, TransformersEngine)
    requests = tested_lines(options.run, options.stage, options.lines)
    rows: dict[str, list[dict[str, Any]]] = {part: [] for part in options.parts}
    for beam in options.beam:
        decoding = Decoding(num_beams=beam, max_new_tokens=options.max_new_tokens)
        system = System("mt", translator.template, decoding=decoding)
        parts: dict[str, Callable[[], list[dict[str, Any]]]] = {
            "generate": lambda s=system: [
                against_generate(s, engine, requests, options.singles, options.rounds)
            ],
            "check": lambda s=system: [of_check(s, engine, requests)],
            "documents": lambda s=system: of_documents(s, engine, requests, options.rounds),
        }
        for part in options.parts:
            for row in parts[part]():
                rows[part].append(row)
                print(part, row, flush=True)
    settings = {
        "model": f"{options.run.name}/{options.stage}",
        "parameters": engine.model.num_parameters(),
        "dtype": str(engine.model.dtype),
        "sentences": len(requests),
        "singles": options.singles,
        "max_new_tokens": options.max_new_tokens,
        "rounds": options.rounds,
    }
    save(options.output, settings, rows)


if __name__ == "__main__":
    main()
