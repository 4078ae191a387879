"""A subclass of `transformers.Trainer` with our loss, batches, log and checkpoints; the rest is unchanged."""

import math
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NoReturn

import torch
from accelerate.utils import DistributedType, gather_object, send_to_device
from torch import Tensor, nn
from torch.distributed.tensor import DTensor
from torch.utils.data import DataLoader
from transformers import Trainer
from transformers.trainer import OPTIMIZER_NAME, SCHEDULER_NAME

from ontarget.errors import UserError
from ontarget.settings.objective import UNLIKELIHOOD, Objective
from ontarget.training import saving
from ontarget.training.cpu.bf16_weights import Bf16Weights
from ontarget.training.data.batches import MicroBatch
from ontarget.training.data.packing import seen_by_model
from ontarget.training.distributed import sharded, zero3
from ontarget.training.loss.head import LogOddsHead
from ontarget.training.loss.objective import signed_loss
from ontarget.training.loss.preference import pairwise_loss

Record = dict[str, Any]
Progress = Callable[[int, int, Record], None]  # step, steps, the newest record

# Private methods of Trainer that this package overrides or calls, and their parameters. They may change with
# any release of transformers: a test compares them with the installed one, and pyproject.toml excludes the
# next major.
PRIVATE_METHODS: dict[str, tuple[str, ...]] = {
    "_clip_grad_norm": ("model",),
    "_get_learning_rate": (),
    "_get_output_dir": ("trial",),
    "_issue_warnings_after_load": ("load_result",),
    "_load_from_checkpoint": ("resume_from_checkpoint", "model"),
    "_load_optimizer_and_scheduler": ("checkpoint",),
    "_load_rng_state": ("checkpoint",),
    "_prepare_for_training": ("max_steps", "train_dataloader", "resume_from_checkpoint"),
    "_save": ("output_dir", "state_dict"),
    "_save_checkpoint": ("model", "trial"),
    "_save_optimizer_and_scheduler": ("output_dir",),
}


class SignedTrainer(Trainer):
    """Trains on `Steps`: an item of the dataset is an optimizer step, as a list of micro-batches.

    Attributes:
        noted: name -> sum and weight of a value for the log, since its last record.
    """

    def __init__(self, *args: Any, objective: Objective = UNLIKELIHOOD, **kwargs: Any) -> None:
        arguments = kwargs["args"]
        if arguments.n_gpu > 1:  # DataParallel would split a step; several GPUs need several processes
            arguments._n_gpu = 1
        super().__init__(*args, **kwargs)
        self.head = LogOddsHead.install(self.model)
        self.objective, self.noted = objective, dict[str, list[Any]]()
        self.embeddings = self.model.get_input_embeddings()
        # DDP, even with one process, needs gradients of a single kind, from autograd.
        alone = self.accelerator.distributed_type is DistributedType.NO and not arguments.torch_compile
        # On a CPU, dense gradients of embeddings cost more than the words of a micro-batch: most are zeros.
        self.embeddings.sparse = alone and arguments.use_cpu
        self.head.adds_gradients = alone
        self.copies = Bf16Weights(self.model, self.head) if alone and arguments.bf16 else None

    def training_step(
        self, model: nn.Module, inputs: list[MicroBatch], num_items_in_batch: Any = None
    ) -> Tensor:
        """The summed loss of one global batch over all processes.

        Weights are normalized over the global batch, so the losses of micro-batches add up.
        """
        model.train()
        losses = []
        for layer in (self.embeddings, self.head):
            if self.embeddings.sparse and layer.weight.requires_grad and layer.weight.grad is None:
                layer.weight.grad = torch.zeros_like(layer.weight)  # that rows and tiles are added to
        copies = self.copies.in_place() if self.copies else nullcontext()
        with copies, self.accelerator.autocast():  # outside of the loop: weights are cast once a step
            # Not by Trainer's own method, which rounds weights to bf16 under DeepSpeed.
            for number, micro_batch in enumerate(send_to_device(inputs, self.args.device), start=1):
                with self._gradients_kept(model, last=number == len(inputs)):
                    with self.compute_loss_context_manager():
                        loss = self.compute_loss(model, micro_batch)
                    with torch.autocast(self.args.device.type, enabled=False):  # it has its own precision
                        # DDP, FSDP and ZeRO average gradients over processes; ours are parts of one sum.
                        self.accelerator.backward(loss * self.args.world_size)
                losses.append(loss.detach())
                _add(self.noted, "tokens", float(micro_batch["tokens"]), 1.0)
        ours = torch.stack(losses)
        total: Tensor = self.accelerator.reduce(ours.sum(), reduction="sum")
        if not math.isfinite(total):
            self._stop(f"the loss is {total.item()}", (~ours.isfinite()).nonzero().flatten().tolist())
        return total

    @contextmanager
    def _gradients_kept(self, model: nn.Module, last: bool) -> Iterator[None]:
        """Processes exchange gradients once a step, after the last micro-batch.

        Under FSDP they do so after each micro-batch: deferring this would need a full gradient per process.
        """
        if self.is_deepspeed_enabled:  # it exchanges gradients in the optimizer's step
            self.accelerator.gradient_state._set_sync_gradients(last)
        with nullcontext() if last or self.is_fsdp_enabled else self.accelerator.no_sync(model):
            yield

    def _clip_grad_norm(self, model: nn.Module) -> Any:
        """Clips as Trainer does, but stops before a gradient that is not finite reaches the parameters."""
        norm = super()._clip_grad_norm(model)
        whole = norm.full_tensor() if isinstance(norm, DTensor) else norm  # all processes must stop together
        if whole is not None and not math.isfinite(whole):
            self._stop("the gradient is not finite", range(len(self.train_dataset[self.state.global_step])))
        return norm

    def _stop(self, what: str, parts: Collection[int]) -> NoReturn:
        """Stops with an error that names the samples of these micro-batches, on all processes."""
        names = gather_object(self.train_dataset.names(self.state.global_step, parts))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        of = f", with the samples {', '.join(names[:3])}{more}" if names else ""
        checkpoint = saving.last_checkpoint(Path(self.args.output_dir))
        raise UserError(
            f"{what} at step {self.state.global_step + 1}{of}; "
            f"{'the last checkpoint is kept: ' if checkpoint else ''}"
            "check the samples, or lower tuning.learning_rate, and run again"
        )

    def agree(self, values: list[float]) -> list[float]:
        """Sums over all processes, so that all of them act on the same values."""
        if self.args.world_size == 1:
            return values
        sums: list[float] = self.accelerator.reduce(
            torch.tensor(values, dtype=torch.float64, device=self.args.device), reduction="sum"
        ).tolist()
        return sums

    def compute_loss(
        self,
        model: nn.Module,
        inputs: MicroBatch,
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Tensor:
        """One forward pass for both signs. Only positions with a weight reach the output layer."""
        counts = inputs["weights"] != 0
        unwrapped = self.accelerator.unwrap_model(model, keep_torch_compile=False)
        self.head.examine(unwrapped, counts.device)
        past = self._past(model, inputs)
        seen = seen_by_model(inputs, unwrapped.config._attn_implementation)
        weights = inputs["weights"][counts]
        if "sequences" in inputs:
            with self.head.log_odds_at(counts, inputs["labels"]):
                d = model(**seen, **past).logits
            shares, sequences = inputs["shares"][counts], inputs["sequences"][counts]
            likelihood, other = pairwise_loss(self.objective, d, weights, shares, sequences)
            self._note(d.detach(), weights, likelihood=likelihood.detach(), preference=other.detach())
            return likelihood + other
        with self.head.loss_at(inputs["labels"], inputs["weights"], self.objective.q):
            loss: Tensor = model(**seen, **past).logits
        d, q = self.head.log_odds, self.objective.q
        likelihood, other = signed_loss(d, weights.clamp(min=0)), signed_loss(d, weights.clamp(max=0), q)
        self._note(d, weights, likelihood=likelihood, unlikelihood=other)
        return loss

    def _past(self, model: nn.Module, inputs: MicroBatch) -> Record:
        """Keys and values of the prefix, if the rows share one."""
        if "prefix_ids" not in inputs:
            return {"use_cache": False}
        ids = inputs["prefix_ids"]
        with self.head.log_odds_at(torch.zeros_like(ids, dtype=torch.bool), ids):  # without labels
            cache = model(input_ids=ids, use_cache=True).past_key_values
        cache.batch_repeat_interleave(len(inputs["input_ids"]))
        return {"use_cache": True, "past_key_values": cache}

    def _note(self, d: Tensor, weights: Tensor, **losses: Tensor) -> None:
        """Adds the values for the log, without waiting for a GPU."""
        positive, negative = weights.clamp(min=0), -weights.clamp(max=0)
        for name, loss in losses.items():
            _add(self.noted, name, loss, (positive if name == "likelihood" else negative).sum())
        _add(self.noted, "probability", (negative * d.sigmoid()).sum(), negative.sum())

    def take_noted(self) -> dict[str, list[float]]:
        """Sums `noted` over all processes and resets it: name -> sum and weight, which is not 0."""
        ours = {name: [float(value), float(weight)] for name, (value, weight) in self.noted.items()}
        self.noted = {}
        sums: dict[str, list[float]] = {}
        for noted in gather_object([ours]):
            for name, (value, weight) in noted.items():
                if weight:
                    _add(sums, name, value, weight)
        return sums

    def get_train_dataloader(self) -> DataLoader[Any]:
        """The steps in order, which are already shuffled; each process takes its share of every step."""
        return DataLoader(self.train_dataset, batch_size=1, collate_fn=self.data_collator)

    def create_optimizer(self, *args: Any, **kwargs: Any) -> torch.optim.Optimizer:
        """Trainer's optimizer without empty parameter groups, which DeepSpeed leaves out of checkpoints."""
        optimizer: torch.optim.Optimizer = super().create_optimizer(*args, **kwargs)
        optimizer.param_groups = [group for group in optimizer.param_groups if group["params"]]
        return optimizer

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Saves as Trainer does, but a checkpoint of a sharded model has only trainable parameters."""
        if _internal_call and (self.is_fsdp_enabled or self.is_deepspeed_enabled):
            self._save(output_dir, state_dict=sharded.learnt(self.model))
        else:
            super().save_model(output_dir, _internal_call)

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if self.is_fsdp_enabled:
            state = sharded.optimizer_state(self.model, self.optimizer)
        elif self.is_deepspeed_enabled:
            state = zero3.optimizer_state(self.optimizer.optimizer, first=self.args.should_save)
        else:
            super()._save_optimizer_and_scheduler(output_dir)
            return
        if self.args.should_save:
            torch.save(state, Path(output_dir) / OPTIMIZER_NAME)
            torch.save(self.lr_scheduler.state_dict(), Path(output_dir) / SCHEDULER_NAME)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if not self.is_fsdp_enabled or checkpoint is None:
            with saving.fitting(checkpoint):
                super()._load_optimizer_and_scheduler(checkpoint)
            return
        folder, first = Path(checkpoint), self.args.should_save
        state = torch.load(folder / OPTIMIZER_NAME, weights_only=True) if first else None
        sharded.load_optimizer_state(self.model, self.optimizer, state)
        self.lr_scheduler.load_state_dict(torch.load(folder / SCHEDULER_NAME, weights_only=True))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        if self.is_fsdp_enabled:
            sharded.load_parameters(self.model, Path(resume_from_checkpoint), first=self.args.should_save)
        else:
            with saving.fitting(resume_from_checkpoint):
                super()._load_from_checkpoint(resume_from_checkpoint, model)

    def _issue_warnings_after_load(self, load_result: Any) -> None:
        """Refuses the weights of another model, for which Trainer only warns."""
        if load_result.unexpected_keys:
            raise ValueError(f"it has weights called {load_result.unexpected_keys[0]}")

    def _load_rng_state(self, checkpoint: str | None) -> None:
        with saving.fitting(checkpoint):
            super()._load_rng_state(checkpoint)

    def _prepare_for_training(self, max_steps: int, train_dataloader: Any, checkpoint: str | None) -> Any:
        """Prepares as Trainer does, but loads our checkpoints under DeepSpeed instead of its own."""
        if not self.is_deepspeed_enabled or checkpoint is None:
            return super()._prepare_for_training(max_steps, train_dataloader, checkpoint)
        prepared = super()._prepare_for_training(max_steps, train_dataloader, None)
        folder, names = Path(checkpoint), sharded.names_in_file(self.model)
        state = torch.load(folder / OPTIMIZER_NAME, weights_only=True, mmap=True)
        zero3.load(self.optimizer.optimizer, names, folder, state)
        self.lr_scheduler.load_state_dict(torch.load(folder / SCHEDULER_NAME, weights_only=True))
        return prepared

    def _get_output_dir(self, trial: Any = None) -> str:
        return str(saving.unfinished(Path(self.args.output_dir)))

    def _save_checkpoint(self, model: nn.Module, trial: Any = None) -> None:
        """Saves as Trainer does, in a temporary folder that is renamed when all processes have written it."""
        work = Path(self.args.output_dir)
        try:
            super()._save_checkpoint(model, trial)
        except BaseException:
            saving.clear(work)  # on a full disk it would take the space of other files
            raise
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            saving.settle(work)
        # A process that stops now would end the others before the folder is renamed.
        self.accelerator.wait_for_everyone()


def _add(sums: dict[str, list[Any]], name: str, value: float | Tensor, weight: float | Tensor) -> None:
    total = sums.setdefault(name, [0.0, 0.0])
    total[0] += value
    total[1] += weight
