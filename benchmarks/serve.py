"""What `ontarget serve` costs over its engine, and whether one of many requests is lost or crossed.

    OMP_NUM_THREADS=1 python benchmarks/serve.py MODEL [--requests 2000] [--at-once 32] [--turns 4]

The server runs in a process of its own on loopback, and greedily in fp32. Each request is a text of its
own: one to six sentences of the phrasebook on one to three lines, in one of the directions. `--at-once` of
them are in progress at a time. Its answer is compared with what the same engine, alone in this process,
gives for the same text: it is *crossed* if it is that of another request, and *different* if it is neither.
The memory of the server and its processes is looked at after the first of `--turns` and at the end.

`ratio` is the processor seconds of the server and its processes for all requests, divided by those of the
engine for the same sentences. The engine gets the sentences of `--at-once` requests at a time, and does not
check its translations. `with checks` is the same engine with the checks of `ontarget translate`. Engine and
server take turns, so that other programs on the machine slow down both.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import quantiles

import httpx2
import psutil
from machine import describe

from ontarget.corpora import phrasebook
from ontarget.languages import Direction, Language
from ontarget.sentences import split_into_sentences
from ontarget.translation.system import Request
from ontarget.translation.translator import Translator
from ontarget.translators.checked import CheckedTranslator

ALL = [
    "en-it",
    "en-nl",
    "en-ro",
    "it-en",
    "it-nl",
    "it-ro",
    "nl-en",
    "nl-it",
    "nl-ro",
    "ro-en",
    "ro-it",
    "ro-nl",
]
MAX_NEW_TOKENS = 64


@dataclass(frozen=True)
class Asked:
    """A request: lines of sentences, and their direction."""

    direction: Direction
    lines: tuple[tuple[str, ...], ...]

    @property
    def sentences(self) -> list[str]:
        return [sentence for line in self.lines for sentence in line]

    def text(self, of: Mapping[tuple[Direction, str], str] | None = None) -> str:
        """The text, or its translation by those of its sentences."""
        return "\n".join(
            " ".join(sentence if of is None else of[self.direction, sentence] for sentence in line)
            for line in self.lines
        )


def requests_of(directions: Sequence[str], number: int) -> list[Asked]:
    """So many requests with different texts, the same ones at each call."""
    rng = random.Random(1)
    train = phrasebook.load(6 * number).splits["train"]
    assert isinstance(train, dict)
    left = {code: iter(rng.sample(lines, len(lines))) for code, lines in train.items()}
    found = list[Asked]()
    while len(found) < number:
        direction = Direction.parse(rng.choice(directions))
        lines = [list[str]() for _ in range(rng.randint(1, 3))]
        for place in range(max(len(lines), rng.randint(1, 6))):
            lines[place % len(lines)].append(next(left[direction.source]))
        # The server takes a sentence that ends like an abbreviation for the beginning of the next one.
        if all(_cut(" ".join(line), direction.source) == line for line in lines):
            found.append(Asked(direction, tuple(map(tuple, lines))))
    return found


def _cut(line: str, language: Language) -> list[str]:
    return [sentence.strip() for sentence in split_into_sentences(line, language)]


def alone(translator: CheckedTranslator, asked: Sequence[Asked], at_once: int) -> tuple[float, list[str]]:
    """Processor seconds of the engine for the sentences of all requests, and the texts."""
    took, texts = 0.0, list[str]()
    for start in range(0, len(asked), at_once):
        part = asked[start : start + at_once]
        pairs = list(dict.fromkeys((one.direction, sentence) for one in part for sentence in one.sentences))
        begin = time.process_time()
        requests = [Request(text, way) for way, text in pairs]
        found = [one for (one,) in translator.translate_requests(requests)]
        took += time.process_time() - begin
        of = {pair: one.text for pair, one in zip(pairs, found, strict=True)}
        texts += [one.text(of) for one in part]
    return took, texts


@contextmanager
def server_of(options: argparse.Namespace) -> Iterator[tuple[str, psutil.Process]]:
    """The address and the process of a server that has loaded its model."""
    command = [sys.executable, "-m", "ontarget", "serve", "--model", options.model, "--port", "0"]
    command += ["--num-beams", "1", "--max-new-tokens", str(MAX_NEW_TOKENS), "--precision", "fp32"]
    command += [
        "--languages",
        ",".join(sorted({code for way in options.directions for code in way.split("-")})),
    ]
    if options.workers is not None:
        command += ["--workers", str(options.workers)]
    if options.template is not None:
        command += ["--template", options.template]
    with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stderr is not None
        try:
            url = process.stderr.readline().removeprefix("serving at ").strip()
            with ThreadPoolExecutor(1) as reading, httpx2.Client() as client:
                reading.submit(process.stderr.read)  # a full pipe would hold up the server
                while not ready(client, url):
                    assert process.poll() is None, "the server has ended"
                    time.sleep(0.1)
                yield url, psutil.Process(process.pid)
                process.terminate()
        finally:
            process.terminate()


def ready(client: httpx2.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/ready").status_code == 200
    except httpx2.ConnectError:  # it prints its address before it listens
        return False


def family(server: psutil.Process) -> list[psutil.Process]:
    return [server, *server.children(recursive=True)]


def busy(server: psutil.Process) -> dict[str, float]:
    """Processor seconds so far."""
    own, *others = (sum(one.cpu_times()[:2]) for one in family(server))
    return {"server process": own, "model process": sum(others)}


def ask(client: httpx2.Client, one: Asked) -> tuple[float, str | None]:
    """Seconds of a request, and the translation unless there is an error."""
    sides = {"source": str(one.direction.source), "target": str(one.direction.target)}
    begin = time.perf_counter()
    try:
        reply = client.post("/translate", json={"text": one.text(), **sides})
        text = reply.json()["translations"][0]["text"] if reply.status_code == 200 else None
    except httpx2.HTTPError:
        text = None
    return time.perf_counter() - begin, text


def parts_of(asked: Sequence[Asked], turns: int) -> Iterator[Sequence[Asked]]:
    ends = [len(asked) * turn // turns for turn in range(turns + 1)]
    return (asked[start:end] for start, end in pairwise(ends))


def resident(server: psutil.Process) -> float:
    """MiB of the server and its processes that are not pages of files."""
    found = [one.memory_info() for one in family(server)]
    return sum(one.rss - one.shared for one in found) / 2**20


def main() -> None:
    options = options_of()
    asked = requests_of(options.directions, options.requests)
    translator = Translator(options.model, options.template, precision="fp32")
    engines = {
        name: CheckedTranslator(translator, num_beams=1, max_new_tokens=MAX_NEW_TOKENS, check=check)
        for name, check in (("engine", False), ("with checks", True))
    }
    seconds = Counter[str]()
    expected, answers, memory, wall = list[str](), list[tuple[float, str | None]](), list[float](), 0.0
    with (
        server_of(options) as (url, server),
        httpx2.Client(base_url=url, timeout=600) as client,
        ThreadPoolExecutor(options.at_once) as clients,
    ):
        for engine in engines.values():
            alone(engine, asked[: options.at_once // 4], options.at_once)
        list(clients.map(partial(ask, client), asked[: options.at_once // 4]))
        for part in parts_of(asked, options.turns):
            for name, engine in engines.items():
                took, texts = alone(engine, part, options.at_once)
                seconds[name] += took
            expected += texts
            before, begin = busy(server), time.perf_counter()
            answers += clients.map(partial(ask, client), part)
            wall += time.perf_counter() - begin
            seconds.update({name: now - before[name] for name, now in busy(server).items()})
            memory.append(resident(server))
    texts, known = [text for _, text in answers], set(expected)
    wrong = [text for text, good in zip(texts, expected, strict=True) if text not in (None, good)]
    cuts = quantiles([took for took, _ in answers], n=100)
    whole = seconds["server process"] + seconds["model process"]
    rows = {
        **{name: round(value, 2) for name, value in seconds.items()},
        "ratio": round(whole / seconds["engine"], 3),
        "ratio with checks": round(whole / seconds["with checks"], 3),
        "lost": texts.count(None),
        "crossed": sum(text in known for text in wrong),
        "different": sum(text not in known for text in wrong),
        "requests per second": round(len(asked) / wall, 1),
        "p50 ms": round(1000 * cuts[49]),
        "p95 ms": round(1000 * cuts[94]),
        "MiB after the first turn": round(memory[0], 1),
        "MiB at the end": round(memory[-1], 1),
    }
    for name, value in rows.items():
        print(f"{name:>24}  {value}")
    settings = {name: value for name, value in vars(options).items() if name not in ("model", "output")}
    load = [round(number, 1) for number in os.getloadavg()]
    result = {"machine": describe(), "load": load, "settings": settings, "rows": rows}
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    sys.exit(bool(rows["lost"] or rows["crossed"]))


def options_of() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="a model directory")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--at-once", type=int, default=32)
    parser.add_argument("--turns", type=int, default=4)
    parser.add_argument("--directions", nargs="+", default=ALL, help="from en, it, nl and ro")
    parser.add_argument("--template")
    parser.add_argument("--workers", type=int, help="of `ontarget serve`")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "serve.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
