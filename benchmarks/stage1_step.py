"""Likelihood tuning: ours against TRL's SFTTrainer, packed and not.

    python benchmarks/stage1_step.py [--size 58m] [--rounds 5] [--micro-batch-tokens 1024]

ours          micro-batches of similar length, loss on response tokens, the fused operation
trl           SFTTrainer on the same ids, `completion_only_loss`, padded micro-batches of about as many tokens
trl, packed   the same with `packing`: rows filled to 512 tokens

All in bf16 autocast where the processor has bf16 products, else in fp32; AdamW with moments in fp32.
TRL is left out, with a note, where it is not installed (pip install trl).
"""

import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from steps import LEARNING_RATE, MAX_LENGTH, TEMPLATE, Contender, Job, Lap, compare, load_model, ours

from ontarget.corpora.corpus import Translation
from ontarget.hardware import prefers_bf16
from ontarget.samples.groups import Draw, translation_groups


def trl(packing: bool, liger: bool = False) -> Callable[[Job, Draw, Lap], None]:
    def train(job: Job, draw: Draw, lap: Lap) -> None:
        from datasets import Dataset
        from transformers import AutoTokenizer, TrainerCallback
        from trl import SFTConfig, SFTTrainer

        class Laps(TrainerCallback):
            def on_step_end(self, args: Any, state: Any, *_: Any, **__: Any) -> None:
                lap(int(state.num_input_tokens_seen))

        samples = [encoded for [encoded] in job.encoded(draw)]
        rows = {
            "input_ids": [encoded.ids for encoded in samples],
            "completion_mask": [
                [0] * encoded.response + [1] * (len(encoded.ids) - encoded.response) for encoded in samples
            ],
        }
        tokens = sum(len(encoded.ids) for encoded in samples)
        in_a_row = MAX_LENGTH if packing else tokens / len(samples)
        together = max(1, round(job.micro_batch_tokens / in_a_row))
        micro_batches = max(1, round(tokens / job.steps / in_a_row / together))
        model, place = load_model(job)
        with tempfile.TemporaryDirectory() as folder:
            trainer = SFTTrainer(
                model=model,
                args=SFTConfig(
                    output_dir=folder,
                    max_steps=job.steps,
                    per_device_train_batch_size=together,
                    gradient_accumulation_steps=micro_batches,
                    learning_rate=LEARNING_RATE,
                    lr_scheduler_type="cosine",
                    max_length=MAX_LENGTH,
                    packing=packing,
                    include_num_input_tokens_seen="non_padding",
                    completion_only_loss=True,
                    gradient_checkpointing=False,
                    use_liger_kernel=liger,
                    bf16=prefers_bf16(),
                    use_cpu=place.type == "cpu",
                    optim="adamw_torch_fused" if job.optimiser == "adamw" else "adamw_bnb_8bit",
                    report_to=[],
                    save_strategy="no",
                    logging_strategy="no",
                    disable_tqdm=True,
                ),
                train_dataset=Dataset.from_dict(rows),
                processing_class=AutoTokenizer.from_pretrained(job.start),
                callbacks=[Laps()],
            )
            trainer.train()

    return train


def drawn(translations: list[Translation]) -> Draw:
    return translation_groups(translations, TEMPLATE)


CONTENDERS = {"ours": Contender(ours(), drawn)}
if find_spec("trl"):
    CONTENDERS |= {"trl": Contender(trl(False), drawn), "trl, packed": Contender(trl(True), drawn)}

if __name__ == "__main__":
    if "trl" not in CONTENDERS:
        print("TRL is not installed: it is left out")
    compare("stage1_step", __doc__, CONTENDERS, samples=32)
