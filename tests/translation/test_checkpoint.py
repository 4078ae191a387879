"""Precision of a loaded model, and the warning where the processor is slow in it."""

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
    ("precision", "supported", "warnings"),
    [("bf16", False, 1), ("bf16", True, 0), ("auto", False, 0), ("fp32", False, 0)],
)
def test_bf16_without_instructions_for_it_is_a_warning_given_once(
    precision: Precision,
    supported: bool,
    warnings: int,
    model,
    tokenizer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    monkeypatch.setattr(checkpoint, "multiplies_bf16", lambda: supported)
    warn_once.cache_clear()
    with caplog.at_level(logging.WARNING):
        loaded = [load_checkpoint(tmp_path, precision=precision)[0] for _ in range(2)]
    assert {one.dtype for one in loaded} == {torch.bfloat16 if precision == "bf16" else torch.float32}
    message = (
        "this processor has no instructions for bf16, so decoding is several times slower than in fp32: "
        "set --precision (in a recipe decoding.precision) to fp32"
    )
    assert [record.getMessage() for record in caplog.records].count(message) == warnings
