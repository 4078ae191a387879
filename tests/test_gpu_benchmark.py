"""The table of GPU training is made by one command: here it works on toys, and ends whatever its rows do."""

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    return importlib.import_module("gpu")


@pytest.fixture
def job(gpu: Any, tmp_path: Path) -> Any:
    gpu.make_model(tmp_path, "tiny")
    gpu.make_model(tmp_path / "tiny", "tiny")
    return gpu.Job(tmp_path, steps=2, samples=2, micro_batch_tokens=256, sentences=1)


@pytest.mark.parametrize("name", ["ours", "ours, as before"])
def test_a_row_has_its_figures_and_only_it_lacks_its_parts(name: str, gpu: Any, job: Any) -> None:
    from ontarget.training.loss import head

    whole = head.linear_signed_loss
    with gpu.ROWS[name].parts():
        assert (head.linear_signed_loss is whole) == (name == "ours")
    assert head.linear_signed_loss is whole
    row = gpu.turn(name, job, "tiny")
    assert row["contender"] == name
    assert row["tokens_per_second"] > 0
    assert row["share_of_peak"] is None or row["share_of_peak"] > 0


def test_the_loss_in_two_passes_is_the_same(gpu: Any) -> None:
    torch = importlib.import_module("torch")
    from ontarget.training.loss.linear_loss import linear_signed_loss

    hidden, weight = torch.randn(5, 3, requires_grad=True), torch.randn(7, 3, requires_grad=True)
    given = (
        hidden,
        weight,
        torch.arange(5),
        torch.tensor([1.0, -1.0, 0.0, 2.0, -0.5]),
        0.5,
        None,
        None,
        1.0,
        None,
    )
    (loss, d), (expected, of_one_pass) = gpu.two_passes(*given), linear_signed_loss(*given)
    torch.testing.assert_close((loss, d), (expected, of_one_pass))
    torch.testing.assert_close(
        torch.autograd.grad(loss, (hidden, weight)), torch.autograd.grad(expected, (hidden, weight))
    )


def test_the_profile_has_the_shares_of_all_work(gpu: Any, job: Any) -> None:
    found = importlib.import_module("gpu_profile").measured(job)
    assert sum(found["shares"].values()) == pytest.approx(1, abs=0.01)
    assert found["shares"]["matrix products"] > 0.05
    assert 0 < found["kernel_seconds"] <= found["seconds"]
    assert found["slowest"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("nvjet_tst_128x256_64x4_1x2_h_bz_coopA_NTT", "matrix products"),
        ("void flash::compute_attn_ws", "attention"),
        ("_rms_norm_forward_kernel", "Liger's layers"),
        ("_step", "loss"),
        ("Memcpy DtoD (Device -> Device)", "casts, copies and zeros"),
        ("void at::native::vectorized_elementwise_kernel<4, CUDAFunctor_mul>", "numbers, one by one"),
    ],
)
def test_kernels_are_known_by_their_names(name: str, kind: str, gpu: Any) -> None:
    assert importlib.import_module("gpu_profile").kind_of(name) == kind


def test_a_row_that_fails_or_takes_too_long_says_so_and_the_next_one_runs(gpu: Any, tmp_path: Path) -> None:
    output = tmp_path / "gpu.json"
    table = gpu.Table(output, 1, {"steps": 3})
    table.run("fails", [sys.executable, "-c", "raise SystemExit('no memory left')"], 60)
    table.run("endless", [sys.executable, "-c", "while True: pass"], 0.1)
    table.run("fine", [sys.executable, "-c", "print('a note'); print('{\"seconds\": 2}')"], 60)
    table._end = time.monotonic()
    table.run("late", [sys.executable, "-c", "print('{}')"], 60)
    rows = {row.pop("row"): row for row in json.loads(output.read_text(encoding="utf-8"))["rows"]}
    assert [row.pop("took") >= 0 for row in rows.values()] == [True] * 4
    assert rows == {
        "fails": {"failed": "no memory left"},
        "endless": {"failed": "it took more than 0.1 s"},
        "fine": {"seconds": 2},
        "late": {"failed": "no time was left"},
    }


def test_the_first_size_has_all_rows_and_the_next_one_the_most_telling(
    gpu: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: dict[str, list[str]] = {}
    monkeypatch.setattr(gpu.Table, "run", lambda _, name, command, limit: ran.update({name: command}))
    monkeypatch.setattr(gpu, "make_model", lambda *_: None)
    monkeypatch.setattr(gpu, "find_spec", lambda package: None if package == "trl" else object())
    monkeypatch.setattr(
        sys, "argv", ["gpu.py", "--sizes", "3b", "8b", "--output", str(tmp_path / "gpu.json")]
    )
    gpu.main()
    first, second = ([name[4:] for name in ran if name.startswith(size)] for size in ("3b: ", "8b: "))
    assert first == [*gpu.ROWS, "profile"]
    assert second == [name for name in gpu.ROWS if name in gpu.SHORT]
    assert "trl is not installed" in ran["3b: trl, packed"][-1]
    assert ran["8b: ours"][-3:-1] == ["ours", "8b"]
    assert "32000" in ran["the loss alone"]
