"""Measures, in some seconds, how fast this machine trains and decodes a model of some size.

It computes with random weights of the model's own shapes, in one layer and in a few, and extrapolates to all
of them. On a CPU, the time of one thread is measured, so other programs hardly change the result.
"""

import math
import resource
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

from ontarget.pipeline.planning.model_size import ModelSize
from ontarget.settings.decoding import Decoding, Precision

_LINE = 32  # tokens of a row
_SHOWN = 256  # tokens of demonstrations
_NO_TOKEN, _ENDLESS = -1, 10**9  # an output that never ends: its end token, and its room
ROWS = 64  # outputs that are decoded together on a CPU
_TRAINED_ROWS = 16  # in a micro-batch; four times as many on a GPU
_LAYERS = 4
_LARGEST = 3e8  # parameters that are made for the probe on a CPU
_REPEATED = 0.05  # seconds of each measurement, at least
_TRAINING_SHARE, _WRITING_SHARE = 0.3, 0.05  # of the speed of products: many tokens at a time, or one
_LEARNT = 3  # a third of the tokens are of the response


@dataclass(frozen=True, slots=True)
class Speeds:
    """Seconds that the parts of the work with a model take.

    Attributes:
        trained: for a token that is trained on.
        step: for an optimizer step, besides its tokens.
        read: for a token of a prompt.
        written: for a token of an output; each hypothesis of a beam has its own.
        passed: for a step of decoding, besides its tokens: few lines take almost as long as a whole batch.
        attended: for a token of an output and each token that it sees, such as those of demonstrations.
    """

    trained: float
    step: float
    read: float
    written: float
    passed: float
    attended: float = 0.0


def probe(
    size: ModelSize,
    num_beams: int,
    precision: Precision,
    *,
    trains: bool = True,
    threads: int | None = None,
) -> Speeds | None:
    """The speeds of this machine with models of a size. Each part is tried once, whatever the other settings.

    Args:
        size: the size.
        num_beams: width of the beam.
        precision: of decoding.
        trains: whether training is tried; otherwise its speeds are 0.
        threads: the number of threads that compute; default: torch's.
    Returns:
        None if torch and Transformers are not installed.
    """
    if find_spec("torch") is None or find_spec("transformers") is None:
        return None
    import torch

    from ontarget.hardware import computing_threads

    few = min(size.layers, _LAYERS)
    made = size.parameters * few / size.layers + size.vocabulary * size.hidden
    with computing_threads(threads):
        if made > _LARGEST and not torch.cuda.is_available():
            return _by_products(size.parameters)
        used = torch.get_num_threads()
        trained, step = _training(size, used) if trains else (0.0, 0.0)
        return Speeds(
            trained, step, _reading(size, precision, used), *_writing(size, num_beams, precision, used)
        )


@cache
def _training(size: ModelSize, threads: int) -> tuple[float, float]:
    """Seconds for a token that is trained on, and for an optimizer step, with these threads."""
    from ontarget.hardware import prefers_bf16

    bf16 = prefers_bf16()
    [trained] = _of_all_layers(size, lambda layers: [_trained(size, layers, bf16=bf16)])
    return trained, _optimizer(size.parameters)


@cache
def _reading(size: ModelSize, precision: Precision, threads: int) -> float:
    """Seconds for a token of a prompt."""
    [read] = _of_all_layers(size, lambda layers: [_read(size, layers, precision)])
    return read


@cache
def _writing(
    size: ModelSize, num_beams: int, precision: Precision, threads: int
) -> tuple[float, float, float]:
    """Seconds for a token of an output, for a step of decoding, and for a token that an output sees."""
    written, passed, attended = _of_all_layers(
        size, lambda layers: _written(size, layers, num_beams, precision)
    )
    return written, passed, attended


def _of_all_layers(size: ModelSize, measured: Callable[[int], list[float]]) -> list[float]:
    """Extrapolates what one layer and a few take to all layers."""
    few, one = min(size.layers, _LAYERS), measured(1)
    if few == 1:
        return one
    each = [max(high - low, 0.0) / (few - 1) for low, high in zip(one, measured(few), strict=True)]
    return [low + more * (size.layers - 1) for low, more in zip(one, each, strict=True)]


def _model(size: ModelSize, layers: int) -> Any:
    """A model with random weights, which leaves the random state alone."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from ontarget.hardware import device

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return LlamaForCausalLM(
            LlamaConfig(
                vocab_size=size.vocabulary,
                hidden_size=size.hidden,
                intermediate_size=size.intermediate,
                num_hidden_layers=layers,
                num_attention_heads=size.heads,
                num_key_value_heads=size.keys,
                tie_word_embeddings=True,
            )
        ).to(device())


def _ids(size: ModelSize, rows: int, length: int) -> Any:
    """Tokens, [rows, length]: all of the vocabulary in turn, since text also has many different ones."""
    import torch

    from ontarget.hardware import device

    return (7919 * torch.arange(rows * length, device=device()) % size.vocabulary).reshape(rows, length)


def _trained(size: ModelSize, layers: int, *, bf16: bool) -> float:
    """Seconds for a token that is trained on, with a number of layers."""
    import torch

    from ontarget.hardware import device
    from ontarget.training.cpu.bf16_weights import Bf16Weights
    from ontarget.training.cpu.layers import speed_up
    from ontarget.training.loss.head import LogOddsHead

    at, model = device(), _model(size, layers)
    rows = _TRAINED_ROWS if at.type == "cpu" else 4 * _TRAINED_ROWS
    ids = _ids(size, rows, _LINE)

    # As `SignedTrainer` computes it.
    head = LogOddsHead.install(model)
    model.get_input_embeddings().sparse, head.adds_gradients = at.type == "cpu", True
    copies = Bf16Weights(model, head) if bf16 else None
    if at.type == "cpu":
        speed_up(model)
    weights = torch.zeros(rows, _LINE, device=at)
    weights[:, : _LINE // _LEARNT] = 1.0
    head.examine(model, at)

    def train() -> None:
        with torch.autocast(at.type, torch.bfloat16, enabled=bf16), head.loss_at(ids, weights):
            loss = model(input_ids=ids, use_cache=False).logits
        loss.backward()

    with copies.in_place() if copies else nullcontext():
        seconds = _seconds(train)
    return seconds / float(ids.numel())


def _decoder(size: ModelSize, layers: int, precision: Precision) -> Any:
    """A model in the form in which it decodes."""
    from ontarget.translation.checkpoint import in_bf16
    from ontarget.translation.engines.transformers import speed_up_decoding

    model = _model(size, layers).eval()
    if in_bf16(precision):
        model.bfloat16()
    speed_up_decoding(model)
    return model


def _read(size: ModelSize, layers: int, precision: Precision) -> float:
    """Seconds for a token of a prompt, with a number of layers."""
    from ontarget.translation.engines.tree import TokenTree

    model, prompts = _decoder(size, layers, precision), _ids(size, ROWS, 2 * _LINE).tolist()
    return _seconds(lambda: TokenTree(model, prompts)) / (2 * _LINE * ROWS)


def _written(size: ModelSize, layers: int, num_beams: int, precision: Precision) -> list[float]:
    """Seconds as `_writing`, with a number of layers, by the beam search that translates."""
    import torch

    from ontarget.translation.engines.adjusted import AdjustedContinuations
    from ontarget.translation.engines.beam import BeamSearch, Ends
    from ontarget.translation.engines.tree import TokenTree

    model, prompts = _decoder(size, layers, precision), _ids(size, ROWS, 2 * _LINE).tolist()
    demonstrations = _ids(size, 1, _SHOWN).tolist()[0]

    def write(rows: int, common: list[int]) -> float:
        search = BeamSearch(
            Decoding(num_beams=num_beams), Ends(torch.tensor([_NO_TOKEN], device=model.device))
        )
        tree = TokenTree(model, [common + prompt for prompt in prompts[:rows]])
        search.join(AdjustedContinuations(tree), dict.fromkeys(range(rows), _ENDLESS))
        return _seconds(search.step)

    one, all_rows, after_demonstrations = write(1, []), write(ROWS, []), write(ROWS, demonstrations)
    each = max(all_rows - one, 0.0) / ((ROWS - 1) * num_beams)
    attended = max(after_demonstrations - all_rows, 0.0) / (ROWS * num_beams * _SHOWN)
    attended = min(attended, each / (4 * _LINE))  # prompts of two lines take at most half of the time
    return [each - 2 * _LINE * attended, max(one - each * num_beams, 0.0), attended]


def _by_products(parameters: int) -> Speeds:
    """The speeds of a model that is too large to be tried in seconds, by the speed of matrix products.

    Training takes 6 floating-point operations for each parameter and token, reading and writing take 2
    (Kaplan et al. 2020, section 2.1), at the share of the speed that small models reach on two CPU cores.
    """
    import torch

    from ontarget.hardware import device, prefers_bf16

    n = 1024
    matrix = torch.rand(n, n, device=device(), dtype=torch.bfloat16 if prefers_bf16() else torch.float32)
    one = _seconds(lambda: matrix @ matrix) * parameters / n**3  # for 2 operations a parameter
    return Speeds(3 * one / _TRAINING_SHARE, 0.0, one / _TRAINING_SHARE, one / _WRITING_SHARE, 0.0)


def _optimizer(parameters: int) -> float:
    """Seconds of a step of AdamW."""
    import torch

    from ontarget.hardware import device

    few = min(parameters, 4_000_000)
    weight = torch.nn.Parameter(torch.zeros(few, device=device()))
    weight.grad = torch.ones_like(weight)
    return _seconds(torch.optim.AdamW([weight], fused=True).step) * parameters / few


def _seconds(work: Callable[[], Any]) -> float:
    """The shortest time of some repetitions, after one that includes the set-up, as if the machine was idle.

    The threads of a product wait for each other: if another program takes the core of one, the others spin,
    which looks like work. If no repetition was free of that, the time is at most that of one thread, divided
    by the square root of the number of threads: for two threads, the truth is within a factor of 1.42.
    """
    import torch

    from ontarget.hardware import computing_threads

    work()
    found, free = _shortest(work)
    threads = torch.get_num_threads()
    if free or threads == 1 or torch.cuda.is_available():
        return found
    with computing_threads(1):
        return min(found, _shortest(work)[0] / math.sqrt(threads))


def _shortest(work: Callable[[], Any]) -> tuple[float, bool]:
    """The shortest repetition, and whether it is one in which no other program took a core.

    Such repetitions come before all others.
    """
    import torch

    from ontarget.hardware import busy_seconds

    def run() -> tuple[bool, float]:
        taken, began = _taken_away(), busy_seconds()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return _taken_away() > taken, busy_seconds() - began

    runs = [run()]
    while sum(seconds for _, seconds in runs) < _REPEATED:
        runs.append(run())
    disturbed, seconds = min(runs)
    return seconds, not disturbed


def _taken_away() -> int:
    """How often another program has taken the core of one of our threads."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
