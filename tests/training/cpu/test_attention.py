"""The backward pass in fp32: gradients as those of fp64, within the rounding of bf16."""

import pytest

torch = pytest.importorskip("torch")

from tests.training.data.test_packing import small  # noqa: E402
from torch.nn.functional import scaled_dot_product_attention  # noqa: E402
from transformers.integrations.sdpa_attention import repeat_kv  # noqa: E402

from ontarget.training.cpu import attention  # noqa: E402


class Layer:
    is_causal = True


def inputs(tokens, before, groups, kind=torch.bfloat16):
    """Of two rows, in which `before` tokens stand in front of the `tokens` that ask."""
    torch.manual_seed(1)
    shapes = ((4, tokens), (4 // groups, before + tokens), (4 // groups, before + tokens))
    return [torch.randn(2, *shape, 8, dtype=kind, requires_grad=True) for shape in shapes]


@pytest.mark.parametrize("longest", [0, attention.LONGEST])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize(("tokens", "before"), [(9, 0), (9, 5), (1, 0), (1, 4)])
def test_value_and_gradients_are_those_of_fp64(tokens, before, groups, longest, monkeypatch):
    """By whole products, and by the flash kernel, which long rows use."""
    monkeypatch.setattr(attention, "LONGEST", longest)
    given = inputs(tokens, before, groups)
    mask = torch.ones(tokens, before + tokens, dtype=torch.bool).tril(before).expand(2, 1, -1, -1)
    found, _ = attention._attend(Layer(), *given, mask if before else None, scaling=0.3)
    query, key, value = (values.detach().double().requires_grad_() for values in given)
    expected = scaled_dot_product_attention(
        query, repeat_kv(key, groups), repeat_kv(value, groups), attn_mask=mask, scale=0.3
    ).transpose(1, 2)
    direction = torch.randn_like(expected)
    ours = torch.autograd.grad(found, given, direction.bfloat16())
    exact = torch.autograd.grad(expected, (query, key, value), direction.bfloat16().double())
    for near, far in ((found, expected), *zip(ours, exact, strict=True)):
        assert near.dtype == torch.bfloat16
        assert (near.double() - far).norm() <= 2**-7 * far.norm() + 1e-5  # fp32 sums that are 0


@pytest.mark.parametrize(
    "case",
    [
        {"dropout": 0.5},
        {"attention_mask": torch.zeros(2, 1, 9, 9)},
        {"position_bias": torch.zeros(2, 4, 9, 9)},
    ],
)
def test_what_is_not_a_plain_case_is_left_to_transformers(case, monkeypatch):
    monkeypatch.setattr(attention, "sdpa_attention_forward", lambda *given, **others: ("theirs", None))
    case = {"attention_mask": None} | case
    assert attention._attend(Layer(), *inputs(9, 0, 1), **case)[0] == "theirs"
    assert attention._attend(Layer(), *inputs(9, 0, 1, torch.float32), None)[0] == "theirs"


def test_under_autocast_fp32_is_cast_and_gets_its_gradient():
    given = inputs(9, 0, 1, torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        found, _ = attention._attend(Layer(), *given, None)
    assert found.dtype == torch.bfloat16
    found.sum().backward()
    assert all(values.grad.dtype == torch.float32 for values in given)


def test_a_model_whose_attention_is_another_keeps_it():
    eager, plain = small("Llama", "eager"), small("Llama", "sdpa")
    attention.widen_backward(eager)
    attention.widen_backward(plain)
    assert eager.config._attn_implementation == "eager"
    assert plain.config._attn_implementation == attention._NAME
    assert "sdpa_widened" not in plain.config.to_json_string()


@pytest.mark.parametrize("longest", [0, attention.LONGEST])
@pytest.mark.parametrize("family", ["Llama", "Qwen3", "Mistral", "Gemma3"])
def test_a_model_computes_the_same_with_it(family, longest, monkeypatch):
    """Sliding windows and fewer keys than queries, in fp64 and in bf16."""
    monkeypatch.setattr(attention, "LONGEST", longest)
    ids = torch.randint(3, 50, (2, 12), generator=torch.Generator().manual_seed(1))
    model = small(family, "sdpa")
    expected = model(input_ids=ids).logits
    attention.widen_backward(model)
    torch.testing.assert_close(model(input_ids=ids).logits, expected)
    model.bfloat16()
    near = model(input_ids=ids).logits.double()
    assert (near - expected).norm() < 2**-5 * expected.norm()
