import math
from itertools import chain, combinations, pairwise
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from ontarget.corpora.corpus import Translation  # noqa: E402
from ontarget.languages import Direction, Language  # noqa: E402
from ontarget.prompts.template import PromptTemplate  # noqa: E402
from ontarget.samples.conflict import Conflict  # noqa: E402
from ontarget.samples.groups import language_aware_groups, translation_groups  # noqa: E402
from ontarget.settings.tuning import Tuning  # noqa: E402
from ontarget.training.data import batches  # noqa: E402
from ontarget.training.data.batches import Steps, collate  # noqa: E402
from ontarget.training.data.encode import Encoded, Encoder  # noqa: E402
from ontarget.training.loss.log_odds import log_odds  # noqa: E402
from ontarget.training.loss.objective import signed_loss  # noqa: E402

PLAIN = PromptTemplate.load("plain")
LANGUAGES = [Language(code) for code in ("en", "it", "nl")]
SUPERVISED = [Direction.parse(text) for text in ("en-it", "it-en", "en-nl", "nl-en")]
TRANSLATIONS = [
    Translation(f"{'la casa ' * (n % 5)}{n}", f"{'the house ' * (n % 7 + 1)}{n}", SUPERVISED[n % 4])
    for n in range(20)
]


def steps(tokenizer, pairs=True, **settings):
    settings = {"epochs": 1, "global_batch_size": 8, **settings}
    draw = (
        language_aware_groups(TRANSLATIONS, PLAIN, Conflict(), LANGUAGES, SUPERVISED, 1)
        if pairs
        else translation_groups(TRANSLATIONS, PLAIN)
    )
    return Steps(draw, Encoder(tokenizer, " ", 128, {}), Tuning(**settings), alpha=0.5, seed=1)


def test_a_global_batch_sums_to_its_strengths_whatever_its_micro_batches(tokenizer):
    for max_tokens_per_micro_batch in (1, 64, 10_000):
        for step in steps(tokenizer, max_tokens_per_micro_batch=max_tokens_per_micro_batch):
            weights = torch.cat([micro_batch["weights"].flatten() for micro_batch in step])
            assert weights[weights > 0].sum().item() == pytest.approx(1.0)
            assert weights[weights < 0].sum().item() == pytest.approx(-0.5)


def test_loss_and_gradient_do_not_depend_on_micro_batches(tokenizer, model):
    """Also: no sample sees another, and padding changes nothing."""
    model.double()
    results = []
    for max_tokens_per_micro_batch in (1, 80, 10_000):
        model.zero_grad()
        total = 0.0
        for micro_batch in steps(tokenizer, max_tokens_per_micro_batch=max_tokens_per_micro_batch)[0]:
            logits = model(input_ids=micro_batch["input_ids"]).logits
            counts = micro_batch["weights"] != 0
            loss = signed_loss(
                log_odds(logits[counts], micro_batch["labels"][counts]), micro_batch["weights"][counts]
            )
            loss.backward()
            total += loss.item()
        results.append((total, model.model.layers[0].mlp.up_proj.weight.grad.clone()))
    for total, gradient in results[1:]:
        assert total == pytest.approx(results[0][0], rel=1e-5)
        torch.testing.assert_close(gradient, results[0][1], rtol=1e-4, atol=1e-8)


def test_every_sample_once_a_pass_and_shuffled_anew(tokenizer):
    made = steps(tokenizer, pairs=False, epochs=2)
    assert len(made) == 6
    rows = [
        sorted(tuple(row) for step in (made[n] for n in part) for m in step for row in unpadded(m))
        for part in ((0, 1, 2), (3, 4, 5))
    ]
    assert len(rows[0]) == 20
    assert rows[0] == rows[1]
    assert unpadded(made[0][0]) != unpadded(made[3][0])


def test_steps_go_round_the_samples(tokenizer):
    made = steps(tokenizer, epochs=None, max_steps=7)
    assert len(made) == 7
    assert sum(len(m["input_ids"]) for m in made[6]) > 0


def test_any_step_is_the_same_whenever_it_is_asked_for(tokenizer):
    made, again = steps(tokenizer, epochs=3), steps(tokenizer, epochs=3)
    later = again[8]
    for mine, theirs in zip(list(made)[8], later, strict=True):
        assert torch.equal(mine["input_ids"], theirs["input_ids"])
        assert torch.equal(mine["weights"], theirs["weights"])


def test_micro_batches_keep_to_their_tokens(tokenizer):
    for micro_batch in steps(tokenizer, max_tokens_per_micro_batch=100)[0]:
        samples, length = micro_batch["input_ids"].shape
        assert samples == 1 or samples * length <= 100


@given(
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=9),
    room=st.integers(1, 300),
    shared=st.integers(0, 5),
    of_pass=st.integers(0, 200),
)
def test_no_other_parts_of_a_batch_take_less_time(lengths, room, shared, of_pass):
    """All partitions are tried, with a sorted batch; each part is a pass, and its rows are padded."""
    rows = [(Encoded([0] * (shared + 1 + length), shared + length, [1.0], 1), [1.0]) for length in lengths]

    def seconds(parts):
        total = 0
        for part in parts:
            of_row = max(-(-length // 8) * 8 for length in part)
            if len(part) > 1 and len(part) * (shared + of_row) > room:
                return math.inf
            total += len(part) * of_row + shared + of_pass
        return total

    with patch.object(batches, "_tokens_of_a_pass", lambda: of_pass):
        found = batches.by_length(rows, room, shared)
    assert sorted(id(row) for part in found for row in part) == sorted(map(id, rows))
    ordered = sorted(lengths, reverse=True)
    cuts = chain.from_iterable(combinations(range(1, len(rows)), n) for n in range(len(rows)))
    least = min(seconds([ordered[a:b] for a, b in pairwise((0, *cut, len(rows)))]) for cut in cuts)
    assert seconds([[len(encoded.ids) - 1 - shared for encoded, _ in part] for part in found]) == least


def test_a_gpu_gets_as_few_parts_as_possible(monkeypatch):
    """Longest first, a part ends where the next row would not fit."""
    monkeypatch.setattr(batches, "has_gpu", lambda: True)
    rows = [(Encoded([0] * (n + 1), n, [1.0], 1), [1.0]) for n in range(8, 800, 8)]
    parts, lengths = 0, list(range(8, 800, 8))
    while lengths:
        del lengths[-max(1, 8000 // lengths[-1]) :]
        parts += 1
    assert len(batches.by_length(rows, 8000)) == parts
    assert len(batches.by_length(rows, 10**6)) == 1


def test_labels_and_weights_belong_to_what_follows():
    encoded = Encoded(ids=[5, 6, 7, 8], response=2, shares=[1.0, 1.0], sign=1)
    micro_batch = collate([(encoded, [0.5, 0.25]), (Encoded([1, 2], 1, [True], -1), [-1.0])])
    assert [row[:3] for row in micro_batch["input_ids"].tolist()] == [[5, 6, 7], [1, 0, 0]]
    assert [row[:3] for row in micro_batch["labels"].tolist()] == [[6, 7, 8], [2, 0, 0]]
    assert [row[:3] for row in micro_batch["weights"].tolist()] == [[0.0, 0.5, 0.25], [-1.0, 0.0, 0.0]]
    assert not any(micro_batch[name][:, 3:].any() for name in ("input_ids", "labels", "weights"))
    assert micro_batch["tokens"] == 3 + 1


@pytest.mark.parametrize("tokens", [2, 8, 9, 10, 17, 18])
def test_rows_are_made_up_to_multiples_of_eight_by_what_weighs_nothing(tokens):
    encoded = Encoded(list(range(1, tokens + 1)), 1, [True] * (tokens - 1), 1)
    micro_batch = collate([(encoded, [1.0] * (tokens - 1))])
    assert micro_batch["input_ids"].shape == (1, 8 * math.ceil((tokens - 1) / 8))
    assert (micro_batch["weights"] != 0).sum() == tokens - 1  # its last token is a label alone


def unpadded(micro_batch):
    return [row[row != 0].tolist() for row in micro_batch["input_ids"]]
