"""A stage makes a model from a model (or from nothing): load, tune, save."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import gather_object
from transformers import PrinterCallback, TrainingArguments
from transformers.utils import logging as transformers_logging

from ontarget import hardware
from ontarget.errors import UserError, counted
from ontarget.languages import Language
from ontarget.samples.groups import Draw
from ontarget.settings.objective import UNLIKELIHOOD, Objective
from ontarget.settings.tuning import Tuning
from ontarget.signals import postponed
from ontarget.training import adapters, tracking
from ontarget.training.cpu import attention
from ontarget.training.data import packing, pairs, prefix
from ontarget.training.data.batches import Steps
from ontarget.training.data.encode import Encoder
from ontarget.training.data.encoded_cache import Identity, encode_pass
from ontarget.training.distributed import parallel, sharded
from ontarget.training.distributed.processes import Share
from ontarget.training.evaluation import Evaluation, Judge, undisturbed
from ontarget.training.log import Log, restore
from ontarget.training.loss.reference import Reference
from ontarget.training.new_model import NewModel
from ontarget.training.requirements import require_available, require_whole
from ontarget.training.save_precision import convert, saved_dtype
from ontarget.training.saving import (
    BEST,
    LOG,
    Keeping,
    Resume,
    Saving,
    clear,
    keep,
    kept,
    resume,
    still_there,
    unfinished,
)
from ontarget.training.sealing import SEAL
from ontarget.training.start import load_model, load_tokenizer
from ontarget.training.tracking import Tracked, told, tracking_arguments
from ontarget.training.trainer import Progress, SignedTrainer


@dataclass(frozen=True, slots=True)
class StageData:
    """What a stage learns from.

    Attributes:
        draw: pass number -> the groups of samples of that pass.
        separator: what stands between prompt and response (the template's).
        lines: texts of each language, to know which beginnings languages share.
        identity: number of a pass -> what its samples are known by, so that many of them are encoded once and
            kept on disk (see passes.py); None: ids are in memory.
        revealing: whether the model that the stage starts from says how much tokens of twins tell.
        end: what a chat writes after an answer (the template's).
    """

    draw: Draw
    separator: str
    lines: Mapping[Language, Sequence[str]]
    identity: Identity | None = None
    revealing: bool = False
    end: str = ""


@dataclass(frozen=True, slots=True)
class StageResult:
    """What came of a stage, besides the model; samples are counted in its first pass (see `Encoder`).

    `steps` were taken, perhaps fewer than planned; `kept` is the one whose weights are saved: the last, or
    the best of those that were judged. `seconds` are with those before it was cut off. `unrevealing` are
    twins that were left out since no token told the model their instruction from the right one.
    """

    steps: int
    kept: int
    seconds: float
    dropped: int
    truncated: int
    ambiguous: int
    unrevealing: int


def train_stage(
    start: str | Path | NewModel,
    data: StageData,
    tuning: Tuning,
    *,
    output: Path,
    work: Path,
    alpha: float = 1.0,
    objective: Objective = UNLIKELIHOOD,
    seed: int = 1,
    trust_remote_code: bool = False,
    progress: Progress | None = None,
    evaluation: Evaluation | None = None,
    tracked: Tracked | None = None,
) -> StageResult:
    """Tunes a causal language model and saves it as a plain Hugging Face checkpoint.

    Args:
        start: a directory, a Hub name, or what a new model is made of.
        output: an empty folder for model, tokenizer and `log.jsonl`.
        work: a folder for checkpoints; a stage that was cut off goes on from the newest one in it that is
            whole. `progress` gets a record with a `notice`, a sentence, where one was damaged.
        alpha: the strength of the objective against likelihood.
        objective: what is made of conflicting twins.
        evaluation: how the model is judged while it trains.
        tracked: what the stage is called where `tuning.tracking` sends the log.
    Raises:
        UserError: no such model, no sample left to learn from, or a loss that is not finite.
        KeyboardInterrupt: Ctrl-C, or SIGTERM as `Terminated`: at the end of the step under way, with a
            checkpoint saved; a second one at once.
    """
    began = time.monotonic()
    hardware.keep_freed_memory()
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    torch.manual_seed(seed)
    share = Share.ours()
    require_available(tuning, "tuning")
    require_whole(tuning, share.processes, evaluated=evaluation is not None)
    if data.revealing and share.processes > 1 and tuning.parallel != "ddp":
        raise UserError(
            f"conflict.token_weighting=model needs tuning.parallel=ddp, not {tuning.parallel}: "
            "the model that tells must be whole in every process"
        )
    tokenizer = load_tokenizer(start, trust_remote_code)
    encoder = Encoder(tokenizer, data.separator, tuning.max_length, data.lines, data.end)
    encode = partial(encode_pass, identity=data.identity, progress=progress and partial(_encoding, progress))
    steps = Steps(data.draw, encoder, tuning, alpha, seed, share, encode)
    if not len(steps):
        raise UserError(
            f"no sample is left to learn from: {encoder.dropped} have no room for a response in "
            f"tuning.max_length={tuning.max_length} tokens; raise it, or give more samples"
        )
    if tuning.checkpoint_steps and max(tuning.checkpoint_steps) > len(steps):
        raise UserError(
            f"tuning.checkpoint_steps has {max(tuning.checkpoint_steps)}, but the stage takes "
            f"{counted(len(steps), 'step')}"
        )
    counts = encoder.dropped, encoder.truncated, encoder.ambiguous  # of one pass
    work.mkdir(parents=True, exist_ok=True)
    # Before the model: they say which process loads what of it.
    arguments = _arguments(tuning, len(steps), work, seed, share.processes, tracked)
    load = partial(load_model, start, tokenizer, tuning, seed, trust_remote_code, data.end)
    model = load(**adapters.loading(tuning))
    packing.prefer_flash(model, adapters.in_bf16(tuning))
    if not (hardware.has_gpu() or tuning.compile):
        attention.widen_backward(model)
    if packing.pays_off(model):
        steps.cut, steps.collate = packing.by_tokens, packing.pack
    elif prefix.works(model, tuning, share.processes):
        steps.collate = prefix.collate
    model = adapters.prepared(model, tuning)
    if objective.pairwise and alpha:
        steps.units, steps.collate = pairs.together, partial(pairs.collate, steps.collate)
    trainer = SignedTrainer(
        model=model, args=arguments, train_dataset=steps, data_collator=_only, objective=objective
    )
    if data.revealing:
        whole = partial(load, **adapters.loading(tuning))
        steps.reveal = Reference(whole, trainer.args.device, tuning.max_tokens_per_micro_batch)
    _same_everywhere(steps)
    log, found = work / LOG, Resume(None)
    if trainer.args.should_save:
        clear(work)
        found = resume(work, tuning.checkpoint_steps or (), evaluation.best if evaluation else None)
        restore(log, found.checkpoint)
        if found.notice and progress:
            progress(0, len(steps), {"notice": found.notice})
    checkpoint = gather_object([found.checkpoint])[0]  # a shared disk may show each another
    trainer.remove_callback(PrinterCallback)  # it writes to standard output
    judge = None
    if evaluation:
        judge = Judge(evaluation, trainer, log, work / BEST, told(trainer, progress, "eval_"))
        trainer.add_callback(judge)
    logging = Log(trainer, log, told(trainer, progress))  # behind the one that ends a stage early
    trainer.add_callback(logging)
    dtype = saved_dtype(start, tuning, trust_remote_code)
    save = partial(_save, trainer, model, tokenizer, tuning, load, dtype)
    trainer.add_callback(Keeping(tuning.checkpoint_steps or (), partial(_keep, trainer, save, work)))
    with postponed() as stop, still_there(work):
        trainer.add_callback(Saving(tuning.save_minutes, stop, trainer.agree))
        if not (judge and judge.enough):  # cut off after its last step, before its model was saved
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    tracking.end(tuning)
    stop.obey()
    unrevealing = steps.unrevealing() if data.revealing else 0
    if judge:
        judge.restore_best()
    save(output)
    if trainer.args.should_save:
        shutil.copy(log, output / LOG)
        for step in tuning.checkpoint_steps or ():
            if kept(work, step).exists():  # the stage may have been patient no longer
                (kept(work, step) / SEAL).unlink(missing_ok=True)  # of no use to others
                kept(work, step).rename(kept(output, step))
    taken = trainer.state.global_step or (judge.last_step if judge else len(steps))
    best = (judge and judge.best_step) or taken
    return StageResult(taken, best, time.monotonic() - began + logging.before, *counts, unrevealing)


def _save(
    trainer: SignedTrainer,
    model: Any,
    tokenizer: Any,
    tuning: Tuning,
    load: Callable[..., Any],
    dtype: torch.dtype,
    folder: Path,
) -> None:
    """Writes the model as it is now, a plain checkpoint, and its tokenizer. All processes take part."""
    if tuning.lora is None:
        trainer.save_model(str(folder))
    else:
        learnt = sharded.learnt(model)
        if trainer.args.should_save:
            with parallel.alone(trainer.args):
                adapters.merged(model, learnt, load(dtype=torch.float32)).save_pretrained(folder)
    if trainer.args.should_save:
        convert(folder, dtype)
        (folder / "training_args.bin").unlink(missing_ok=True)  # Trainer's own, of no use to others
        tokenizer.save_pretrained(folder)


def _keep(trainer: SignedTrainer, save: Callable[[Path], None], work: Path, step: int) -> None:
    """Keeps the model of a step that the stage is at; training goes on as if nothing had been."""
    with undisturbed(trainer.model):  # adapters that are merged draw random weights first
        save(unfinished(work))
    if trainer.args.should_save:
        keep(work, step)


def _encoding(progress: Progress, done: int, groups: int) -> None:
    progress(done, groups, {"encoded": 100 * done / groups})


def _same_everywhere(steps: Steps) -> None:
    """Processes that read other text, or another tokenizer, would train on each other's nonsense."""
    if len(set(gather_object([steps.digest()]))) > 1:
        raise UserError(
            "the processes do not see the same samples: give all machines the same recipe, text and model"
        )


def _arguments(
    tuning: Tuning, steps: int, work: Path, seed: int, processes: int, tracked: Tracked | None
) -> TrainingArguments:
    made = TrainingArguments(
        output_dir=str(work),
        max_steps=steps,
        per_device_train_batch_size=1,  # one item of `Steps` is a whole global batch
        learning_rate=tuning.learning_rate,
        lr_scheduler_type=tuning.lr_scheduler_type,
        warmup_steps=round(tuning.warmup_ratio * steps),
        weight_decay=tuning.weight_decay,
        adam_beta2=tuning.adam_beta2,
        max_grad_norm=tuning.max_grad_norm,
        use_cpu=not hardware.has_gpu(),
        seed=seed,
        save_strategy="no",  # by the clock instead, see Saving
        logging_strategy="no",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_num_workers=0,
        dataloader_pin_memory=False,
        **adapters.arguments(tuning),
        **tracking_arguments(tuning, tracked),
        **parallel.arguments(tuning, processes),
    )
    parallel.add_up_in_fp32(made)
    return made


def _only(items: list[Any]) -> Any:
    return items[0]
