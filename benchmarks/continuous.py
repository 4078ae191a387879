"""What continuous batching gains: seconds for lines of mixed lengths, and for requests that arrive over time.

    OMP_NUM_THREADS=1 python benchmarks/continuous.py runs/phrasebook-tiny [--stage mt] [--system mt]
        [--parts lines lengths clients adjusted short] [--lines 32] [--beam 1] [--clients 16] [--requests 6]

Lines that the run was tested on, of all directions, are joined in turn to texts of 1, 2, 4 and 8 lines
(--sizes). They are decoded by one model of the run, in two ways that take turns in every round:

separate  Batches of prompts of similar length, each decoded to its end; the next one begins after it. Where
          requests arrive, a batch has the waiting requests of one direction.
running   Continuous batching: a row that ends makes room for a waiting one, of any direction.

lines     All texts at once.
lengths   As lines, but outputs do not end, and have drawn lengths: all 32 tokens, evenly 4 to 60, or a tail:
          8 to 40, but one of 32 has 256, as of a model that sometimes repeats itself up to the limit.
clients   Clients at the same time, each of which sends its next request of one to three texts, in directions
          that change, when it has the reply to the one before.
adjusted  As clients, but all scores have a language prior, and requests of one line are decoded alone, one
          after the other, or together.
short     The wait for the text with the shortest output, which arrives when a request with the 64 longest
          texts has begun.

All figures are processor seconds, waits too: what the process has computed from the request to its reply. So
other programs do not count, and on an idle core they are seconds.
"""

import argparse
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from tested import in_turns, ratio, save, tested_lines

from ontarget.languages import Direction
from ontarget.pipeline.execution.systems import system_of
from ontarget.pipeline.planning.inputs import load_corpus
from ontarget.prompts.segment import Prompt
from ontarget.recipes.loading import load
from ontarget.settings.decoding import Decoding
from ontarget.translation.engines.generation import EndOfText, Generation
from ontarget.translation.engines.running_batch import DecodedRow
from ontarget.translation.engines.shared import SharedEngine
from ontarget.translation.engines.transformers import TransformersEngine
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import Request, System, prompt_of
from ontarget.translation.translate import translate
from ontarget.translation.translator import Translator

PARTS = ("lines", "lengths", "clients", "adjusted", "short")
BATCH = 64  # texts
Decode = Callable[[Direction, Sequence[Prompt]], object]


class Separate:
    """Batches that nobody joins, each of the waiting requests of one direction."""

    def __init__(self, engine: TransformersEngine, decoding: Decoding, end: dict[str, Any]) -> None:
        self._engine, self._decoding, self._end = engine, decoding, end
        self._waiting: deque[tuple[Direction, Sequence[Prompt], Future[None]]] = deque()
        self._arrived = threading.Condition()
        threading.Thread(target=self._run, daemon=True).start()

    def decode(self, prompts: Sequence[Prompt]) -> list[list[Hypothesis]]:
        """Decodes the prompts of one call."""
        generation = self._engine.begin(prompts, self._decoding, **self._end)
        separately(self._engine, generation)
        return generation.hypotheses

    def request(self, direction: Direction, prompts: Sequence[Prompt]) -> None:
        """Waits for the reply to a request."""
        future: Future[None] = Future()
        with self._arrived:
            self._waiting.append((direction, prompts, future))
            self._arrived.notify()
        future.result()

    def _run(self) -> None:
        while True:
            with self._arrived:
                self._arrived.wait_for(lambda: self._waiting)
                of = self._waiting[0][0]
                batch, texts = [], 0
                for one in [one for one in self._waiting if one[0] == of]:
                    if texts + len(one[1]) <= BATCH:
                        batch.append(one)
                        texts += len(one[1])
                        self._waiting.remove(one)
            self.decode([prompt for _, prompts, _ in batch for prompt in prompts])
            for _, _, future in batch:
                future.set_result(None)


def mixed(requests: Sequence[Request], sizes: Sequence[int], lines: int) -> list[Request]:
    """Texts of several lines, whose number changes in turn, `lines` of each direction."""
    by_direction: dict[Direction, list[str]] = {}
    for request in requests:
        by_direction.setdefault(request.direction, []).append(request.source)
    texts = []
    for direction, sources in by_direction.items():
        source = cycle(sources)
        for _, size in zip(range(lines), cycle(sizes), strict=False):
            texts.append(Request(" ".join(next(source) for _ in range(size)), direction))
    return texts


def of_lengths(engine: TransformersEngine, prompts: Sequence[Prompt], lengths: Sequence[int]) -> Generation:
    """A call whose outputs have these numbers of tokens."""
    endless = EndOfText(engine.model, engine.tokenizer, [], (), "")
    ids, decoding = [engine.encode(prompt) for prompt in prompts], Decoding(1, max(lengths))
    generation = Generation(ids, decoding, engine.context, endless, 1, True, (), [[] for _ in ids])
    generation.rooms = list(lengths)
    return generation


def separately(engine: TransformersEngine, generation: Generation) -> None:
    """Decodes a call in batches that nobody joins."""
    rows = {row.place: row for row in engine.rows(generation)}
    for places in engine._batches(generation):
        run_together(engine, generation, [rows[place] for place in places])


def run_together(engine: TransformersEngine, generation: Generation, rows: Sequence[DecodedRow]) -> None:
    """Decodes rows of a call by continuous batching."""
    batch = engine.running_batch(generation)
    batch.add(rows)
    while batch.busy:
        for row, found in batch.step():
            generation.finish(row.place, found)


def clients(decode: Decode, requests: Sequence[tuple[Direction, list[Any]]], at_once: int) -> list[float]:
    """The waits of all requests, which some clients send one after the other."""

    def client(own: Sequence[tuple[Direction, list[Any]]]) -> list[float]:
        waits = []
        for direction, prompts in own:
            began = time.process_time()
            decode(direction, prompts)
            waits.append(time.process_time() - began)
        return waits

    with ThreadPoolExecutor(at_once) as threads:
        work = [threads.submit(client, requests[i::at_once]) for i in range(at_once)]
        return [wait for one in work for wait in one.result()]


def short_beside_long(decode: Decode, long: list[Prompt], short: list[Prompt], of: Direction) -> float:
    """The wait for the reply to a short request that arrives when a long one has begun."""
    with ThreadPoolExecutor(2) as threads:
        began = time.process_time()
        running = threads.submit(decode, of, long)
        while time.process_time() - began < 0.5 and not running.done():
            time.sleep(0.01)
        began = time.process_time()
        threads.submit(decode, of, short).result()
        wait = time.process_time() - began
        running.result()
    return wait


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="a run directory with models and outputs")
    parser.add_argument("--stage", default="mt", help="the model")
    parser.add_argument("--system", default="mt", help="the system whose test lines are used")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--beam", type=int, default=1)
    parser.add_argument("--lines", type=int, default=32, help="texts of each direction")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 2, 4, 8], help="lines of a text, in turn")
    parser.add_argument("--clients", type=int, default=16, help="at the same time")
    parser.add_argument("--requests", type=int, default=6, help="of each client")
    parser.add_argument("--max-new-tokens", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", choices=("auto", "bf16", "fp32"), default="auto")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "continuous.json")
    options = parser.parse_args()
    translator = Translator(options.run / "models" / options.stage, precision=options.precision)
    engine = translator.engine
    assert isinstance(engine, TransformersEngine)
    decoding = Decoding(options.beam, options.max_new_tokens)
    system = System("mt", translator.template, decoding=decoding)
    end: dict[str, Any] = {"stop": translator.template.stop, "end": translator.template.end}
    tested = tested_lines(options.run, options.system, max(options.sizes) * options.lines)
    texts = mixed(tested, options.sizes, options.lines)
    prompts = [prompt_of(system, text) for text in texts]
    separate, shared = Separate(engine, decoding, end), SharedEngine(engine)
    ways: dict[str, Decode] = {
        "separate": separate.request,
        "running": lambda _, some: shared.generate(some, decoding, **end),
    }
    separate.decode(prompts[:BATCH])  # what is made once, such as the codec of the tokenizer, is made before
    rows: list[dict[str, Any]] = []

    def add(part: str, name: str, **figures: float) -> None:
        rows.append({"part": part, "way": name, **{key: round(value, 2) for key, value in figures.items()}})
        print(
            f"{part:8}", f"{name:10}", *(f"{key} {value:8.2f}" for key, value in figures.items()), flush=True
        )

    def of_clients(
        part: str, decoders: dict[str, Decode], requests: Sequence[tuple[Direction, list[Any]]]
    ) -> None:
        waits: dict[str, list[float]] = {name: [] for name in decoders}

        def work(name: str) -> None:
            waits[name] += clients(decoders[name], requests, options.clients)

        taken_by = in_turns({name: partial(work, name) for name in decoders}, options.rounds)
        for name, taken in taken_by.items():
            gain = 1 / ratio(taken, taken_by["separate"])
            *_, p95 = quantiles(waits[name], n=20)
            add(part, name, seconds=min(taken), gain=gain, p50=median(waits[name]), p95=p95)

    if "lines" in options.parts:
        found: dict[str, list[list[Hypothesis]]] = {}

        def decode(name: str) -> None:
            alone = name == "separate"
            found[name] = separate.decode(prompts) if alone else engine.generate(prompts, decoding, **end)

        seconds = in_turns({name: lambda name=name: decode(name) for name in ways}, options.rounds)
        for name, taken in seconds.items():
            tokens = sum(of_one[0].tokens for of_one in found[name])
            gain = 1 / ratio(taken, seconds["separate"])
            add("lines", name, texts=len(prompts), tokens=tokens, seconds=min(taken), gain=gain)
    if "lengths" in options.parts:

        def together(generation: Generation) -> None:
            run_together(engine, generation, engine.rows(generation))

        drawn = random.Random(0)
        kinds: dict[str, Callable[[], int]] = {
            "equal": lambda: 32,
            "even": lambda: drawn.randint(4, 60),
            "tail": lambda: 256 if drawn.random() < 1 / 32 else drawn.randint(8, 40),
        }
        for kind, draw in kinds.items():
            lengths = [draw() for _ in prompts]
            call = partial(of_lengths, engine, prompts, lengths)
            both = {
                "separate": lambda call=call: separately(engine, call()),
                "running": lambda call=call: together(call()),
            }
            for name, taken in (seconds := in_turns(both, options.rounds)).items():
                gain = 1 / ratio(taken, seconds["separate"])
                add(kind, name, texts=len(prompts), tokens=sum(lengths), seconds=min(taken), gain=gain)
    if "clients" in options.parts:
        requests = []
        for i in range(options.clients * options.requests):
            # Requests of a moment are in different directions, and of different length.
            direction = texts[(i * options.lines) % len(texts)].direction
            of_one = [p for t, p in zip(texts, prompts, strict=True) if t.direction == direction]
            requests.append((direction, [of_one[(i + j) % len(of_one)] for j in range(1 + i % 3)]))
        of_clients("clients", ways, requests)
    if "adjusted" in options.parts:
        recipe = load(options.run / "recipe.yaml", {"systems": {"language-prior": {}}})
        adjusted = replace(system_of(recipe, "language-prior", load_corpus(recipe)), decoding=decoding)
        apart = threading.Lock()

        def alone(_: Direction, request: list[Request]) -> None:
            with apart:
                translate(adjusted, engine, request)

        decoders: dict[str, Decode] = {
            "separate": alone,
            "running": lambda _, request: translate(adjusted, shared, request),
        }
        alone(texts[0].direction, texts[:1])  # what is learnt from text is learnt once, before
        singles = [(text.direction, [text]) for text in texts[:: max(1, len(texts) // (4 * options.clients))]]
        of_clients("adjusted", decoders, singles)
    if "short" in options.parts:
        by_length = sorted(range(len(texts)), key=lambda i: len(texts[i].source))
        long, candidates = [prompts[i] for i in by_length[-BATCH:]], [prompts[i] for i in by_length[:16]]
        tokens = [found[0].tokens for found in separate.decode(candidates)]
        short, of = [candidates[tokens.index(min(tokens))]], texts[0].direction
        for name in ways:
            waited = [short_beside_long(ways[name], long, short, of) for _ in range(options.rounds)]
            add("short", name, tokens=min(tokens), wait=median(waited))
    settings = {key: value for key, value in vars(options).items() if key not in ("run", "output")}
    save(options.output, settings | {"run": options.run.name}, rows)


if __name__ == "__main__":
    main()
