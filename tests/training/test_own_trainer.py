"""Every block of docs/how-to/own-trainer.md runs; its loss is likelihood and alpha times unlikelihood."""

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "own-trainer.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
SAMPLES, LOSS, PLAIN, TRAINER, TRL = BLOCKS


@pytest.fixture
def run(model: Any, tokenizer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs blocks of the page one after the other, in a folder with a tiny random model."""
    monkeypatch.chdir(tmp_path)
    model.save_pretrained("tiny")
    tokenizer.save_pretrained("tiny")
    names: dict[str, Any] = {}

    def run_blocks(*blocks: str) -> dict[str, Any]:
        for block in blocks:
            exec(compile(block.replace("path/to/model", "tiny"), PAGE.name, "exec"), names)
        return names

    return run_blocks


def test_the_loss_is_likelihood_and_alpha_times_unlikelihood(
    run: Callable[..., Any], model: Any, tokenizer: Any
) -> None:
    names = run(SAMPLES, LOSS)
    loss = names["loss_of"](model, names["batch_of"](names["SAMPLES"], tokenizer, alpha=0.3))
    expected = torch.zeros(())
    for prompt, response, sign in names["SAMPLES"]:
        end = [tokenizer.eos_token_id] if sign > 0 else []
        asked = tokenizer(prompt)["input_ids"]
        given = [*tokenizer(response, add_special_tokens=False)["input_ids"], *end]
        logits = model(torch.tensor([[*asked, *given]])).logits[0, len(asked) - 1 : -1]
        p = logits.softmax(dim=1).gather(1, torch.tensor(given)[:, None])
        expected = expected + (-p.log().mean() if sign > 0 else -0.3 * (1 - p).log().mean())
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_plain_steps_tell_the_two_instructions_apart(run: Callable[..., Any]) -> None:
    names = run(SAMPLES, LOSS, PLAIN.replace("lr=2e-6", "lr=1e-2"))
    batch, model = names["batch_of"](names["SAMPLES"], names["tokenizer"], alpha=1.0), names["model"]
    start = names["loss_of"](model, batch).item()
    for _ in range(20):
        names["loss_of"](model, batch).backward()
        names["optimizer"].step()
        names["optimizer"].zero_grad()
    assert names["loss_of"](model, batch).item() < start / 2


def test_the_trainer_of_transformers_takes_the_loss(run: Callable[..., Any]) -> None:
    assert run(SAMPLES, LOSS, PLAIN, TRAINER)["trainer"].state.global_step == 2


@pytest.mark.skipif(importlib.util.find_spec("trl") is None, reason="TRL is not installed")
def test_the_trainer_of_trl_takes_the_loss(run: Callable[..., Any]) -> None:
    assert run(SAMPLES, LOSS, PLAIN, TRL)["trainer"].state.global_step == 2
