"""A small stage that is run again and again, here and in processes of its own."""

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

from ontarget.corpora.corpus import Translation
from ontarget.languages import Direction, Language
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.conflict import Conflict
from ontarget.samples.groups import language_aware_groups
from ontarget.training.new_model import make_model, make_tokenizer
from ontarget.training.stage import StageData, train_stage
from ontarget.training.tuning import ModelShape, Tuning

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


def small_base(folder: Path) -> Path:
    """A model with dropout: what comes of it depends on the random states."""
    shape = ModelShape(vocabulary=400, hidden=16, layers=2, heads=2, intermediate=32)
    tokenizer = make_tokenizer([t.source + t.target for t in TRANSLATIONS], shape.vocabulary)
    model = make_model(shape, tokenizer, 128, seed=1)
    model.config.attention_dropout = 0.1
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def run_stage(base: Path, folder: Path, *, steps: int = STEPS, progress=None, **settings) -> dict[str, torch.Tensor]:
    """Trains into `folder/model`, with checkpoints in `folder/work`; returns the parameters."""
    (folder / "model").mkdir(parents=True, exist_ok=True)
    tuning = Tuning(
        **{"learning_rate": 3e-3, "steps": steps, "batch_samples": 8, "precision": "fp32", **settings}
    )
    train_stage(base, DATA, tuning, output=folder / "model", work=folder / "work", alpha=0.5, progress=progress)
    return AutoModelForCausalLM.from_pretrained(folder / "model").state_dict()
