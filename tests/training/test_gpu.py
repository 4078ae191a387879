"""What only a GPU can show. Elsewhere these are skipped."""

import json
import math

import pytest

torch = pytest.importorskip("torch")
if not torch.cuda.is_available():
    pytest.skip("needs a GPU", allow_module_level=True)

from accelerate.utils import send_to_device  # noqa: E402
from tests.training.data.test_packing import loss_and_gradients, samples, small  # noqa: E402
from tests.training.small import run_stage, small_base  # noqa: E402
from torch.nn.functional import softplus  # noqa: E402

from ontarget.settings.tuning import Lora  # noqa: E402
from ontarget.training.data import packing  # noqa: E402
from ontarget.training.data.batches import by_length, collate  # noqa: E402
from ontarget.training.loss.linear_loss import linear_signed_loss  # noqa: E402
from ontarget.training.loss.log_odds import linear_log_odds  # noqa: E402


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("vocabulary", [2, 1000, 130_000])
@pytest.mark.parametrize("gap", [-60.0, 0.0, 60.0])
def test_log_odds_and_gradients_are_those_of_float64(kind, vocabulary, gap):
    torch.manual_seed(1)
    hidden = torch.randn(130, 64).to(kind)
    weight = (torch.randn(vocabulary, 64) / 8).to(kind)
    labels = torch.randint(vocabulary, (130,))
    bias = torch.randn(vocabulary)
    exact = [t.double().requires_grad_() for t in (hidden, weight, bias)]
    ours = [t.cuda().requires_grad_() for t in (hidden, weight, bias.to(kind))]
    with torch.no_grad():  # the label is `gap` above or below the rest, everywhere
        exact[0][:, 0] = ours[0][:, 0] = gap / 8
    signs = torch.where(torch.arange(130) % 2 == 0, 1.0, -1.0)
    expected = linear_log_odds(exact[0], exact[1], labels, exact[2].to(kind).double())
    d = linear_log_odds(ours[0], ours[1], labels.cuda(), ours[2])
    assert d.dtype == torch.float32
    torch.testing.assert_close(d.detach().cpu().double(), expected.detach(), rtol=2e-3, atol=2e-3)
    softplus(signs.double() * expected).sum().backward()
    softplus(signs.cuda() * d).sum().backward()
    for mine, theirs in zip(ours[:2], exact[:2], strict=True):
        error = (mine.grad.cpu().double() - theirs.grad).norm() / theirs.grad.norm().clamp(min=1e-30)
        assert error < (1e-2 if kind == torch.bfloat16 else 1e-3)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("vocabulary", [1000, 32_000])
def test_the_signed_loss_and_its_gradients_are_those_of_float64(kind, vocabulary):
    """32,000 pieces take three parts, whose gradients are added up."""
    torch.manual_seed(1)
    hidden, weight = torch.randn(1500, 64).to(kind), (torch.randn(vocabulary, 64) / 8).to(kind)
    labels, weights = torch.randint(vocabulary, (1500,)), torch.randn(1500)
    exact = [t.double().requires_grad_() for t in (hidden, weight)]
    ours = [t.cuda().requires_grad_() for t in (hidden, weight)]
    expected, _ = linear_signed_loss(*exact, labels, weights.double(), 0.5)
    loss, _ = linear_signed_loss(*ours, labels.cuda(), weights.cuda(), 0.5)
    assert loss.item() == pytest.approx(expected.item(), rel=2e-3)
    (3 * expected).backward()
    (3 * loss).backward()
    into = torch.ones(vocabulary, 64, device="cuda")
    linear_signed_loss(*ours, labels.cuda(), weights.cuda(), 0.5, into=into)[0].backward()
    for mine, theirs in ((ours[0].grad / 4, exact[0].grad / 3), (into - 1, exact[1].grad / 3)):
        error = (mine.cpu().double() - theirs).norm() / theirs.norm()
        assert error < (1e-2 if kind == torch.bfloat16 else 1e-3)
    error = (ours[1].grad.cpu().double() - exact[1].grad).norm() / exact[1].grad.norm()
    assert error < (1e-2 if kind == torch.bfloat16 else 1e-3)


def test_a_sure_answer_still_has_a_gradient():
    """p rounds to 1; the log-odds do not."""
    hidden = torch.tensor([[60.0, 0.0]], device="cuda", requires_grad=True)
    d = linear_log_odds(hidden, torch.eye(2, device="cuda"), torch.tensor([0], device="cuda"))
    softplus(d).sum().backward()
    assert d.item() == pytest.approx(60)
    assert math.isfinite(hidden.grad[0, 0].item())
    assert hidden.grad[0, 0].item() == pytest.approx(1)


@pytest.mark.parametrize("family", ["Llama", "Qwen3", "Mistral"])
def test_packed_rows_give_the_padded_rows_loss_and_gradient(family):
    pairs = samples(40)
    wide = {"hidden_size": 64, "head_dim": 32}
    model = small(family, "sdpa", **wide).float().cuda()
    reference = small(family, "eager", **wide).double()
    packing.prefer_flash(model, bf16=True)
    assert packing.pays_off(model)
    assert model.config._attn_implementation in (packing.PYTORCH_KERNEL, "flash_attention_2")
    packed = [packing.pack(part) for part in packing.by_tokens(pairs, 100)]
    with torch.autocast("cuda", torch.bfloat16):
        loss, gradients = loss_and_gradients(model, send_to_device(packed, "cuda"))
    expected, exact = loss_and_gradients(reference, [collate(part) for part in by_length(pairs, 200)])
    assert loss == pytest.approx(expected, rel=1e-2)
    for name, gradient in exact.items():
        assert (gradients[name].cpu().double() - gradient).norm() / gradient.norm() < 5e-2, name


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return small_base(tmp_path_factory.mktemp("base"), dropout=0.0)


def losses(folder):
    records = map(json.loads, (folder / "model" / "log.jsonl").read_text(encoding="utf-8").splitlines())
    return [(record["likelihood"], record["unlikelihood"]) for record in records]


@pytest.mark.parametrize(
    "way",
    [
        {},
        {"gradient_checkpointing": True},
        {"compile": True},
        {"max_tokens_per_micro_batch": 60},
        {"lora": Lora(rank=4)},
    ],
    ids=str,
)
def test_a_stage_in_bf16_is_near_one_in_fp32(base, tmp_path, way):
    """Packed, on a GPU, against padded rows; LoRA begins anew, and is compared with itself."""
    lora = {key: value for key, value in way.items() if key == "lora"}
    run_stage(base, tmp_path / "fp32", **lora)
    run_stage(base, tmp_path / "bf16", precision="bf16", **way)
    for ours, exact in zip(losses(tmp_path / "bf16"), losses(tmp_path / "fp32"), strict=True):
        assert ours == pytest.approx(exact, rel=3e-2, abs=3e-2)
