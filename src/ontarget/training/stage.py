"""Runs a training stage: loads or makes a model, tunes it, and saves it."""

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
from ontarget.training.cpu.layers import speed_up
from ontarget.training.data import packing, pairs, prefix
from ontarget.training.data.batches import Steps
from ontarget.training.data.encode import Encoder
from ontarget.training.data.encoded_cache import Identity, encode_pass
from ontarget.training.distributed import parallel, sharded
from ontarget.training.distributed.processes import Share
from ontarget.training.evaluation import Evaluation, EvaluationCallback, undisturbed
from ontarget.training.gpu import fused_layers
from ontarget.training.log import Log, restore
from ontarget.training.loss.reference import ReferenceModel
from ontarget.training.new_model import NewModel
from ontarget.training.requirements import require_available, require_whole
from ontarget.training.save_precision import convert_unless_lost, saved_dtype
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
    """The training data of a stage.

    Attributes:
        draw: number of a pass -> the groups of samples of that pass.
        separator: the text between prompt and response, from the template.
        lines: texts of each language, from which their differences are learnt.
        identity: number of a pass -> a fingerprint of its samples, by which large passes are cached on disk
            (see encoded_cache.py); None: ids stay in memory.
        revealing: whether the start model weights the tokens of twins (see loss/reference.py).
        end: the end of turn of a chat template.
    """

    draw: Draw
    separator: str
    lines: Mapping[Language, Sequence[str]]
    identity: Identity | None = None
    revealing: bool = False
    end: str = ""


@dataclass(frozen=True, slots=True)
class StageResult:
    """The result of a stage besides the model. Samples are counted in the first pass (see `Encoder`).

    Attributes:
        steps: number of steps, which may be fewer than planned.
        kept: the step whose weights are saved: the last one, or the best evaluated one.
        seconds: training time, including the time before interruptions.
        dropped: see `Encoder`.
        truncated: see `Encoder`.
        ambiguous: see `Encoder`.
        unrevealing: number of twins left out because no token distinguishes their instruction from the right
            one, by the start model.
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
        start: a directory, a Hub name, or the ingredients of a new model.
        data: the training data.
        tuning: the settings.
        output: an empty folder for model, tokenizer and `log.jsonl`.
        work: a folder for checkpoints. An interrupted stage resumes from the newest intact one in it; a
            record with the key `notice` reports damaged ones.
        alpha: strength of the objective relative to likelihood.
        objective: the objective for conflicting twins.
        seed: the seed of order and new weights.
        trust_remote_code: whether code that comes with the model may run.
        progress: called with step, number of steps and the newest record.
        evaluation: how the model is evaluated while it trains.
        tracked: the names of the stage where `tuning.tracking` sends the log.
    Raises:
        UserError: the model does not exist, no samples are left to learn from, or a loss is not finite.
        KeyboardInterrupt: on Ctrl-C (or `Terminated` on SIGTERM), at the end of the current step, after
            saving a checkpoint; on a second one immediately.
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
            "every process needs the whole start model"
        )
    tokenizer = load_tokenizer(start, trust_remote_code)
    encoder = Encoder(tokenizer, data.separator, tuning.max_length, data.lines, data.end)
    encode = partial(encode_pass, identity=data.identity, progress=progress and partial(_encoding, progress))
    steps = Steps(data.draw, encoder, tuning, alpha, seed, share, encode)
    if not len(steps):
        raise UserError(
            f"no training samples left: {encoder.dropped} prompts are too long for "
            f"tuning.max_length={tuning.max_length} tokens; raise it, or give more samples"
        )
    if tuning.checkpoint_steps and max(tuning.checkpoint_steps) > len(steps):
        raise UserError(
            f"tuning.checkpoint_steps has {max(tuning.checkpoint_steps)}, but the stage takes "
            f"{counted(len(steps), 'step')}"
        )
    counts = encoder.dropped, encoder.truncated, encoder.ambiguous  # of one pass
    work.mkdir(parents=True, exist_ok=True)
    # Before the model, since they determine which process loads which part.
    arguments = _arguments(tuning, len(steps), work, seed, share.processes, tracked)
    load = partial(load_model, start, tokenizer, tuning, seed, trust_remote_code, data.end)
    model = load(**adapters.loading(tuning))
    packing.prefer_flash(model, adapters.in_bf16(tuning))
    if not (hardware.has_gpu() or tuning.compile):
        speed_up(model)
    if packing.pays_off(model):
        steps.cut, steps.collate = packing.by_tokens, packing.pack
    elif prefix.works(model, tuning, share.processes):
        steps.cut, steps.collate = prefix.by_length, prefix.collate
    model = adapters.prepared(model, tuning)
    if objective.pairwise and alpha:
        steps.units, steps.collate = pairs.together, partial(pairs.collate, steps.collate)
    trainer = SignedTrainer(
        model=model, args=arguments, train_dataset=steps, data_collator=_only, objective=objective
    )
    if data.revealing:
        whole = partial(load, **adapters.loading(tuning))
        steps.reveal = ReferenceModel(whole, trainer.args.device, tuning.max_tokens_per_micro_batch)
    _same_everywhere(steps)
    log, found = work / LOG, Resume(None)
    if trainer.args.should_save:
        clear(work)
        found = resume(work, tuning.checkpoint_steps or (), evaluation.best if evaluation else None)
        restore(log, found.checkpoint)
        if found.notice and progress:
            progress(0, len(steps), {"notice": found.notice})
    checkpoint = gather_object([found.checkpoint])[0]  # on a shared disk, processes may see different ones
    trainer.remove_callback(PrinterCallback)  # it writes to standard output
    evaluator = None
    if evaluation:
        evaluator = EvaluationCallback(
            evaluation, trainer, log, work / BEST, told(trainer, progress, "eval_")
        )
        trainer.add_callback(evaluator)
    logging = Log(trainer, log, told(trainer, progress))  # after the callback that may end the stage
    trainer.add_callback(logging)
    dtype = saved_dtype(start, tuning, trust_remote_code)
    save = partial(_save, trainer, model, tokenizer, tuning, load, dtype, start)
    trainer.add_callback(Keeping(tuning.checkpoint_steps or (), partial(_keep, trainer, save, work)))
    with postponed() as stop, still_there(work):
        trainer.add_callback(Saving(tuning.save_minutes, stop, trainer.agree))
        if not (evaluator and evaluator.enough):  # interrupted before saving the model
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    tracking.end(tuning)
    stop.obey()
    unrevealing = steps.unrevealing() if data.revealing else 0
    if evaluator:
        evaluator.restore_best()
    save(output)
    if trainer.args.should_save:
        shutil.copy(log, output / LOG)
        for step in tuning.checkpoint_steps or ():
            if kept(work, step).exists():  # the stage may have ended early
                (kept(work, step) / SEAL).unlink(missing_ok=True)  # only for resuming
                kept(work, step).rename(kept(output, step))
    taken = trainer.state.global_step or (evaluator.last_step if evaluator else len(steps))
    best = (evaluator and evaluator.best_step) or taken
    return StageResult(taken, best, time.monotonic() - began + logging.before, *counts, unrevealing)


def _save(
    trainer: SignedTrainer,
    model: Any,
    tokenizer: Any,
    tuning: Tuning,
    load: Callable[..., Any],
    dtype: torch.dtype,
    start: str | Path | NewModel,
    folder: Path,
) -> None:
    """Saves the current model as a plain checkpoint, with its tokenizer. All processes must call it."""
    if tuning.lora is None:
        trainer.save_model(str(folder))
    else:
        learnt = sharded.learnt(model)
        if trainer.args.should_save:
            with parallel.alone(trainer.args):
                adapters.merged(model, learnt, load(dtype=torch.float32)).save_pretrained(folder)
    if trainer.args.should_save:
        convert_unless_lost(folder, start, dtype, tuning)
        (folder / "training_args.bin").unlink(missing_ok=True)  # of use to Trainer only
        tokenizer.save_pretrained(folder)


def _keep(trainer: SignedTrainer, save: Callable[[Path], None], work: Path, step: int) -> None:
    """Keeps the model of the current step, without any effect on training."""
    with undisturbed(trainer.model):  # adapters that are merged draw random weights first
        save(unfinished(work))
    if trainer.args.should_save:
        keep(work, step)


def _encoding(progress: Progress, done: int, groups: int) -> None:
    progress(done, groups, {"encoded": 100 * done / groups})


def _same_everywhere(steps: Steps) -> None:
    """Checks that all processes have the same text and tokenizer."""
    if len(set(gather_object([steps.digest()]))) > 1:
        raise UserError(
            "the processes do not have the same samples: give all machines the same recipe, text and model"
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
        **fused_layers.arguments(tuning),
        **tracking_arguments(tuning, tracked),
        **parallel.arguments(tuning, processes),
    )
    parallel.add_up_in_fp32(made)
    return made


def _only(items: list[Any]) -> Any:
    return items[0]
