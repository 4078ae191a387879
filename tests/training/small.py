"""A small stage that is run again and again, here and in processes of its own."""

import json
import multiprocessing
import os
import signal
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import DistributedType, PartialState, accelerator
from transformers import AutoModelForCausalLM, training_args

from ontarget import hardware
from ontarget.corpora.corpus import Translation
from ontarget.languages import Direction, Language
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.conflict import Conflict
from ontarget.samples.groups import language_aware_groups
from ontarget.settings.model_shape import ModelShape
from ontarget.settings.tuning import Tuning
from ontarget.training import adapters
from ontarget.training.new_model import make_model, make_tokenizer
from ontarget.training.stage import StageData, train_stage

LANGUAGES = [Language(code) for code in ("en", "it", "nl")]
SUPERVISED = [Direction.parse(text) for text in ("en-it", "it-en", "en-nl", "nl-en")]
TRANSLATIONS = [
    Translation(f"casa {'e casa ' * (n % 4)}{n}", f"house {'and house ' * (n % 5)}{n}", SUPERVISED[1])
    for n in range(24)
]
PLAIN = PromptTemplate.load("plain")
DATA = StageData(
    language_aware_groups(TRANSLATIONS, PLAIN, Conflict(), LANGUAGES, SUPERVISED, seed=1), " ", {}
)
STEPS = 12
needs_deepspeed = pytest.mark.skipif(not find_spec("deepspeed"), reason="deepspeed is not installed")
ZERO3 = pytest.param("zero3", marks=needs_deepspeed)


def small_base(folder: Path, dropout: float = 0.1, tied: bool = True) -> Path:
    """A model with dropout: what comes of it depends on the random states."""
    shape = ModelShape(vocabulary=400, hidden=16, layers=2, heads=2, intermediate=32)
    tokenizer = make_tokenizer([t.source + t.target for t in TRANSLATIONS], shape.vocabulary)
    model = make_model(shape, tokenizer, 512, seed=1)
    model.config.attention_dropout = dropout
    if not tied:
        model.config.tie_word_embeddings = False
        model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach() / 2)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def run_stage(base: Path, folder: Path, **settings) -> dict[str, torch.Tensor]:
    """Trains, and returns the parameters."""
    train(base, folder, **settings)
    return parameters(folder)


def train(base: Path, folder: Path, *, steps: int = STEPS, progress=None, **settings) -> None:
    """Trains into `folder/model`, with checkpoints in `folder/work`."""
    (folder / "model").mkdir(parents=True, exist_ok=True)
    tuning = Tuning(
        **{"learning_rate": 3e-3, "max_steps": steps, "global_batch_size": 8, "precision": "fp32", **settings}
    )
    train_stage(
        base, DATA, tuning, output=folder / "model", work=folder / "work", alpha=0.5, progress=progress
    )


def parameters(folder: Path) -> dict[str, torch.Tensor]:
    return AutoModelForCausalLM.from_pretrained(folder / "model").state_dict()


def losses(folder: Path) -> list[tuple[float, float, float]]:
    """Step, likelihood and unlikelihood of each record."""
    lines = (folder / "model" / "log.jsonl").read_text().splitlines()
    return [
        (record["step"], record["likelihood"], record["unlikelihood"]) for record in map(json.loads, lines)
    ]


def close(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor], tolerance: float = 2e-5) -> bool:
    return all((left[name] - right[name]).abs().max() <= tolerance for name in left)


def together(processes: int, base: Path, folder: Path, **settings) -> dict[str, torch.Tensor]:
    """The same stage by several processes of this machine; forked from a server that has torch loaded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.training.small"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = [
        context.Process(target=_one_of, args=(rank, processes, port, base, folder, settings))
        for rank in range(processes)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join(300)
    failed = [process.exitcode for process in started if process.exitcode != 0]
    for process in started:
        process.kill()
    assert not failed, failed
    return {} if "stop_at" in settings else parameters(folder)


def _one_of(rank: int, processes: int, port: int, base: Path, folder: Path, settings: dict) -> None:
    """As torchrun would have it."""
    torch.set_num_threads(1)
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(processes),
        "LOCAL_WORLD_SIZE": str(processes),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    stop_at = settings.pop("stop_at", None)
    if settings.get("compile"):  # without the last step, which takes minutes: code for this processor
        told = adapters.arguments
        adapters.arguments = lambda tuning: told(tuning) | {"torch_compile_backend": "aot_eager"}
    in_parts = settings.get("parallel", "ddp") != "ddp"
    divided = _divide_on_a_processor(settings["parallel"]) if in_parts else []

    def progress(step: int, steps: int, record: dict) -> None:
        if step == stop_at:
            os.kill(os.getpid(), signal.SIGTERM)  # the first process alone is asked

    try:
        train(base, folder, progress=progress, **settings)
    except KeyboardInterrupt:
        assert stop_at is not None
    assert len(divided) == in_parts
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _divide_on_a_processor(parallel: str) -> list[Any]:
    """PyTorch's FSDP2 and DeepSpeed work there; accelerate asks for them on GPUs alone, and so do we.

    Returns: where the models will be that are held in parts.
    """
    hardware.has_gpu = lambda: True
    training_args.is_torch_bf16_gpu_available = lambda: True
    PartialState._prepare_backend = lambda *_: ("gloo", DistributedType.MULTI_CPU)
    set_device = PartialState.set_device

    def as_if_on_gpus(self: PartialState) -> None:
        set_device(self)
        if self.distributed_type == DistributedType.MULTI_CPU:
            self.distributed_type = DistributedType.MULTI_XPU

    PartialState.set_device = as_if_on_gpus
    if parallel == "zero3":
        os.environ["DS_ACCELERATOR"] = "cpu"
        import deepspeed

        where, name = deepspeed, "initialize"
    else:
        where, name = accelerator, "fsdp2_prepare_model"
    divided, divide = [], getattr(where, name)

    def noted(*arguments: Any, **named: Any) -> Any:
        divided.append(divide(*arguments, **named))
        return divided[-1]

    setattr(where, name, noted)
    return divided
