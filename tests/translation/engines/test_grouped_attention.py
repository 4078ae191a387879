"""Attention with shared keys and values: the same values as with copies of them."""

import pytest

torch = pytest.importorskip("torch")

from tests.training.data.test_packing import small  # noqa: E402
from torch.nn.functional import scaled_dot_product_attention  # noqa: E402

from ontarget.translation.engines import grouped_attention  # noqa: E402


def test_each_head_attends_to_the_keys_of_its_group_under_its_queries_mask() -> None:
    torch.manual_seed(1)
    query = torch.randn(2, 6, 5, 8, dtype=torch.float64)
    key, value = torch.randn(2, 2, 2, 7, 8, dtype=torch.float64)
    mask = torch.zeros(2, 1, 5, 7, dtype=torch.float64).masked_fill(torch.rand(2, 1, 5, 7) < 0.4, -1e9)
    found, _ = grouped_attention._attend(None, query, key, value, mask, scaling=0.3)
    for head in range(6):
        of_group = head // 3
        expected = scaled_dot_product_attention(
            query[:, head], key[:, of_group], value[:, of_group], attn_mask=mask[:, 0], scale=0.3
        )
        torch.testing.assert_close(found[:, :, head], expected)


@pytest.mark.parametrize(
    "case", [{"attention_mask": None}, {"dropout": 0.5}, {"softcap": 3.0}, {"s_aux": torch.ones(4)}]
)
def test_special_cases_are_left_to_transformers(case: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        grouped_attention, "sdpa_attention_forward", lambda *given, **others: ("theirs", None)
    )
    query, key, mask = torch.randn(1, 4, 3, 8), torch.randn(1, 2, 3, 8), torch.zeros(1, 1, 3, 3)
    case = {"attention_mask": mask} | case
    assert grouped_attention._attend(None, query, key, key, **case)[0] == "theirs"


@pytest.mark.parametrize("family", ["Llama", "Qwen3", "Mistral", "Gemma3"])
def test_a_model_has_the_same_logits_with_it(family: str) -> None:
    model = small(family, "sdpa")
    ids = torch.randint(3, 50, (2, 9), generator=torch.Generator().manual_seed(1))
    masked = torch.ones(2, 9, dtype=torch.long)
    masked[0, :3] = 0
    with torch.inference_mode():
        before = model(input_ids=ids, attention_mask=masked).logits
        grouped_attention.group_queries(model)
        assert model.config._attn_implementation == grouped_attention._NAME
        torch.testing.assert_close(model(input_ids=ids, attention_mask=masked).logits[:, 3:], before[:, 3:])


def test_a_model_with_another_attention_keeps_it() -> None:
    model = small("Llama", "eager")
    grouped_attention.group_queries(model)
    assert model.config._attn_implementation == "eager"
