"""A chat model from its checkpoint to scores: its turns end as its template ends them, everywhere."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("torch")

from tests.prompts.test_chat import CHATML
from transformers import AutoModelForCausalLM, AutoTokenizer

from ontarget.cli.app import app
from ontarget.pipeline.run import run
from ontarget.settings.model_shape import ModelShape
from ontarget.training.new_model import make_model, make_tokenizer

LINES = {"en": "a house {n}", "it": "casa {n}", "nl": "huis {n}"}
RECIPE = {
    "name": "chat",
    "languages": list(LINES),
    "pivot": "en",
    "corpus": {"plain": {split: "{language}.txt" for split in ("train", "validation", "test")}},
    "overlap": "allow",
    "template": "auto",  # which finds the chat template
    "test_lines": 2,
    "stages": {
        "mt": {
            "kind": "sft",
            "from": "./toy",
            "samples": 16,
            "tuning": {"max_steps": 40, "global_batch_size": 8, "learning_rate": 0.02, "precision": "fp32"},
        },
        "ontarget": {
            "kind": "language-aware",
            "from": "mt",
            "samples": 8,
            "tuning": {"max_steps": 2, "global_batch_size": 4, "learning_rate": 1e-5, "precision": "fp32"},
        },
    },
    "systems": ["base", "mt", "ontarget"],
    "decoding": {"num_beams": 1, "max_new_tokens": 24},
}


def toy(folder: Path) -> None:
    """Ends its turns with a token that is not its end of sequence, and says so in its template alone."""
    shape = ModelShape(vocabulary=400, hidden=32, layers=1, heads=2, intermediate=64)
    tokenizer = make_tokenizer([line.format(n=n) for line in LINES.values() for n in range(20)], 390)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.chat_template = CHATML
    make_model(shape, tokenizer, 512, seed=1).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def test_a_chat_model_is_tuned_translates_and_is_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    toy(Path("toy"))
    for language, line in LINES.items():
        Path(f"{language}.txt").write_text(
            "".join(f"{line.format(n=n)}\n" for n in range(20)), encoding="utf-8"
        )
    Path("chat.yaml").write_text(json.dumps(RECIPE), encoding="utf-8")
    done = run("chat.yaml")
    assert {row["system"] for row in done.scores} == {"base", "mt", "ontarget", "reference"}
    tokenizer = AutoTokenizer.from_pretrained("toy")
    turn = tokenizer.convert_tokens_to_ids("<|im_end|>")
    for stage in ("mt", "ontarget"):
        model = AutoModelForCausalLM.from_pretrained(done.directory / "models" / stage)
        assert model.generation_config.eos_token_id == [turn, tokenizer.eos_token_id]
        record = (done.directory / "models" / stage / "ontarget.json").read_text(encoding="utf-8")
        assert json.loads(record)["template"] == "chat"
        rows = [
            json.loads(line)
            for file in (done.directory / "outputs" / stage).glob("*.jsonl")
            for line in file.read_text(encoding="utf-8").splitlines()
        ]
        # It learnt to end its turn: nothing runs on, and nothing of the template is in an answer.
        assert {row["finish_reason"] for row in rows} == {"stop"}
        assert not any("<|" in row["text"] for row in rows)
    command = [
        "translate",
        "--model",
        str(done.directory / "models/ontarget"),
        "--from",
        "en",
        "--to",
        "it",
        "en.txt",
    ]
    translated = CliRunner().invoke(app, [*command, "--num-beams", "1", "--max-new-tokens", "24"])
    assert translated.exit_code == 0, translated.output
    assert translated.stdout.count("\n") == 20
    Path("it.out").write_text(translated.stdout, encoding="utf-8")
    scored = CliRunner().invoke(app, ["score", "it.out", "--reference", "it.txt", "--to", "it", "--json"])
    assert scored.exit_code == 0, scored.output
    assert {"bleu", "breakdown"} <= set(json.loads(scored.stdout))
