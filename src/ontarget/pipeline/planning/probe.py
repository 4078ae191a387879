"""Measures, in some seconds, how fast this machine trains and decodes a model of some size.

It computes with random weights of the model's own shapes, in one layer and in a few, and extrapolates to all
of them. On a CPU, processor time is measured, so other programs hardly change the result.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

from ontarget.pipeline.planning.model_size import ModelSize
from ontarget.settings.decoding import Precision

_LINE = 32  # tokens of a row
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
    """

    trained: float
    step: float
    read: float
    written: float
    passed: float


@cache
def probe(size: ModelSize, num_beams: int, precision: Precision) -> Speeds | None:
    """The speeds of this machine with models of a size.

    Args:
        size: the size.
        num_beams: width of the beam.
        precision: of decoding.
    Returns:
        None if torch and Transformers are not installed.
    """
    if find_spec("torch") is None or find_spec("transformers") is None:
        return None
    import torch

    few = min(size.layers, _LAYERS)
    made = size.parameters * few / size.layers + size.vocabulary * size.hidden
    if made > _LARGEST and not torch.cuda.is_available():
        return _by_products(size.parameters)
    one = _measured(size, 1, num_beams, precision)
    if few == 1:
        found = one
    else:
        more = _measured(size, few, num_beams, precision)
        found = [
            low + max(high - low, 0.0) * (size.layers - 1) / (few - 1)
            for low, high in zip(one, more, strict=True)
        ]
    return Speeds(found[0], _optimizer(size.parameters), *found[1:])


def _measured(size: ModelSize, layers: int, num_beams: int, precision: Precision) -> list[float]:
    """Seconds for a token that is trained on, read and written, and for a step, with a number of layers."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from ontarget.hardware import device, prefers_bf16
    from ontarget.training.cpu.attention import widen_backward
    from ontarget.training.cpu.bf16_weights import Bf16Weights
    from ontarget.training.loss.head import LogOddsHead
    from ontarget.training.loss.objective import signed_loss
    from ontarget.translation.engines.grouped_attention import group_queries
    from ontarget.translation.engines.tree import TokenTree

    at = device()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model: Any = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=size.vocabulary,
                hidden_size=size.hidden,
                intermediate_size=size.intermediate,
                num_hidden_layers=layers,
                num_attention_heads=size.heads,
                num_key_value_heads=size.keys,
                tie_word_embeddings=True,
            )
        ).to(at)
        rows = _TRAINED_ROWS if at.type == "cpu" else 4 * _TRAINED_ROWS
        ids = torch.randint(size.vocabulary, (rows, _LINE), device=at)
    bf16 = prefers_bf16()

    # As `SignedTrainer` computes it.
    head = LogOddsHead.install(model)
    model.get_input_embeddings().sparse = head.adds_gradients = at.type == "cpu"
    copies = Bf16Weights(model, head) if bf16 and at.type == "cpu" else None
    if copies:
        widen_backward(model)
    counts = torch.zeros(rows, _LINE, dtype=torch.bool, device=at)
    counts[:, : _LINE // _LEARNT] = True
    weights = torch.ones(int(counts.sum()), device=at)
    head.examine(model, at)

    def train() -> None:
        with torch.autocast(at.type, torch.bfloat16, enabled=bf16), head.log_odds_at(counts, ids):
            d = model(input_ids=ids, use_cache=False).logits
        signed_loss(d, weights).backward()  # type: ignore[no-untyped-call]

    if copies:
        with copies.in_place():
            trained = _seconds(train)
    else:
        trained = _seconds(train)
    model.zero_grad(set_to_none=True)

    model.eval()
    if precision == "bf16" or (precision == "auto" and at.type == "cuda"):
        model.bfloat16()
    group_queries(model)
    prompts = ids.repeat(ROWS // rows + 1, 2)[:ROWS].tolist()
    read = _seconds(lambda: TokenTree(model, prompts))

    def write(rows: int) -> float:
        tree = TokenTree(model, prompts[:rows])
        tokens = torch.zeros(rows, num_beams, dtype=torch.long, device=at)
        return _seconds(lambda: tree.grow(tokens, tokens).float().log_softmax(-1).topk(2 * num_beams))

    one, all_rows = write(1), write(ROWS)
    written = max(all_rows - one, 0.0) / ((ROWS - 1) * num_beams)
    passed = max(one - written * num_beams, 0.0)
    return [trained / ids.numel(), read / (2 * _LINE * ROWS), written, passed]


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
    """The shortest time of some runs, after one that includes the set-up, as if the machine was idle."""
    import torch

    def run() -> float:
        began, busy = time.perf_counter(), time.process_time()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
            return time.perf_counter() - began
        # Other programs make the clock go on, but not the processor time of this process.
        return (time.process_time() - busy) / torch.get_num_threads()

    run()
    times = [run()]
    while sum(times) < _REPEATED:
        times.append(run())
    return min(times)
