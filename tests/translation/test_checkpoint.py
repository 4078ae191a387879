"""The precision of a loaded model."""

import logging
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch

from ontarget.checkpoints.messages import warn_once
from ontarget.settings.decoding import Precision
from ontarget.translation import checkpoint
from ontarget.translation.checkpoint import load_checkpoint

on_cpu = pytest.mark.skipif(torch.cuda.is_available(), reason="about processors")


@on_cpu
@pytest.mark.parametrize(
    ("precision", "supported", "in_bf16"),
    [("bf16", False, False), ("bf16", True, True), ("auto", True, False), ("fp32", True, False)],
)
def test_bf16_is_for_processors_with_instructions_for_it(
    precision: Precision,
    supported: bool,
    in_bf16: bool,
    model,
    tokenizer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Others decode in fp32, and say so once."""
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    monkeypatch.setattr(checkpoint, "multiplies_bf16", lambda: supported)
    warn_once.cache_clear()
    with caplog.at_level(logging.WARNING):
        loaded = [load_checkpoint(tmp_path, precision=precision)[0] for _ in range(2)]
    assert {one.dtype for one in loaded} == {torch.bfloat16 if in_bf16 else torch.float32}
    message = "this processor has no instructions for bf16; decoding in fp32, which is much faster here"
    said = [record.getMessage() for record in caplog.records].count(message)
    assert said == (precision == "bf16" and not supported)
