import mpmath
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from ontarget.training.log_odds import log_odds  # noqa: E402
from ontarget.training.objective import signed_loss  # noqa: E402


def reference(logits, label):
    """d in 60 digits."""
    with mpmath.workdps(60):
        rest = mpmath.fsum(mpmath.exp(mpmath.mpf(z)) for v, z in enumerate(logits) if v != label)
        return float(mpmath.mpf(logits[label]) - mpmath.log(rest))


@given(
    st.lists(st.floats(-60, 60, width=32), min_size=2, max_size=40),
    st.integers(0, 10**6),
)
@settings(max_examples=200, deadline=None)
def test_equals_arbitrary_precision(logits, choice):
    label = choice % len(logits)
    d = log_odds(torch.tensor([logits]), torch.tensor([label]))
    assert d.item() == pytest.approx(reference(logits, label), rel=2e-6, abs=2e-5)


@pytest.mark.parametrize("gap", [-60.0, -17.0, 0.0, 17.0, 30.0, 60.0])
@pytest.mark.parametrize("vocabulary", [2, 300, 130_000])
def test_value_and_gradient_against_fp64(gap, vocabulary):
    logits = torch.randn(3, vocabulary, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, vocabulary // 2, vocabulary - 1])
    logits[range(3), labels] += gap
    ours = logits.clone().requires_grad_()
    d = log_odds(ours, labels)
    d.sum().backward()

    exact = logits.double().requires_grad_()
    keep = torch.ones_like(exact, dtype=torch.bool).scatter_(1, labels[:, None], False)
    of_label = exact.gather(1, labels[:, None]).squeeze(1)
    expected = of_label - exact.masked_fill(~keep, -torch.inf).logsumexp(1)
    expected.sum().backward()
    torch.testing.assert_close(d, expected.float(), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(ours.grad, exact.grad.float(), rtol=1e-4, atol=1e-7)


def test_fault_1_unlikelihood_keeps_its_gradient_where_the_model_is_surely_wrong():
    logits = torch.zeros(1, 1000)
    logits[0, 7] = 40.0  # p of label 7 is 1 in fp32
    ours, published = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    signed_loss(log_odds(ours, torch.tensor([7])), torch.tensor([-1.0])).backward()
    assert ours.grad[0, 7].item() == pytest.approx(1.0)

    probability = published.softmax(1)[0, 7]
    (-torch.log(torch.clamp(1 - probability, 1e-9))).backward()
    assert published.grad.abs().max().item() == 0.0  # the fault: nothing is learnt


def test_more_rows_than_one_chunk():
    logits = torch.randn(1000, 11, generator=torch.Generator().manual_seed(2))
    labels = torch.arange(1000) % 11
    together = log_odds(logits, labels)
    apart = torch.cat([log_odds(logits[n : n + 1], labels[n : n + 1]) for n in range(1000)])
    torch.testing.assert_close(together, apart)


def test_bf16_logits_give_fp32_log_odds_and_a_bf16_gradient():
    logits = torch.randn(4, 50, dtype=torch.bfloat16, requires_grad=True)
    d = log_odds(logits, torch.arange(4))
    d.sum().backward()
    assert d.dtype == torch.float32
    torch.testing.assert_close(d, log_odds(logits.detach().float(), torch.arange(4)))
    assert logits.grad.dtype == torch.bfloat16


def test_shapes_that_do_not_belong_together_are_printed():
    with pytest.raises(ValueError, match=r"\[2, 5\].*\[3\]"):
        log_odds(torch.zeros(2, 5), torch.zeros(3, dtype=torch.long))
