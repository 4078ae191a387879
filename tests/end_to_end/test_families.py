"""The recipe smollm2-phrasebook with other families of models by one key, at toy size.

Without distillation: nothing that a model with random weights writes is good enough to learn from.
"""

from pathlib import Path

import pytest

pytest.importorskip("torch")

import transformers
from tests.training.data.test_packing import FAMILIES, SMALL

from ontarget.corpora.phrasebook import load as phrasebook
from ontarget.languages import Language
from ontarget.pipeline.run import run
from ontarget.training.new_model import make_tokenizer

STAGES = ("mt", "post-ins", "lat", "ontarget", "ontarget-any")
ROWS = "base mt post-ins ptl 1-shot 5-shot contrastive lat ontarget ontarget-any language-prior retried pivot"
SMALLER = {
    "corpus.phrasebook.tuples": 60,
    "test_lines": 1,
    "decoding.max_new_tokens": 4,
    "stages.distilled-both": None,
    "systems": ROWS.split(),
    **{f"stages.{stage}.samples": 8 for stage in STAGES},
    **{
        f"stages.{stage}.tuning": {"max_steps": 1, "global_batch_size": 4, "learning_rate": 1e-4}
        for stage in STAGES
    },
}


def toy(family: str, folder: Path) -> None:
    """A model with random weights and a tokenizer of its own."""
    text = phrasebook(tuples=60, seed=1)
    lines = [line for code in ("en", "it", "nl") for line in text.lines("train", Language(code))]
    tokenizer = make_tokenizer(lines, 400)
    of_text = "Text" if family == "Gemma3" else ""
    config = getattr(transformers, f"{family}{of_text}Config")(
        **SMALL
        | FAMILIES.get(family, {})
        | {"vocab_size": len(tokenizer), "max_position_embeddings": 2048}
        | {name: getattr(tokenizer, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    )
    getattr(transformers, f"{family}ForCausalLM")(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["Llama", "Qwen3", "Gemma3"])
def test_every_row_of_the_recipe_works_with(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    toy(family, tmp_path / "model")
    made = run("smollm2-phrasebook", {**SMALLER, "model": "./model"})
    rows = {row["system"] for row in made.scores if row["metric"] == "bleu"}
    assert rows == set(ROWS.split())
    assert (tmp_path / "runs" / "smollm2-phrasebook" / "report.html").exists()
